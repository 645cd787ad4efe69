/** Checks of vector indexes, vectors and searches as users hand them in. */

import { InvalidArgumentError } from "./errors.ts";
import { refuseBeyondHnswlib } from "./hnswlib_limits.ts";
import {
  DEFAULT_VECTOR_EF_CONSTRUCTION,
  DEFAULT_VECTOR_EF_SEARCH,
  DEFAULT_VECTOR_K,
  DEFAULT_VECTOR_M,
  MAX_HALF_FLOAT,
  MAX_VECTOR_DIMENSION,
  MAX_VECTOR_EF_CONSTRUCTION,
  MAX_VECTOR_K,
  MAX_VECTOR_M,
  MAX_VECTOR_NUMBER,
} from "./limits.ts";
import { NodeIdSet } from "./node_id_set.ts";
import { checkId, checkLookup, checkObject, checkTerm, show } from "./validate.ts";
import type {
  NodeVector,
  VectorEngineName,
  VectorFilter,
  VectorIndexInfo,
  VectorIndexOptions,
  VectorInput,
  VectorMetric,
  VectorSearchOptions,
  VectorStorage,
} from "./vector.ts";

/** What is stored about an index besides its vectors. */
export type VectorIndexDefinition = Omit<VectorIndexInfo, "count">;

/** A search that passed all checks. */
export interface CheckedVectorSearch {
  /** Numbers as in the index, all finite; not to be changed. */
  readonly query: Float32Array;
  /** Most results; infinite for all within `maxDistance`. */
  readonly k: number;
  /** Candidates to weigh; 0 as the index says. */
  readonly ef: number;
  /** Largest distance of a result, or infinite. */
  readonly maxDistance: number;
  /** Whether every vector is compared. */
  readonly isExact: boolean;
  /** Only vectors of these nodes; undefined: all. */
  readonly allowed: NodeIdSet | undefined;
  /** Looked at now and then. */
  readonly signal: AbortSignal | undefined;
}

/** A filter that passed all checks. */
export interface CheckedVectorFilter {
  readonly kinds: readonly string[] | undefined;
  readonly labels: readonly string[] | undefined;
  readonly nodeIds: readonly number[] | undefined;
  readonly where: ((node: never) => boolean) | undefined;
}

const METRICS: readonly VectorMetric[] = ["cosine", "euclidean", "dot", "manhattan"];
const STORAGES: readonly VectorStorage[] = ["f32", "f16", "i8"];
const ENGINES: readonly VectorEngineName[] = ["hnsw", "hnswlib"];

const INDEX_OPTIONS: readonly string[] = [
  "dimension",
  "metric",
  "m",
  "efConstruction",
  "efSearch",
  "storage",
  "seed",
  "engine",
];

/** Checks what a new index is to be like. */
export function checkVectorIndex(name: unknown, options: VectorIndexOptions, call: string): VectorIndexDefinition {
  const checkedName = checkTerm(name, call, "name");
  const given = checkObject(options, call, "options");
  for (const field of Object.keys(given)) {
    if (INDEX_OPTIONS.includes(field)) continue;
    throw invalid(call, field, given[field], `is no option; there are ${INDEX_OPTIONS.join(", ")}`);
  }
  const dimension = checkRange(options.dimension, undefined, 1, MAX_VECTOR_DIMENSION, call, "dimension");
  const m = checkRange(options.m, DEFAULT_VECTOR_M, 2, MAX_VECTOR_M, call, "m");
  const efDefault = Math.max(m, DEFAULT_VECTOR_EF_CONSTRUCTION);
  const definition: VectorIndexDefinition = {
    name: checkedName,
    dimension,
    metric: checkChoice(options.metric, "cosine", METRICS, call, "metric"),
    m,
    efConstruction: checkRange(
      options.efConstruction,
      efDefault,
      m,
      MAX_VECTOR_EF_CONSTRUCTION,
      call,
      "efConstruction",
    ),
    efSearch: checkRange(options.efSearch, DEFAULT_VECTOR_EF_SEARCH, 1, MAX_VECTOR_K, call, "efSearch"),
    storage: checkChoice(options.storage, "f32", STORAGES, call, "storage"),
    seed: checkRange(options.seed, 0, 0, 2 ** 32 - 1, call, "seed"),
    engine: checkChoice(options.engine, "hnsw", ENGINES, call, "engine"),
  };
  refuseBeyondHnswlib(definition, call);
  return definition;
}

