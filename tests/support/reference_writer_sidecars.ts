/** Sidecars of the reference's format: edge tree root, index of kinds and names, key-value checkpoint and log. */

import { createHash } from "node:crypto";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { ByteList, type Int64 } from "./reference_writer_bytes.ts";
import type { WrittenNode } from "./reference_writer_file.ts";

/** A key-value as the sidecars store it. */
export interface StoredKeyValue {
  readonly key: Uint8Array;
  /** Tag of the value: 0 null, 1 integer, 2 float, 3 text, 4 boolean, 5 bytes, 6 JSON. */
  readonly tag: number;
  readonly value: Uint8Array;
  readonly ttlSeconds?: number;
}

/** A key-value with the tag and the bytes that the reference gives it. */
export function storedKeyValue(key: Uint8Array, value: KeyValue, ttlSeconds?: number): StoredKeyValue {
  const rest = ttlSeconds === undefined ? {} : { ttlSeconds };
  const list = new ByteList("little");
  if (value === null) return { key, tag: 0, value: list.bytes, ...rest };
  if (typeof value === "boolean") return { key, tag: 4, value: list.u8(Number(value)).bytes, ...rest };
  if (typeof value === "string") return { key, tag: 3, value: list.text(value).bytes, ...rest };
  if (value instanceof Uint8Array) return { key, tag: 5, value, ...rest };
  if (typeof value === "bigint" || (Number.isSafeInteger(value) && !Object.is(value, -0))) {
    return { key, tag: 1, value: list.u64(value as Int64).bytes, ...rest };
  }
  if (typeof value === "number") {
    const float = new DataView(new ArrayBuffer(8));
    float.setFloat64(0, value, true);
    return { key, tag: 2, value: new Uint8Array(float.buffer), ...rest };
  }
  return { key, tag: 6, value: list.text(JSON.stringify(value)).bytes, ...rest };
}

/** `.v3edgemeta`. */
export function edgeMetaBytes(root: Int64, height: number): Uint8Array {
  const list = new ByteList("little").text("V3EDGE").u16(0).u64(root).u32(height);
  let sum = 0;
  for (const byte of list.bytes) sum += byte;
  return list.u32(sum).bytes;
}

/** `.v3index`. */
export function indexBytes(nodes: readonly WrittenNode[], nodeCount: Int64 = nodes.length): Uint8Array {
  const list = new ByteList().text("V3XI").u32(1).u64(nodeCount);
  for (const field of ["kind", "name"] as const) {
    const idsByText = new Map<string, Int64[]>();
    for (const node of nodes) {
      const ids = idsByText.get(node[field]);
      if (ids === undefined) idsByText.set(node[field], [node.id]);
      else ids.push(node.id);
    }
    list.u32(idsByText.size);
    for (const [text, ids] of idsByText) {
      const bytes = new TextEncoder().encode(text);
      list.u32(bytes.length).add(bytes).u32(ids.length);
      for (const id of ids) list.u64(id);
    }
  }
  return list.bytes;
}

/** `.v3checkpoint`: 1 without a checksum, 2 with one, 3 with values of any length as well. */
export function checkpointBytes(
  entries: readonly StoredKeyValue[],
  format: 1 | 2 | 3,
  count: number = entries.length,
): Uint8Array {
  const body = new ByteList("little").u32(count);
  for (const { key, tag, value, ttlSeconds = 0 } of entries) {
    body.u16(key.length).add(key);
    if (format === 3) body.u32(value.length);
    else body.u16(value.length);
    body.add(value).u8(tag).u64(ttlSeconds).u64(1);
  }
  const list = new ByteList("little").text("V3KVCK").u8(0).u8(format).u32(format).u32(body.length);
  if (format > 1) list.add(createHash("sha256").update(body.bytes).digest());
  return list.add(body.bytes).bytes;
}

/** A record of the log. */
export type LogRecord =
  | { readonly record: "set"; readonly entry: StoredKeyValue; readonly lsn?: number; readonly timestamp?: number }
  | { readonly record: "delete"; readonly key: Uint8Array; readonly lsn?: number }
  | { readonly record: "tombstone"; readonly key: Uint8Array; readonly old?: StoredKeyValue; readonly lsn?: number }
  | { readonly record: "edge"; readonly from: Int64; readonly to: Int64; readonly direction: "out" | "in" }
  | { readonly record: "checkpoint"; readonly header: Uint8Array; readonly lsn?: number }
  | { readonly record: "begin" | "commit" | "rollback"; readonly transaction: number };

const VARIANTS = { begin: 5, commit: 6, rollback: 7 } as const;
/** When the records say that they were written: Unix seconds. */
export const LOG_TIMESTAMP = 1_700_000_000;

/** `.v3wal`. */
export function logBytes(records: readonly LogRecord[], hasHeader = true): Uint8Array {
  const list = new ByteList("little");
  if (hasHeader) {
    list.text("V3WAL").zeros(3).u32(1).u32(4096).u64(LOG_TIMESTAMP).u64(1).zeros(4 * 8);
  }
  for (const record of records) {
    const body = logRecordBytes(record);
    list.u32(body.length).add(body);
  }
  return list.bytes;
}

/** One record, without its length. */
export function logRecordBytes(record: LogRecord): Uint8Array {
  const list = new ByteList("little");
  switch (record.record) {
    case "set": {
      const { entry: { key, tag, value, ttlSeconds }, lsn = 0, timestamp = LOG_TIMESTAMP } = record;
      list.u32(8).u64(lsn).u64(key.length).add(key).u64(value.length).add(value).u8(tag);
      if (ttlSeconds === undefined) list.u8(0);
      else list.u8(1).u64(ttlSeconds);
      return list.u64(timestamp).bytes;
    }
    case "delete":
      return list.u32(9).u64(record.lsn ?? 0).u64(record.key.length).add(record.key).u64(LOG_TIMESTAMP).bytes;
    case "tombstone": {
      const { key, old, lsn = 0 } = record;
      list.u32(10).u64(lsn).u64(key.length).add(key);
      if (old === undefined) list.u8(0);
      else list.u8(1).u64(old.value.length).add(old.value);
      return list.u8(old?.tag ?? 0).u64(LOG_TIMESTAMP).bytes;
    }
    case "edge":
      return list.u32(11).u64(1).u64(record.from).u64(record.to).u8(Number(record.direction === "in")).u64(0)
        .u64(LOG_TIMESTAMP).bytes;
    case "checkpoint": {
      const { header, lsn = 1 } = record;
      return list.u32(4).u64(lsn).u64(-1).u64(0).u32(0).u64(0).u64(header.length).add(header).u64(LOG_TIMESTAMP).bytes;
    }
    default:
      return list.u32(VARIANTS[record.record]).u64(record.transaction).u64(1).u64(LOG_TIMESTAMP).bytes;
  }
}
