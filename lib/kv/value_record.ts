/**
 * What is stored under a key: a head of fixed size, then the value's bytes (little-endian). The same record lies in the tree,
 * in the log and in the checkpoint copy.
 *
 *   0  u8   value type
 *   1  f64  created: when the key came to be, in ms since 1970
 *   9  f64  updated: when this value was written, in ms
 *   17 f64  expiry in ms; 0: never
 *   25 f64  version: LSN of the commit that wrote the value
 *   33      value bytes
 */

import { CorruptionError } from "../backend/errors.ts";
import { parseJson } from "../backend/json.ts";
import type { KeyValue } from "../backend/key_value.ts";
import type { CheckedValue } from "../backend/value_input.ts";

/** Where the parts of a record lie. */
export const VALUE_RECORD = {
  /** Value type, u8. */
  typeAt: 0,
  /** Creation time, f64. */
  createdAt: 1,
  /** Time of the write, f64. */
  updatedAt: 9,
  /** Expiry, f64. */
  expiresAt: 17,
  /** LSN of the write, f64. */
  versionAt: 25,
  /** The value's bytes, to the end of the record. */
  bytesAt: 33,
} as const;

/** Bytes of the head, which every record has. */
export const VALUE_HEAD_BYTES: number = VALUE_RECORD.bytesAt;

/** Expiry of a key that lives for ever. */
export const NEVER_EXPIRES = 0;

/** How a value's bytes are to be read: the tags of the reference's key-value format. */
export const VALUE_TYPE = {
  /** No bytes. A null is a value; a deleted key has no record. */
  null: 0,
  /** A signed 64-bit integer. */
  integer: 1,
  /** A 64-bit float. */
  float: 2,
  /** UTF-8, also with NUL and byte order marks. */
  string: 3,
  /** One byte, 0 or 1. */
  boolean: 4,
  /** The bytes themselves. */
  bytes: 5,
  /** JSON text in UTF-8: arrays, objects, and texts with lone surrogates, which UTF-8 cannot hold and JSON escapes. */
  json: 6,
} as const;

/** One of the value types. */
export type StoredValueType = typeof VALUE_TYPE[keyof typeof VALUE_TYPE];

/** A value as it will be stored. */
export interface EncodedValue {
  /** Its type. */
  readonly type: StoredValueType;
  /** Its bytes: a copy, which the user's value no longer changes. */
  readonly bytes: Uint8Array;
}

/** The one NaN that is written, so that equal values have equal bytes on every engine. */
const NAN_BITS = 0x7ff8_0000_0000_0000n;

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where heads and numbers are put together and taken apart: a view for each record would cost more than its bytes. */
const scratch = new DataView(new ArrayBuffer(VALUE_HEAD_BYTES));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Encodes a value that passed all checks. Times and LSN are not needed yet. */
export function encodeValue({ type, value, json }: CheckedValue): EncodedValue {
  switch (type) {
    case "null":
      return { type: VALUE_TYPE.null, bytes: new Uint8Array(0) };
    case "boolean":
      return { type: VALUE_TYPE.boolean, bytes: Uint8Array.of(value ? 1 : 0) };
    case "integer":
      return { type: VALUE_TYPE.integer, bytes: integerBytes(value as number | bigint) };
    case "float":
      return { type: VALUE_TYPE.float, bytes: floatBytes(value as number) };
    case "string":
      if (!(value as string).isWellFormed()) return { type: VALUE_TYPE.json, bytes: UTF8.encode(json) };
      return { type: VALUE_TYPE.string, bytes: UTF8.encode(value as string) };
    case "bytes":
      return { type: VALUE_TYPE.bytes, bytes: new Uint8Array(value as Uint8Array) };
    case "json":
      return { type: VALUE_TYPE.json, bytes: UTF8.encode(json) };
  }
}

function integerBytes(value: number | bigint): Uint8Array {
  if (typeof value === "bigint") scratch.setBigInt64(0, value, true);
  else {
    // In halves, since making a bigint of every number is slow; both conversions are modulo 2^32.
    scratch.setUint32(0, value, true);
    scratch.setInt32(4, Math.floor(value / 2 ** 32), true);
  }
  return scratchBytes.slice(0, 8);
}

function floatBytes(value: number): Uint8Array {
  scratch.setFloat64(0, value, true);
  if (Number.isNaN(value)) scratch.setBigUint64(0, NAN_BITS, true);
  return scratchBytes.slice(0, 8);
}

