/** Logs for tests: written through the classes that the engine uses, read back as values, and kept as plain bytes between. */

import { assertEquals } from "@std/assert";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { LogBuffer } from "../../lib/v3/log_buffer.ts";
import { LogFile } from "../../lib/v3/log_file.ts";
import { type LogScan, scanLog } from "../../lib/v3/log_scan.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { RECORD_TYPE } from "../../lib/v3/record_type.ts";

/** Where the logs of tests lie. */
export const LOG_PATH = "/a.graph.v3wal";

/** File seed of the logs of tests. */
export const FILE_SEED = 0xfeed_beef;

/** One frame. */
export interface TestFrame {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** A transaction: its frames without the commit frame, which every transaction gets. */
export interface TestTransaction {
  readonly lsn: number;
  readonly syncedLsn: number;
  readonly frames: readonly TestFrame[];
}

/** A frame with a payload of so many bytes, which differ from frame to frame. */
export function frameOf(type: number, length: number, seed: number = type): TestFrame {
  const payload = new Uint8Array(length);
  for (let index = 0; index < length; index++) payload[index] = (seed * 31 + index * 7 + (index >> 8)) & 0xff;
  return { type, payload };
}

/** A transaction with a frame for each of the lengths. */
export function transactionOf(lsn: number, syncedLsn: number, ...lengths: readonly number[]): TestTransaction {
  return { lsn, syncedLsn, frames: lengths.map((length, index) => frameOf(index % 9 + 1, length, lsn + index)) };
}

/** Bytes of transactions as they are appended. */
export function sealed(transactions: readonly TestTransaction[], salt: number): Uint8Array {
  const buffer = new LogBuffer();
  for (const { lsn, syncedLsn, frames } of transactions) {
    const mark = buffer.mark();
    for (const { type, payload } of frames) {
      buffer.begin(type);
      buffer.writeBytes(payload);
      buffer.end();
    }
    buffer.begin(RECORD_TYPE.TransactionCommit);
    buffer.end();
    buffer.seal(mark, buffer.length, lsn, syncedLsn, salt);
  }
  return buffer.bytes.slice(0, buffer.length);
}

/** Appends transactions and syncs. */
export function append(log: LogFile, ...transactions: readonly TestTransaction[]): void {
  const bytes = sealed(transactions, log.salt);
  log.append(bytes, 0, bytes.length);
  log.sync();
}

/** Makes a log at `LOG_PATH`. */
export function createLog(fileSystem: FileSystem, baseLsn = 0, salt = 0x1234_5678): LogFile {
  return LogFile.create(fileSystem, LOG_PATH, { baseLsn, lsnCeiling: baseLsn + 1000, fileSeed: FILE_SEED, salt });
}

/** Bytes of a log with these transactions and some of the zeroes behind them. */
export function logBytes(transactions: readonly TestTransaction[], baseLsn = 0, zeroBytes = 64): Uint8Array {
  const fileSystem = new MemoryFileSystem();
  const log = createLog(fileSystem, baseLsn);
  append(log, ...transactions);
  log.close();
  return contentOf(fileSystem, log.sizeBytes + zeroBytes);
}

/** First bytes of the log. */
export function contentOf(fileSystem: FileSystem, length: number): Uint8Array {
  const file = fileSystem.open(LOG_PATH, "read");
  const bytes = new Uint8Array(length);
  assertEquals(file.read(bytes, 0), length);
  file.close();
  return bytes;
}

/** What a scan handed out, and what it said. */
export interface ReadLog {
  readonly scan: LogScan;
  readonly frames: readonly (TestFrame & { readonly lsn: number })[];
}

/** Reads the log at `LOG_PATH`. */
export function readLog(fileSystem: FileSystem, headerLsn = 0, tolerant = false): ReadLog {
  const frames: (TestFrame & { readonly lsn: number })[] = [];
  const scan = scanLog(fileSystem, LOG_PATH, FILE_SEED, headerLsn, (type, lsn, bytes, start, end) => {
    frames.push({ type, lsn, payload: bytes.slice(start, end) });
  }, { tolerant });
  return { scan, frames };
}

/** Reads a log that consists of these bytes. */
export function readBytes(bytes: Uint8Array, headerLsn = 0, tolerant = false): ReadLog {
  const fileSystem = new MemoryFileSystem();
  const file = fileSystem.open(LOG_PATH, "create");
  file.write(bytes, 0);
  file.close();
  return readLog(fileSystem, headerLsn, tolerant);
}

/** Asserts that exactly these transactions were handed out, whole and in this order. */
export function assertTransactions(found: ReadLog, expected: readonly TestTransaction[], message?: string): void {
  const frames = expected.flatMap(({ lsn, frames }) => [
    ...frames.map(({ type, payload }) => ({ type, lsn, payload })),
    { type: RECORD_TYPE.TransactionCommit as number, lsn, payload: new Uint8Array() },
  ]);
  assertEquals(found.frames, frames, message);
  assertEquals(found.scan.transactions, expected.length, message);
}
