/** Sums over the distances between nodes. */

import type { Projection } from "../../backend/projection.ts";
import type { TaskContext } from "../define.ts";
import { CostCounts } from "./cost_counts.ts";
import { checkWeights } from "./link_weights.ts";
import { type HopSums, hopSums } from "./many_sources.ts";
import { SAMPLE_PARAMS, sampledNodes, type SampleParams, withLinks } from "./sampled_nodes.ts";
import { addSources, type SourceSearch } from "./source_sums.ts";
import type { ParamSpecs } from "../params.ts";

/** Which distances count. */
export interface DistanceParams extends SampleParams {
  /** Distances of paths that lead to a node (`in`, the default) or away from it (`out`); the same in undirected projections. */
  readonly direction?: "in" | "out" | undefined;
  /** True: weights are lengths, above 0; the projection must have them. Default false: each edge has the length 1. */
  readonly weighted?: boolean | undefined;
}

/** What `DistanceParams` takes. */
export const DISTANCE_PARAMS: ParamSpecs<DistanceParams> = {
  direction: {
    kind: "choice",
    doc: "distances of paths that lead to a node or away from it",
    options: ["in", "out"],
    default: "in",
  },
  ...SAMPLE_PARAMS,
  weighted: { kind: "flag", doc: "weights are lengths", default: false },
};

/** Distances to all nodes from some. */
export interface DistanceSums extends HopSums {
  /** Number of other nodes from which each node may have been reached: all, or those that were drawn. */
  readonly asked: (node: number) => number;
}

/** Sums of values of distances. For all threads of a run together; the same for any number of them. */
export function distanceSums(
  context: TaskContext,
  projection: Projection,
  { direction, samples, seed, weighted }: {
    readonly direction: string;
    readonly samples: number | undefined;
    readonly seed: number;
    readonly weighted: boolean;
  },
  call: string,
  valueOf: (distance: number) => number,
): DistanceSums {
  if (weighted) checkWeights(projection, call, context, false);
  const { nodeCount } = projection;
  const isForward = direction === "in";
  const links = isForward ? projection.out : projection.in;
  const chosen = sampledNodes(projection, samples, seed);
  const sources = withLinks(links, chosen);
  context.total(sources.length);
  let isChosen: Uint8Array | undefined;
  if (chosen.length < nodeCount) {
    isChosen = new Uint8Array(nodeCount);
    for (let at = 0; at < chosen.length; at++) isChosen[chosen[at] as number] = 1;
  }
  const asked = (node: number): number => chosen.length - (isChosen === undefined || isChosen[node] === 1 ? 1 : 0);
  if (!weighted) return { ...sumsOf(hopSums(context, projection, sources, isForward, valueOf)), asked };
  const sums = new Float64Array(context.sharedBuffer(8 * nodeCount));
  const hits = new Uint32Array(context.sharedBuffer(4 * nodeCount));
  const counts = new CostCounts(links, links.weights, () => context.throwIfAborted());
  addSources(context, sources, new DistanceSearch(counts, valueOf), sums, hits);
  return { sums, hits, asked };
}

function sumsOf({ sums, hits }: HopSums): HopSums {
  return { sums, hits };
}

/** Values of the lengths of shortest paths from one node. */
class DistanceSearch implements SourceSearch {
  readonly order: Int32Array;
  readonly found: Float64Array;
  readonly #counts: CostCounts;
  readonly #valueOf: (distance: number) => number;

  constructor(counts: CostCounts, valueOf: (distance: number) => number) {
    this.#counts = counts;
    this.#valueOf = valueOf;
    this.order = counts.order;
    this.found = new Float64Array(this.order.length);
  }

  run(source: number): number {
    const reached = this.#counts.search(source);
    const distances = this.#counts.distances;
    for (let at = 0; at < reached; at++) this.found[at] = this.#valueOf(distances[this.order[at] as number] as number);
    return reached;
  }
}
