/** Costs of the cheapest paths between all nodes. */

import { UnsupportedError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import { defineResult, NodeValues } from "../define.ts";

/** Most nodes of a projection for all pairs: the costs are 512 MiB then. */
export const MAX_ALL_PAIRS_NODES: number = 2 ** 13;

/** What another thread makes the same costs of. */
export interface PairCostsHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** A row of costs for each node. */
  readonly costs: Float64Array<SharedArrayBuffer>;
}

/** The cost of the cheapest path from each node to each other one, in shared memory. */
export class PairCosts {
  /** A row of costs for each node, one after the other, by dense index; Infinity where no path leads. Must not be changed. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** Ids of the nodes by dense index: ascending. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** What another thread makes the same costs of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: PairCostsHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: PairCostsHandle) {
    this.handle = handle;
    this.costs = handle.costs;
    this.#nodes = new NodeIndex(handle.nodes);
    this.nodeIds = this.#nodes.ids;
  }

  /** Costs in a projection. The array is kept. */
  static of(projection: Projection, costs: Float64Array<SharedArrayBuffer>): PairCosts {
    return new PairCosts({ nodes: handleOf(projection, "PairCosts.of").nodes, costs });
  }

  /** The costs that another thread sent the handle of. */
  static from(handle: PairCostsHandle): PairCosts {
    return new PairCosts(handle);
  }

  /** Cost of the cheapest path between two nodes, 0 from a node to itself; undefined when there is none. O(1). */
  cost(from: NodeId, to: NodeId): number | undefined {
    const row = this.#nodes.indexOf(from);
    const column = this.#nodes.indexOf(to);
    if (row < 0 || column < 0) return undefined;
    const cost = this.costs[row * this.#nodes.count + column] as number;
    return cost === Infinity ? undefined : cost;
  }

  /** Costs of the cheapest paths from a node, by dense index; undefined for a node that is not here. O(1). */
  row(from: NodeId): Float64Array<SharedArrayBuffer> | undefined {
    const row = this.#nodes.indexOf(from);
    return row < 0 ? undefined : this.costs.subarray(row * this.#nodes.count, (row + 1) * this.#nodes.count);
  }

  /** The largest cost from each node to those that it reaches: its eccentricity in the part that it reaches. O(n^2). */
  farthest(): NodeValues {
    const { count } = this.#nodes;
    const values = new Float64Array(new SharedArrayBuffer(8 * count));
    for (let row = 0; row < count; row++) {
      let largest = -Infinity;
      for (let at = row * count; at < (row + 1) * count; at++) {
        const cost = this.costs[at] as number;
        if (cost !== Infinity && cost > largest) largest = cost;
      }
      values[row] = largest;
    }
    return NodeValues.from({ nodes: this.handle.nodes, values, none: undefined });
  }
}

defineResult("sqlitegraph:PairCosts", PairCosts);

/** @throws {UnsupportedError} when the costs of all pairs would be too many */
export function checkPairCount(projection: Projection, call: string): void {
  if (projection.nodeCount <= MAX_ALL_PAIRS_NODES) return;
  throw new UnsupportedError(
    `${call}: the projection has ${projection.nodeCount} nodes, and all pairs are for ${MAX_ALL_PAIRS_NODES} at most; ` +
      "project fewer nodes, or call dijkstra for the nodes that matter",
    { code: "too-many-nodes", field: "projection", value: projection.nodeCount },
  );
}
