/** Reads of vector indexes and vectors: the SQL and the decoding of its rows. */

import { CorruptionError, UnsupportedError } from "../backend/errors.ts";
import { DEFAULT_VECTOR_EF_SEARCH, MAX_VECTOR_K } from "../backend/limits.ts";
import type { Page } from "../backend/store.ts";
import type { StoredVector, VectorEngineName, VectorMetric, VectorStorage } from "../backend/vector.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlStatement, SqlValue } from "./driver.ts";
import { decodeId, decodeText } from "./node_rows.ts";
import { corruptVector, readVectorChunk } from "./vector_chunk.ts";

const METRICS: ReadonlyMap<string, VectorMetric> = new Map([
  ["cosine", "cosine"],
  ["euclidean", "euclidean"],
  ["dot_product", "dot"],
  ["manhattan", "manhattan"],
]);

/** Names of metrics in `hnsw_indexes`. */
export const METRIC_NAMES: Readonly<Record<VectorMetric, string>> = {
  cosine: "cosine",
  euclidean: "euclidean",
  dot: "dot_product",
  manhattan: "manhattan",
};

/** The statements of the hot look-ups, prepared once per connection. */
class VectorStatements {
  readonly byName: SqlStatement;
  readonly vector: SqlStatement;
  readonly vectorId: SqlStatement;

  constructor(connection: Connection) {
    const { driver } = connection;
    this.byName = driver.prepare(`${indexSql(connection)} WHERE i.name = ?`);
    this.vector = driver.prepare(
      `SELECT id, vector_data FROM sqlitegraph_vector_owners AS owner JOIN hnsw_vectors ON id = vector_id
       WHERE owner.index_id = ? AND owner.node_id = ?`,
    );
    this.vectorId = driver.prepare(
      `SELECT vector_id FROM sqlitegraph_vector_owners WHERE index_id = ? AND node_id = ?
       AND EXISTS (SELECT 1 FROM hnsw_vectors WHERE id = vector_id)`,
    );
  }
}

function indexSql({ driver }: Connection): string {
  return `SELECT i.id AS id, ${driver.text("i.name")} AS name, dimension, m, ef_construction, distance_metric,
    own.vector_count AS vector_count, ef_search, storage, seed, engine
    FROM hnsw_indexes AS i LEFT JOIN sqlitegraph_vector_indexes AS own ON own.index_id = i.id`;
}

/** All indexes, by name. One with a metric that nobody knows is left out. */
export function readVectorIndexes(connection: Connection): StoredVectorIndex[] {
  return connection.statement(`${indexSql(connection)} ORDER BY i.name`).all()
    .filter((row) => METRICS.has(decodeText(row[5])))
    .map(decodeIndex);
}

/**
 * The index with a name, or undefined. Hot.
 *
 * @throws {UnsupportedError} when nobody knows its metric
 */
export function readVectorIndex(connection: Connection, name: string): StoredVectorIndex | undefined {
  const row = connection.prepared(VectorStatements).byName.get(name);
  return row === undefined ? undefined : decodeIndex(row);
}

/** What the Rust system does not store of an index is what it takes on loading one, or our default. */
function decodeIndex(row: SqlRow): StoredVectorIndex {
  const [id, name, dimension, m, efConstruction, metricName, count, efSearch, storage, seed, engine] = row;
  const metric = METRICS.get(decodeText(metricName));
  if (metric === undefined) {
    throw new UnsupportedError(
      `vector index ${JSON.stringify(decodeText(name))} has the metric ${
        JSON.stringify(decodeText(metricName))
      }, which this release does not know; update it, or drop the index where it was made`,
      { code: "unknown-metric", value: decodeText(metricName) },
    );
  }
  return {
    definition: {
      name: decodeText(name),
      dimension: decodeId(dimension),
      metric,
      m: decodeId(m),
      efConstruction: decodeId(efConstruction),
      efSearch: efSearch === null ? defaultEfSearch(decodeId(efConstruction)) : decodeId(efSearch),
      storage: (storage ?? "f32") as VectorStorage,
      seed: Number(seed),
      engine: (engine ?? "hnsw") as VectorEngineName,
    },
    number: decodeId(id),
    count: Number(count),
  };
}

function defaultEfSearch(efConstruction: number): number {
  return Math.min(Math.max(efConstruction, DEFAULT_VECTOR_EF_SEARCH), MAX_VECTOR_K);
}

/** Vector of a node, or undefined. */
export function readVector(connection: Connection, index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
  const row = connection.prepared(VectorStatements).vector.get(index.number, nodeId);
  return row === undefined ? undefined : decodeVector(row[1], index, decodeId(row[0]));
}

/** A vector by the id that it has in memory: its node, or minus its number when it belongs to none. */
export function readMemoryVector(connection: Connection, index: StoredVectorIndex, id: number): Float32Array {
  if (id > 0) {
    const vector = readVector(connection, index, id);
    if (vector !== undefined) return vector;
    throw vectorMissing(index, `node ${id}`);
  }
  const row = connection.statement("SELECT vector_data FROM hnsw_vectors WHERE id = ? AND index_id = ?").get(
    -id,
    index.number,
  );
  if (row === undefined) throw vectorMissing(index, `number ${-id}`);
  return decodeVector(row[0], index, -id);
}

