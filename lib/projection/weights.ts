/** Weights of edges, from their data. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { JsonObject } from "../backend/json.ts";
import { type Gang, MAX_PROJECTED_WIDE_LINKS } from "../backend/projection.ts";
import type { ReadStore } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { show } from "../backend/validate.ts";
import { ParallelRange } from "./parallel_range.ts";

/** What stands in the table for an edge of the projection until its weight is read; others stay 0. */
const WANTED = 1;

/** Edges whose weights are read before somebody may cancel. */
const STEP = 1_024;

/**
 * Ids of edges may be spread over so many times the number of links before they are looked up one by one: a table of 32 bytes a
 * link at most.
 */
const MAX_SPREAD = 4;

/** Ids of the edges of a projection. */
export interface EdgeRange {
  /** The smallest one. */
  readonly least: number;
  /** The largest one. */
  readonly most: number;
  /** Number of links. */
  readonly linkCount: number;
}

/** Reads a member of the data of edges. */
export class WeightReader {
  readonly #store: ReadStore;
  readonly #field: string;
  readonly #fallback: number | undefined;
  readonly #gang: Gang;
  /** Weights by edge id, from `#least` on; undefined where edges are looked up. */
  #table: Float64Array | undefined;
  #least = 0;

  constructor(store: ReadStore, field: string, fallback: number | undefined, gang: Gang) {
    this.#store = store;
    this.#field = field;
    this.#fallback = fallback;
    this.#gang = gang;
  }

  /**
   * Reads the weights of all edges in ascending ids, which takes a third of the time of reading them link by link. All threads
   * call it, each with the edges of its own links.
   *
   * @throws {InvalidArgumentError} when an edge has none and there is no default
   */
  readAll(own: Iterable<Float64Array>, { least, most, linkCount }: EdgeRange): void {
    const count = most - least + 1;
    if (linkCount === 0 || count > MAX_SPREAD * linkCount || count > MAX_PROJECTED_WIDE_LINKS) return;
    const table = new Float64Array(this.#gang.sharedBuffer(8 * count));
    for (const edges of own) {
      for (let at = 0; at < edges.length; at++) table[(edges[at] as number) - least] = WANTED;
    }
    this.#gang.barrier();
    const places = new ParallelRange(this.#gang, count, STEP);
    while (places.next()) {
      for (let place = places.start; place < places.end; place++) {
        if (table[place] === WANTED) table[place] = this.#weight(least + place);
      }
    }
    this.#table = table;
    this.#least = least;
  }

  /** Weights of edges, in their order. @throws {InvalidArgumentError} when one has none and there is no default */
  read(edges: Float64Array): Float64Array {
    const weights = new Float64Array(edges.length);
    const table = this.#table;
    const least = this.#least;
    for (let at = 0; at < edges.length; at++) {
      if (at % STEP === 0) this.#gang.throwIfAborted();
      const edge = edges[at] as number;
      weights[at] = table === undefined ? this.#weight(edge) : table[edge - least] as number;
    }
    return weights;
  }

  #weight(edge: number): number {
    const text = this.#store.edgeDataText(edge);
    const data = text === undefined ? undefined : parseStoredData(text, "edge", edge);
    const value = typeof data === "object" && data !== null && Object.hasOwn(data, this.#field)
      ? (data as JsonObject)[this.#field]
      : undefined;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (this.#fallback !== undefined) return this.#fallback;
    throw new InvalidArgumentError(
      `project: ${JSON.stringify(this.#field)} of edge ${edge} is ${
        show(value)
      }, no finite number; give \`weight\` a default`,
      { code: "weight-missing", field: "weight", value },
    );
  }
}