/** Name of an index that is looked for. */
export function checkIndexName(name: unknown, call: string): string {
  return checkLookup(name, call, "index");
}

/** A vector for an index, as 32-bit floats: a copy. */
export function checkVector(vector: unknown, index: VectorIndexDefinition, call: string, field: string): Float32Array {
  const numbers = checkNumbers(vector, index, call, field);
  const floats = new Float32Array(numbers);
  const limit = index.storage === "f16" ? MAX_HALF_FLOAT : MAX_VECTOR_NUMBER;
  let largest = 0;
  for (let at = 0; at < floats.length; at++) {
    const size = Math.abs(floats[at] as number);
    // Not a number included.
    if (!(size <= limit)) throw badNumber(numbers, at, index, call, field);
    if (size > largest) largest = size;
  }
  if (largest === 0 && index.metric === "cosine") {
    throw invalid(
      call,
      field,
      vector,
      "has the length 0, which has no direction; the metric cosine compares directions",
    );
  }
  return floats;
}

function checkNumbers(vector: unknown, index: VectorIndexDefinition, call: string, field: string): ArrayLike<number> {
  if (!isVector(vector)) {
    throw invalid(call, field, vector, `is ${show(vector)}; give a Float32Array or an array of numbers`);
  }
  if (vector.length !== index.dimension) {
    throw new InvalidArgumentError(
      `${call}: ${field} has ${vector.length} numbers; index ${
        JSON.stringify(index.name)
      } has the dimension ${index.dimension}`,
      { code: "wrong-dimension", field, value: vector.length },
    );
  }
  if (Array.isArray(vector)) {
    const at = vector.findIndex((number) => typeof number !== "number");
    if (at >= 0) throw badNumber(vector, at, index, call, field);
  }
  return vector;
}

function badNumber(
  numbers: ArrayLike<number>,
  at: number,
  index: VectorIndexDefinition,
  call: string,
  field: string,
): InvalidArgumentError {
  const number: unknown = numbers[at];
  const limit = index.storage === "f16" ? `${MAX_HALF_FLOAT} (storage f16)` : MAX_VECTOR_NUMBER.toExponential();
  return new InvalidArgumentError(
    `${call}: ${field}[${at}] is ${show(number)}; vectors hold finite numbers of a size up to ${limit}`,
    { code: "invalid-vector", field, value: number },
  );
}

/** Whether something has the form of a vector. */
export function isVector(value: unknown): value is VectorInput {
  if (value instanceof Float32Array || value instanceof Float64Array) return true;
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === "number");
}

/** Whether a search asks for many vectors at once. */
export function isManyVectors(queries: unknown): queries is readonly VectorInput[] {
  return Array.isArray(queries) && !isVector(queries) || Array.isArray(queries) && queries.length === 0;
}

/** A node with its vector, as `insertMany` takes them. */
export function checkNodeVector(
  row: NodeVector,
  index: VectorIndexDefinition,
  call: string,
): { readonly nodeId: number; readonly vector: Float32Array } {
  checkObject(row, call, "row");
  return { nodeId: checkId(row.nodeId, call, "nodeId"), vector: checkVector(row.vector, index, call, "vector") };
}

/** Most results of a search. */
function checkK(k: unknown, call: string): number {
  return checkRange(k, DEFAULT_VECTOR_K, 1, MAX_VECTOR_K, call, "k");
}

