import { assert, assertEquals, assertFalse, assertNotEquals, assertThrows } from "@std/assert";
import { IoError } from "../../lib/backend/errors.ts";
import type { OpenFile } from "../../lib/v3/file_system.ts";
import { decodeLogHeader, isLogHeader, LOG_HEADER_SIZE } from "../../lib/v3/log_frame.ts";
import { LOG_STEP_BYTES, LogFile } from "../../lib/v3/log_file.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { test } from "../support/test.ts";
import {
  append,
  assertTransactions,
  contentOf,
  createLog,
  FILE_SEED,
  LOG_PATH,
  readLog,
  sealed,
  transactionOf,
} from "./test_log.ts";

const KIB = 1024;

/** Files in memory that note what is done to them, and fail when they are told to. */
class FaultyFileSystem extends MemoryFileSystem {
  /** `write POSITION LENGTH`, `sync` and `folder PATH`. */
  readonly calls: string[] = [];
  /** Bytes of the next write that arrive before it fails; undefined: it does not fail. */
  bytesBeforeError: number | undefined;
  /** How many more writes succeed. */
  writesLeft = Infinity;
  isSyncBroken = false;

  override open(path: string, mode: "read" | "write" | "create"): OpenFile {
    const file = super.open(path, mode);
    return {
      read: (buffer, position) => file.read(buffer, position),
      write: (buffer, position) => {
        this.calls.push(`write ${position} ${buffer.length}`);
        if (this.bytesBeforeError !== undefined) {
          file.write(buffer.subarray(0, this.bytesBeforeError), position);
          this.bytesBeforeError = undefined;
          throw failure("EIO");
        }
        if (this.writesLeft === 0) throw failure("ENOSPC");
        this.writesLeft--;
        file.write(buffer, position);
      },
      sync: () => {
        this.calls.push("sync");
        if (this.isSyncBroken) throw failure("EIO");
      },
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      size: () => file.size(),
      close: () => file.close(),
    };
  }

  override syncFolder(folder: string): void {
    this.calls.push(`folder ${folder}`);
    super.syncFolder(folder);
  }

