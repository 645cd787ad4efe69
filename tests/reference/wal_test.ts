import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { readWal } from "../../lib/reference/wal.ts";
import { decodeWalRecord, type WalRecord } from "../../lib/reference/wal_record.ts";
import { goldenBytes } from "../support/reference_golden.ts";
import { logBytes, type LogRecord, storedKeyValue } from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";

const SET: LogRecord = { record: "set", entry: storedKeyValue(Uint8Array.of(107), "value"), lsn: 3 };
const DELETE: LogRecord = { record: "delete", key: Uint8Array.of(107) };
const EDGE: LogRecord = { record: "edge", from: -1, to: 2, direction: "in" };

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

function hex(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("hex");
}

/** A record as expected.json has it: name and fields in the order of the layout. */
function listed(record: WalRecord): unknown[] {
  const seconds = Number(record.seconds);
  const lsn = Number(record.lsn);
  switch (record.variant) {
    case "PageAllocate":
      return ["PageAllocate", lsn, Number(record.pageId), seconds];
    case "PageFree":
      return ["PageFree", lsn, Number(record.pageId), record.checksum, seconds];
    case "PageWrite": {
      const { pageId, pageOffset, data, checksum } = record;
      return ["PageWrite", lsn, Number(pageId), pageOffset, hex(data), checksum, seconds];
    }
    case "BTreeSplit": {
      const pages = [Number(record.originalPageId), Number(record.newPageId), Number(record.splitKey)];
      return ["BTreeSplit", lsn, ...pages, Number(record.isLeaf), seconds];
    }
    case "Checkpoint": {
      const { rootPageId, totalPages, treeHeight, freePageListHead, header } = record;
      const numbers = [Number(rootPageId), Number(totalPages), treeHeight, Number(freePageListHead)];
      return ["Checkpoint", lsn, ...numbers, hex(header), seconds];
    }
    case "KvSet": {
      const ttl = record.ttlSeconds === undefined ? null : Number(record.ttlSeconds);
      return ["KvSet", lsn, hex(record.key), hex(record.value), record.valueType, ttl, seconds];
    }
    case "KvDelete":
      return ["KvDelete", lsn, hex(record.key), seconds];
    case "KvTombstone":
      return ["KvTombstone", lsn, hex(record.key), hex(record.oldValue), record.oldValueType, seconds];
    case "EdgeInsert": {
      const { from, to, direction, pageId } = record;
      return ["EdgeInsert", lsn, Number(from), Number(to), direction === "in" ? 1 : 0, Number(pageId), seconds];
    }
    default:
      return [record.variant.replace("Transaction", "Tx"), Number(record.transactionId), lsn, seconds];
  }
}

for (const folder of ["2.0.7/wal_all_records", "3.2.5/wal_all_records", "3.9.0/wal_all_records"]) {
  test(`a log with a record of every kind is read (${folder})`, () => {
    const text = new TextDecoder().decode(goldenBytes(folder, "expected.json"));
    const { truth } = JSON.parse(text) as { truth: { wal_records: unknown[][] } };
    const wal = readWal(goldenBytes(folder, "db.v3wal"));
    assertEquals([...wal.records()].map(listed), truth.wal_records);
    assertEquals(wal.damages, []);
    assertEquals({ ...wal.header, createdSeconds: 0n }, { version: 1, pageSize: 4096, createdSeconds: 0n });
    assertEquals(wal.counts.KvTombstone, 2);
  });
}

test("a log that a flush re-created without a header is read from byte 0", () => {
  const wal = readWal(goldenBytes("3.2.5/wal_after_flush", "db.v3wal"));
  assertEquals([wal.header, wal.damages], [undefined, []]);
  assertEquals(wal.counts.KvSet, 19);
});

