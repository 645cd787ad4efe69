import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readCheckpoint } from "../../lib/reference/checkpoint.ts";
import { type ReplayedKeyValues, replayKeyValues } from "../../lib/reference/key_value_replay.ts";
import { type ReferenceKeyValue, referenceValue } from "../../lib/reference/reference_value.ts";
import { readWal } from "../../lib/reference/wal.ts";
import { GOLDEN_FOLDERS, goldenBytes, goldenFileNames, goldenTruth } from "../support/reference_golden.ts";
import {
  checkpointBytes,
  LOG_TIMESTAMP,
  logBytes,
  type LogRecord,
  storedKeyValue,
} from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";

const A = Uint8Array.of(97);
const B = Uint8Array.of(98);

function set(key: Uint8Array, value: number | null, ttlSeconds?: number): LogRecord {
  return { record: "set", entry: storedKeyValue(key, value, ttlSeconds) };
}

function replay(
  inCheckpoint: readonly (readonly [Uint8Array, number])[],
  log: readonly LogRecord[],
): ReplayedKeyValues {
  const entries = inCheckpoint.map(([key, value]) => storedKeyValue(key, value));
  return replayKeyValues(readCheckpoint(checkpointBytes(entries, 2)), readWal(logBytes(log)));
}

function values(entries: readonly ReferenceKeyValue[]): unknown {
  return entries.map(({ key, type, bytes }) => [Buffer.from(key).toString(), referenceValue(type, bytes)]);
}

/** Keys that the files of a folder still have: what the log lost after its last 64 KiB, and nulls, are not among them. */
const LOST = new Set(["null", "ttl/zero", "last", "native"]);

for (const folder of GOLDEN_FOLDERS) {
  const names = goldenFileNames(folder);
  if (!names.includes("db.v3wal") && !names.includes("db.v3checkpoint")) continue;
  test(`the keys that a released version wrote come back (${folder})`, () => {
    const bytesOf = (name: string) => names.includes(name) ? goldenBytes(folder, name) : undefined;
    const checkpoint = bytesOf("db.v3checkpoint");
    const wal = bytesOf("db.v3wal");
    const { entries, unapplied } = replayKeyValues(
      checkpoint && readCheckpoint(checkpoint),
      wal && readWal(wal),
    );
    const found = new Map(entries.map((entry) => [Buffer.from(entry.key).toString("hex"), entry]));
    for (const { hex, value, ttlSeconds } of goldenTruth(folder).keys) {
      const entry = found.get(hex);
      const name = Buffer.from(hex, "hex").toString();
      const mayBeLost = LOST.has(name) || folder.endsWith("/wal_unflushed") ||
        // Its time was over when the checkpoint was written.
        (folder === "3.9.0/edge_batch_then_changes" && name === "ttl/one");
      if (entry === undefined) assertEquals([name, value !== undefined && !mayBeLost], [name, false]);
      else {
        assertEquals([referenceValue(entry.type, entry.bytes), entry.ttlSeconds], [value, ttlSeconds]);
        found.delete(hex);
      }
    }
    assertEquals([[...found], unapplied], [[], []]);
  });
}

test("the log counts on top of the checkpoint, and the last write of a key counts", () => {
  const { entries } = replay([[A, 1], [B, 2]], [set(A, 3), { record: "delete", key: B }, set(A, 4)]);
  assertEquals(values(entries), [["a", 4]]);
});

test("keys come in the order of their bytes", () => {
  const { entries } = replay([[Uint8Array.of(0xff), 1], [B, 2], [new Uint8Array(0), 3]], [set(A, 4)]);
  assertEquals(entries.map(({ key }) => [...key]), [[], [97], [98], [0xff]]);
});

test("a null that was set is a value, a tombstone is none", () => {
  const { entries } = replay([[B, 1]], [set(A, null), { record: "tombstone", key: B }]);
  assertEquals(values(entries), [["a", null]]);
});

test("a write in the log tells when it was written, an entry of a checkpoint does not", () => {
  const { entries } = replay([[A, 1]], [set(B, 2, 60)]);
  assertEquals(entries.map(({ ttlSeconds, writtenSeconds }) => [ttlSeconds, writtenSeconds]), [
    [undefined, undefined],
    [60, LOG_TIMESTAMP],
  ]);
});

test("a transaction counts when it was committed", () => {
  const { entries, unapplied } = replay([], [
    { record: "begin", transaction: 1 },
    set(A, 1),
    { record: "commit", transaction: 1 },
    { record: "begin", transaction: 2 },
    set(A, 2),
    { record: "rollback", transaction: 2 },
    { record: "begin", transaction: 3 },
    set(B, 3),
  ]);
  assertEquals(values(entries), [["a", 1]]);
  assertEquals(unapplied, [{ key: B, reason: "uncommitted", source: "log" }]);
});

test("a value that cannot be decoded leaves the one before, and is named", () => {
  const bad: LogRecord = { record: "set", entry: { key: A, tag: 6, value: Uint8Array.of(0x7b) } };
  const { entries, unapplied } = replay([[A, 1]], [bad]);
  assertEquals(values(entries), [["a", 1]]);
  assertEquals(unapplied, [{ key: A, reason: "undecodable", source: "log" }]);
});

test("values are read as the reference reads them", () => {
  const long = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 9);
  assertEquals(referenceValue(1, long), 1);
  assertEquals(referenceValue(1, Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127)), 2n ** 63n - 1n);
  assertEquals(referenceValue(2, new Uint8Array(8).fill(0xff)), NaN);
  assertEquals(referenceValue(4, Uint8Array.of(7)), true);
  assertEquals(referenceValue(6, new TextEncoder().encode("[1,18446744073709551615]")), [1, 18446744073709551615n]);
  for (const [type, bytes] of [[1, []], [2, [1]], [3, [0xff]], [4, []], [6, [0x7b]], [7, []]] as const) {
    assertEquals(referenceValue(type, Uint8Array.from(bytes)), undefined);
  }
});
