/** Records that `importRecords` takes: with the ids that they bring, and texts that no other call would take. */

import { InvalidArgumentError } from "./errors.ts";
import { type JsonValue, stringifyJson } from "./json.ts";
import type { Key, KeyValue } from "./key_value.ts";
import type { EdgeRow, KeyValueRow, NodeRow, VectorRow } from "./snapshot_row.ts";
import { checkId, checkKey, checkObject, checkTtl, show } from "./validate.ts";
import type { VectorIndexOptions, VectorInput } from "./vector.ts";
import { checkVectorIndex, isVector, type VectorIndexDefinition } from "./vector_input.ts";

/** Data of a record that is imported: a value, or the JSON text of one, which is stored as it is. At most one of them. */
export interface ImportedData {
  /** The value. Default an empty object. */
  readonly data?: JsonValue | undefined;
  /** Its JSON text: numbers keep their notation, and nothing is converted twice. */
  readonly dataText?: string | undefined;
}

/** A node that is imported. Its texts may be blank or hold NUL. */
export interface ImportedNode extends ImportedData {
  /** Its id. */
  readonly id: number;
  /** Its kind. */
  readonly kind: string;
  /** Its name. */
  readonly name: string;
  /** Where in a file system it comes from. */
  readonly filePath?: string | undefined;
  /** Labels besides the kind; may repeat, or be the kind. */
  readonly labels?: readonly string[] | undefined;
}

/** An edge that is imported, after both of its nodes. Its type may be blank or hold NUL. */
export interface ImportedEdge extends ImportedData {
  /** Its id. */
  readonly id: number;
  /** Its type. */
  readonly type: string;
  /** Id of its source. */
  readonly from: number;
  /** Id of its target. */
  readonly to: number;
}

/** A key-value that is imported. */
export interface ImportedKeyValue {
  /** Its key. */
  readonly key: Key;
  /** Its value. */
  readonly value: KeyValue;
  /** When it expires, in milliseconds since 1970. Default: never. */
  readonly expiresAt?: number | undefined;
  /** Or: how many seconds after the import. */
  readonly ttlSeconds?: number | undefined;
}

/** A vector index that is imported. Its name may be blank or hold NUL. */
export interface ImportedVectorIndex extends VectorIndexOptions {
  /** Its name. */
  readonly name: string;
}

/** A vector that is imported, after its index and its node. */
export interface ImportedVector {
  /** Name of its index. */
  readonly index: string;
  /** The node that it belongs to. */
  readonly nodeId: number;
  /** Its numbers. */
  readonly vector: VectorInput;
}

/** One record. */
export type ImportRecord =
  | {
    /** A node. */
    readonly node: ImportedNode;
  }
  | {
    /** An edge. */
    readonly edge: ImportedEdge;
  }
  | {
    /** A key-value. */
    readonly kv: ImportedKeyValue;
  }
  | {
    /** A vector index. */
    readonly vectorIndex: ImportedVectorIndex;
  }
  | {
    /** A vector of a node. */
    readonly vector: ImportedVector;
  };

const NO_LABELS: readonly string[] = [];

/** Checks a node. Hot. */
export function checkImportedNode(node: unknown, call: string): NodeRow {
  const { id, kind, name, filePath, labels, data, dataText } = checkObject(node, call, "node");
  return {
    id: checkId(id, call, "id"),
    kind: checkWellFormed(kind, call, "kind"),
    name: checkWellFormed(name, call, "name"),
    filePath: filePath === undefined ? undefined : checkWellFormed(filePath, call, "filePath"),
    labels: labels === undefined ? NO_LABELS : checkLabelList(labels, call),
    dataText: checkImportedData(data, dataText, call),
  };
}

/** Checks an edge but for its ends. Hot. */
export function checkImportedEdge(edge: unknown, call: string): EdgeRow {
  const { id, type, from, to, data, dataText } = checkObject(edge, call, "edge");
  return {
    id: checkId(id, call, "id"),
    type: checkWellFormed(type, call, "type"),
    from: checkId(from, call, "from"),
    to: checkId(to, call, "to"),
    dataText: checkImportedData(data, dataText, call),
  };
}

/** Checks a key-value but for its value. */
export function checkImportedKeyValue(keyValue: unknown, call: string, now: number): KeyValueRow {
  const { key, value, expiresAt, ttlSeconds } = checkObject(keyValue, call, "kv");
  if (ttlSeconds !== undefined && expiresAt !== undefined) {
    throw refused(call, "ttlSeconds", ttlSeconds, "is given besides expiresAt; give one of them");
  }
  if (expiresAt !== undefined && !(typeof expiresAt === "number" && Number.isSafeInteger(expiresAt))) {
    throw refused(call, "expiresAt", expiresAt, `is ${show(expiresAt)}; give milliseconds since 1970`);
  }
  const ttlMs = checkTtl(ttlSeconds, call);
  return {
    key: checkKey(key, call),
    value: value as KeyValue,
    expiresAt: ttlMs === undefined ? expiresAt : now + ttlMs,
  };
}

/** Checks a vector index. */
export function checkImportedVectorIndex(index: unknown, call: string): VectorIndexDefinition {
  const { name, ...options } = checkObject(index, call, "vectorIndex");
  const checkedName = checkWellFormed(name, call, "name");
  return { ...checkVectorIndex("index", options as unknown as VectorIndexOptions, call), name: checkedName };
}

/** Checks a vector but for its numbers, which are compared with its index. */
export function checkImportedVector(row: unknown, call: string): VectorRow {
  const { index, nodeId, vector } = checkObject(row, call, "vector");
  if (!isVector(vector)) {
    throw refused(call, "vector", vector, `is ${show(vector)}; give a Float32Array or an array of numbers`);
  }
  return {
    index: checkWellFormed(index, call, "index"),
    nodeId: checkId(nodeId, call, "nodeId"),
    vector,
    vectorId: undefined,
    metadata: undefined,
  };
}

function checkWellFormed(text: unknown, call: string, field: string): string {
  if (typeof text !== "string") throw refused(call, field, text, `is ${show(text)}; give a text`);
  if (text.isWellFormed()) return text;
  throw refused(call, field, text, `${show(text)} contains a lone surrogate; use toWellFormed()`);
}

function checkLabelList(labels: unknown, call: string): string[] {
  if (!Array.isArray(labels)) throw refused(call, "labels", labels, `is ${show(labels)}; give an array`);
  return labels.map((label: unknown) => checkWellFormed(label, call, "labels"));
}

function checkImportedData(data: unknown, dataText: unknown, call: string): string {
  if (dataText === undefined) return data === undefined ? "{}" : stringifyJson(data, `${call}: data`);
  if (data !== undefined) throw refused(call, "dataText", dataText, "is given besides data; give one of them");
  if (dataText === "{}") return dataText;
  if (typeof dataText !== "string" || !dataText.isWellFormed()) {
    throw refused(call, "dataText", dataText, `is ${show(dataText)}; give a JSON text`);
  }
  try {
    JSON.parse(dataText);
  } catch {
    throw refused(call, "dataText", dataText, `is no JSON: ${show(dataText)}`);
  }
  return dataText;
}

function refused(call: string, field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} ${problem}`, { code: "bad-record", field, value });
}
