/** A vector index as the tree of indexes holds it under its name (little-endian), and the number of the next one. */

import { CorruptionError } from "../backend/errors.ts";
import type { VectorEngineName, VectorMetric, VectorStorage } from "../backend/vector.ts";
import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";

/** Where the fields of a record begin. */
export const VECTOR_INDEX = {
  /** u32: never given again. */
  number: 0,
  /** u16. */
  dimension: 4,
  /** u8 each: `VECTOR_METRICS`, `VECTOR_STORAGES`. */
  metric: 6,
  storage: 7,
  /** f64: number of vectors. */
  count: 8,
  /** u16. */
  m: 16,
  /** u8: `VECTOR_ENGINES`. */
  engine: 18,
  /** u32 each. */
  efConstruction: 20,
  efSearch: 24,
  seed: 28,
  size: 32,
} as const;

/** Codes of metrics: their places. */
export const VECTOR_METRICS: readonly VectorMetric[] = ["cosine", "euclidean", "dot", "manhattan"];
/** Codes of storages. */
export const VECTOR_STORAGES: readonly VectorStorage[] = ["f32", "f16", "i8"];
/** Codes of engines. */
export const VECTOR_ENGINES: readonly VectorEngineName[] = ["hnsw", "hnswlib"];

/** Under which name the number of the next index lies: no index has it. */
export const NEXT_INDEX_KEY: Uint8Array = new Uint8Array(0);

/** Key of an index. */
export function indexKey(name: string): Uint8Array {
  return UTF8.encode(name);
}

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** The record of an index. */
export function encodeVectorIndex({ definition, number, count }: StoredVectorIndex): Uint8Array {
  const bytes = new Uint8Array(VECTOR_INDEX.size);
  const view = new DataView(bytes.buffer);
  view.setUint32(VECTOR_INDEX.number, number, true);
  view.setUint16(VECTOR_INDEX.dimension, definition.dimension, true);
  view.setUint8(VECTOR_INDEX.metric, VECTOR_METRICS.indexOf(definition.metric));
  view.setUint8(VECTOR_INDEX.storage, VECTOR_STORAGES.indexOf(definition.storage));
  view.setFloat64(VECTOR_INDEX.count, count, true);
  view.setUint16(VECTOR_INDEX.m, definition.m, true);
  view.setUint8(VECTOR_INDEX.engine, VECTOR_ENGINES.indexOf(definition.engine));
  view.setUint32(VECTOR_INDEX.efConstruction, definition.efConstruction, true);
  view.setUint32(VECTOR_INDEX.efSearch, definition.efSearch, true);
  view.setUint32(VECTOR_INDEX.seed, definition.seed, true);
  return bytes;
}

/**
 * The index of a record.
 *
 * @throws {CorruptionError} when it has another form
 */
export function decodeVectorIndex(key: Uint8Array, bytes: Uint8Array): StoredVectorIndex {
  // Of a copy: decoders do not take shared memory.
  const name = TEXT.decode(key.slice());
  if (bytes.length !== VECTOR_INDEX.size) throw damaged(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const metric = VECTOR_METRICS[view.getUint8(VECTOR_INDEX.metric)];
  const storage = VECTOR_STORAGES[view.getUint8(VECTOR_INDEX.storage)];
  const engine = VECTOR_ENGINES[view.getUint8(VECTOR_INDEX.engine)];
  const dimension = view.getUint16(VECTOR_INDEX.dimension, true);
  if (metric === undefined || storage === undefined || engine === undefined || dimension === 0) throw damaged(name);
  const definition: VectorIndexDefinition = {
    name,
    dimension,
    metric,
    m: view.getUint16(VECTOR_INDEX.m, true),
    efConstruction: view.getUint32(VECTOR_INDEX.efConstruction, true),
    efSearch: view.getUint32(VECTOR_INDEX.efSearch, true),
    storage,
    seed: view.getUint32(VECTOR_INDEX.seed, true),
    engine,
  };
  return {
    definition,
    number: view.getUint32(VECTOR_INDEX.number, true),
    count: view.getFloat64(VECTOR_INDEX.count, true),
  };
}

/** The number of the next index, as it is stored. */
export function encodeNextIndex(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

/** The number of the next index; the first one has number 1. */
export function decodeNextIndex(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 1;
  if (bytes.length !== 4) throw damaged("");
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

function damaged(name: string): CorruptionError {
  return new CorruptionError(
    `the record of vector index ${JSON.stringify(name)} is damaged; run check, and salvage what is readable`,
    { code: "vector-index-corrupt", value: name },
  );
}
