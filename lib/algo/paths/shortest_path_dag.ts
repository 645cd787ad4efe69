/** All cheapest paths from some nodes at once. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { checkCount } from "../../backend/validate.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import { type Algorithm, defineResult, lookUp, type TaskContext, touched } from "../define.ts";
import { Pace } from "../pace.ts";
import { type CheckedParams, checkParams, type ParamSpecs } from "../params.ts";
import { CostSearch, HEAP_WORK } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { START_PARAMS, startIndexes, type StartParams } from "./starts.ts";

/** Parameters of `shortestPathDag`. */
export interface ShortestPathDagParams extends StartParams, CostParams {}

/** What `shortestPathDag` takes. */
export const SHORTEST_PATH_DAG_PARAMS: ParamSpecs<ShortestPathDagParams> = { ...START_PARAMS, ...COST_PARAMS };

/** What another thread makes the same paths of. */
export interface ShortestPathDagHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** Cost of each node, Infinity where no path leads. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** Number of cheapest paths to each node. */
  readonly counts: Float64Array<SharedArrayBuffer>;
  /** Where the predecessors of each node begin; one more than there are nodes. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** Dense indexes of the predecessors. */
  readonly predecessors: Uint32Array<SharedArrayBuffer>;
}

/** All cheapest paths from some nodes: for each node those that come before it on such paths, in shared memory. */
export class ShortestPathDag {
  /** What another thread makes the same paths of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: ShortestPathDagHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: ShortestPathDagHandle) {
    this.handle = handle;
    this.#nodes = new NodeIndex(handle.nodes);
  }

  /** Paths in a projection. The arrays are kept. */
  static of(projection: Projection, parts: Omit<ShortestPathDagHandle, "nodes">): ShortestPathDag {
    return new ShortestPathDag({ nodes: handleOf(projection, "ShortestPathDag.of").nodes, ...parts });
  }

  /** The paths that another thread sent the handle of. */
  static from(handle: ShortestPathDagHandle): ShortestPathDag {
    return new ShortestPathDag(handle);
  }

