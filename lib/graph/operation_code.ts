/**
 * The operations of a transaction as bytes: written on the thread that ran its function, read on the one that commits it.
 *
 *   insertNode   1  flags, id, kind, name, [path], [label count, labels], data     flags 1: path, 2: labels
 *   updateNode   2  flags, id, [kind], [name], [path], [data]                      flags as in `UPDATE`
 *   deleteNode   3  id
 *   addLabel     4  id, label
 *   removeLabel  5  id, label
 *   insertEdge   6  id, from, to, type, data
 *   updateEdge   7  flags, id, [type], [data]
 *   deleteEdge   8  id
 *   setValue     9  key, record of `lib/kv` (its times and version are 0, its expiry is the key's)
 *   deleteValue 10  key
 *   createVectorIndex 11  index, dimension, metric, m, efConstruction, efSearch, storage, seed, engine
 *   dropVectorIndex   12  index
 *   setVector         13  index, node id, length in bytes, numbers (f32, little-endian)
 *   deleteVector      14  index, node id
 *
 * Codes and flags are a byte each; numbers and lengths are varints; a text is its length and its UTF-8, a `data` of `{}` no
 * byte. Kinds, labels, types and names of vector indexes are numbered in the order in which they first occur: the number, and
 * where it is new the text. A vector index is known by its name: one that the transaction makes has no number yet.
 */

import type { VectorEngineName, VectorMetric, VectorStorage } from "../backend/vector.ts";

/** The byte that an operation begins with. */
export const OPERATION = {
  insertNode: 1,
  updateNode: 2,
  deleteNode: 3,
  addLabel: 4,
  removeLabel: 5,
  insertEdge: 6,
  updateEdge: 7,
  deleteEdge: 8,
  setValue: 9,
  deleteValue: 10,
  createVectorIndex: 11,
  dropVectorIndex: 12,
  setVector: 13,
  deleteVector: 14,
} as const;

/** Flags of a new node: which parts it has. */
export const NEW_NODE = { path: 1, labels: 2 } as const;

/** Flags of an update: which parts it replaces. */
export const UPDATE = { term: 1, name: 2, path: 4, noPath: 8, data: 16 } as const;

/** Text of data that is not written. */
export const NO_DATA = "{}";

/** Codes of metrics: their places. */
export const METRIC_CODES: readonly VectorMetric[] = ["cosine", "euclidean", "dot", "manhattan"];

/** Codes of storages. */
export const STORAGE_CODES: readonly VectorStorage[] = ["f32", "f16", "i8"];

/** Codes of engines. */
export const ENGINE_CODES: readonly VectorEngineName[] = ["hnsw", "hnswlib"];
