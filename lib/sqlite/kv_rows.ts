/** The key-value table: encoding of keys and values as the Rust system stores them, reads and writes of its rows. */

import { CorruptionError } from "../backend/errors.ts";
import { type JsonValue, parseJson } from "../backend/json.ts";
import type { KeyValue } from "../backend/key_value.ts";
import type { KeyPosition, Page, StoredEntry, StoredValue } from "../backend/store.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./driver.ts";
import { keyHexSql } from "./schema.ts";

/** Bytes of a key as the table's key: decimal numbers joined by commas. */
export function encodeKey(bytes: Uint8Array): string {
  return bytes.join(",");
}

/** Bytes of a text that is a table's key, whatever other programs wrote there. */
function decodeKey(text: string): Uint8Array {
  return parseBytes(text) ?? Uint8Array.from(text.split(","), Number);
}

const COMMA = 0x2c;
const BLANK = 0x20;

/** Numbers from 0 to 255 joined by commas, with blanks around them; undefined when the text is anything else. */
function parseBytes(text: string): Uint8Array | undefined {
  if (text === "") return new Uint8Array(0);
  // A digit and a comma a byte, without the last comma, are the least.
  const bytes = new Uint8Array((text.length + 1) >>> 1);
  let count = 0;
  let digits = 0;
  let byte = 0;
  let hasEnded = false; // a blank after the number's digits
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : COMMA;
    if (unit >= 0x30 && unit <= 0x39 && digits < 3 && !hasEnded) {
      byte = 10 * byte + unit - 0x30;
      digits++;
    } else if (unit === BLANK) hasEnded = digits > 0;
    else if (unit === COMMA && digits > 0 && byte < 256) {
      bytes[count++] = byte;
      digits = byte = 0;
      hasEnded = false;
    } else return undefined;
  }
  return bytes.slice(0, count);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes of a key as hexadecimal digits: text order is byte order. */
function keyHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}

/** A stored value's JSON: `{"data":…,"type":…}`. A stored JSON null is readable by the Rust system, its own form of null is not. */
export function encodeValue({ type, value, json }: CheckedValue): string {
  switch (type) {
    case "null":
      return tagged("null", "json");
    case "boolean":
    case "integer":
      return tagged(String(value), type);
    case "float":
      return tagged(Number.isFinite(value) ? json : Number.isNaN(value) ? "null" : `"${value as number}"`, type);
    case "bytes":
      return tagged(`"${(value as Uint8Array).join(",")}"`, type);
    case "string":
    case "json":
      return tagged(json, type);
  }
}

function tagged(data: string, type: string): string {
  return `{"data":${data},"type":"${type}"}`;
}

/** The value of a row; also those forms that the Rust system writes and cannot read itself. */
export function decodeValue(json: string, key: string): KeyValue {
  const corrupt = (cause?: unknown): CorruptionError =>
    new CorruptionError(`the value of key ${key} is not in a known form: ${json.slice(0, 60)}`, {
      code: "corrupt-value",
      value: key,
      cause,
    });
  let stored: JsonValue;
  try {
    stored = parseJson(json);
  } catch (error) {
    throw corrupt(error);
  }
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) throw corrupt();
  const { type, data } = stored as Readonly<Record<string, JsonValue>>;
  if (type === "null") return null;
  if (type === "json" && data !== undefined) return data;
  if (type === "string" && typeof data === "string") return data;
  if (type === "boolean" && typeof data === "boolean") return data;
  if (type === "bytes" && typeof data === "string") {
    const bytes = parseBytes(data);
    if (bytes !== undefined) return bytes;
  }
  if (type === "integer" && (typeof data === "bigint" || Number.isSafeInteger(data))) return data as number | bigint;
  if (type === "float") {
    if (typeof data === "number") return data;
    if (typeof data === "bigint") return Number(data);
    if (data === null) return NaN;
    if (data === "Infinity" || data === "-Infinity") return Number(data);
  }
  throw corrupt();
}

/** When a row expires, in ms, or NULL: our own exact figure while the row is the one we wrote, else from its seconds. */
const EXPIRES = `CASE WHEN kv.ttl_seconds IS NULL THEN NULL ELSE coalesce(
  CASE WHEN own.row_version = kv.version AND own.row_updated_at = kv.updated_at THEN own.expires_ms END,
  (kv.updated_at + min(kv.ttl_seconds, 9000000000000 - kv.updated_at)) * 1000) END`;

const COLUMNS = `kv.value_json AS value_json, ${EXPIRES} AS expires_ms`;

const GET =
  `SELECT ${COLUMNS} FROM kv_store AS kv LEFT JOIN sqlitegraph_kv_keys AS own ON own.key_hex = ?2 WHERE kv.key = ?1`;

function liveRow(connection: Connection, bytes: Uint8Array, now: number): SqlRow | undefined {
  const row = connection.statement(GET).get(encodeKey(bytes), keyHex(bytes));
  return row === undefined || isExpired(row[1], now) ? undefined : row;
}

