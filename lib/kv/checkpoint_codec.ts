/**
 * The bytes of a `.v3checkpoint`: a copy of all key-values as of one commit, independent of the main file (little-endian).
 *
 *   0  magic "V3KVCK", one byte 0          52 u32 file seed: the database that it belongs to
 *   7  u8  format, 0x10                    56 f64 LSN of the state
 *   8  u32 version, 16                     64 f64 time of that commit in ms since 1970
 *   12 f64 payload length: bytes from 52   72 f64 number of entries
 *   20 SHA-256 of all bytes but its own    80 entries, ascending by the bytes of their keys
 *
 * An entry is the key's length, the key, the record's length and the record (`value_record.ts`). Lengths are LEB128: seven bits a
 * byte, lowest first, the high bit of all but the last byte set. Nothing follows the last entry.
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { CorruptionError } from "../backend/errors.ts";
import { VALUE_HEAD_BYTES } from "./value_record.ts";

/** Where the parts of a checkpoint lie. */
export const CHECKPOINT = {
  /** Six letters and a byte 0. */
  magicAt: 0,
  /** Format, u8. */
  formatAt: 7,
  /** Version, u32. */
  versionAt: 8,
  /** Payload length, f64. */
  payloadLengthAt: 12,
  /** SHA-256, 32 bytes. */
  digestAt: 20,
  /** Start of the payload. */
  payloadAt: 52,
  /** File seed, u32. */
  fileSeedAt: 52,
  /** LSN, f64. */
  lsnAt: 56,
  /** Time, f64. */
  timeAt: 64,
  /** Number of entries, f64. */
  countAt: 72,
  /** The first entry. */
  entriesAt: 80,
} as const;

/** Format byte: formats 1 to 3 are the reference's. */
export const CHECKPOINT_FORMAT = 0x10;

/** Version of the layout above. */
export const CHECKPOINT_VERSION = 16;

/** Largest checkpoint, in bytes: it is made and read in one piece. */
export const MAX_CHECKPOINT_BYTES: number = 2 ** 30;

/** Bytes before the first entry. */
export const CHECKPOINT_HEAD_BYTES: number = CHECKPOINT.entriesAt;

const MAGIC = new TextEncoder().encode("V3KVCK\0");

/** The shortest entry: an empty key, and a record without value bytes. */
const MIN_ENTRY_BYTES = 2 + VALUE_HEAD_BYTES;

/** Which state a checkpoint holds. */
export interface CheckpointState {
  /** Number that the database's file was given when it was made, u32. */
  readonly fileSeed: number;
  /** LSN of the state. */
  readonly lsn: number;
  /** Time of that commit, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** One key-value. */
export interface CheckpointEntry {
  /** The key's bytes. */
  readonly key: Uint8Array;
  /** The record: head and value bytes. */
  readonly record: Uint8Array;
}

/** What a checkpoint holds. */
export interface Checkpoint extends CheckpointState {
  /** All key-values, ascending by the bytes of their keys; expired ones too. */
  readonly entries: readonly CheckpointEntry[];
}

/**
 * The bytes of a checkpoint, or undefined when there would be more than `maxBytes` of them (and no more entries are read).
 *
 * @param entries ascending by the bytes of their keys; what one yields may change when the next one is asked for
 * @param maxBytes at most `MAX_CHECKPOINT_BYTES`
 * @throws {CorruptionError} when the keys do not ascend
 */
export function encodeCheckpoint(
  state: CheckpointState,
  entries: Iterable<CheckpointEntry>,
  maxBytes: number = MAX_CHECKPOINT_BYTES,
): Uint8Array | undefined {
  const limit = Math.min(maxBytes, MAX_CHECKPOINT_BYTES);
  const writer = new EntryWriter();
  for (const { key, record } of entries) {
    if (writer.length + key.length + record.length > limit) return undefined;
    writer.append(key, record);
  }
  return writer.length > limit ? undefined : writer.finish(state);
}

/** A buffer that grows. */
class EntryWriter {
  /** Bytes so far. */
  length: number = CHECKPOINT_HEAD_BYTES;
  #bytes = new Uint8Array(4096);
  #count = 0;
  #lastKeyAt = 0;
  #lastKeyEnd = 0;

  append(key: Uint8Array, record: Uint8Array): void {
    if (this.#count > 0 && Buffer.compare(this.#bytes.subarray(this.#lastKeyAt, this.#lastKeyEnd), key) >= 0) {
      throw new CorruptionError(`key ${this.#count} of the key-values does not follow the one before it`, {
        code: "unordered-keys",
        value: key.slice(),
      });
    }
    this.#reserve(key.length + record.length + 2 * MAX_LENGTH_BYTES);
    this.#appendLength(key.length);
    this.#lastKeyAt = this.length;
    this.#appendBytes(key);
    this.#lastKeyEnd = this.length;
    this.#appendLength(record.length);
    this.#appendBytes(record);
    this.#count++;
  }

  finish({ fileSeed, lsn, timeMs }: CheckpointState): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    const view = new DataView(bytes.buffer);
    bytes.set(MAGIC, CHECKPOINT.magicAt);
    bytes[CHECKPOINT.formatAt] = CHECKPOINT_FORMAT;
    view.setUint32(CHECKPOINT.versionAt, CHECKPOINT_VERSION, true);
    view.setFloat64(CHECKPOINT.payloadLengthAt, bytes.length - CHECKPOINT.payloadAt, true);
    view.setUint32(CHECKPOINT.fileSeedAt, fileSeed, true);
    view.setFloat64(CHECKPOINT.lsnAt, lsn, true);
    view.setFloat64(CHECKPOINT.timeAt, timeMs, true);
    view.setFloat64(CHECKPOINT.countAt, this.#count, true);
    bytes.set(digestOf(bytes), CHECKPOINT.digestAt);
    return bytes;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.length + more, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }

