/** Queries of a vector search and what they find, in memory that threads share. */

import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";

/** Most queries that a thread takes at once. */
const MAX_TAKEN = 16;

/** How many times each thread comes for more: the last ones end at about the same time. */
const TURNS = 8;

/** What the threads are sent. */
export interface SearchWork {
  /** Name of the index. */
  readonly name: string;
  /** Numbers in each query. */
  readonly dimension: number;
  /** Number of queries. */
  readonly count: number;
  /** Most results of a query. */
  readonly limit: number;
  /** How many queries a thread takes at once. */
  readonly taken: number;
  /** As the search was asked for. */
  readonly search: Pick<CheckedVectorSearch, "k" | "ef" | "maxDistance" | "isExact">;
  /** i32: the first query that nobody has taken. */
  readonly next: SharedArrayBuffer;
  /** f32: the queries. */
  readonly queries: SharedArrayBuffer;
  /** f64: ids of the nodes that may be found, ascending; undefined: all. */
  readonly allowed: SharedArrayBuffer | undefined;
  /** u32: number of results of each query. */
  readonly counts: SharedArrayBuffer;
  /** f64: a code for the vector, and its distance, of each result; room for `limit` of each query. */
  readonly matches: SharedArrayBuffer;
}

/**
 * Makes memory for a search.
 *
 * @param limit most vectors that a query can find
 * @param workers threads that will share the work
 */
export function searchWork(
  name: string,
  queries: readonly Float32Array[],
  { k, ef, maxDistance, isExact, allowed }: Omit<CheckedVectorSearch, "query">,
  limit: number,
  workers: number,
): SearchWork {
  const count = queries.length;
  const dimension = queries[0]?.length ?? 0;
  const flat = new Float32Array(new SharedArrayBuffer(count * dimension * 4));
  queries.forEach((query, at) => flat.set(query, at * dimension));
  return {
    name,
    dimension,
    count,
    limit,
    taken: Math.max(1, Math.min(MAX_TAKEN, Math.floor(count / (TURNS * workers)))),
    search: { k, ef, maxDistance, isExact },
    next: new SharedArrayBuffer(4),
    queries: flat.buffer,
    allowed: allowed && sharedCopy(allowed.ids),
    counts: new SharedArrayBuffer(count * 4),
    matches: new SharedArrayBuffer(count * limit * 16),
  };
}

function sharedCopy(ids: Float64Array): SharedArrayBuffer {
  const copy = new Float64Array(new SharedArrayBuffer(ids.byteLength));
  copy.set(ids);
  return copy.buffer;
}

/** The work as one of the threads sees it. */
export class SharedSearch {
  readonly #work: SearchWork;
  readonly #next: Int32Array;
  readonly #counts: Uint32Array;
  readonly #matches: Float64Array;

  constructor(work: SearchWork) {
    this.#work = work;
    this.#next = new Int32Array(work.next);
    this.#counts = new Uint32Array(work.counts);
    this.#matches = new Float64Array(work.matches);
  }

  /** Takes queries that nobody has taken: their numbers from the first to before the second; none are left when these are equal. */
  take(): readonly [number, number] {
    const { count, taken } = this.#work;
    const first = Math.min(count, Atomics.add(this.#next, 0, taken));
    return [first, Math.min(count, first + taken)];
  }

  /** A query. */
  query(at: number): Float32Array {
    const { queries, dimension } = this.#work;
    return new Float32Array(queries, at * dimension * 4, dimension);
  }

  /** Writes down what a query found. */
  answer(at: number, found: readonly VectorMatch[]): void {
    const { limit } = this.#work;
    const matches = this.#matches;
    const count = Math.min(limit, found.length);
    for (let index = 0, to = at * limit * 2; index < count; index++) {
      const { nodeId, distance, vectorId } = found[index] as VectorMatch;
      // A vector of no node is known by its number: below 0, which no id is.
      matches[to++] = vectorId === undefined ? nodeId : -1 - vectorId;
      matches[to++] = distance;
    }
    this.#counts[at] = count;
  }

  /** What all queries found, when every thread has ended. */
  answers(): VectorMatch[][] {
    const { count } = this.#work;
    const answers: VectorMatch[][] = [];
    for (let at = 0; at < count; at++) answers.push(this.#answer(at));
    return answers;
  }

  #answer(at: number): VectorMatch[] {
    const matches = this.#matches;
    const found: VectorMatch[] = [];
    let from = at * this.#work.limit * 2;
    for (let left = this.#counts[at] as number; left > 0; left--) {
      const code = matches[from++] as number;
      const distance = matches[from++] as number;
      found.push(code < 0 ? { nodeId: 0, distance, vectorId: -1 - code } : { nodeId: code, distance });
    }
    return found;
  }
}
