/** How important nodes are to somebody who walks along edges at random. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../backend/projection.ts";
import { show } from "../../backend/validate.ts";
import { type Algorithm, defineAlgorithm, type TaskContext } from "../define.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import { gather, type GatherLinks, gatherLinks, gatherNarrow } from "./gather.ts";
import { isSmall, type IterationParams, iterationParams } from "./iteration.ts";
import { checkWeights, WEIGHTED, type WeightedParams } from "./link_weights.ts";
import { NodePasses } from "./node_passes.ts";
import { NodeScores } from "./node_scores.ts";
import { ShortRows } from "./short_rows.ts";

/** Parameters of `pageRank`. */
export interface PageRankParams extends IterationParams, WeightedParams {
  /** Chance of following an edge; otherwise the walker jumps. Default 0.85. */
  readonly damping?: number | undefined;
  /** Nodes that the walker jumps to, each as likely: ranks are then those near these nodes. Default: all nodes. */
  readonly starts?: readonly NodeId[] | undefined;
  /** How likely each of `starts` is, in any unit. Default: all alike. */
  readonly startWeights?: readonly number[] | undefined;
}

/** What `pageRank` takes. */
export const PAGE_RANK_PARAMS: ParamSpecs<PageRankParams> = {
  damping: { kind: "number", doc: "chance of following an edge", default: 0.85, min: 0, below: 1 },
  starts: { kind: "nodes", doc: "nodes that the walker jumps to; by default all", optional: true },
  startWeights: { kind: "value", doc: "how likely each of `starts` is", example: "[1, 2]", optional: true },
  weighted: WEIGHTED,
  ...iterationParams(1e-6, 100),
};

/** With more nodes than this, values of 8 bytes do not fit into the cache of a core. */
const SMALL_NODES = 1 << 17;
/**
 * Parts of a pass over a large graph. Measured on a Kronecker graph of scale 20: 7 passes until one changes 1e-4, 12 until one changes
 * 1e-6; 10 and 16 with one part.
 */
const LARGE_PARTS = 16;
/** Passes carry 8 bytes after one that changed less than this. */
const MIN_NARROW_CHANGE = 1e-7;

/**
 * PageRank: how often somebody comes by who follows edges at random, and now and then jumps to a node at random. The ranks of all
 * nodes sum up to 1. Edges count in their direction, each edge out of a node is as likely, or as likely as its weight says; parallel
 * edges count each, a self-loop leads back. From a node without edges out (or with weights of 0 only) the walker jumps.
 *
 * With `starts` the walker jumps to these nodes only (personalised PageRank). Equal to `networkx.pagerank`, but for rounding and the
 * tolerance, which networkx multiplies by the number of nodes.
 *
 * Each pass moves all walkers once. In graphs of more than 131,072 nodes it takes the nodes in 16 parts, one after the other, so that later
 * ones see what earlier ones changed (Gauss and Seidel): that needs fewer passes for the same tolerance. There, without weights, passes
 * that change more than 1e-7 carry numbers of 4 bytes; what that rounds off, less than 6e-8 of all ranks together, later passes correct.
 *
 * Threads share one run; the ranks are the same for any number of them. Progress counts nodes, in large graphs twice for each pass.
 *
 * O(n + m) for each pass, 16 to 36 bytes for each node. Reads links against their direction: those of a directed projection are made
 * when they are first needed. Page, Brin, Motwani, Winograd, The PageRank citation ranking: bringing order to the Web, 1999; parts:
 * Arasu, Novak, Tomkins, Tomlin, PageRank computation and the structure of the Web, 2002.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and negative ones
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const ranks = pageRank(projectEdges({ from: [1, 2, 3], to: [2, 3, 2] }));
 * console.log(ranks.top(1), ranks.isConverged); // [{ nodeId: 2, value: 0.48... }] true
 * ```
 */
export const pageRank: Algorithm<PageRankParams, NodeScores> = defineAlgorithm(
  import.meta.url,
  "pageRank",
  (projection, params: PageRankParams, context) => {
    const { damping, weighted, tolerance, maxIterations, starts, startWeights } = checkParams<
      PageRankParams,
      "starts" | "startWeights"
    >(PAGE_RANK_PARAMS, params, projection, "pageRank");
    const jumps = jumpChances(projection, starts, startWeights);
    if (weighted) checkWeights(projection, "pageRank", context);
    const passes = projection.nodeCount > SMALL_NODES ? 2 * maxIterations + 3 : maxIterations + 1;
    context.total(passes * projection.nodeCount);
    const walk = new Walk(projection, { damping, weighted, jumps }, context);
    let iterations = 0;
    let change = projection.nodeCount === 0 ? 0 : Infinity;
    while (iterations < maxIterations && !isSmall(change, tolerance)) {
      change = walk.step(change);
      iterations++;
    }
    return NodeScores.of(projection, walk.shares(), { iterations, change, isConverged: isSmall(change, tolerance) });
  },
);