function vectorMissing({ definition }: StoredVectorIndex, of: string): CorruptionError {
  return new CorruptionError(`index ${JSON.stringify(definition.name)} has no vector of ${of}, which its memory has`, {
    code: "vector-missing",
    value: of,
  });
}

/** Number of a node's vector, or undefined. A vector that is replaced gets another number. */
export function readVectorId(connection: Connection, index: StoredVectorIndex, nodeId: number): number | undefined {
  const row = connection.prepared(VectorStatements).vectorId.get(index.number, nodeId);
  return row === undefined ? undefined : decodeId(row[0]);
}

/** The floats of a blob: a copy. @throws {CorruptionError} for another length, or numbers that are not finite */
export function decodeVector(blob: SqlValue | undefined, index: StoredVectorIndex, vectorId: number): Float32Array {
  const { dimension } = index.definition;
  if (!(blob instanceof Uint8Array) || blob.byteLength !== 4 * dimension) throw corruptVector(index, vectorId);
  const vector = new Float32Array(dimension);
  new Uint8Array(vector.buffer).set(blob);
  requireFinite(vector, index, vectorId);
  return vector;
}

/** @throws {CorruptionError} when a number is not finite */
export function requireFinite(vector: Float32Array, index: StoredVectorIndex, vectorId: number): void {
  // Hot. A number that is not finite makes the sum one of those, whatever comes after it.
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += (vector[at] as number) * 0;
  if (sum !== 0) throw corruptVector(index, vectorId);
}

/** A vector belongs to a node with a positive owner; the rest is nobody's. */
const IS_OWNERLESS = `NOT EXISTS (SELECT 1 FROM sqlitegraph_vector_owners WHERE vector_id = v.id AND node_id > 0)`;

/**
 * The vectors after a position, by node, then those of no node by number: see `VectorReads.vectorPage`. Positions among the
 * latter are negative.
 */
export function readVectorPage<T extends number | StoredVector>(
  connection: Connection,
  index: StoredVectorIndex,
  wanted: VectorShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  if (wanted === "nodeId") return readOwnerPage(connection, index, after, size) as Page<T, number>;
  const owned = after < 0 ? [] : readOwned(connection, index, after, size);
  if (owned.length === size) return { items: owned as StoredVector[] as T[], next: owned.at(-1)?.nodeId };
  const rest = readOwnerless(connection, index, after < 0 ? -after : 0, size - owned.length);
  const items = [...owned, ...rest] as StoredVector[] as T[];
  return { items, next: items.length < size ? undefined : -(rest.at(-1)?.vectorId as number) };
}

function readOwnerPage(
  connection: Connection,
  index: StoredVectorIndex,
  after: number,
  size: number,
): Page<number, number> {
  const rows = connection.statement(
    `SELECT node_id FROM sqlitegraph_vector_owners WHERE index_id = ? AND node_id > ?
     AND EXISTS (SELECT 1 FROM hnsw_vectors WHERE id = vector_id) ORDER BY node_id LIMIT ?`,
  ).all(index.number, after, size);
  const items = rows.map(([node]) => decodeId(node));
  return { items, next: items.length < size ? undefined : items.at(-1) };
}

function readOwned(connection: Connection, index: StoredVectorIndex, after: number, size: number): StoredVector[] {
  const { dimension } = index.definition;
  const chunk = readVectorChunk(
    connection,
    index,
    `SELECT v.id AS vector_id, owner.node_id AS node_id, vector_data
     FROM sqlitegraph_vector_owners AS owner JOIN hnsw_vectors AS v ON v.id = owner.vector_id
     WHERE owner.index_id = ? AND owner.node_id > ? ORDER BY owner.node_id LIMIT ?`,
    [index.number, after, size],
  );
  return chunk.nodeIds.map((nodeId, at) => {
    const vector = chunk.floats.slice(at * dimension, (at + 1) * dimension);
    requireFinite(vector, index, chunk.vectorIds[at] as number);
    return { nodeId, vector };
  });
}

function readOwnerless(connection: Connection, index: StoredVectorIndex, after: number, size: number): StoredVector[] {
  // Found by comparing all vectors with all owners, so this is asked only where the numbers of both differ.
  const owners = connection.statement(
    "SELECT count(*) FROM sqlitegraph_vector_owners WHERE index_id = ? AND node_id > 0",
  ).get(index.number)?.[0];
  if (Number(owners) === index.count) return [];
  return connection.statement(
    `SELECT id, vector_data, ${connection.driver.text("metadata")} AS metadata FROM hnsw_vectors AS v
     WHERE index_id = ? AND id > ? AND ${IS_OWNERLESS} ORDER BY id LIMIT ?`,
  ).all(index.number, after, size).map(([id, blob, metadata]) => {
    const vectorId = decodeId(id);
    const vector = decodeVector(blob, index, vectorId);
    return {
      nodeId: 0,
      vector,
      vectorId,
      ...(metadata === null ? undefined : { metadata: decodeText(metadata) }),
    };
  });
}
