/** Weights of edges, from their data. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { JsonObject } from "../backend/json.ts";
import type { ReadStore } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { show } from "../backend/validate.ts";

/** Edges whose weights are read before somebody may cancel. */
const STEP = 1_024;

/** Reads a member of the data of edges. */
export class WeightReader {
  readonly #store: ReadStore;
  readonly #field: string;
  readonly #fallback: number | undefined;

  constructor(store: ReadStore, field: string, fallback: number | undefined) {
    this.#store = store;
    this.#field = field;
    this.#fallback = fallback;
  }

  /** Weights of edges, in their order. @throws {InvalidArgumentError} when one has none and there is no default */
  read(edges: Float64Array, throwIfAborted: () => void): Float64Array {
    const weights = new Float64Array(edges.length);
    for (let at = 0; at < edges.length; at++) {
      if (at % STEP === 0) throwIfAborted();
      weights[at] = this.#weight(edges[at] as number);
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
