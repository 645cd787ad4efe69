/** What differs between two graphs whose nodes are the same by id. */

import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type EdgeList, sharedNumbers } from "../structure/edge_list.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with. */
export interface DiffProjectionsParams {
  /** The later graph. */
  readonly after: OtherProjection;
}

/** Edges that are in one graph only. */
export interface DiffEdges extends EdgeList {
  /** Their ids; undefined unless both projections know their edges. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
}

/** Edges whose weight is another one. */
export interface ReweightedEdges extends DiffEdges {
  /** The weights before. */
  readonly before: Float64Array<SharedArrayBuffer>;
  /** The weights after. */
  readonly after: Float64Array<SharedArrayBuffer>;
}

/** What differs. Nodes ascend; edges by `from`, then `to`, then id. */
export interface ProjectionDiff {
  /** Whether nothing differs. */
  readonly isEqual: boolean;
  /** Nodes of the second graph only. */
  readonly addedNodes: Float64Array<SharedArrayBuffer>;
  /** Nodes of the first graph only. */
  readonly removedNodes: Float64Array<SharedArrayBuffer>;
  /** Number of nodes of both. */
  readonly keptNodeCount: number;
  /** Edges of the second graph only. */
  readonly addedEdges: DiffEdges;
  /** Edges of the first graph only, also those of removed nodes. */
  readonly removedEdges: DiffEdges;
  /** Edges of both with another weight; none unless both have weights. */
  readonly changedEdges: ReweightedEdges;
  /** Number of edges of both. */
  readonly keptEdgeCount: number;
  /** Nodes and edges of both, of those in either (the Jaccard index): 1 for equal graphs. */
  readonly similarity: number;
}

/** Parameters as the command line knows them. */
export const DIFF_PROJECTIONS_PARAMS: ParamSpecs<DiffProjectionsParams> = {
  after: { kind: "projection", doc: "the later graph" },
};

/**
 * Compares two graphs, or two states of one, node by node and edge by edge. Nodes are the same when their ids are. Edges are, when they
 * lead from one node to another and have one id, if both projections have edge ids; else parallel edges are told apart by their
 * order only. In undirected projections each edge counts once, from its smaller node. `diffGraphs` compares records.
 *
 * Progress counts links of both. O(n + m).
 *
 * @throws {InvalidArgumentError} when one is directed and the other is not, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const before = projectEdges({ from: [1, 2], to: [2, 3] });
 * const after = projectEdges({ from: [1], to: [2], nodeIds: [1, 2, 3, 4] });
 * const { addedNodes, removedEdges } = diffProjections(before, { after });
 * console.log([...addedNodes], removedEdges.count); // [4], 1
 * ```
 */
export const diffProjections: Algorithm<DiffProjectionsParams, ProjectionDiff> = defineForOneThread(
  import.meta.url,
  "diffProjections",
  (projection, params: DiffProjectionsParams, context) => {
    const { after } = checkParams(DIFF_PROJECTIONS_PARAMS, params, projection, "diffProjections");
    const other = checkProjection(after, "diffProjections", "after");
    checkSameKind(projection, other, "diffProjections", "after");
    const pace = new Pace(context, projection.out.targets.length + other.out.targets.length);
    const diff = compareProjections(projection, other, pace);
    pace.end();
    return diff;
  },
);

/** Compares two projections of the same kind. */
export function compareProjections(before: Projection, after: Projection, pace: Pace): ProjectionDiff {
  const comparison = new Comparison(before, after);
  const addedNodes: number[] = [];
  const removedNodes: number[] = [];
  let one = 0;
  let other = 0;
  let kept = 0;
  while (one < before.nodeCount || other < after.nodeCount) {
    const id = one < before.nodeCount ? before.nodeIds[one] as number : Infinity;
    const otherId = other < after.nodeCount ? after.nodeIds[other] as number : Infinity;
    if (id < otherId) {
      removedNodes.push(id);
      pace.step(comparison.compareRows(one++, -1), 1);
    } else if (otherId < id) {
      addedNodes.push(otherId);
      pace.step(comparison.compareRows(-1, other++), 1);
    } else {
      kept++;
      pace.step(comparison.compareRows(one++, other++), 1);
    }
  }
  const { added, removed, changed, keptEdgeCount } = comparison;
  const differing = addedNodes.length + removedNodes.length + added.count + removed.count;
  const same = kept + keptEdgeCount;
  return {
    isEqual: differing + changed.count === 0,
    addedNodes: numbers(addedNodes),
    removedNodes: numbers(removedNodes),
    keptNodeCount: kept,
    addedEdges: added.build(),
    removedEdges: removed.build(),
    changedEdges: { ...changed.build(), before: numbers(changed.before), after: numbers(changed.after) },
    keptEdgeCount,
    similarity: same + differing === 0 ? 1 : same / (same + differing),
  };
}

/** Compares the rows of nodes that are the same. */
class Comparison {
  readonly added: EdgeCollector;
  readonly removed: EdgeCollector;
  readonly changed: EdgeCollector;
  keptEdgeCount = 0;
  readonly #before: Projection;
  readonly #after: Projection;
  /** Ids of edges, where both sides know them. */
  readonly #beforeIds: Float64Array | undefined;
  readonly #afterIds: Float64Array | undefined;