/** Chance of jumping to each node; undefined: all alike. */
function jumpChances(
  projection: Projection,
  starts: readonly NodeId[] | undefined,
  startWeights: unknown,
): Float64Array | undefined {
  if (starts === undefined) {
    if (startWeights === undefined) return undefined;
    throw invalid("pageRank", "startWeights", startWeights, "needs `starts`; give both");
  }
  if (starts.length === 0) throw invalid("pageRank", "starts", starts, "is empty; give at least one node");
  const weights = startWeights ?? starts.map(() => 1);
  if (!Array.isArray(weights) || weights.length !== starts.length) {
    throw invalid("pageRank", "startWeights", weights, "is no array as long as `starts`; give a number for each");
  }
  let sum = 0;
  for (const weight of weights as unknown[]) {
    if (typeof weight === "number" && weight >= 0 && weight < Infinity) sum += weight;
    else throw invalid("pageRank", "startWeights", weight, `contains ${show(weight)}; give numbers from 0`);
  }
  if (!(sum > 0 && sum < Infinity)) throw invalid("pageRank", "startWeights", weights, `has the sum ${sum}`);
  const jumps = new Float64Array(projection.nodeCount);
  for (const [at, start] of starts.entries()) {
    const index = projection.indexOf(start);
    jumps[index] = (jumps[index] as number) + (weights[at] as number) / sum;
  }
  return jumps;
}

/** Sums of a pass. */
const CHANGE = 0;
const STRANDED = 1;
const SUM = 2;

/** Walkers on all nodes at once. */
class Walk {
  /** Walkers at each node. */
  readonly #scores: Float64Array<SharedArrayBuffer>;
  /** Number of walkers. Later parts that see what earlier ones changed make it drift away from 1, where it begins. */
  #all = 1;
  readonly #damping: number;
  readonly #jumps: Float64Array | undefined;
  readonly #parts: readonly NodePasses[];
  readonly #links: GatherLinks;
  /** Where the rows of the links out of each node begin: their lengths are the nodes' degrees. */
  readonly #outOffsets: Uint32Array;
  /** Sum of the weights of the links out of each node. */
  readonly #outWeights: Float64Array<SharedArrayBuffer> | undefined;
  /** The same by length: in graphs of one part, without weights. */
  readonly #rows: ShortRows | undefined;
  /** What each node gives to each link, or weight of 1. */
  #wide: Float64Array<SharedArrayBuffer>;
  /** In graphs of one part: where a pass writes what it will be, while others still read what it is. */
  #spare: Float64Array<SharedArrayBuffer> | undefined;
  /** The same memory in numbers of 4 bytes. */
  readonly #narrow: Float32Array<SharedArrayBuffer>;
  readonly #sums: Float64Array;
  #isNarrow: boolean;
  /** Walkers at nodes without a way out, of each part. */
  readonly #stranded: number[];