  #appendLength(length: number): void {
    for (; length > 0x7f; length >>>= 7) this.#bytes[this.length++] = length & 0x7f | 0x80;
    this.#bytes[this.length++] = length;
  }

  #appendBytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
}

/** Most bytes of a written length: 35 bits, more than `MAX_CHECKPOINT_BYTES` needs. */
const MAX_LENGTH_BYTES = 5;

function digestOf(checkpoint: Uint8Array): Uint8Array {
  return createHash("sha256")
    .update(checkpoint.subarray(0, CHECKPOINT.digestAt))
    .update(checkpoint.subarray(CHECKPOINT.payloadAt))
    .digest();
}

/**
 * Reads a checkpoint. Keys and records are parts of `bytes`, not copies.
 *
 * @param where the file, for the error message
 * @throws {CorruptionError} unless every byte is what was written
 */
export function decodeCheckpoint(bytes: Uint8Array, where = "the checkpoint"): Checkpoint {
  checkFrame(bytes, bytes.length, where);
  if (Buffer.compare(digestOf(bytes), bytes.subarray(CHECKPOINT.digestAt, CHECKPOINT.payloadAt)) !== 0) {
    throw corrupt(where, "its SHA-256 does not match its content");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lsn = view.getFloat64(CHECKPOINT.lsnAt, true);
  const timeMs = view.getFloat64(CHECKPOINT.timeAt, true);
  const count = view.getFloat64(CHECKPOINT.countAt, true);
  if (!Number.isSafeInteger(lsn) || lsn < 0) throw corrupt(where, `its LSN is ${lsn}`);
  if (!Number.isFinite(timeMs)) throw corrupt(where, `its time is ${timeMs}`);
  if (!Number.isSafeInteger(count) || count < 0 || count > (bytes.length - CHECKPOINT.entriesAt) / MIN_ENTRY_BYTES) {
    throw corrupt(where, `${bytes.length} bytes cannot hold ${count} entries`);
  }
  return {
    fileSeed: view.getUint32(CHECKPOINT.fileSeedAt, true),
    lsn,
    timeMs,
    entries: readEntries(bytes, count, where),
  };
}

/**
 * Checks what the first bytes of a checkpoint say against its size, before the rest is read.
 *
 * @param head at least the first `CHECKPOINT_HEAD_BYTES`, fewer when there are fewer
 * @param sizeBytes size of the whole checkpoint
 * @param where the file, for the error message
 * @throws {CorruptionError} when this cannot be a whole checkpoint
 */
export function checkFrame(head: Uint8Array, sizeBytes: number, where: string): void {
  if (head.length < CHECKPOINT_HEAD_BYTES) throw corrupt(where, `it has only ${head.length} bytes`);
  if (Buffer.compare(head.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw corrupt(where, "it does not begin with V3KVCK");
  }
  const format = head[CHECKPOINT.formatAt] as number;
  if (format !== CHECKPOINT_FORMAT) {
    const hint = format >= 1 && format <= 3 ? ", a format of the Rust system: import that database instead" : "";
    throw corrupt(where, `its format is ${format} instead of ${CHECKPOINT_FORMAT}${hint}`);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const version = view.getUint32(CHECKPOINT.versionAt, true);
  if (version !== CHECKPOINT_VERSION) {
    throw corrupt(where, `its version is ${version} instead of ${CHECKPOINT_VERSION}`);
  }
  const payloadLength = view.getFloat64(CHECKPOINT.payloadLengthAt, true);
  if (payloadLength !== sizeBytes - CHECKPOINT.payloadAt) {
    throw corrupt(where, `it has ${sizeBytes} bytes instead of ${payloadLength + CHECKPOINT.payloadAt}`);
  }
  if (sizeBytes > MAX_CHECKPOINT_BYTES) {
    throw corrupt(where, `it has ${sizeBytes} bytes; the limit is ${MAX_CHECKPOINT_BYTES}`);
  }
}

function readEntries(bytes: Uint8Array, count: number, where: string): CheckpointEntry[] {
  const reader = new PartReader(bytes, where);
  const entries: CheckpointEntry[] = [];
  let last: Uint8Array | undefined;
  for (let index = 0; index < count; index++) {
    const key = reader.next();
    const record = reader.next();
    if (last !== undefined && Buffer.compare(last, key) >= 0) throw corrupt(where, `key ${index} is out of order`);
    if (record.length < VALUE_HEAD_BYTES) throw corrupt(where, `record ${index} has only ${record.length} bytes`);
    entries.push({ key, record });
    last = key;
  }
  if (reader.at !== bytes.length) throw corrupt(where, `${bytes.length - reader.at} bytes follow its last entry`);
  return entries;
}

/** Reads lengths and what they announce. */
class PartReader {
  /** Position of the next part. */
  at: number = CHECKPOINT.entriesAt;
  readonly #bytes: Uint8Array;
  readonly #where: string;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
  }

  next(): Uint8Array {
    const length = this.#length();
    const start = this.at;
    if (length > this.#bytes.length - start) throw corrupt(this.#where, `the part at ${start} has ${length} bytes`);
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }

  #length(): number {
    let length = 0;
    let unit = 1;
    for (let read = 0; read < MAX_LENGTH_BYTES && this.at < this.#bytes.length; read++) {
      const byte = this.#bytes[this.at++] as number;
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) return length;
      unit *= 128;
    }
    throw corrupt(this.#where, `a length before ${this.at} does not end`);
  }
}

function corrupt(where: string, problem: string): CorruptionError {
  return new CorruptionError(`${where} is no whole copy of key-values: ${problem}`, {
    code: "corrupt-kv-checkpoint",
    value: where,
  });
}
