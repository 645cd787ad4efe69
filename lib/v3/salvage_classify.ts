/**
 * Which tree a leaf that was found by itself belongs to. Pages do not say so; what is in them does: a leaf belongs to the tree
 * whose form all of its records have. Data must be JSON, texts must be UTF-8, pages of chains must exist.
 */

import { parseJson } from "../backend/json.ts";
import { MAX_ID, MAX_VECTOR_DIMENSION, MAX_VECTOR_M } from "../backend/limits.ts";
import { expiresAtOf, NEVER_EXPIRES, updatedAtOf, VALUE_HEAD_BYTES, VALUE_TYPE, valueTypeOf } from "../kv/mod.ts";
import {
  MAX_INLINE_KEY,
  MAX_INLINE_VALUE,
  readKey,
  readValueHead,
  readVarint as readCellVarint,
  valuePartAt,
} from "./byte_cell.ts";
import { CATALOG_ROOT, CATALOG_STATE } from "./catalog.ts";
import { EDGE_DATA_OVERFLOW } from "./edge_record.ts";
import { HISTORY_RECORD } from "./history.ts";
import { NODE_FLAG } from "./node_record.ts";
import type { Pages } from "./pages.ts";
import { reasonOf } from "./salvage_losses.ts";
import { eachCell, eachRecord } from "./salvage_shape.ts";
import { STRING_OVERFLOW } from "./string_table.ts";
import { lastVarint, readVarint } from "./varint.ts";
import { readFloat64 } from "./vector_cursor.ts";
import { decodeVectorIndex, VECTOR_INDEX } from "./vector_index_record.ts";
import { nodeOfKey, partOfKey, VECTOR_HEAD_SIZE, VECTOR_KEY_SIZE, vectorParts } from "./vector_key.ts";

/** A tree of records that a salvage reads. */
export type RecordTreeName = "nodes" | "edges" | "strings";

/** A byte tree that a salvage reads. */
export type ByteTreeName = "keyValues" | "texts" | "catalog" | "vectorIndexes" | "vectors";

const NODE_FLAGS = NODE_FLAG.path | NODE_FLAG.labels | NODE_FLAG.dataOverflow;
const MAX_PARTS = vectorParts(MAX_VECTOR_DIMENSION).count;
const MAX_TIME_MS = 8.64e15;
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The tree that a record leaf belongs to; undefined for those that a salvage does not read. */
export function recordTreeOf(pages: Pages, address: number, pageCount: number): RecordTreeName | undefined {
  // Records of kept commits could pass for strings.
  if (allRecords(pages, address, (bytes, at, end) => isHistoryRecord(bytes, at, end))) return undefined;
  if (allRecords(pages, address, (bytes, at, end) => isNode(bytes, at, end, pageCount))) return "nodes";
  if (allRecords(pages, address, (bytes, at, end) => isEdge(bytes, at, end, pageCount))) return "edges";
  // Most nodes without a file path could pass for strings, but not the other way round.
  return allRecords(pages, address, (bytes, at, end) => isString(bytes, at, end, pageCount)) ? "strings" : undefined;
}

function allRecords(
  pages: Pages,
  address: number,
  isOfForm: (bytes: Uint8Array, at: number, end: number) => boolean,
): boolean {
  let areAll = true;
  eachRecord(pages, address, (_id, at, end) => {
    if (!areAll) return;
    try {
      areAll = isOfForm(pages.bytes, at, end);
    } catch (error) {
      reasonOf(error);
      areAll = false;
    }
  });
  return areAll;
}

function isHistoryRecord(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== HISTORY_RECORD.size) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HISTORY_RECORD.size);
  const timeMs = view.getFloat64(HISTORY_RECORD.timeMs, true);
  const isCount = (offset: number): boolean => {
    const count = view.getFloat64(offset, true);
    return Number.isSafeInteger(count) && count >= 0;
  };
  return timeMs >= 0 && timeMs <= MAX_TIME_MS && isCount(HISTORY_RECORD.nodeCount) &&
    isCount(HISTORY_RECORD.edgeCount) &&
    view.getUint32(HISTORY_RECORD.isRetained, true) <= 1;
}

function isNode(bytes: Uint8Array, at: number, end: number, pageCount: number): boolean {
  const flags = bytes[at] as number;
  if (at === end) return false;
  if (flags === NODE_FLAG.overflow) return isChain(bytes, at + 1, end, pageCount);
  if ((flags & ~NODE_FLAGS) !== 0 || readVarint(bytes, at + 1) === 0) return false;
  let next = textEnd(bytes, lastVarint.end, end);
  if (next >= 0 && (flags & NODE_FLAG.path) !== 0) next = textEnd(bytes, next, end);
  if (next < 0) return false;
  if ((flags & NODE_FLAG.labels) !== 0) {
    const count = readVarint(bytes, next);
    next = lastVarint.end;
    if (count === 0 || count > end - next) return false;
    for (let index = 0; index < count; index++) {
      if (readVarint(bytes, next) === 0) return false;
      next = lastVarint.end;
    }
  }
  return (flags & NODE_FLAG.dataOverflow) !== 0 ? isChain(bytes, next, end, pageCount) : isData(bytes, next, end);
}

