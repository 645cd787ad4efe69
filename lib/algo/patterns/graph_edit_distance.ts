/** How many changes make one graph of another one. */

import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { checkExactSize, type LinkMatrix, linkMatrix } from "./link_matrix.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with. */
export interface GraphEditDistanceParams {
  /** The other graph. */
  readonly other: OtherProjection;
  /** Pairs of nodes that are tried before it gives up; default 10,000,000. */
  readonly maxSteps?: number | undefined;
}

/** How far two graphs are apart. */
export interface EditDistance {
  /** The fewest changes that were found. */
  readonly distance: number;
  /** No fewer changes suffice; the same as `distance` when that is exact. */
  readonly lowerBound: number;
  /** Whether no fewer changes suffice; false when `maxSteps` ended the search. */
  readonly isExact: boolean;
}

/** Parameters as the command line knows them. */
export const GRAPH_EDIT_DISTANCE_PARAMS: ParamSpecs<GraphEditDistanceParams> = {
  other: { kind: "projection", doc: "the other graph" },
  maxSteps: { kind: "number", doc: "pairs of nodes that are tried before it gives up", default: 10_000_000, min: 0 },
};

/**
 * Counts the changes that make one graph look like another one: adding or removing a node without edges, or an edge, counts 1 each.
 * Names of nodes and weights do not count; parallel edges and self-loops do.
 *
 * Progress counts pairs that were tried. Exponential; for graphs of up to 256 nodes, of which about ten are solved in seconds.
 * Depth-first branch and bound after Abu-Aisheh et al., An exact graph edit distance algorithm for solving pattern recognition
 * problems, 2015.
 *
 * @throws {InvalidArgumentError} for larger graphs, when one is directed and the other is not, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const square = projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 4, 1], undirected: true });
 * const path = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
 * console.log(graphEditDistance(square, { other: path }).distance); // 3: a node and two edges
 * ```
 */
export const graphEditDistance: Algorithm<GraphEditDistanceParams, EditDistance> = defineForOneThread(
  import.meta.url,
  "graphEditDistance",
  (projection, params: GraphEditDistanceParams, context) => {
    const { other, maxSteps } = checkParams(GRAPH_EDIT_DISTANCE_PARAMS, params, projection, "graphEditDistance");
    const image = checkProjection(other, "graphEditDistance", "other");
    checkSameKind(projection, image, "graphEditDistance", "other");
    checkExactSize(projection, image, "graphEditDistance");
    const pace = new Pace(context);
    const found = editDistance(projection, image, maxSteps, pace);
    pace.end();
    return found;
  },
);

/** The distance of small graphs of the same kind. */
export function editDistance(one: Projection, other: Projection, maxSteps: number, pace: Pace): EditDistance {
  const [smaller, larger] = one.nodeCount <= other.nodeCount ? [one, other] : [other, one];
  return new EditSearch(smaller, larger, maxSteps, pace).run();
}

/**
 * Gives each node of the smaller graph an image in the larger one: leaving one without never saves a change. Depth-first, cheapest
 * images first, without recursion.
 */
class EditSearch {
  readonly #one: LinkMatrix;
  readonly #other: LinkMatrix;
  readonly #isUndirected: boolean;
  readonly #maxSteps: number;
  readonly #pace: Pace;
  /** Nodes of the smaller graph in the order in which they get images: those with most links first. */
  readonly #order: readonly number[];
  readonly #images: Int32Array;
  readonly #isUsed: Uint8Array;
  /** Edges of both graphs that are not between nodes with images, or images. */
  #edgesLeft: number;
  #otherEdgesLeft: number;
  #cost: number;
  #best = Infinity;
  #steps = 0;

  constructor(smaller: Projection, larger: Projection, maxSteps: number, pace: Pace) {
    const one = linkMatrix(smaller);
    this.#one = one;
    this.#other = linkMatrix(larger);
    this.#isUndirected = smaller.isUndirected;
    this.#maxSteps = maxSteps;
    this.#pace = pace;
    this.#order = Array.from({ length: one.size }, (_, node) => node)
      .sort((a, b) => (one.degrees[b] as number) - (one.degrees[a] as number) || a - b);
    this.#images = new Int32Array(one.size).fill(-1);
    this.#isUsed = new Uint8Array(larger.nodeCount);
    this.#edgesLeft = smaller.edgeCount;
    this.#otherEdgesLeft = larger.edgeCount;
    this.#cost = larger.nodeCount - smaller.nodeCount;
  }

