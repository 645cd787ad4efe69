/**
 * Layout of the write-ahead log: a header, then frames, back to back, then zeroes. Little-endian; everything begins at a multiple
 * of 8. A frame holds one record; the frames of a transaction carry one LSN, and the last of them is a TransactionCommit.
 *
 *     0           64                                                                    n * 4 MiB
 *     | header    | frame | frame | frame | commit | frame | commit | 0 0 0 0 0 0 0 0 0 |
 *                 '------- LSN 7 -----------------' '---- LSN 8 ---'
 */

import { strict as assert } from "node:assert";
import { crc32 } from "node:zlib";
import { UnsupportedError } from "../backend/errors.ts";

/** First bytes of a log. */
export const LOG_MAGIC: Uint8Array = Uint8Array.of(0x56, 0x33, 0x57, 0x41, 0x4c, 0, 0, 0);

/** Version of the log's format that this engine writes. */
export const LOG_VERSION = 5;

/** Bytes of the header. */
export const LOG_HEADER_SIZE = 64;

/**
 * Offsets within the header. Version, flags, salt, seed and checksum are u32, the LSNs are f64. The checksum is crc32 over the
 * bytes before it; flags, reserved and spare bytes are 0.
 */
export const LOG_HEADER = {
  magic: 0,
  version: 8,
  flags: 12,
  /** Random; seed of the checksums of frames, so that bytes of an older log never count. */
  salt: 16,
  reserved: 20,
  /** The database that the log belongs to. */
  fileSeed: 24,
  reserved2: 28,
  /** The first transaction of the log has the next LSN, or a later one that a checkpoint has given. */
  baseLsn: 32,
  /** No LSN from here on has been given when the log was made. */
  lsnCeiling: 40,
  spare: 48,
  checksum: 60,
} as const;

/** Bytes of a frame before its payload. */
export const LOG_FRAME_SIZE = 32;

/**
 * Offsets within a frame. Length (of the payload), checksum and the second spare are u32, type and the first spare are u16, the
 * LSNs are f64. The checksum is crc32 over everything behind it up to the end of the padding; its seed is salt XOR length, which
 * finds a wrong length as surely as if the length were among the bytes.
 */
export const LOG_FRAME = {
  length: 0,
  checksum: 4,
  lsn: 8,
  /** Highest LSN that was known to be durable when the frame was written. */
  syncedLsn: 16,
  /** 1 to 255. */
  type: 24,
  spare: 26,
  spare2: 28,
  payload: 32,
} as const;

/** Largest type of a frame. */
export const MAX_LOG_FRAME_TYPE = 255;

/** Most bytes of a payload. */
export const MAX_LOG_PAYLOAD: number = 2 ** 31;

/** What the header of a log says. */
export interface LogHeader {
  /** Random u32. */
  readonly salt: number;
  /** File seed of the database, u32. */
  readonly fileSeed: number;
  /** LSN before the log's first transaction. */
  readonly baseLsn: number;
  /** No LSN from here on has been given when the log was made. */
  readonly lsnCeiling: number;
}

/** The bytes of a header. */
export function encodeLogHeader(header: LogHeader): Uint8Array {
  const bytes = new Uint8Array(LOG_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(LOG_MAGIC, LOG_HEADER.magic);
  view.setUint32(LOG_HEADER.version, LOG_VERSION, true);
  view.setUint32(LOG_HEADER.salt, header.salt, true);
  view.setUint32(LOG_HEADER.fileSeed, header.fileSeed, true);
  view.setFloat64(LOG_HEADER.baseLsn, header.baseLsn, true);
  view.setFloat64(LOG_HEADER.lsnCeiling, header.lsnCeiling, true);
  view.setUint32(LOG_HEADER.checksum, crc32(bytes.subarray(0, LOG_HEADER.checksum)), true);
  return bytes;
}

/** The fields of a header as they are, right or not. */
export function decodeLogHeader(bytes: Uint8Array): LogHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    salt: view.getUint32(LOG_HEADER.salt, true),
    fileSeed: view.getUint32(LOG_HEADER.fileSeed, true),
    baseLsn: view.getFloat64(LOG_HEADER.baseLsn, true),
    lsnCeiling: view.getFloat64(LOG_HEADER.lsnCeiling, true),
  };
}

/**
 * Whether bytes are a header that was written whole.
 *
 * @throws {UnsupportedError} when it was, by another version of this package that writes what this one cannot read
 */
export function isLogHeader(bytes: Uint8Array): boolean {
  if (bytes.length < LOG_HEADER_SIZE) return false;
  if (!LOG_MAGIC.every((byte, index) => bytes[index] === byte)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(LOG_HEADER.checksum, true) !== crc32(bytes.subarray(0, LOG_HEADER.checksum))) return false;
  const version = view.getUint32(LOG_HEADER.version, true);
  const flags = view.getUint32(LOG_HEADER.flags, true);
  if (version !== LOG_VERSION || flags !== 0) {
    throw new UnsupportedError(
      `the log has version ${version} and flags ${flags}; open the database with the release that wrote it`,
      { code: "log-version", value: version },
    );
  }
  return true;
}

/** Bytes of a frame with a payload of so many bytes. */
export function logFrameSize(payloadBytes: number): number {
  // Not by bit operations: a payload of 2^31 bytes is no 32-bit integer.
  return LOG_FRAME_SIZE + Math.ceil(payloadBytes / 8) * 8;
}

/** Seed of a frame's checksum. */
export function logFrameSeed(salt: number, payloadBytes: number): number {
  return (salt ^ payloadBytes) >>> 0;
}

/** The checksum that the frame from `start` to before `end` must have. */
export function logFrameChecksum(bytes: Uint8Array, start: number, end: number, seed: number): number {
  return crc32(bytes.subarray(start + LOG_FRAME.lsn, end), seed);
}

/**
 * Completes frames that have type, length, payload and padding: gives all of them, from `from` to before `to`, their LSNs and
 * checksums. May be called again with other LSNs.
 */
export function sealLogFrames(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  lsn: number,
  syncedLsn: number,
  salt: number,
): void {
  if (!(Number.isSafeInteger(lsn) && syncedLsn >= 0 && syncedLsn < lsn)) {
    assert.fail(`frames of LSN ${lsn} cannot know that ${syncedLsn} is durable`);
  }
  let at = from;
  while (at < to) {
    const length = view.getUint32(at + LOG_FRAME.length, true);
    const end = at + logFrameSize(length);
    view.setFloat64(at + LOG_FRAME.lsn, lsn, true);
    view.setFloat64(at + LOG_FRAME.syncedLsn, syncedLsn, true);
    view.setUint32(at + LOG_FRAME.checksum, logFrameChecksum(bytes, at, end, logFrameSeed(salt, length)), true);
    at = end;
  }
  if (at !== to) assert.fail(`the last frame ends at ${at}, not at ${to}`);
}
