/** How alike two nodes are, by the neighbors that they have in common. */

import type { Projection } from "../../backend/projection.ts";
import { ParallelRange, type TaskContext } from "../define.ts";
import type { ParamSpec } from "../params.ts";
import { type NeighborRows, neighborRows } from "./neighbor_rows.ts";

/**
 * What is made of the neighbors A and B of two nodes. `jaccard`: |A ∩ B| / |A ∪ B| (Jaccard 1901). `overlap`: |A ∩ B| / min(|A|,
 * |B|). `cosine`: |A ∩ B| / √(|A| |B|) (Salton, McGill 1983). `commonNeighbors`: |A ∩ B|. `adamicAdar`: the sum of 1 / ln d over
 * the common neighbors, where d is the number of nodes that have them as a neighbor (Adamic, Adar 2003). `resourceAllocation`: the
 * sum of 1 / d (Zhou, Lü, Zhang 2009). `preferentialAttachment`: |A| |B| (Barabási, Albert 1999).
 */
export type SimilarityMeasure =
  | "jaccard"
  | "overlap"
  | "cosine"
  | "commonNeighbors"
  | "adamicAdar"
  | "resourceAllocation"
  | "preferentialAttachment";

/** What `measure` takes. */
export function measureParam(fallback: SimilarityMeasure): ParamSpec {
  return {
    kind: "choice",
    default: fallback,
    options: [
      "jaccard",
      "overlap",
      "cosine",
      "commonNeighbors",
      "adamicAdar",
      "resourceAllocation",
      "preferentialAttachment",
    ],
    doc: "what is made of the neighbors of two nodes",
  };
}

/** Score of two nodes of which the numbers of neighbors, and the sum of the shares of the common ones, are known. */
export function scoreOf(measure: SimilarityMeasure, common: number, first: number, second: number): number {
  switch (measure) {
    case "jaccard":
      return common === 0 ? 0 : common / (first + second - common);
    case "overlap":
      return common === 0 ? 0 : common / Math.min(first, second);
    case "cosine":
      return common === 0 ? 0 : common / Math.sqrt(first * second);
    case "preferentialAttachment":
      return first * second;
    default:
      return common;
  }
}

/**
 * What each node adds as a common neighbor of two others, from the rows of the nodes that have it as a neighbor; undefined when
 * each adds 1. For all threads of a run together. O(n).
 */
export function neighborShares(
  measure: SimilarityMeasure,
  { offsets }: NeighborRows,
  context: TaskContext,
): Float64Array | undefined {
  if (measure !== "adamicAdar" && measure !== "resourceAllocation") return undefined;
  const isAdamicAdar = measure === "adamicAdar";
  const shares = new Float64Array(context.sharedBuffer(8 * (offsets.length - 1)));
  const nodes = new ParallelRange(context, shares.length);
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) {
      const degree = (offsets[node + 1] as number) - (offsets[node] as number);
      // A node that only one other has as a neighbor is common to that one and itself: 1 / ln 1 is left out.
      if (degree > 1) shares[node] = isAdamicAdar ? 1 / Math.log(degree) : 1 / degree;
      else if (!isAdamicAdar && degree === 1) shares[node] = 1;
    }
  }
  return shares;
}

/** The nodes that have each node as a neighbor, given the neighbors. For all threads of a run together. */
export function enteringRows(projection: Projection, rows: NeighborRows, context: TaskContext): NeighborRows {
  return projection.isUndirected ? rows : neighborRows(projection.in, context);
}

/** Sum of the shares of two nodes' common neighbors, which are added in ascending order. Hot. */
export function commonOf(
  { offsets, targets }: NeighborRows,
  shares: Float64Array | undefined,
  first: number,
  second: number,
): number {
  let a = offsets[first] as number;
  let b = offsets[second] as number;
  const endOfA = offsets[first + 1] as number;
  const endOfB = offsets[second + 1] as number;
  let sum = 0;
  while (a < endOfA && b < endOfB) {
    const targetOfA = targets[a] as number;
    const targetOfB = targets[b] as number;
    if (targetOfA === targetOfB) sum += shares === undefined ? 1 : shares[targetOfA] as number;
    if (targetOfA <= targetOfB) a++;
    if (targetOfB <= targetOfA) b++;
  }
  return sum;
}