  /** Cost of the cheapest paths to a node; undefined when none leads there. O(1). */
  costTo(nodeId: NodeId): number | undefined {
    const cost = this.handle.costs[this.#nodes.indexOf(nodeId)];
    return cost === Infinity ? undefined : cost;
  }

  /** Number of cheapest paths to a node, which differ in their nodes: exact up to 2^53. O(1). */
  countTo(nodeId: NodeId): number {
    return this.handle.counts[this.#nodes.indexOf(nodeId)] ?? 0;
  }

  /** The nodes before a node on its cheapest paths: ids, ascending. O(their number). */
  predecessorsOf(nodeId: NodeId): NodeId[] {
    const { offsets, predecessors } = this.handle;
    const index = this.#nodes.indexOf(nodeId);
    const ids: NodeId[] = [];
    if (index < 0) return ids;
    for (let at = offsets[index] as number; at < (offsets[index + 1] as number); at++) {
      ids.push(this.#nodes.idOf(predecessors[at] as number));
    }
    return ids;
  }

  /**
   * The cheapest paths to a node, as ids of their nodes from the first on; in the order of their nodes read from the end. O(their
   * nodes).
   *
   * @param limit most paths; default 1,000
   */
  pathsTo(nodeId: NodeId, limit?: number): NodeId[][] {
    const { costs, offsets, predecessors } = this.handle;
    const most = checkCount(limit, 1_000, "pathsTo", "limit");
    const end = this.#nodes.indexOf(nodeId);
    const paths: NodeId[][] = [];
    if (end < 0 || costs[end] === Infinity || most === 0) return paths;
    // The way back from the end, and for each of its nodes which predecessor is next.
    const way = [end];
    const next = [offsets[end] as number];
    while (way.length > 0) {
      const node = way[way.length - 1] as number;
      const at = next[next.length - 1] as number;
      const isFirst = offsets[node] === offsets[node + 1];
      if (isFirst) {
        paths.push(way.map((each) => this.#nodes.idOf(each)).reverse());
        if (paths.length === most) return paths;
      }
      if (isFirst || at === offsets[node + 1]) {
        way.pop();
        next.pop();
        continue;
      }
      next[next.length - 1] = at + 1;
      const before = predecessors[at] as number;
      way.push(before);
      next.push(offsets[before] as number);
    }
    return paths;
  }
}

defineResult("sqlitegraph:ShortestPathDag", ShortestPathDag);

/**
 * All cheapest paths from the start to each node, or from the nearest of several starts: their number, and for each node those before
 * it on such paths. Paths differ in their nodes: of parallel edges the cheapest counts, once. Costs are weights (1 without), or what
 * `cost` says, and must be positive: with edges of cost 0 there would be paths in circles. Edges are followed in their direction.
 *
 * One thread. Progress counts links that were followed, about twice each. O((n + m) log n). Dijkstra 1959; counts as in Brandes, A faster
 * algorithm for betweenness centrality, 2001.
 *
 * @throws {InvalidArgumentError} for bad parameters, and for costs that are not positive and that it meets
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const shortestPathDag: Algorithm<ShortestPathDagParams, ShortestPathDag> = defineForOneThread(
  import.meta.url,
  "shortestPathDag",
  (projection, params: ShortestPathDagParams, context) => {
    const checked = checkParams<ShortestPathDagParams, keyof ShortestPathDagParams>(
      SHORTEST_PATH_DAG_PARAMS,
      params,
      projection,
      "shortestPathDag",
    );
    const starts = startIndexes(projection, checked, "shortestPathDag");
    return dagOf(projection, starts, -1, checked, context, "shortestPathDag");
  },
);

/** All cheapest paths; when a target is given, only to it and to what is nearer. */
export function dagOf(
  projection: Projection,
  starts: readonly number[],
  target: number,
  params: CheckedParams<CostParams, keyof CostParams>,
  context: TaskContext,
  call: string,
): ShortestPathDag {
  const pace = new Pace(context);
  const linkCosts = new LinkCosts(projection, params, { call, isUnweightedFine: true });
  const search = new CostSearch(projection.out, linkCosts, pace);
  const { costs } = search;
  const order = new Int32Array(projection.nodeCount);
  let count = 0;
  for (const start of starts) search.put(start, 0, -1, -1);
  for (let node = search.settle(); node >= 0; node = search.settle()) {
    order[count++] = node;
    if (node === target) break;
  }
  for (let node = search.take(); node >= 0; node = search.take()) {
    costs[node] = Infinity;
    pace.step(0, HEAP_WORK);
  }
  const counts = touched(new Float64Array(new SharedArrayBuffer(8 * projection.nodeCount)));
  for (const start of starts) counts[start] = 1;
  const offsets = touched(new Uint32Array(new SharedArrayBuffer(4 * (projection.nodeCount + 1))));
  const next = new Int32Array(projection.nodeCount);
  for (let at = 0; at < count; at++) {
    const node = order[at] as number;
    const nextCount = findNext(projection, costs, linkCosts, node, call, next);
    for (let each = 0; each < nextCount; each++) {
      const after = next[each] as number;
      counts[after] = (counts[after] as number) + (counts[node] as number);
      offsets[after + 1] = (offsets[after + 1] as number) + 1;
    }
    pace.step(degreeOf(projection, node) + 1);
  }
  for (let node = 0; node < projection.nodeCount; node++) {
    offsets[node + 1] = (offsets[node + 1] as number) + (offsets[node] as number);
  }
  lookUp();
  const predecessors = touched(
    new Uint32Array(new SharedArrayBuffer(4 * (offsets[projection.nodeCount] as number))),
  );
  const ends = offsets.slice();
  for (let node = 0; node < projection.nodeCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    if (costs[node] === Infinity) continue;
    const nextCount = findNext(projection, costs, linkCosts, node, call, next);
    for (let each = 0; each < nextCount; each++) {
      const after = next[each] as number;
      predecessors[ends[after] as number] = node;
      ends[after] = (ends[after] as number) + 1;
    }
    pace.step(degreeOf(projection, node) + 1);
  }
  pace.end();
  return ShortestPathDag.of(projection, { costs, counts, offsets, predecessors });
}

function degreeOf({ out }: Projection, node: number): number {
  return (out.offsets[node + 1] as number) - (out.offsets[node] as number);
}

/** Finds the nodes that cheapest paths go to from a node, each once; returns how many. Hot. */
function findNext(
  projection: Projection,
  costs: Float64Array,
  linkCosts: LinkCosts,
  node: number,
  call: string,
  found: Int32Array,
): number {
  const { offsets, targets } = projection.out;
  const cost = costs[node] as number;
  let last = -1;
  let count = 0;
  for (let place = offsets[node] as number; place < (offsets[node + 1] as number); place++) {
    const target = targets[place] as number;
    const link = linkCosts.of(place, node, target);
    if (!(cost + link > cost)) throw notPositive(projection, node, target, link, call);
    // Parallel links lie side by side.
    if (target === last || cost + link !== costs[target] || link === Infinity) continue;
    last = target;
    found[count++] = target;
  }
  return count;
}

function notPositive(
  projection: Projection,
  node: number,
  target: number,
  cost: number,
  call: string,
): InvalidArgumentError {
  return new InvalidArgumentError(
    `${call}: an edge from ${projection.nodeId(node)} to ${projection.nodeId(target)} costs ${cost}, ` +
      "which makes no path longer; costs must be positive here",
    { code: "cost-not-positive", field: "projection", value: cost },
  );
}
