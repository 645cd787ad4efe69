import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, UnsupportedError } from "../../lib/backend/errors.ts";
import { LOG_FRAME, LOG_FRAME_SIZE, LOG_HEADER, LOG_HEADER_SIZE } from "../../lib/v3/log_frame.ts";
import { scanLog } from "../../lib/v3/log_scan.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { crc32 } from "node:zlib";
import { test } from "../support/test.ts";
import {
  append,
  assertTransactions,
  createLog,
  FILE_SEED,
  frameOf,
  LOG_PATH,
  logBytes,
  readBytes,
  readLog,
  sealed,
  type TestTransaction,
  transactionOf,
} from "./test_log.ts";

const SALT = 0x1234_5678;
const MIB = 1024 * 1024;

/** Puts bytes behind others. */
function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function assertDamaged(bytes: Uint8Array, position: number, headerLsn = 0): void {
  const error = assertThrows(() => readBytes(bytes, headerLsn), CorruptionError, `byte ${position}`);
  assertEquals(error.code, "log-corrupt");
  assertEquals(error.value, position);
}

test("transactions are read back as they were appended", () => {
  const frames = fc.array(
    fc.record({ type: fc.integer({ min: 1, max: 255 }).filter((type) => type !== 12), payload: fc.uint8Array() }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 6 }), fc.nat({ max: 50 }), (lists, baseLsn) => {
      const transactions = lists.map((frames, index) => ({
        lsn: baseLsn + index + 1,
        syncedLsn: baseLsn + index,
        frames,
      }));
      const fileSystem = new MemoryFileSystem();
      const log = createLog(fileSystem, baseLsn);
      for (const transaction of transactions) append(log, transaction);
      const found = readLog(fileSystem, 0);
      assertTransactions(found, transactions);
      assertEquals(found.scan, {
        lastLsn: baseLsn + transactions.length,
        transactions: transactions.length,
        tornBytes: 0,
        ceiling: baseLsn + 1000,
        baseLsn,
        isUsed: true,
        skippedBytes: 0,
        missingTransactions: 0,
      });
    }),
    { numRuns: 30 },
  );
});

test("frames and transactions larger than a reading step are read, wherever they begin", () => {
  const transactions = [
    transactionOf(1, 0, 100, MIB - 400),
    transactionOf(2, 1, 8),
    transactionOf(3, 2, 3 * MIB + 5, 0, 700_000, 700_000),
    transactionOf(4, 3, MIB, MIB),
    transactionOf(5, 4, 1),
  ];
  for (const shift of [0, 8, 40]) {
    const shifted = [transactionOf(1, 0, 300 + shift), ...transactions.map((one) => ({ ...one, lsn: one.lsn + 1 }))];
    assertTransactions(readBytes(logBytes(shifted)), shifted);
  }
});

test("transactions up to the header's LSN are passed over", () => {
  const transactions = [1, 2, 3, 4].map((lsn) => transactionOf(lsn, lsn - 1, 10, 20));
  const bytes = logBytes(transactions);
  for (let headerLsn = 0; headerLsn <= 6; headerLsn++) {
    const found = readBytes(bytes, headerLsn);
    assertTransactions(found, transactions.slice(headerLsn));
    assertEquals(found.scan.lastLsn, Math.max(4, headerLsn));
    assertEquals(found.scan.tornBytes, 0);
  }
});

test("LSNs that a checkpoint gave may be missing, but only up to the header's", () => {
  const transactions = [transactionOf(1, 0, 10), transactionOf(4, 3, 10), transactionOf(5, 4, 10)];
  const bytes = logBytes(transactions);
  assertTransactions(readBytes(bytes, 3), transactions.slice(1));
  assertDamaged(bytes, LOG_HEADER_SIZE + 80, 2);
});

test("the first transaction is the one after the log's base", () => {
  assertTransactions(readBytes(logBytes([transactionOf(8, 0, 10)], 7)), [transactionOf(8, 0, 10)]);
  assertTransactions(readBytes(logBytes([transactionOf(9, 0, 10)], 7)), []);
  assertEquals(readBytes(logBytes([], 7)).scan.lastLsn, 7);
});

test("a gap or a repetition of LSNs ends the log, and is damage when something behind it was durable", () => {
  const good = [transactionOf(1, 0, 10), transactionOf(2, 1, 10)];
  const end = logBytes(good, 0, 0).length;
  for (const lsn of [1, 2, 4, 100]) {
    const found = readBytes(logBytes([...good, transactionOf(lsn, 0, 10)]));
    assertTransactions(found, good);
    assertEquals(found.scan.tornBytes, 80);
  }
  assertDamaged(logBytes([...good, transactionOf(4, 3, 10)]), end);
  assertDamaged(logBytes([...good, transactionOf(1, 0, 10), transactionOf(3, 0, 10), transactionOf(4, 3, 10)]), end);
});

