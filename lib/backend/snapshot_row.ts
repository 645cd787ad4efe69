/**
 * Rows of a snapshot file (JSON Lines): a header, then nodes, edges, key-values, properties, vector indexes and vectors.
 * `docs/export.md` describes them.
 * Texts of `data` and JSON values are carried as they are stored, so that no number changes its notation.
 */

import { Buffer } from "node:buffer";
import { InvalidArgumentError } from "./errors.ts";
import { jsonMembers, type JsonValue, parseJson, stringifyJson } from "./json.ts";
import type { Key, KeyValue } from "./key_value.ts";
import { MAX_ID } from "./limits.ts";
import { checkKey, keyToUser, show } from "./validate.ts";
import type { VectorIndexOptions, VectorInput } from "./vector.ts";
import { checkVectorIndex, type VectorIndexDefinition } from "./vector_input.ts";

/** Version of the rows. */
export const SNAPSHOT_FORMAT = 1;

/** First row: what the file holds. */
export interface SnapshotHeader {
  readonly lsn: number;
  readonly timeMs: number;
  readonly nodes: number;
  readonly edges: number;
  readonly keyValues: number;
  readonly properties: number;
  /** 0 in files of releases without vectors, as `vectors` is. */
  readonly vectorIndexes: number;
  readonly vectors: number;
  /** Smallest id that a new node may get. */
  readonly nextNodeId: number;
  /** Smallest id that a new edge may get. */
  readonly nextEdgeId: number;
}

/** A node with the text of its data. */
export interface NodeRow {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | undefined;
  readonly labels: readonly string[];
  readonly dataText: string;
}

/** An edge with the text of its data. */
export interface EdgeRow {
  readonly id: number;
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly dataText: string;
}

/** A key-value. */
export interface KeyValueRow {
  readonly key: Uint8Array;
  readonly value: KeyValue;
  readonly expiresAt: number | undefined;
}

/** A property of a node in a file of the Rust system. */
export interface PropertyRow {
  readonly node: number;
  readonly key: string;
  readonly value: string;
}

/** A vector of an index. */
export interface VectorRow {
  /** Name of the index. */
  readonly index: string;
  /** The node that it belongs to; 0 for a vector that the Rust system wrote. */
  readonly nodeId: number;
  readonly vector: VectorInput;
  /** Number of a vector that belongs to no node. */
  readonly vectorId: number | undefined;
  /** JSON text beside such a vector. */
  readonly metadata: string | undefined;
}

/** Any row after the header. */
export type SnapshotRow =
  | { readonly node: NodeRow }
  | { readonly edge: EdgeRow }
  | { readonly kv: KeyValueRow }
  | { readonly property: PropertyRow }
  | { readonly vectorIndex: VectorIndexDefinition }
  | { readonly vector: VectorRow };

/** The line of the header. */
export function formatHeader(header: SnapshotHeader): string {
  return JSON.stringify({ sqlitegraph: { format: SNAPSHOT_FORMAT, ...header } });
}

/** The line of a node. */
export function formatNode(node: NodeRow): string {
  const { id, kind, name, filePath, labels, dataText } = node;
  const head = JSON.stringify({ id, kind, name, filePath, labels: labels.length > 0 ? labels : undefined });
  return `{"node":${head.slice(0, -1)},"data":${oneLine(dataText)}}}`;
}

/** The line of an edge. */
export function formatEdge(edge: EdgeRow): string {
  const { id, type, from, to, dataText } = edge;
  return `{"edge":${JSON.stringify({ id, type, from, to }).slice(0, -1)},"data":${oneLine(dataText)}}}`;
}