function isEdge(bytes: Uint8Array, at: number, end: number, pageCount: number): boolean {
  const typeAndFlag = readVarint(bytes, at);
  const from = readVarint(bytes, lastVarint.end);
  const to = readVarint(bytes, lastVarint.end);
  const next = lastVarint.end;
  if (typeAndFlag < 2 || from === 0 || to === 0) return false;
  return typeAndFlag % 2 === EDGE_DATA_OVERFLOW ? isChain(bytes, next, end, pageCount) : isData(bytes, next, end);
}

function isString(bytes: Uint8Array, at: number, end: number, pageCount: number): boolean {
  if (bytes[at] === STRING_OVERFLOW) return isChain(bytes, at + 1, end, pageCount);
  return end > at && bytes[at] === 0 && isText(bytes, at + 1, end);
}

/** Where a text that begins with its length ends; -1 when that is no text within a record. */
function textEnd(bytes: Uint8Array, at: number, end: number): number {
  const length = readVarint(bytes, at);
  const start = lastVarint.end;
  return start + length <= end && isText(bytes, start, start + length) ? start + length : -1;
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    // Of a copy: decoders do not take shared memory.
    STRICT_UTF8.decode(bytes.slice(start, end));
    return true;
  } catch {
    return false;
  }
}

function isData(bytes: Uint8Array, at: number, end: number): boolean {
  if (at === end) return true;
  if (at > end) return false;
  try {
    parseJson(STRICT_UTF8.decode(bytes.slice(at, end)));
    return true;
  } catch {
    return false;
  }
}

/** Whether the rest of a record is a reference to a chain. */
function isChain(bytes: Uint8Array, at: number, end: number, pageCount: number): boolean {
  const length = readVarint(bytes, at);
  const pointer = lastVarint.end;
  if (length === 0 || pointer + 8 !== end) return false;
  const pageId = new DataView(bytes.buffer, bytes.byteOffset + pointer, 4).getUint32(0, true);
  return pageId > 0 && pageId <= pageCount;
}

/** The tree that a byte leaf belongs to; undefined for those that a salvage does not read. */
export function byteTreeOf(pages: Pages, address: number): ByteTreeName | undefined {
  // Keys tell most; numbers of vectors could pass for the times of values.
  if (allKeys(pages, address, isVectorPart)) return "vectors";
  if (allKeys(pages, address, isVectorIndex)) return "vectorIndexes";
  if (allValues(pages, address, isValueRecord)) return "keyValues";
  if (allValues(pages, address, isNumber)) return "texts";
  return allValues(pages, address, isCatalogEntry) ? "catalog" : undefined;
}

/** Whether all cells have a form. Those with long keys or values, which lie elsewhere, have none. */
function allKeys(pages: Pages, address: number, isOfForm: (key: Uint8Array, value: Uint8Array) => boolean): boolean {
  let areAll = true;
  eachCell(pages, address, (cell) => {
    if (!areAll) return;
    const length = readCellVarint(pages.bytes, cell);
    const at = valuePartAt(pages.bytes, cell);
    areAll = length <= MAX_INLINE_KEY && readCellVarint(pages.bytes, at) <= MAX_INLINE_VALUE &&
      isOfForm(readKey(pages, pages.bytes, cell), readValueHead(pages.bytes, at));
  });
  return areAll;
}

function isVectorPart(key: Uint8Array, value: Uint8Array): boolean {
  if (key.length !== VECTOR_KEY_SIZE) return false;
  const nodeId = nodeOfKey(key, 0);
  const part = partOfKey(key, 0);
  if (nodeId === 0 || nodeId > MAX_ID || part >= MAX_PARTS) return false;
  if (part > 0) return value.length > 0;
  return value.length > VECTOR_HEAD_SIZE && Number.isSafeInteger(readFloat64(value, 0)) && readFloat64(value, 0) > 0;
}

function isVectorIndex(key: Uint8Array, value: Uint8Array): boolean {
  if (key.length === 0) return value.length === 4;
  if (value.length !== VECTOR_INDEX.size) return false;
  try {
    const { definition, count } = decodeVectorIndex(key, value);
    return definition.dimension <= MAX_VECTOR_DIMENSION && definition.m >= 2 && definition.m <= MAX_VECTOR_M &&
      Number.isSafeInteger(count) && count >= 0 && isText(key, 0, key.length);
  } catch (error) {
    reasonOf(error);
    return false;
  }
}

function allValues(pages: Pages, address: number, isOfForm: (head: Uint8Array, length: number) => boolean): boolean {
  let areAll = true;
  eachCell(pages, address, (cell) => {
    if (!areAll) return;
    const at = valuePartAt(pages.bytes, cell);
    try {
      areAll = isOfForm(readValueHead(pages.bytes, at), readCellVarint(pages.bytes, at));
    } catch (error) {
      reasonOf(error);
      areAll = false;
    }
  });
  return areAll;
}

function isValueRecord(head: Uint8Array, length: number): boolean {
  if (length < VALUE_HEAD_BYTES || valueTypeOf(head) > VALUE_TYPE.json) return false;
  const expiresAt = expiresAtOf(head);
  return Number.isFinite(updatedAtOf(head)) && (expiresAt === NEVER_EXPIRES || expiresAt > 0);
}

/** A number of a string, and nothing else. */
function isNumber(value: Uint8Array): boolean {
  return value.length > 0 && readVarint(value, 0) > 0 && lastVarint.end === value.length;
}

function isCatalogEntry(value: Uint8Array): boolean {
  return value.length === CATALOG_ROOT.size || value.length === CATALOG_STATE.size;
}