  sizeBytes(): number {
    return this.stat(LOG_PATH)?.sizeBytes as number;
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants`), { code });
}

test("a new log is a header and zeroes, synced with its folder", () => {
  const fileSystem = new FaultyFileSystem();
  const log = LogFile.create(fileSystem, LOG_PATH, { baseLsn: 41, lsnCeiling: 1000, fileSeed: FILE_SEED });
  assertEquals(fileSystem.calls.slice(-2), ["sync", "folder /"]);
  assertEquals([log.baseLsn, log.ceiling, log.endPosition, log.sizeBytes], [41, 1000, 64, 64]);
  assertEquals([log.capacityBytes, fileSystem.sizeBytes()], [LOG_STEP_BYTES, LOG_STEP_BYTES]);
  const bytes = contentOf(fileSystem, LOG_STEP_BYTES);
  assert(isLogHeader(bytes.subarray(0, LOG_HEADER_SIZE)));
  assertEquals(decodeLogHeader(bytes), { salt: log.salt, fileSeed: FILE_SEED, baseLsn: 41, lsnCeiling: 1000 });
  assert(bytes.subarray(LOG_HEADER_SIZE).every((byte) => byte === 0));
  assertEquals([readLog(fileSystem).scan.isUsed, readLog(fileSystem).scan.lastLsn], [true, 41]);
});

test("every log has a salt of its own", () => {
  const options = { baseLsn: 0, lsnCeiling: 10, fileSeed: FILE_SEED };
  const fileSystem = new MemoryFileSystem();
  assertNotEquals(
    LogFile.create(fileSystem, "/a", options).salt,
    LogFile.create(fileSystem, "/b", options).salt,
  );
});

test("a log is not made over an existing file", () => {
  const fileSystem = new MemoryFileSystem();
  append(createLog(fileSystem), transactionOf(1, 0, 10));
  assertThrows(() => createLog(fileSystem), Error, "EEXIST");
  assertTransactions(readLog(fileSystem), [transactionOf(1, 0, 10)]);
});

test("a log that cannot be made leaves no file", () => {
  for (const writesLeft of [0, 1, 5]) {
    const fileSystem = new FaultyFileSystem();
    fileSystem.writesLeft = writesLeft;
    assertThrows(() => createLog(fileSystem), Error, "ENOSPC");
    assertEquals(fileSystem.stat(LOG_PATH), undefined);
  }
});

test("a log grows by synced steps, and neither an append nor its sync changes the file's size", () => {
  const fileSystem = new FaultyFileSystem();
  const log = createLog(fileSystem);
  const transactions = [3000, 2000, 9000, 1, 4000].map((kib, index) => transactionOf(index + 1, index, kib * KIB));
  const steps = [1, 2, 4, 4, 5];
  for (const [index, transaction] of transactions.entries()) {
    fileSystem.calls.length = 0;
    const before = log.endPosition;
    append(log, transaction);
    assertEquals(fileSystem.sizeBytes(), (steps[index] as number) * LOG_STEP_BYTES);
    assertEquals(log.capacityBytes, fileSystem.sizeBytes());
    const length = log.endPosition - before;
    assertEquals(fileSystem.calls.slice(-2), [`write ${before} ${length}`, "sync"]);
    // Grown and synced before, or not grown.
    if (fileSystem.calls.length > 2) assertEquals(fileSystem.calls.at(-3), "sync");
    assertEquals(fileSystem.calls.length > 2, steps[index] !== (steps[index - 1] ?? 1));
  }
  assertTransactions(readLog(fileSystem), transactions);
});

test("an append that fits exactly does not grow the file", () => {
  const fileSystem = new FaultyFileSystem();
  const log = createLog(fileSystem);
  const overhead = LOG_HEADER_SIZE + 64;
  append(log, transactionOf(1, 0, LOG_STEP_BYTES - overhead));
  assertEquals([log.endPosition, fileSystem.sizeBytes()], [LOG_STEP_BYTES, LOG_STEP_BYTES]);
  assertTransactions(readLog(fileSystem), [transactionOf(1, 0, LOG_STEP_BYTES - overhead)]);
  append(log, transactionOf(2, 1));
  assertEquals(fileSystem.sizeBytes(), 2 * LOG_STEP_BYTES);
});

test("of a failed append nothing counts, whatever arrived of it, before and behind the next", () => {
  // Equal sizes: behind the next transaction the failed ones would lie in their right places.
  const first = transactionOf(1, 0, 10);
  const failed = [transactionOf(2, 1, 16), transactionOf(3, 1, 16), transactionOf(4, 1, 300 * KIB)];
  const next = { ...transactionOf(2, 1, 16), frames: transactionOf(9, 8, 16).frames };
  const length = sealed(failed, 0).length;
  for (const arrived of [0, 8, 79, 80, 160, 240, length - 8, length]) {
    const fileSystem = new FaultyFileSystem();
    const log = createLog(fileSystem);
    append(log, first);
    const end = log.endPosition;
    fileSystem.bytesBeforeError = arrived;
    assertThrows(() => append(log, ...failed), Error, "EIO");
    assertEquals([log.endPosition, log.hasSyncFailed], [end, false]);
    assertTransactions(readLog(fileSystem), [first]);
    assertEquals(readLog(fileSystem).scan.tornBytes, 0);
    append(log, next);
    assertTransactions(readLog(fileSystem), [first, next], `${arrived} bytes`);
  }
});

test("what a failed append left is zeroed and synced before the next is written, also when zeroing failed at first", () => {
  const fileSystem = new FaultyFileSystem();
  const log = createLog(fileSystem);
  const failed = [transactionOf(1, 0, 16), transactionOf(2, 0, 16)];
  const next = transactionOf(1, 0, 16);
  fileSystem.bytesBeforeError = 160;
  fileSystem.writesLeft = 0;
  assertThrows(() => append(log, ...failed), Error, "EIO");
  assertThrows(() => append(log, next), Error, "ENOSPC");
  assertEquals(log.endPosition, LOG_HEADER_SIZE);
  fileSystem.writesLeft = Infinity;
  fileSystem.calls.length = 0;
  append(log, next);
  assertEquals(fileSystem.calls, ["write 64 160", "sync", "write 64 80", "sync"]);
  assertTransactions(readLog(fileSystem), [next]);
  // And only once.
  fileSystem.calls.length = 0;
  append(log, transactionOf(2, 1));
  assertEquals(fileSystem.calls, ["write 144 32", "sync"]);
});

test("when the file cannot grow nothing is written, smaller transactions go on, and a later attempt continues", () => {
  const fileSystem = new FaultyFileSystem();
  const log = createLog(fileSystem);
  const [first, second] = [transactionOf(1, 0, 10), transactionOf(2, 1, 20)] as const;
  append(log, first);
  const large = transactionOf(3, 2, 5000 * KIB);
  fileSystem.writesLeft = 6;
  fileSystem.calls.length = 0;
  assertThrows(() => append(log, large), Error, "ENOSPC");
  assertEquals(fileSystem.calls.length, 7);
  assertEquals([log.endPosition, log.capacityBytes], [144, LOG_STEP_BYTES]);
  fileSystem.writesLeft = Infinity;
  append(log, second);
  fileSystem.calls.length = 0;
  append(log, large);
  // The six pieces that were written are not written again.
  const piece = 256 * KIB;
  assertEquals(fileSystem.calls[0], `write ${LOG_STEP_BYTES + 6 * piece} ${piece}`);
  assertEquals(fileSystem.calls.length, 10 + 1 + 2);
  assertTransactions(readLog(fileSystem), [first, second, large]);
});

test("after a failed sync the log takes nothing more", () => {
  const breakings: ((log: LogFile) => void)[] = [
    (log) => log.sync(),
    (log) => append(log, transactionOf(1, 0, 5000 * KIB)),
  ];
  for (const breaking of breakings) {
    const fileSystem = new FaultyFileSystem();
    const log = createLog(fileSystem);
    assertFalse(log.hasSyncFailed);
    fileSystem.isSyncBroken = true;
    assertThrows(() => breaking(log), Error, "EIO");
    assert(log.hasSyncFailed);
    fileSystem.isSyncBroken = false;
    fileSystem.calls.length = 0;
    assertEquals(assertThrows(() => append(log, transactionOf(1, 0)), IoError).code, "log-sync-failed");
    assertEquals(assertThrows(() => log.sync(), IoError).code, "log-sync-failed");
    assertEquals(fileSystem.calls, []);
    log.close();
    log.close();
  }
});

test("a sync that fails while a failed append is cleaned up ends the log, and the first error is thrown", () => {
  const fileSystem = new FaultyFileSystem();
  const log = createLog(fileSystem);
  fileSystem.bytesBeforeError = 50;
  fileSystem.isSyncBroken = true;
  assertThrows(() => append(log, transactionOf(1, 0, 200)), Error, "EIO");
  assert(log.hasSyncFailed);
  assertTransactions(readLog(fileSystem), []);
});