function isExpired(expires: SqlValue | undefined, now: number): boolean {
  return expires !== null && Number(expires) <= now;
}

/** The value of a key, or undefined when it is absent or expired. */
export function readValue(connection: Connection, bytes: Uint8Array, now: number): StoredValue | undefined {
  const row = liveRow(connection, bytes, now);
  if (row === undefined) return undefined;
  return {
    value: decodeValue(row[0] as string, encodeKey(bytes)),
    expiresAt: row[1] === null ? undefined : Number(row[1]),
  };
}

/** Whether a key exists and has not expired. */
export function keyExists(connection: Connection, bytes: Uint8Array, now: number): boolean {
  return liveRow(connection, bytes, now) !== undefined;
}

/** A position after a row: with the row's own digits, since those of other programs' keys may differ from its bytes'. */
class RowPosition implements KeyPosition {
  readonly key: Uint8Array;
  readonly isInclusive = false;
  readonly hex: string;

  constructor(key: Uint8Array, hex: string) {
    this.key = key;
    this.hex = hex;
  }
}

const PAGE = `SELECT own.key_hex AS key_hex, own.key AS key, ${COLUMNS}
  FROM sqlitegraph_kv_keys AS own JOIN kv_store AS kv ON kv.key = own.key`;

/** The page of live rows whose key starts with `prefix`, from a position on. */
export function readValuePage(
  connection: Connection,
  prefix: Uint8Array,
  after: KeyPosition,
  now: number,
  size: number,
): Page<StoredEntry, KeyPosition> {
  const first = after instanceof RowPosition ? after.hex : keyHex(after.key);
  // "g" follows every hexadecimal digit: prefix + "g" is above every key that starts with the prefix.
  const rows = connection.statement(
    `${PAGE} WHERE own.key_hex ${after.isInclusive ? ">=" : ">"} ? AND own.key_hex < ? ORDER BY own.key_hex LIMIT ?`,
  ).all(first, `${keyHex(prefix)}g`, size);
  const items: StoredEntry[] = [];
  for (const [, key, json, expires] of rows) {
    if (isExpired(expires, now)) continue;
    items.push({
      key: decodeKey(key as string),
      value: decodeValue(json as string, key as string),
      expiresAt: expires === null ? undefined : Number(expires),
    });
  }
  const last = rows.at(-1);
  if (rows.length < size || last === undefined) return { items, next: undefined };
  return { items, next: new RowPosition(decodeKey(last[1] as string), last[0] as string) };
}

/** Keys that will expire, found through the partial index on them. */
const MORTAL = `SELECT kv.key AS key, own.key_hex AS key_hex, ${EXPIRES} AS expires_ms FROM kv_store AS kv
  JOIN sqlitegraph_kv_keys AS own ON own.key_hex = ${keyHexSql("kv.key")} WHERE kv.ttl_seconds IS NOT NULL`;

/** Number of live keys. */
export function countValues(connection: Connection, now: number): number {
  const row = connection.statement(
    `SELECT (SELECT count(*) FROM kv_store) - (SELECT count(*) FROM (${MORTAL}) WHERE expires_ms <= ?)`,
  ).get(now);
  return Number(row?.[0]);
}

/** Writes a row; `expiresAt` undefined means for ever. */
export function writeValue(
  connection: Connection,
  bytes: Uint8Array,
  json: string,
  now: number,
  expiresAt: number | undefined,
): void {
  const key = encodeKey(bytes);
  const seconds = Math.floor(now / 1000);
  const ttlSeconds = expiresAt === undefined ? null : Math.max(0, Math.ceil((expiresAt - now) / 1000));
  // With a time to live the creation time moves along: the Rust system counts from it.
  connection.statement(
    `INSERT INTO kv_store (key, value_json, ttl_seconds, version, created_at, updated_at) VALUES (?1, ?2, ?3, 1, ?4, ?4)
     ON CONFLICT (key) DO UPDATE SET value_json = ?2, ttl_seconds = ?3, version = version + 1, updated_at = ?4,
       created_at = CASE WHEN ?3 IS NULL THEN created_at ELSE ?4 END`,
  ).run(key, json, ttlSeconds, seconds);
  if (expiresAt === undefined) return;
  connection.statement(
    `UPDATE sqlitegraph_kv_keys SET expires_ms = ?3, row_updated_at = ?4,
       row_version = (SELECT version FROM kv_store WHERE key = ?1) WHERE key_hex = ?2`,
  ).run(key, keyHex(bytes), expiresAt, seconds);
}

/** Removes a row. */
export function deleteValue(connection: Connection, bytes: Uint8Array): void {
  connection.statement("DELETE FROM kv_store WHERE key = ?").run(encodeKey(bytes));
}

/** Keys that have expired, in byte order, at most `size`. */
export function readExpiredKeys(connection: Connection, now: number, size: number): Uint8Array[] {
  return connection.statement(
    `SELECT key FROM (${MORTAL}) WHERE expires_ms <= ? ORDER BY key_hex LIMIT ?`,
  ).all(now, size).map(([key]) => decodeKey(key as string));
}
