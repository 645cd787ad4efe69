/** How many shortest paths from a node are on others. */

import type { Projection } from "../../backend/projection.ts";
import { CostCounts } from "./cost_counts.ts";
import { HopCounts } from "./hop_counts.ts";
import type { PathCounts } from "./path_counts.ts";
import type { SourceSearch } from "./source_sums.ts";

/** Dependencies of a source on all other nodes. */
export class DependencySearch implements SourceSearch {
  readonly #projection: Projection;
  readonly #throwIfAborted: () => void;
  readonly #linkSums: Float64Array | undefined;
  readonly #usual: PathCounts;
  /** For sources with more paths than there are numbers. */
  #scaled: PathCounts | undefined;
  #last: PathCounts;

  /** Adds to `linkSums`, when given, what it finds for links. */
  constructor(
    projection: Projection,
    isWeighted: boolean,
    throwIfAborted: () => void,
    linkSums?: Float64Array,
  ) {
    this.#projection = projection;
    this.#throwIfAborted = throwIfAborted;
    this.#linkSums = linkSums;
    this.#usual = isWeighted
      ? new CostCounts(projection.out, projection.out.weights, throwIfAborted)
      : new HopCounts(projection, throwIfAborted);
    this.#last = this.#usual;
  }

  get order(): Int32Array {
    return this.#last.order;
  }

  get found(): Float64Array {
    return this.#last.dependencies;
  }

  run(source: number): number {
    this.#last = this.#usual;
    let reached = this.#last.search(source);
    if (reached < 0) {
      this.#last = this.#scaled ??= new CostCounts(this.#projection.out, undefined, this.#throwIfAborted);
      reached = this.#last.search(source);
    }
    this.#last.depend(this.#linkSums);
    return reached;
  }
}