/**
 * The record of a value.
 *
 * @param value what `encodeValue` returned
 * @param created when the key came to be, in milliseconds since 1970
 * @param updated when this value is written, in milliseconds
 * @param expiresAt when the key expires, in milliseconds, or `NEVER_EXPIRES`
 * @param lsn the commit that writes it
 */
export function encodeValueRecord(
  value: EncodedValue,
  created: number,
  updated: number,
  expiresAt: number,
  lsn: number,
): Uint8Array {
  const record = new Uint8Array(VALUE_HEAD_BYTES + value.bytes.length);
  scratch.setUint8(VALUE_RECORD.typeAt, value.type);
  scratch.setFloat64(VALUE_RECORD.createdAt, created, true);
  scratch.setFloat64(VALUE_RECORD.updatedAt, updated, true);
  scratch.setFloat64(VALUE_RECORD.expiresAt, expiresAt, true);
  scratch.setFloat64(VALUE_RECORD.versionAt, lsn, true);
  record.set(scratchBytes);
  record.set(value.bytes, VALUE_RECORD.bytesAt);
  return record;
}

/** Type of the value whose record starts at `at`. Needs the head only. */
export function valueTypeOf(head: Uint8Array, at = 0): number {
  return head[at + VALUE_RECORD.typeAt] as number;
}

/** When the key came to be, in milliseconds. Needs the head only. */
export function createdAtOf(head: Uint8Array, at = 0): number {
  return readFloat(head, at + VALUE_RECORD.createdAt);
}

/** When the value was written, in milliseconds. Needs the head only. */
export function updatedAtOf(head: Uint8Array, at = 0): number {
  return readFloat(head, at + VALUE_RECORD.updatedAt);
}

/** When the key expires, in milliseconds, or `NEVER_EXPIRES`. Needs the head only. */
export function expiresAtOf(head: Uint8Array, at = 0): number {
  return readFloat(head, at + VALUE_RECORD.expiresAt);
}

/** LSN of the commit that wrote the value. Needs the head only. */
export function versionOf(head: Uint8Array, at = 0): number {
  return readFloat(head, at + VALUE_RECORD.versionAt);
}

/** Hot in scans: a record may start at any byte of a page. */
function readFloat(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) scratchBytes[index] = bytes[at + index] as number;
  return scratch.getFloat64(0, true);
}

/**
 * The value of a whole record; bytes are a copy.
 *
 * @param record head and value bytes
 * @param key the record's key, for the error message
 * @throws {CorruptionError} for what is not in a known form
 */
export function decodeValue(record: Uint8Array, key: Uint8Array): KeyValue {
  if (record.length < VALUE_HEAD_BYTES) throw corrupt(record, key);
  const bytes = record.subarray(VALUE_HEAD_BYTES);
  try {
    switch (valueTypeOf(record)) {
      case VALUE_TYPE.null:
        if (bytes.length === 0) return null;
        break;
      case VALUE_TYPE.integer:
        if (bytes.length === 8) return decodeInteger(bytes);
        break;
      case VALUE_TYPE.float:
        if (bytes.length === 8) return readFloat(bytes, 0);
        break;
      case VALUE_TYPE.string:
        return STRICT_UTF8.decode(bytes);
      case VALUE_TYPE.boolean:
        if (bytes.length === 1 && (bytes[0] as number) <= 1) return bytes[0] === 1;
        break;
      case VALUE_TYPE.bytes:
        return new Uint8Array(bytes);
      case VALUE_TYPE.json:
        return parseJson(STRICT_UTF8.decode(bytes));
    }
  } catch (error) {
    throw corrupt(record, key, error);
  }
  throw corrupt(record, key);
}

/** A safe integer as number, another as bigint. */
function decodeInteger(bytes: Uint8Array): number | bigint {
  scratchBytes.set(bytes);
  // Exact while it is safe, and never rounded into the safe range.
  const number = scratch.getInt32(4, true) * 2 ** 32 + scratch.getUint32(0, true);
  return Number.isSafeInteger(number) ? number : scratch.getBigInt64(0, true);
}

function corrupt(record: Uint8Array, key: Uint8Array, cause?: unknown): CorruptionError {
  const start = hex(record.subarray(0, VALUE_HEAD_BYTES + 16));
  return new CorruptionError(
    `the value of key ${
      hex(key.subarray(0, 64))
    } (hexadecimal) is not in a known form: ${record.length} bytes, ${start}`,
    { code: "corrupt-value", value: key.slice(), cause },
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
