/** The tests' own writer of the format against files and vectors of the reference. */

import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { goldenBytes } from "../support/reference_golden.ts";
import { clustersOf, referenceFile, writeReference, type WrittenGraph } from "../support/reference_writer.ts";
import { ReferenceFile } from "../support/reference_writer_file.ts";
import { pageChecksum } from "../support/reference_writer_pages.ts";
import {
  checkpointBytes,
  edgeMetaBytes,
  logBytes,
  logRecordBytes,
  storedKeyValue,
} from "../support/reference_writer_sidecars.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { hexOf } from "./golden_files.ts";

const TINY: WrittenGraph = {
  nodes: [
    { id: 1, kind: "Fn", name: "a", data: "{}" },
    { id: 2, kind: "Fn", name: "b", data: '{"k":1}' },
    { id: 3, kind: "Doc", name: "big", data: `{"t":"${"x".repeat(70)}"}` },
  ],
  edges: [{ from: 1, to: 2, type: "calls" }, { from: 1, to: 3, type: "" }],
};

test("the writer makes the main file of each version byte for byte", () => {
  for (const family of ["2.0.7", "2.2.2", "3.2.5"] as const) {
    assertEquals(
      hexOf(referenceFile(TINY, { family }).file.toBytes()),
      hexOf(goldenBytes(`${family}/tiny`, "db.graph")),
    );
  }
});

test("the writer makes packed pages byte for byte, in the order of slots that the reference drew", () => {
  const file = new ReferenceFile();
  let firstLeaf = 0;
  const entries = file.nodes(TINY.nodes, { onFirstPage: () => firstLeaf = file.allocate() });
  const nodeTree = file.tree(entries, { firstLeaf });
  const [out, second, third] = clustersOf(TINY.edges);
  if (out === undefined || second === undefined || third === undefined) throw new Error("three lists");
  const edgeTree = file.tree(file.packedClusters([third, second, out]));
  Object.assign(file.header, { nodeCount: 3, edgeCount: 2, nodeRoot: nodeTree.root, nodeTreeHeight: nodeTree.height });
  Object.assign(file.header, { edgeRoot: edgeTree.root, edgeTreeHeight: 1, totalPages: file.nextPage });
  assertEquals(hexOf(file.toBytes()), hexOf(goldenBytes("3.9.0/tiny", "db.graph")));
});

test("the writer makes the sidecars of the reference", () => {
  assertEquals(hexOf(edgeMetaBytes(8, 1)), "5633454447450000080000000000000001000000a7010000");
  using dir = tempDir();
  writeReference(dir.path("db.graph"), TINY, { family: "3.2.5" });
  // The order of the index is that of a hash map there: the same bytes in another order.
  const index = readFileSync(dir.path("db.v3index"));
  assertEquals(sorted(index), sorted(goldenBytes("3.2.5/tiny", "db.v3index")));
  assertEquals(hexOf(readFileSync(dir.path("db.v3edgemeta"))), hexOf(goldenBytes("3.2.5/tiny", "db.v3edgemeta")));
});

function sorted(bytes: Uint8Array): string {
  return hexOf(bytes.slice().sort());
}

test("the writer makes the checkpoints of the reference", () => {
  const entry = storedKeyValue(textBytes("key"), 200);
  assertEquals(
    hexOf(checkpointBytes([entry], 2)),
    "56334b56434b00020200000024000000a71a129ffa9c6235393c255ada84a851fa5425fb973e851d3d5fc8c250dcc6760100000003006b65790800c8000000000000000100000000000000000100000000000000",
  );
  assertEquals(
    hexOf(checkpointBytes([entry], 3)),
    "56334b56434b000303000000260000006b43ef14d6b2fd3bace317813f82723788316578408d9a485bf63ed4c10aa6520100000003006b657908000000c8000000000000000100000000000000000100000000000000",
  );
  assertEquals(
    hexOf(checkpointBytes([], 2)),
    "56334b56434b00020200000004000000df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b8111900000000",
  );
});

test("the writer makes the log of the reference", () => {
  assertEquals(
    hexOf(logBytes([])),
    "563357414c000000010000000010000000f153650000000001000000000000000000000000000000000000000000000000000000000000000000000000000000",
  );
  const value = storedKeyValue(textBytes("key"), "new_value");
  assertEquals(
    hexOf(logBytes([{ record: "set", entry: value, lsn: 100, timestamp: 0 }], false)),
    "3200000008000000640000000000000003000000000000006b657909000000000000006e65775f76616c756503000000000000000000",
  );
  const short = storedKeyValue(textBytes("k"), -2, 60);
  assertEquals(
    hexOf(logRecordBytes({ record: "set", entry: short })),
    "08000000000000000000000001000000000000006b0800000000000000feffffffffffffff01013c0000000000000000f1536500000000",
  );
  assertEquals(
    hexOf(logRecordBytes({ record: "delete", key: textBytes("k"), lsn: 7 })),
    "09000000070000000000000001000000000000006b00f1536500000000",
  );
  assertEquals(
    hexOf(
      logRecordBytes({ record: "tombstone", key: textBytes("k"), old: storedKeyValue(textBytes("k"), "hi"), lsn: 7 }),
    ),
    "0a000000070000000000000001000000000000006b01020000000000000068690300f1536500000000",
  );
  assertEquals(
    hexOf(logRecordBytes({ record: "edge", from: 1, to: 2, direction: "out" })),
    "0b00000001000000000000000100000000000000020000000000000000000000000000000000f1536500000000",
  );
});

test("the checksum of pages is that of the reference", () => {
  assertEquals(pageChecksum(new Uint8Array(0)), 0x5a5a5a5a);
  assertEquals(pageChecksum(Uint8Array.of(1, 2, 3)), 0x5a5a5a59);
  assertEquals(pageChecksum(Uint8Array.of(1, 2, 3, 4, 5)), 0x5a5a5a5f);
  assertEquals(pageChecksum(textBytes("Hello, V3!")), 0x5a5a5a51);
});

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
