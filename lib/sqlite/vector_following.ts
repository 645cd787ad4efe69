/** What other programs did to vectors between two states of a file. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { VectorChange } from "../vector/vector_changes.ts";
import type { Connection } from "./connection.ts";
import type { SqlStatement } from "./driver.ts";
import { vectorChunks } from "./vector_chunk.ts";
import { memoryNode, searchableVector } from "./vector_loading.ts";
import { decodeVector, readVector } from "./vector_rows.ts";
import { LISTED_TIME } from "./vector_tables.ts";

/** A state of a file that counts changes of vectors. */
export interface VectorPosition {
  /** Its time. */
  readonly time: number;
  /** Vectors that came later have larger numbers, or are listed. */
  readonly lastVectorId: number;
}

/** To link so many vectors takes as long as to load all of them, with the links that were stored meanwhile. */
const MIN_FOLLOWED = 256;
const FOLLOWED_SHARE = 1 / 64;

class PositionStatement {
  readonly lastVectorId: SqlStatement;

  constructor({ driver }: Connection) {
    this.lastVectorId = driver.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'hnsw_vectors'");
  }
}

/** Largest number that a vector had by now; 0 in a file that does not count changes. */
export function readLastVectorId(connection: Connection): number {
  if (!connection.schema.hasVectorTime) return 0;
  return Number(connection.prepared(PositionStatement).lastVectorId.get()?.[0] ?? 0);
}

/**
 * How the vectors of an index became what a connection reads, each under the id that it has in memory. Undefined when that cannot be
 * known, or is so much that loading the index takes less time.
 *
 * @param time of the state that the connection reads
 * @throws {CorruptionError} for a vector that is none
 */
export function readChangesSince(
  connection: Connection,
  index: StoredVectorIndex,
  since: VectorPosition,
  time: number,
): VectorChange[] | undefined {
  if (!connection.schema.hasVectorTime || time < since.time || time - since.time > LISTED_TIME) return undefined;
  const limit = Math.max(MIN_FOLLOWED, index.count * FOLLOWED_SHARE);
  const vectors = new Map<number, Float32Array | undefined>();
  for (const id of readListed(connection, index, since.time)) vectors.set(id, undefined);
  if (vectors.size > limit) return undefined;
  for (const id of vectors.keys()) vectors.set(id, readCurrent(connection, index, id));
  const { dimension } = index.definition;
  for (const { vectorIds, nodeIds, floats } of vectorChunks(connection, index, since.lastVectorId)) {
    if (vectors.size + vectorIds.length > limit) return undefined;
    vectorIds.forEach((vectorId, at) => {
      const vector = floats.slice(at * dimension, (at + 1) * dimension);
      vectors.set(memoryNode(nodeIds[at] as number, vectorId), searchableVector(index, vectorId, vector));
    });
  }
  return Array.from(vectors, ([nodeId, vector]) => ({ index: index.number, nodeId, vector }));
}

/** Ids in memory of vectors that were deleted or changed, and of those that came with an old number. */
function readListed(connection: Connection, { number }: StoredVectorIndex, since: number): number[] {
  return connection.statement("SELECT memory_id FROM sqlitegraph_vector_changes WHERE time > ? AND index_id = ?")
    .all(since, number).map(([id]) => Number(id));
}

function readCurrent(connection: Connection, index: StoredVectorIndex, id: number): Float32Array | undefined {
  if (id > 0) {
    const vector = readVector(connection, index, id);
    return vector && searchableVector(index, id, vector);
  }
  const row = connection.statement(
    `SELECT vector_data FROM hnsw_vectors WHERE id = ?1 AND index_id = ?2
     AND NOT EXISTS (SELECT 1 FROM sqlitegraph_vector_owners WHERE vector_id = ?1 AND node_id > 0)`,
  ).get(-id, index.number);
  return row && searchableVector(index, -id, decodeVector(row[0], index, -id));
}