  run(): EditDistance {
    const lowerBound = this.#bound();
    const depth = this.#order.length;
    // For each node with an image, what else it could be.
    const choices: number[][] = [];
    const next: number[] = [];
    for (;;) {
      const level = choices.length;
      if (level === depth) this.#best = Math.min(this.#best, this.#bound());
      // Without an image for each node there is no answer at all: the first one is always found.
      const isTooLong = this.#steps > this.#maxSteps && this.#best < Infinity;
      if (level < depth && this.#bound() < this.#best && !isTooLong) {
        choices.push(this.#choices(this.#order[level] as number));
        next.push(0);
      } else if (level === 0) {
        break;
      } else {
        this.#undo(this.#order[level - 1] as number);
      }
      // On to the next choice of the deepest node that has one left.
      while (choices.length > 0) {
        const at = choices.length - 1;
        const left = choices[at] as number[];
        const which = next[at] as number;
        if (which < left.length && !(this.#steps > this.#maxSteps && this.#best < Infinity)) {
          next[at] = which + 1;
          this.#assign(this.#order[at] as number, left[which] as number);
          break;
        }
        choices.pop();
        next.pop();
        if (at > 0) this.#undo(this.#order[at - 1] as number);
      }
      if (choices.length === 0) break;
    }
    const isExact = this.#steps <= this.#maxSteps;
    return { distance: this.#best, lowerBound: isExact ? this.#best : lowerBound, isExact };
  }

  /** No way to go on costs less. With images for all nodes: the cost, as the edges left are to be added. */
  #bound(): number {
    return this.#cost + Math.abs(this.#edgesLeft - this.#otherEdgesLeft);
  }

  /** Free nodes of the larger graph, cheapest first. */
  #choices(node: number): number[] {
    const costs = new Map<number, number>();
    for (let image = 0; image < this.#other.size; image++) {
      if (this.#isUsed[image] === 1) continue;
      costs.set(image, this.#difference(node, image).cost);
      this.#steps++;
      this.#pace.step(1, this.#order.length);
    }
    return [...costs.keys()].sort((a, b) => (costs.get(a) as number) - (costs.get(b) as number) || a - b);
  }

  #assign(node: number, image: number): void {
    const { cost, edges, otherEdges } = this.#difference(node, image);
    this.#images[node] = image;
    this.#isUsed[image] = 1;
    this.#cost += cost;
    this.#edgesLeft -= edges;
    this.#otherEdgesLeft -= otherEdges;
  }

  #undo(node: number): void {
    const image = this.#images[node] as number;
    this.#images[node] = -1;
    this.#isUsed[image] = 0;
    const { cost, edges, otherEdges } = this.#difference(node, image);
    this.#cost -= cost;
    this.#edgesLeft += edges;
    this.#otherEdgesLeft += otherEdges;
  }

  /** Edges between a node and those with images, the same of its image, and how many of them must be added or removed. */
  #difference(node: number, image: number): { cost: number; edges: number; otherEdges: number } {
    const { size, counts } = this.#one;
    const { size: otherSize, counts: otherCounts } = this.#other;
    let edges = counts[node * size + node] as number;
    let otherEdges = otherCounts[image * otherSize + image] as number;
    let cost = Math.abs(edges - otherEdges);
    for (let at = 0; at < this.#order.length; at++) {
      const matched = this.#order[at] as number;
      const matchedImage = this.#images[matched] as number;
      if (matchedImage < 0 || matched === node) continue;
      const out = counts[node * size + matched] as number;
      const otherOut = otherCounts[image * otherSize + matchedImage] as number;
      edges += out;
      otherEdges += otherOut;
      cost += Math.abs(out - otherOut);
      if (this.#isUndirected) continue;
      const entering = counts[matched * size + node] as number;
      const otherEntering = otherCounts[matchedImage * otherSize + image] as number;
      edges += entering;
      otherEdges += otherEntering;
      cost += Math.abs(entering - otherEntering);
    }
    return { cost, edges, otherEdges };
  }
}
