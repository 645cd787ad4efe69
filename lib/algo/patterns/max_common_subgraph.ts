/** The largest part that two graphs have in common. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { checkExactSize, type LinkMatrix, linkMatrix } from "./link_matrix.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with. */
export interface MaxCommonSubgraphParams {
  /** The other graph. */
  readonly other: OtherProjection;
  /** Pairs of nodes that are tried before it gives up; default 10,000,000. */
  readonly maxSteps?: number | undefined;
}

/** What two graphs have in common. */
export interface CommonSubgraph {
  /** Number of nodes in common. */
  readonly size: number;
  /** Nodes of the first graph, ascending. */
  readonly nodeIds: readonly NodeId[];
  /** The node of the other graph for each of them. */
  readonly images: readonly NodeId[];
  /** `size` of the nodes of the larger graph (Bunke, Shearer 1998): 1 for isomorphic graphs, and for two without nodes. */
  readonly similarity: number;
  /** Whether nothing larger exists; false when `maxSteps` ended the search. */
  readonly isExact: boolean;
}

/** Parameters as the command line knows them. */
export const MAX_COMMON_SUBGRAPH_PARAMS: ParamSpecs<MaxCommonSubgraphParams> = {
  other: { kind: "projection", doc: "the other graph" },
  maxSteps: { kind: "number", doc: "pairs of nodes that are tried before it gives up", default: 10_000_000, min: 0 },
};

/**
 * Finds the largest set of nodes of one graph that looks like one of the other graph: with the same links between them, and as many
 * (maximum common induced subgraph). It need not be connected. Weights do not count.
 *
 * Progress counts pairs that were tried. Exponential; for graphs of up to 256 nodes, of which some tens are solved in seconds.
 * McCreesh, Prosser, Trimble, A partitioning algorithm for maximum common subgraph problems (McSplit), 2017.
 *
 * @throws {InvalidArgumentError} for larger graphs, when one is directed and the other is not, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const square = projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 4, 1], undirected: true });
 * const path = projectEdges({ from: [1, 2, 3], to: [2, 3, 4], undirected: true });
 * console.log(maxCommonSubgraph(square, { other: path }).size); // 3
 * ```
 */
export const maxCommonSubgraph: Algorithm<MaxCommonSubgraphParams, CommonSubgraph> = defineForOneThread(
  import.meta.url,
  "maxCommonSubgraph",
  (projection, params: MaxCommonSubgraphParams, context) => {
    const { other, maxSteps } = checkParams(MAX_COMMON_SUBGRAPH_PARAMS, params, projection, "maxCommonSubgraph");
    const image = checkProjection(other, "maxCommonSubgraph", "other");
    checkSameKind(projection, image, "maxCommonSubgraph", "other");
    checkExactSize(projection, image, "maxCommonSubgraph");
    const pace = new Pace(context);
    const found = commonSubgraph(projection, image, maxSteps, pace);
    pace.end();
    return found;
  },
);

/** The largest common part of small graphs of the same kind. */
export function commonSubgraph(one: Projection, other: Projection, maxSteps: number, pace: Pace): CommonSubgraph {
  const search = new CommonSearch(linkMatrix(one), linkMatrix(other), maxSteps, pace);
  search.run();
  const pairs = search.best.toSorted(([a], [b]) => a - b);
  const larger = Math.max(one.nodeCount, other.nodeCount);
  return {
    size: pairs.length,
    nodeIds: pairs.map(([node]) => one.nodeIds[node] as number),
    images: pairs.map(([, node]) => other.nodeIds[node] as number),
    similarity: larger === 0 ? 1 : pairs.length / larger,
    isExact: search.steps <= maxSteps,
  };
}

/** Nodes of both graphs that have the same links to all pairs so far. */
interface Cell {
  readonly ones: number[];
  readonly others: number[];
}

class CommonSearch {
  best: (readonly [number, number])[] = [];
  steps = 0;
  readonly #one: LinkMatrix;
  readonly #other: LinkMatrix;
  readonly #maxSteps: number;
  readonly #pace: Pace;
  readonly #pairs: (readonly [number, number])[] = [];

  constructor(one: LinkMatrix, other: LinkMatrix, maxSteps: number, pace: Pace) {
    this.#one = one;
    this.#other = other;
    this.#maxSteps = maxSteps;
    this.#pace = pace;
  }

  run(): void {
    // Only nodes with equally many self-loops can be pairs.
    const cells = new Map<number, Cell>();
    for (const [side, { size, counts }] of [["ones", this.#one], ["others", this.#other]] as const) {
      for (let node = 0; node < size; node++) {
        const loops = counts[node * size + node] as number;
        const cell = cells.get(loops) ?? { ones: [], others: [] };
        cells.set(loops, cell);
        cell[side].push(node);
      }
    }
    this.#extend([...cells.values()].filter(isUseful));
  }

  /** Tries all ways to go on. Its depth is at most the number of nodes, which is small. */
  #extend(cells: Cell[]): void {
    if (this.#pairs.length > this.best.length) this.best = this.#pairs.slice();
    for (let left = cells; left.length > 0;) {
      const bound = left.reduce(
        (sum, { ones, others }) => sum + Math.min(ones.length, others.length),
        this.#pairs.length,
      );
      if (bound <= this.best.length || this.steps > this.#maxSteps) return;
      const cell = smallest(left);
      // All nodes of all cells are looked at for each pair.
      const work = left.reduce((sum, { ones, others }) => sum + ones.length + others.length, 0);
      const node = this.#mostLinked(cell.ones);
      for (const other of cell.others) {
        if (++this.steps > this.#maxSteps) return;
        this.#pace.step(1, work);
        this.#pairs.push([node, other]);
        this.#extend(this.#split(left, node, other));
        this.#pairs.pop();
      }
      // Now without that node.
      const rest = { ones: cell.ones.filter((one) => one !== node), others: cell.others };
      left = left.map((one) => one === cell ? rest : one).filter(isUseful);
    }
  }

  /** Splits cells by the links to and from a new pair. */
  #split(cells: readonly Cell[], node: number, other: number): Cell[] {
    const parts: Cell[] = [];
    for (const { ones, others } of cells) {
      const byLinks = new Map<number, Cell>();
      for (const one of ones) {
        if (one !== node) partOf(byLinks, linksBetween(this.#one, node, one)).ones.push(one);
      }
      for (const one of others) {
        if (one !== other) partOf(byLinks, linksBetween(this.#other, other, one)).others.push(one);
      }
      for (const part of byLinks.values()) if (isUseful(part)) parts.push(part);
    }
    return parts;
  }

  #mostLinked(nodes: readonly number[]): number {
    const { degrees } = this.#one;
    return nodes.reduce((best, node) => (degrees[node] as number) > (degrees[best] as number) ? node : best);
  }
}

function partOf(parts: Map<number, Cell>, key: number): Cell {
  const part = parts.get(key) ?? { ones: [], others: [] };
  parts.set(key, part);
  return part;
}

/** Links from one node to another one and back, as one number. */
function linksBetween({ size, counts }: LinkMatrix, from: number, to: number): number {
  return (counts[from * size + to] as number) * 0x400_0000 + (counts[to * size + from] as number);
}

function isUseful({ ones, others }: Cell): boolean {
  return ones.length > 0 && others.length > 0;
}

function smallest(cells: readonly Cell[]): Cell {
  const sizeOf = ({ ones, others }: Cell): number => Math.max(ones.length, others.length);
  return cells.reduce((best, cell) => sizeOf(cell) < sizeOf(best) ? cell : best);
}
