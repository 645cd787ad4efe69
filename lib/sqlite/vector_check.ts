/** What `check` looks for in vectors. */

import type { Finding, LongCallOptions } from "../backend/care.ts";
import { CorruptionError } from "../backend/errors.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { Connection } from "./connection.ts";
import { decodeId } from "./node_rows.ts";
import { decodeVector, METRIC_NAMES, readVectorIndexes } from "./vector_rows.ts";
import { VectorSlots } from "./vector_slots.ts";
import { readTopology, StoredTopology } from "./vector_topology.ts";

const KNOWN_METRICS = Object.values(METRIC_NAMES).map((name) => `'${name}'`).join(", ");

/** Rules that one query counts the breaches of. */
export const VECTOR_RULES: readonly (Omit<Finding, "count"> & { readonly from: string })[] = [
  {
    severity: "error",
    code: "vector-count",
    message: "vector indexes whose number of vectors is wrong",
    from: `hnsw_indexes AS i WHERE (SELECT count(*) FROM hnsw_vectors WHERE index_id = i.id) <>
      coalesce((SELECT vector_count FROM sqlitegraph_vector_indexes WHERE index_id = i.id), -1)`,
  },
  {
    severity: "error",
    code: "dangling-vector",
    message: "vectors of nodes that do not exist",
    from: "sqlitegraph_vector_owners WHERE node_id > 0 AND node_id NOT IN (SELECT id FROM graph_entities)",
  },
  {
    severity: "error",
    code: "vector-owner",
    message: "nodes whose vector is missing or in another index",
    from: `sqlitegraph_vector_owners AS owner
      WHERE index_id IS NOT (SELECT index_id FROM hnsw_vectors WHERE id = owner.vector_id)`,
  },
  {
    severity: "warning",
    code: "orphan-vector",
    message: "vectors of nodes that another program deleted; they belong to no node now",
    from: "sqlitegraph_vector_owners WHERE node_id < 0",
  },
  {
    severity: "warning",
    code: "unknown-metric",
    message: "vector indexes with a metric that this release does not know, which are not listed",
    from: `hnsw_indexes WHERE distance_metric NOT IN (${KNOWN_METRICS})`,
  },
];

type Add = (severity: Finding["severity"], code: string, message: string, count: number) => void;

/** Looks at every vector and its links. */
export function checkVectors(connection: Connection, add: Add, options: LongCallOptions): void {
  let corrupt = 0;
  for (const index of readVectorIndexes(connection)) {
    const slots = new VectorSlots();
    const unreadable = readVectors(connection, index, slots, options);
    corrupt += unreadable;
    const topology = readTopology(connection, index, slots);
    if (topology instanceof StoredTopology) continue;
    const name = JSON.stringify(index.definition.name);
    add(
      "warning",
      "vector-links",
      `vector index ${name} ${topology.reason}: its links are made anew when it is opened`,
      1,
    );
  }
  add(
    "error",
    "corrupt-vector",
    "vectors of another length than their index, or with numbers that are not finite",
    corrupt,
  );
}

const PAGE = 256;

/** Gives every vector a slot and counts those that are none. */
function readVectors(
  connection: Connection,
  index: StoredVectorIndex,
  slots: VectorSlots,
  options: LongCallOptions,
): number {
  const statement = connection.statement(
    `SELECT id, vector_data FROM hnsw_vectors WHERE index_id = ? AND id > ? ORDER BY id LIMIT ${PAGE}`,
  );
  let unreadable = 0;
  for (let after = Number.MIN_SAFE_INTEGER;;) {
    options.signal?.throwIfAborted();
    const rows = statement.all(index.number, after);
    for (const [id, blob] of rows) {
      after = decodeId(id);
      slots.add(slots.size, after);
      if (!isReadable(() => decodeVector(blob, index, after))) unreadable++;
    }
    if (rows.length < PAGE) return unreadable;
  }
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof CorruptionError) return false;
    throw error;
  }
}