test("an LSN that was passed over before does not come again", () => {
  const transactions = [1, 2, 1, 3].map((lsn) => transactionOf(lsn, 0, 10));
  assertTransactions(readBytes(logBytes(transactions), 1), [transactionOf(2, 0, 10)]);
});

test("frames without their commit are not handed out", () => {
  const whole = transactionOf(1, 0, 10);
  const bytes = logBytes([whole, transactionOf(2, 1, 10, 20)]);
  const cut = bytes.slice(0, bytes.length - 64 - LOG_FRAME_SIZE);
  for (const rest of [0, 40, MIB]) {
    const found = readBytes(joined(cut, new Uint8Array(rest)));
    assertTransactions(found, [whole]);
    assertEquals(found.scan.tornBytes, 48 + 56);
  }
});

test("frames of two transactions never make one", () => {
  const first = sealed([transactionOf(1, 0, 10)], SALT);
  const second = sealed([transactionOf(2, 0, 10)], SALT);
  // The commit of the first is missing: the second's must not stand for it.
  const bytes = joined(logBytes([], 0, 0), first.subarray(0, first.length - LOG_FRAME_SIZE), second);
  assertTransactions(readBytes(bytes), []);
  assertTransactions(readBytes(bytes, 1), [transactionOf(2, 0, 10)].slice(1));
});

test("what a cut-off creation leaves is an unused log", () => {
  const header = logBytes([], 0, 0);
  const unused = [new Uint8Array(), new Uint8Array(40), new Uint8Array(5 * MIB), header.subarray(0, 63)];
  unused.push(joined(header.subarray(0, 30), new Uint8Array(5 * MIB)));
  for (const bytes of unused) {
    for (const tolerant of [false, true]) {
      const { scan } = readBytes(bytes, 9, tolerant);
      assertFalse(scan.isUsed);
      assertEquals([scan.lastLsn, scan.transactions, scan.ceiling, scan.tornBytes], [9, 0, 0, 0]);
    }
  }
  assertFalse(readLog(new MemoryFileSystem(), 9).scan.isUsed);
});

test("a damaged header before anything else is damage", () => {
  for (const distance of [0, 7, 100_000, 3 * MIB]) {
    const bytes = joined(logBytes([], 0, 0), new Uint8Array(distance + 1));
    bytes[LOG_HEADER.baseLsn] = 1;
    bytes[LOG_HEADER_SIZE + distance] = 1;
    assertDamaged(bytes, 0);
  }
});

test("a log of another database is refused, also by salvage", () => {
  const bytes = logBytes([transactionOf(1, 0, 10)]);
  const fileSystem = new MemoryFileSystem();
  fileSystem.open(LOG_PATH, "create").write(bytes, 0);
  for (const tolerant of [false, true]) {
    const scan = () => scanLog(fileSystem, LOG_PATH, FILE_SEED + 1, 0, () => {}, { tolerant });
    assertEquals(assertThrows(scan, CorruptionError).code, "log-foreign");
  }
});

test("a log of another version is refused", () => {
  for (const field of [LOG_HEADER.version, LOG_HEADER.flags]) {
    const bytes = logBytes([transactionOf(1, 0, 10)]);
    bytes[field] = 6;
    new DataView(bytes.buffer).setUint32(LOG_HEADER.checksum, crc32(bytes.subarray(0, LOG_HEADER.checksum)), true);
    assertEquals(assertThrows(() => readBytes(bytes), UnsupportedError).code, "log-version");
  }
});

test("frames of an older log in the same place never count", () => {
  const old = [1, 2, 3, 4, 5].map((lsn) => transactionOf(lsn, lsn - 1, 10));
  const bytes = logBytes(old);
  const other = new MemoryFileSystem();
  const log = createLog(other, 0, SALT + 1);
  append(log, transactionOf(1, 0, 10));
  const fresh = new Uint8Array(log.sizeBytes);
  other.open(LOG_PATH, "read").read(fresh, 0);
  bytes.set(fresh);
  const found = readBytes(bytes);
  assertTransactions(found, [transactionOf(1, 0, 10)]);
  assertEquals(found.scan.tornBytes, 4 * 80);
});