/** Candidates of a search; 0 for those that the index names. */
function checkEf(ef: unknown, call: string): number {
  return ef === undefined ? 0 : checkRange(ef, undefined, 1, MAX_VECTOR_K, call, "ef");
}

/** The largest distance of results. */
function checkMaxDistance(distance: unknown, call: string): number {
  if (distance === undefined) return Infinity;
  if (typeof distance === "number" && !Number.isNaN(distance)) return distance;
  throw invalid(call, "maxDistance", distance, `is ${show(distance)}; give a number`);
}

/**
 * Options of a search.
 *
 * @param resolve finds out what a filter lets pass
 */
export function checkVectorSearch(
  options: VectorSearchOptions,
  call: string,
  resolve: (filter: VectorFilter, signal: AbortSignal | undefined) => NodeIdSet,
): Omit<CheckedVectorSearch, "query"> {
  const { k, ef, filter, maxDistance, exact, signal } = checkObject(options, call, "options") as VectorSearchOptions;
  if (exact !== undefined && typeof exact !== "boolean") {
    throw invalid(call, "exact", exact, `is ${show(exact)}; give true or false`);
  }
  signal?.throwIfAborted();
  return {
    // Only a range search has no limit.
    k: k === Infinity && maxDistance !== undefined ? Infinity : checkK(k, call),
    ef: checkEf(ef, call),
    maxDistance: checkMaxDistance(maxDistance, call),
    isExact: exact === true,
    // A set is what another thread has made of a filter.
    allowed: filter === undefined || filter instanceof NodeIdSet ? filter : resolve(filter, signal),
    signal,
  };
}

/** A filter of a search. */
export function checkVectorFilter(filter: VectorFilter, call: string): CheckedVectorFilter {
  const given = checkObject(filter, call, "filter");
  for (const field of Object.keys(given)) {
    if (field === "kinds" || field === "labels" || field === "nodeIds" || field === "where") continue;
    throw invalid(call, `filter.${field}`, given[field], "is no condition; there are kinds, labels, nodeIds and where");
  }
  const { where } = filter;
  if (where !== undefined && typeof where !== "function") {
    throw invalid(call, "filter.where", where, `is ${show(where)}; give a function of a node`);
  }
  return {
    kinds: checkTexts(filter.kinds, call, "filter.kinds"),
    labels: checkTexts(filter.labels, call, "filter.labels"),
    nodeIds: checkIds(filter.nodeIds, call),
    where,
  };
}

function checkTexts(texts: unknown, call: string, field: string): readonly string[] | undefined {
  if (texts === undefined) return undefined;
  if (!Array.isArray(texts)) throw invalid(call, field, texts, `is ${show(texts)}; give an array of texts`);
  return [...new Set(texts.map((text: unknown, at) => checkLookup(text, call, `${field}[${at}]`)))];
}

function checkIds(ids: unknown, call: string): readonly number[] | undefined {
  if (ids === undefined) return undefined;
  if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids)) {
    throw invalid(call, "filter.nodeIds", ids, `is ${show(ids)}; give an iterable of ids`);
  }
  return Array.from(ids as Iterable<unknown>, (id) => checkId(id, call, "filter.nodeIds"));
}

function checkRange(
  value: unknown,
  fallback: number | undefined,
  least: number,
  most: number,
  call: string,
  field: string,
): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(call, field, value, `is ${show(value)}; give an integer from ${least} to ${most}`);
}

function checkChoice<T extends string>(
  value: unknown,
  fallback: T,
  choices: readonly T[],
  call: string,
  field: string,
): T {
  if (value === undefined) return fallback;
  if (choices.includes(value as T)) return value as T;
  throw invalid(call, field, value, `is ${show(value)}; choose ${choices.map((choice) => `"${choice}"`).join(", ")}`);
}

function invalid(call: string, field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} ${problem}`, { code: "invalid-argument", field, value });
}