  constructor(before: Projection, after: Projection) {
    this.#before = before;
    this.#after = after;
    const hasIds = before.out.edgeIds !== undefined && after.out.edgeIds !== undefined;
    this.#beforeIds = hasIds ? before.out.edgeIds : undefined;
    this.#afterIds = hasIds ? after.out.edgeIds : undefined;
    this.added = new EdgeCollector(hasIds);
    this.removed = new EdgeCollector(hasIds);
    this.changed = new EdgeCollector(hasIds);
  }

  /** Merges the rows of a node in both graphs, -1 where it is missing. Returns the number of their links. Hot. */
  compareRows(one: number, other: number): number {
    const { nodeIds, isUndirected, out: { offsets, targets, weights } } = this.#before;
    const { nodeIds: otherNodeIds, out: { offsets: otherOffsets, targets: otherTargets } } = this.#after;
    const ids = this.#beforeIds;
    const otherIds = this.#afterIds;
    let at = one < 0 ? 0 : offsets[one] as number;
    let otherAt = other < 0 ? 0 : otherOffsets[other] as number;
    const end = one < 0 ? 0 : offsets[one + 1] as number;
    const otherEnd = other < 0 ? 0 : otherOffsets[other + 1] as number;
    const links = end - at + otherEnd - otherAt;
    const id = one < 0 ? otherNodeIds[other] as number : nodeIds[one] as number;
    while (at < end || otherAt < otherEnd) {
      const target = at < end ? nodeIds[targets[at] as number] as number : Infinity;
      const otherTarget = otherAt < otherEnd ? otherNodeIds[otherTargets[otherAt] as number] as number : Infinity;
      const edge = ids !== undefined && at < end ? ids[at] as number : 0;
      const otherEdge = otherIds !== undefined && otherAt < otherEnd ? otherIds[otherAt] as number : 0;
      const isRemoved = target < otherTarget || target === otherTarget && edge < otherEdge;
      const isAdded = otherTarget < target || target === otherTarget && otherEdge < edge;
      // Each edge of an undirected graph is seen from its smaller node.
      const counts = !isUndirected || (target < otherTarget ? target : otherTarget) >= id;
      if (counts && isRemoved) this.removed.push(id, target, edge);
      if (counts && isAdded) this.added.push(id, otherTarget, otherEdge);
      if (counts && !isRemoved && !isAdded) {
        this.keptEdgeCount++;
        if (weights !== undefined) this.#compareWeights(id, target, edge, at, otherAt);
      }
      if (!isAdded) at++;
      if (!isRemoved) otherAt++;
    }
    return links;
  }

  #compareWeights(from: number, to: number, edge: number, at: number, otherAt: number): void {
    const weight = this.#before.out.weights?.[at];
    const otherWeight = this.#after.out.weights?.[otherAt];
    if (weight === undefined || otherWeight === undefined || weight === otherWeight) return;
    this.changed.push(from, to, edge);
    this.changed.before.push(weight);
    this.changed.after.push(otherWeight);
  }
}

/** Edges in arrays that grow. */
class EdgeCollector {
  readonly before: number[] = [];
  readonly after: number[] = [];
  count = 0;
  #from: Float64Array = new Float64Array(64);
  #to: Float64Array = new Float64Array(64);
  #ids: Float64Array | undefined;

  constructor(hasIds: boolean) {
    this.#ids = hasIds ? new Float64Array(64) : undefined;
  }

  push(from: number, to: number, id: number): void {
    const at = this.count++;
    if (at === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
      this.#ids = this.#ids && grown(this.#ids);
    }
    this.#from[at] = from;
    this.#to[at] = to;
    if (this.#ids !== undefined) this.#ids[at] = id;
  }

  build(): DiffEdges {
    const { count } = this;
    const edgeIds = this.#ids === undefined ? undefined : numbers(this.#ids.subarray(0, count));
    const [from, to] = [numbers(this.#from.subarray(0, count)), numbers(this.#to.subarray(0, count))];
    return { count, from, to, edgeIds };
  }
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}

function numbers(list: ArrayLike<number>): Float64Array<SharedArrayBuffer> {
  const shared = sharedNumbers(list.length);
  shared.set(list);
  return shared;
}
