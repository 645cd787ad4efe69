/**
 * Vectors in bulk: one row of SQLite holds many of them, one after the other, because the drivers take longer to make a row
 * than SQLite to read one (100,000 vectors of 128 numbers, with their floats as one array: on Deno 60 to 80 ms instead of 150,
 * on Bun 50 instead of 85).
 */

import { CorruptionError } from "../backend/errors.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./driver.ts";
import { decodeId } from "./node_rows.ts";

/** Vectors that were read at once. */
export interface VectorChunk {
  /** Their numbers. */
  readonly vectorIds: readonly number[];
  /** Their nodes; 0 for those of none. */
  readonly nodeIds: readonly number[];
  /** Their floats, one vector after the other; not looked at yet. */
  readonly floats: Float32Array;
}

/** Bytes of vectors in a chunk. */
const CHUNK_BYTES = 1 << 20;
const LARGEST_CHUNK = 4096;

/** All vectors of an index by their number (larger than another one), with those that belong to no node. */
export function* vectorChunks(
  connection: Connection,
  index: StoredVectorIndex,
  after: number = Number.MIN_SAFE_INTEGER,
): Generator<VectorChunk> {
  const size = Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(CHUNK_BYTES / (4 * index.definition.dimension))));
  for (;;) {
    const chunk = readVectorChunk(
      connection,
      index,
      `SELECT v.id AS vector_id, max(0, coalesce(owner.node_id, 0)) AS node_id, vector_data
       FROM hnsw_vectors AS v LEFT JOIN sqlitegraph_vector_owners AS owner ON owner.vector_id = v.id
       WHERE v.index_id = ? AND v.id > ? ORDER BY v.id LIMIT ?`,
      [index.number, after, size],
    );
    const { vectorIds } = chunk;
    if (vectorIds.length > 0) yield chunk;
    if (vectorIds.length < size) return;
    after = vectorIds.at(-1) as number;
  }
}

/**
 * What a query yields whose columns are `vector_id`, `node_id` and `vector_data`.
 *
 * @throws {CorruptionError} for a vector of another length
 */
export function readVectorChunk(
  connection: Connection,
  index: StoredVectorIndex,
  select: string,
  parameters: readonly SqlValue[],
): VectorChunk {
  const length = 4 * index.definition.dimension;
  const row = connection.statement(
    `SELECT json_group_array(vector_id) AS vector_ids, json_group_array(node_id) AS node_ids,
       ${joinedBlobsSql(connection, "vector_data")} AS floats,
       sum(typeof(vector_data) = 'blob' AND length(vector_data) = ${length}) AS whole FROM (${select})`,
  ).get(...parameters) ?? [];
  const vectorIds = decodeNumbers(row[0]);
  const nodeIds = decodeNumbers(row[1]);
  const floats = row[2];
  if (vectorIds.length === 0) return { vectorIds, nodeIds, floats: new Float32Array(0) };
  if (row[3] !== vectorIds.length || !(floats instanceof Uint8Array)) {
    throw findCorruptVector(connection, index, select, parameters);
  }
  return { vectorIds, nodeIds, floats: floatsOf(floats) };
}

/** Bytes as floats: the same memory, where it is aligned. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

function findCorruptVector(
  connection: Connection,
  index: StoredVectorIndex,
  select: string,
  parameters: readonly SqlValue[],
): CorruptionError {
  const row = connection.statement(
    `SELECT vector_id FROM (${select}) WHERE typeof(vector_data) <> 'blob' OR length(vector_data) <> ? LIMIT 1`,
  ).get(...parameters, 4 * index.definition.dimension);
  return corruptVector(index, decodeId(row?.[0]));
}

/** The error for a vector that cannot be one of its index. */
export function corruptVector({ definition }: StoredVectorIndex, vectorId: number): CorruptionError {
  return new CorruptionError(
    `vector ${vectorId} of index ${
      JSON.stringify(definition.name)
    } is not ${definition.dimension} finite numbers; delete it, or restore a backup`,
    { code: "corrupt-vector", value: vectorId },
  );
}

/** The numbers of `json_group_array`. */
export function decodeNumbers(json: SqlValue | undefined): number[] {
  const numbers = JSON.parse((json ?? "[]") as string) as number[];
  for (let at = 0; at < numbers.length; at++) decodeId(numbers[at]);
  return numbers;
}

/** What a connection knows of its file's texts. */
class Encoding {
  readonly isUtf8: boolean;

  constructor(connection: Connection) {
    this.isUtf8 = connection.driver.prepare("PRAGMA encoding").get()?.[0] === "UTF-8";
  }
}

/**
 * SQL of all blobs of a group, one after the other. SQLite has no such function for blobs: as text their bytes stay as they are,
 * unless it converts texts between encodings.
 */
export function joinedBlobsSql(connection: Connection, column: string): string {
  return connection.prepared(Encoding).isUtf8
    ? `CAST(group_concat(${column}, '') AS BLOB)`
    : `unhex(group_concat(hex(${column}), ''))`;
}
