import { assertEquals, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { CorruptionError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import { readCsrRow } from "../../lib/reference/csr_row.ts";
import { readCsrShard } from "../../lib/reference/csr_shard.ts";
import { readCsrFolder, readCsrManifest } from "../../lib/reference/csr_shard_folder.ts";
import { ByteList } from "../support/reference_writer_bytes.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

type Edge = readonly [source: number, target: number];

function shardBytes(id: number, start: number, end: number, edges: readonly Edge[], count = edges.length): Uint8Array {
  const list = new ByteList("little").text("CSR").u32(1).u64(count).u64(id).u32(start).u32(end);
  // 1.5 as f32 is 3FC00000.
  for (const [source, target] of edges) list.u32(source).u32(target).u32(0x3fc0_0000).u32(7);
  return list.bytes;
}

function manifest(shards: readonly Record<string, unknown>[]): string {
  return JSON.stringify({ shards, total_edges: 3, total_sources: 20, version: 1, created_at: 0 });
}

const FIRST = { shard_id: 0, source_start: 0, source_end: 10, edge_count: 2, file_name: "shard_0000.csr" };
const SECOND = { shard_id: 1, source_start: 10, source_end: 20, edge_count: 1, file_name: "shard_0001.csr" };

test("a row of neighbours is read", () => {
  const row = readCsrRow(
    new ByteList("little").u32(2).u32(0x3f80_0000).u32(1).u32(0xffff_ffff).u32(0x3fc0_0000).u32(2).bytes,
  );
  assertEquals([[...row.neighbors], [...row.weights], [...row.typeIds]], [[2, 0xffff_ffff], [1, 1.5], [1, 2]]);
  assertEquals(readCsrRow(new Uint8Array(0)).neighbors.length, 0);
  assertThrows(() => readCsrRow(new Uint8Array(13)), CorruptionError, "13 bytes");
});

test("a shard file is read", () => {
  const shard = readCsrShard(shardBytes(3, 0, 10, [[0, 99], [9, 1]]));
  assertEquals([shard.shardId, shard.sourceStart, shard.sourceEnd], [3, 0, 10]);
  assertEquals([[...shard.sources], [...shard.targets]], [[0, 9], [99, 1]]);
  assertEquals([[...shard.weights], [...shard.flags]], [[1.5, 1.5], [7, 7]]);
});

test("a damaged shard file is refused", () => {
  const good = shardBytes(0, 0, 10, [[1, 2]]);
  assertThrows(() => readCsrShard(good.subarray(0, 30)), CorruptionError, "30 bytes");
  assertThrows(() => readCsrShard(good.subarray(0, 46)), CorruptionError, "counts 1 edges, but has room for 0");
  assertThrows(() => readCsrShard(shardBytes(0, 0, 10, [], 2 ** 50)), CorruptionError, "room for 0");
  assertThrows(() => readCsrShard(shardBytes(0, 0, 10, [[10, 2]])), CorruptionError, "edge 0 leaves 10");
  assertThrows(() => readCsrShard(good.map((byte, at) => at === 0 ? 0 : byte)), CorruptionError, "begin with CSR");
  assertThrows(() => readCsrShard(good.map((byte, at) => at === 3 ? 2 : byte)), UnsupportedError, "version 2");
});

test("a folder of shards is read in the manifest's order", () => {
  using dir = tempDir();
  writeFileSync(dir.path("manifest.json"), manifest([SECOND, FIRST]));
  writeFileSync(dir.path("shard_0000.csr"), shardBytes(0, 0, 10, [[1, 2], [1, 3]]));
  writeFileSync(dir.path("shard_0001.csr"), shardBytes(1, 10, 20, [[10, 1]]));
  assertEquals([...readCsrFolder(dir.root)].map(({ shardId, sources }) => [shardId, sources.length]), [[1, 1], [0, 2]]);
});

test("a shard that is not what the manifest says is refused", () => {
  using dir = tempDir();
  writeFileSync(dir.path("manifest.json"), manifest([FIRST, SECOND]));
  writeFileSync(dir.path("shard_0000.csr"), shardBytes(0, 0, 10, [[1, 2]]));
  assertThrows(() => [...readCsrFolder(dir.root)], CorruptionError, "has 1 as number of edges, the manifest has 2");
  writeFileSync(dir.path("shard_0000.csr"), shardBytes(0, 0, 10, [[1, 2], [1, 3]]));
  assertThrows(() => [...readCsrFolder(dir.root)], NotFoundError, "shard_0001.csr");
  assertThrows(() => [...readCsrFolder(dir.path("nowhere"))], NotFoundError, "manifest.json");
});

test("a manifest that cannot be right is refused", () => {
  assertEquals(readCsrManifest(manifest([FIRST])).shards[0]?.fileName, "shard_0000.csr");
  for (const name of ["../secret", "a/b", "..", "", 7]) {
    assertThrows(() => readCsrManifest(manifest([{ ...FIRST, file_name: name }])), CorruptionError, "file name");
  }
  assertThrows(() => readCsrManifest(manifest([{ ...FIRST, edge_count: -1 }])), CorruptionError, "edge_count is -1");
  assertThrows(() => readCsrManifest("{"), CorruptionError, "no JSON");
  assertThrows(() => readCsrManifest("[]"), CorruptionError, "shards");
});