/** The line of a key-value. Bytes are base64; floats that JSON lacks are named. */
export function formatKeyValue(row: KeyValueRow): string {
  const key: Key = keyToUser(row.key);
  const members = [typeof key === "string" ? `"key":${JSON.stringify(key)}` : `"keyBytes":"${toBase64(key)}"`];
  const { value } = row;
  if (value instanceof Uint8Array) members.push(`"bytes":"${toBase64(value)}"`);
  else if (typeof value === "number" && !Number.isFinite(value)) members.push(`"float":"${value}"`);
  else members.push(`"value":${stringifyJson(value, "exportSnapshot: value")}`);
  if (row.expiresAt !== undefined) members.push(`"expiresAt":${row.expiresAt}`);
  return `{"kv":{${members.join(",")}}}`;
}

/** The line of a property. */
export function formatProperty(row: PropertyRow): string {
  return JSON.stringify({ property: { node: row.node, key: row.key, value: row.value } });
}

/** The line of a vector index. */
export function formatVectorIndex(definition: VectorIndexDefinition): string {
  const { name, dimension, metric, m, efConstruction, efSearch, storage, seed, engine } = definition;
  return JSON.stringify({
    vectorIndex: { name, dimension, metric, m, efConstruction, efSearch, storage, seed, engine },
  });
}

/** The line of a vector: its 32-bit floats, little-endian, in base64. */
export function formatVector({ index, nodeId, vector, vectorId, metadata }: VectorRow): string {
  const { buffer, byteOffset, byteLength } = vector instanceof Float32Array ? vector : new Float32Array(vector);
  const values = toBase64(new Uint8Array(buffer, byteOffset, byteLength));
  return JSON.stringify({ vector: { index, node: nodeId === 0 ? undefined : nodeId, vectorId, metadata, values } });
}

function oneLine(text: string): string {
  return text.includes("\n") || text.includes("\r") ? stringifyJson(parseJson(text), "exportSnapshot: data") : text;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function bad(line: number, problem: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`importSnapshot: line ${line} ${problem}; nothing was imported`, {
    code: "bad-snapshot-file",
    field: "path",
    value: line,
    cause,
  });
}

type Fields = Readonly<Record<string, JsonValue | undefined>>;