test("a durable transaction behind a hole is noticed by any one of its frames, wherever it lies", () => {
  const start = logBytes([transactionOf(1, 0, 10)], 0, 0);
  const commit = sealed([transactionOf(4, 3)], SALT);
  const large = sealed([transactionOf(4, 3, 2 * MIB + 1)], SALT).subarray(0, -LOG_FRAME_SIZE);
  for (let distance = MIB - 304; distance < MIB + 100; distance += 8) {
    assertDamaged(joined(start, new Uint8Array(distance), commit), start.length);
  }
  for (const distance of [8, MIB - 168, MIB]) {
    assertDamaged(joined(start, new Uint8Array(distance), large), start.length);
  }
  for (const rest of [0, 3, 8, 31, 5000]) {
    assertDamaged(joined(start, new Uint8Array(8), commit, new Uint8Array(rest)), start.length);
  }
});

test("an unsynced transaction behind a hole is a torn tail", () => {
  const start = logBytes([transactionOf(1, 0, 10)], 0, 0);
  const found = readBytes(joined(start, new Uint8Array(5 * MIB), sealed([transactionOf(3, 1, 10)], SALT)));
  assertTransactions(found, [transactionOf(1, 0, 10)]);
  assertEquals(found.scan.tornBytes, 5 * MIB + 80);
});

test("salvage hands out what is whole behind damage, and counts what is missing", () => {
  const begin = frameOf(11, 8);
  const plain = [1, 2, 3, 4, 5].map((lsn) => transactionOf(lsn, lsn - 1, 10, 20));
  const begun = plain.map((one) => ({ ...one, frames: [begin, ...one.frames] }));
  const read = (all: readonly TestTransaction[], lsn: number, fromEnd: number): ReturnType<typeof readBytes> => {
    const bytes = logBytes(all);
    const at = logBytes(all.slice(0, lsn), 0, 0).length - fromEnd;
    bytes[at] = (bytes[at] as number) ^ 1;
    assertDamaged(bytes, logBytes(all.slice(0, lsn - 1), 0, 0).length + position(all, fromEnd));
    return readBytes(bytes, 0, true);
  };
  // Where the frame begins that lies so many bytes before its transaction's end.
  const position = (all: readonly TestTransaction[], fromEnd: number): number => {
    const first = all[0]?.frames.length === 3 ? 40 : 0;
    return first + (fromEnd <= 32 ? 104 : 48);
  };
  // In a frame in the middle: its own commit frame ends what is lost.
  const middle = read(plain, 2, 40);
  assertTransactions(middle, plain.filter(({ lsn }) => lsn !== 2));
  assertEquals([middle.scan.lastLsn, middle.scan.missingTransactions, middle.scan.skippedBytes], [5, 1, 136]);
  // In the commit frame: the next may lack its first frames, unless it has a beginning.
  assertTransactions(read(plain, 2, 8), plain.filter(({ lsn }) => lsn !== 2 && lsn !== 3));
  assertTransactions(read(begun, 2, 8), begun.filter(({ lsn }) => lsn !== 2));
});

test("salvage reads a log whose header is damaged elsewhere than in its salt", () => {
  const transactions = [1, 2].map((lsn) => transactionOf(lsn, lsn - 1, 2 * MIB));
  const bytes = logBytes(transactions);
  bytes[LOG_HEADER.lsnCeiling] = 1;
  const found = readBytes(bytes, 0, true);
  assertTransactions(found, transactions);
  assertEquals([found.scan.skippedBytes, found.scan.missingTransactions], [LOG_HEADER_SIZE, 0]);
  bytes[LOG_HEADER.salt] = 1;
  assertTransactions(readBytes(bytes, 0, true), []);
});

test("bytes that were stored to look like frames cannot make the search endless", () => {
  const payload = new Uint8Array(256 * 1024);
  const view = new DataView(payload.buffer);
  for (let at = 0; at < payload.length; at += LOG_FRAME_SIZE) {
    view.setUint32(at + LOG_FRAME.length, payload.length - at - 64, true);
    view.setFloat64(at + LOG_FRAME.lsn, 100, true);
    view.setFloat64(at + LOG_FRAME.syncedLsn, 99, true);
    view.setUint32(at + LOG_FRAME.type, 1, true);
  }
  const bytes = logBytes([{ lsn: 1, syncedLsn: 0, frames: [{ type: 1, payload }] }]);
  assert(readBytes(bytes).scan.lastLsn === 1);
  bytes[LOG_HEADER_SIZE + LOG_FRAME.checksum] = (bytes[LOG_HEADER_SIZE + LOG_FRAME.checksum] as number) ^ 1;
  assertThrows(() => readBytes(bytes), CorruptionError, "looks like");
  assertTransactions(readBytes(bytes, 0, true), []);
});