  constructor(
    projection: Projection,
    { damping, weighted, jumps }: {
      readonly damping: number;
      readonly weighted: boolean;
      readonly jumps: Float64Array | undefined;
    },
    context: TaskContext,
  ) {
    const { nodeCount, out } = projection;
    const isLarge = nodeCount > SMALL_NODES;
    this.#damping = damping;
    this.#jumps = jumps;
    const parts = isLarge ? LARGE_PARTS : 1;
    this.#parts = Array.from({ length: parts }, (_, part) => {
      const first = Math.floor(nodeCount * part / parts);
      const behind = Math.floor(nodeCount * (part + 1) / parts);
      return new NodePasses(context, projection, 3, { first, behind });
    });
    this.#links = gatherLinks(projection.in, weighted ? projection.in.weights : undefined);
    this.#outOffsets = out.offsets;
    this.#outWeights = weighted ? new Float64Array(context.sharedBuffer(8 * nodeCount)) : undefined;
    this.#scores = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const given = context.sharedBuffer(8 * nodeCount);
    this.#wide = new Float64Array(given);
    this.#narrow = new Float32Array(given, 0, nodeCount);
    this.#isNarrow = isLarge && !weighted;
    const { chunkSize } = this.#parts[0] as NodePasses;
    this.#sums = new Float64Array(chunkSize);
    this.#rows = isLarge || weighted ? undefined : new ShortRows(context, this.#links, nodeCount, chunkSize);
    this.#spare = isLarge ? undefined : new Float64Array(context.sharedBuffer(8 * nodeCount));
    this.#stranded = this.#parts.map((passes) => {
      while (passes.next()) {
        for (let node = passes.start; node < passes.end; node++) this.#scores[node] = jumps?.[node] ?? 1 / nodeCount;
        if (this.#outWeights !== undefined) addWeights(projection, this.#outWeights, passes.start, passes.end);
        this.#rows?.sort(passes.start, passes.end);
        passes.put(STRANDED, this.#give(this.#wide, passes.start, passes.end));
      }
      return passes.sum(STRANDED);
    });
  }

  /**
   * Moves all walkers; returns how much that changed their shares. How many jump follows from how many there are. (If it followed
   * from 1, their number would come back to 1 as slowly as damping allows.) For all threads together.
   */
  step(lastChange: number): number {
    return this.#spare === undefined ? this.#stepInParts(lastChange) : this.#stepAtOnce(this.#spare);
  }

  #stepAtOnce(spare: Float64Array<SharedArrayBuffer>): number {
    const passes = this.#parts[0] as NodePasses;
    const given = this.#wide;
    const jump = 1 - this.#damping + this.#damping * (this.#stranded[0] as number);
    while (passes.next()) {
      const { start, end } = passes;
      if (this.#rows === undefined) gather(this.#links, given, start, end, this.#sums);
      else this.#rows.gather(given, start, end, this.#sums);
      passes.put(CHANGE, this.#arrive(jump, start, end));
      passes.put(STRANDED, this.#give(spare, start, end));
    }
    this.#wide = spare;
    this.#spare = given;
    this.#stranded[0] = passes.sum(STRANDED);
    return passes.sum(CHANGE);
  }

  #stepInParts(lastChange: number): number {
    if (this.#isNarrow && lastChange < MIN_NARROW_CHANGE) {
      this.#isNarrow = false;
      for (const passes of this.#parts) while (passes.next()) this.#give(this.#wide, passes.start, passes.end);
    }
    let change = 0;
    let sum = 0;
    for (const [part, passes] of this.#parts.entries()) {
      const stranded = this.#stranded.reduce((sum, share) => sum + share, 0);
      const jump = (1 - this.#damping) * this.#all + this.#damping * stranded;
      while (passes.next()) {
        const { start, end } = passes;
        if (this.#isNarrow) gatherNarrow(this.#links, this.#narrow, start, end, this.#sums);
        else gather(this.#links, this.#wide, start, end, this.#sums);
        passes.put(CHANGE, this.#arrive(jump, start, end));
        passes.put(SUM, sumOf(this.#scores, start, end));
      }
      change += passes.sum(CHANGE);
      sum += passes.sum(SUM);
      // Only now nobody reads what the nodes of this part gave before.
      while (passes.next()) passes.put(STRANDED, this.#give(this.#wide, passes.start, passes.end));
      this.#stranded[part] = passes.sum(STRANDED);
    }
    const share = change / this.#all;
    this.#all = sum;
    return share;
  }

  /** Share of the walkers at each node. For all threads together, after the last step. */
  shares(): Float64Array<SharedArrayBuffer> {
    const scores = this.#scores;
    const all = this.#all;
    if (all === 1) return scores;
    for (const passes of this.#parts) {
      while (passes.next()) {
        for (let node = passes.start; node < passes.end; node++) scores[node] = (scores[node] as number) / all;
      }
    }
    return scores;
  }

  /** Sets the walkers at nodes to those that came along links and by jumps; returns how much that changed them. */
  #arrive(jump: number, start: number, end: number): number {
    const scores = this.#scores;
    const sums = this.#sums;
    const jumps = this.#jumps;
    const damping = this.#damping;
    const uniform = jump / scores.length;
    let change = 0;
    for (let node = start; node < end; node++) {
      const jumped = jumps === undefined ? uniform : jump * (jumps[node] as number);
      const score = jumped + damping * (sums[node - start] as number);
      change += Math.abs(score - (scores[node] as number));
      scores[node] = score;
    }
    return change;
  }

  /** Divides the walkers at nodes among the links out of them; returns how many are at those that have none. */
  #give(wide: Float64Array, start: number, end: number): number {
    const scores = this.#scores;
    const offsets = this.#outOffsets;
    const outWeights = this.#outWeights;
    const narrow = this.#narrow;
    const isNarrow = this.#isNarrow;
    let stranded = 0;
    for (let node = start; node < end; node++) {
      const score = scores[node] as number;
      const weight = outWeights === undefined
        ? (offsets[node + 1] as number) - (offsets[node] as number)
        : outWeights[node] as number;
      if (weight === 0) stranded += score;
      const given = weight === 0 ? 0 : score / weight;
      if (isNarrow) narrow[node] = given;
      else wide[node] = given;
    }
    return stranded;
  }
}

function sumOf(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += values[at] as number;
  return sum;
}

/** Sums up the weights of the links out of nodes. */
function addWeights({ out }: Projection, sums: Float64Array, start: number, end: number): void {
  const weights = out.weights as Float64Array;
  for (let node = start; node < end; node++) {
    const stop = out.offsets[node + 1] as number;
    let sum = 0;
    for (let at = out.offsets[node] as number; at < stop; at++) sum += weights[at] as number;
    sums[node] = sum;
  }
}