/** Parses a line that holds one object with one member, which is an object too. */
function parseLine(text: string, line: number): { readonly type: string; readonly fields: Fields } {
  let parsed: JsonValue;
  try {
    parsed = parseJson(text);
  } catch (error) {
    throw bad(line, `is no JSON: ${text.slice(0, 60)}`, error);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw bad(line, "is no JSON object");
  const entries = Object.entries(parsed as Fields);
  const [type, fields] = entries[0] ?? [];
  if (
    entries.length !== 1 || type === undefined || typeof fields !== "object" || fields === null || Array.isArray(fields)
  ) {
    throw bad(line, 'is no row; rows look like {"node": {...}}');
  }
  return { type, fields: fields as Fields };
}

/** Reads the header line. */
export function parseHeader(text: string, line: number): SnapshotHeader {
  const { type, fields } = parseLine(text, line);
  if (type !== "sqlitegraph") throw bad(line, 'is no header; a snapshot file begins with {"sqlitegraph": {...}}');
  if (fields["format"] !== SNAPSHOT_FORMAT) {
    throw bad(line, `says format ${show(fields["format"])}; this release reads format ${SNAPSHOT_FORMAT}`);
  }
  const count = (name: string): number => {
    const value = fields[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw bad(line, `lacks the number ${name}`);
  };
  const laterCount = (name: string): number => fields[name] === undefined ? 0 : count(name);
  return {
    lsn: count("lsn"),
    timeMs: count("timeMs"),
    nodes: count("nodes"),
    edges: count("edges"),
    keyValues: count("keyValues"),
    properties: count("properties"),
    vectorIndexes: laterCount("vectorIndexes"),
    vectors: laterCount("vectors"),
    nextNodeId: count("nextNodeId"),
    nextEdgeId: count("nextEdgeId"),
  };
}

/** Reads a row. Its texts may be any that a file can hold (also blank ones and NUL), but must be well-formed. */
export function parseRow(text: string, line: number): SnapshotRow {
  const { type, fields } = parseLine(text, line);
  const id = (name: string): number => {
    const value = fields[name];
    if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_ID) return value;
    throw bad(line, `has ${name} ${show(value)}; ids are integers from 1 to 2^53 - 1`);
  };
  const string = (value: unknown, name: string): string => {
    if (typeof value === "string" && value.isWellFormed()) return value;
    throw bad(line, `has ${name} ${show(value)}; give a well-formed text`);
  };
  // `type` is the only member of its row: its exact text has the exact text of `data` in it.
  const dataText = (): string => {
    return jsonMembers(jsonMembers(text)?.get(type) ?? "")?.get("data") ?? "{}";
  };
  switch (type) {
    case "node": {
      const { filePath, labels = [] } = fields;
      if (!Array.isArray(labels)) throw bad(line, `has labels ${show(labels)}; give an array`);
      return {
        node: {
          id: id("id"),
          kind: string(fields["kind"], "kind"),
          name: string(fields["name"], "name"),
          filePath: filePath === undefined ? undefined : string(filePath, "filePath"),
          labels: labels.map((label: unknown) => string(label, "label")),
          dataText: dataText(),
        },
      };
    }
    case "edge":
      return {
        edge: {
          id: id("id"),
          type: string(fields["type"], "type"),
          from: id("from"),
          to: id("to"),
          dataText: dataText(),
        },
      };
    case "kv":
      return { kv: parseKeyValue(fields, line, string) };
    case "property":
      return {
        property: { node: id("node"), key: string(fields["key"], "key"), value: string(fields["value"], "value") },
      };
    case "vectorIndex": {
      const { name, ...options } = fields;
      return { vectorIndex: parseVectorIndex(string(name, "name"), options, line) };
    }
    case "vector": {
      const { vectorId, metadata } = fields;
      return {
        vector: {
          index: string(fields["index"], "index"),
          nodeId: vectorId === undefined ? id("node") : 0,
          vector: parseVector(string(fields["values"], "values"), line),
          vectorId: vectorId === undefined ? undefined : id("vectorId"),
          metadata: metadata === undefined ? undefined : string(metadata, "metadata"),
        },
      };
    }
    default:
      throw bad(line, `is of the unknown type ${show(type)}`);
  }
}

/** An index whose name may be any that a file can hold. */
function parseVectorIndex(name: string, options: Fields, line: number): VectorIndexDefinition {
  const call = `importSnapshot: line ${line}`;
  return { ...checkVectorIndex("index", options as unknown as VectorIndexOptions, call), name };
}

function parseVector(base64: string, line: number): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length % 4 !== 0 || bytes.toString("base64") !== base64) {
    throw bad(line, "has values that are no 32-bit floats in base64");
  }
  const vector = new Float32Array(bytes.length / 4);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}

function parseKeyValue(fields: Fields, line: number, string: (value: unknown, name: string) => string): KeyValueRow {
  const base64 = (name: string): Uint8Array => {
    try {
      return fromBase64(string(fields[name], name));
    } catch (error) {
      throw bad(line, `has ${name} that is no base64`, error);
    }
  };
  const { expiresAt } = fields;
  if (expiresAt !== undefined && !(typeof expiresAt === "number" && Number.isSafeInteger(expiresAt))) {
    throw bad(line, `has expiresAt ${show(expiresAt)}; give milliseconds`);
  }
  const key = "keyBytes" in fields ? base64("keyBytes") : string(fields["key"], "key");
  let value: KeyValue;
  if ("bytes" in fields) value = base64("bytes");
  else if ("float" in fields) value = Number(string(fields["float"], "float"));
  else if (fields["value"] !== undefined) value = fields["value"];
  else throw bad(line, "has no value");
  return { key: checkKey(key, `importSnapshot: line ${line}`), value, expiresAt };
}