test("the documented bytes of a set with a time to live are read", () => {
  const { record, sizeBytes } = decodeWalRecord(bytesOf(
    "08000000 0000000000000000 0100000000000000 6B 0800000000000000 FEFFFFFFFFFFFFFF 01 01 3C00000000000000 00F1536500000000",
  ));
  assertEquals(sizeBytes, 55);
  assertEquals(listed(record), ["KvSet", 0, "6b", "feffffffffffffff", 1, 60, 1_700_000_000]);
});

test("reading stops at the first broken frame and tells how many bytes are left", () => {
  const good = logBytes([SET, DELETE]);
  for (
    const [tail, message] of [
      [[0, 0, 0, 0, 9], "a frame cannot have 0 bytes"],
      [[1, 0, 16, 0], "a frame cannot have 1048577 bytes"],
      [[200, 0, 0, 0, 8], "a frame of 200 bytes is cut: 1 are left"],
      [[1, 2], "a frame is cut inside its length"],
      [[4, 0, 0, 0, 12, 0, 0, 0], "a record of the log (.v3wal) cannot be read: its variant is unknown"],
    ] as const
  ) {
    const wal = readWal(Uint8Array.of(...good, ...tail, ...tail));
    assertEquals([...wal.records()].map(({ variant }) => variant), ["KvSet", "KvDelete"]);
    if (message.includes("cut")) assertEquals(wal.damages.length, 1);
    else assertEquals(wal.damages, [{ message, offset: good.length, lostBytes: 2 * tail.length }]);
  }
});

test("salvage finds the frames behind a torn one", () => {
  const torn = logBytes([SET], false).subarray(0, 30);
  const bytes = Uint8Array.of(...logBytes([SET]), ...torn, ...logBytes([DELETE, EDGE], false));
  assertEquals([...readWal(bytes).records()].length, 1);
  const { damages, records } = readWal(bytes, { salvage: true });
  assertEquals([...records()].map(({ variant }) => variant), ["KvSet", "KvDelete", "EdgeInsert"]);
  assertEquals(damages.map(({ lostBytes }) => lostBytes), [30]);
});

test("salvage takes no bytes for a frame that merely begin like one", () => {
  const [set, remove] = [logBytes([SET], false), logBytes([DELETE], false)];
  // A length that is too large by 9, so that bytes of no record follow the record inside the frame.
  const doubtful = Uint8Array.of(...remove, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  doubtful[0] = remove.length - 4 + 9;
  const bytes = Uint8Array.of(...logBytes([EDGE]), 0, 0, 0, 0, ...doubtful, ...set);
  const { damages, records } = readWal(bytes, { salvage: true });
  assertEquals([...records()].map(({ variant }) => variant), ["EdgeInsert", "KvSet"]);
  assertEquals(damages.map(({ lostBytes }) => lostBytes), [4 + doubtful.length]);
});

test("wrong numbers in the header are told and change nothing", () => {
  const bytes = logBytes([SET]);
  bytes.fill(0xff, 24, 48);
  assertEquals(readWal(bytes).damages, []);
  bytes[8] = 2;
  assertEquals(readWal(bytes).damages, [{
    message: "the header's version is 2 instead of 1",
    offset: 0,
    lostBytes: 0,
  }]);
  assertEquals(readWal(bytes).counts.KvSet, 1);
});

test("a log whose magic is damaged is read behind its header", () => {
  const bytes = logBytes([SET]);
  bytes[0] = 0;
  assertEquals([...readWal(bytes).records()].length, 1);
});

test("an empty log, and one that is only a header, have no records", () => {
  for (const bytes of [new Uint8Array(0), logBytes([])]) {
    const { damages, records } = readWal(bytes);
    assertEquals([[...records()], damages], [[], []]);
  }
});

test("any bytes are read as a log without an error", () => {
  const good = logBytes([SET, DELETE, EDGE, SET]);
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255))),
    fc.nat(good.length),
    fc.boolean(),
    (changes, length, salvage) => {
      const bytes = good.slice(0, length);
      for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
      const { counts, records } = readWal(bytes, { salvage });
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      assertEquals([...records()].length, total);
    },
  ));
});
