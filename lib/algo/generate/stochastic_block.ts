/** Random graphs with communities. */

import { invalid } from "../params.ts";
import { Random } from "../random.ts";
import { EdgeList } from "./edge_list.ts";
import type { GeneratedGraph } from "./generated_graph.ts";
import { checkGeneratorParams, MAX_NODES, SEED } from "./params.ts";
import { Skips } from "./skips.ts";

/** Parameters of `stochasticBlock`. */
export interface StochasticBlockParams {
  /** Nodes of each block: the first block has the first indexes. */
  readonly sizes: readonly number[];
  /**
   * Chance of an edge from a node of one block to a node of another, or the same: `probabilities[from][to]`. Unless the graph is
   * directed, it is the same in both directions.
   */
  readonly probabilities: readonly (readonly number[])[];
  /** Whether an edge from one node to another and one back are two different edges. Default false. */
  readonly directed?: boolean | undefined;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * A graph of blocks, where the chance of an edge depends on the blocks of its ends (Holland, Laskey, Leinhardt, Stochastic
 * blockmodels, 1983). There are no self-loops and no parallel edges. O(n + m + blocks²).
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function stochasticBlock(params: StochasticBlockParams): GeneratedGraph {
  const { sizes, probabilities, directed, seed } = checkGeneratorParams(
    {
      sizes: { kind: "value", example: "[10,20]", doc: "nodes of each block" },
      probabilities: { kind: "value", example: "[[0.5,0.1],[0.1,0.5]]", doc: "chances of edges between blocks" },
      directed: { kind: "flag", default: false, doc: "edges there and back are different" },
      seed: SEED,
    },
    params,
    CALL,
  );
  checkBlocks(sizes, probabilities, directed);
  const random = new Random(seed);
  const list = new EdgeList(CALL, 0);
  const starts = [0];
  for (const size of sizes) starts.push(starts.at(-1) as number + size);
  const nodeCount = starts.at(-1) as number;
  if (nodeCount > MAX_NODES) throw invalid(CALL, "sizes", sizes, `make more than ${MAX_NODES} nodes`);
  for (let from = 0; from < sizes.length; from++) {
    for (let to = directed ? 0 : from; to < sizes.length; to++) {
      const skips = new Skips(random, probabilities[from]?.[to] as number);
      const [rows, columns] = [starts[from] as number, starts[to] as number];
      const [height, width] = [sizes[from] as number, sizes[to] as number];
      for (let cell = skips.after(-1); cell < height * width; cell = skips.after(cell)) {
        const row = Math.floor(cell / width);
        const column = cell - row * width;
        // In a block of its own, each pair of nodes is two cells, of which an undirected graph has one.
        if (from === to && (directed ? row === column : row >= column)) continue;
        list.add(rows + row, columns + column);
      }
    }
  }
  return list.graph(nodeCount);
}

const CALL = "stochasticBlock";

function checkBlocks(sizes: unknown, probabilities: unknown, isDirected: boolean): void {
  if (!Array.isArray(sizes) || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalid(CALL, "sizes", sizes, "is no array of integers from 0, one for each block");
  }
  const isSquare = Array.isArray(probabilities) && probabilities.length === sizes.length &&
    probabilities.every((row) => Array.isArray(row) && row.length === sizes.length && row.every(isChance));
  if (!isSquare) {
    throw invalid(CALL, "probabilities", probabilities, "is no square of numbers from 0 to 1, a row for each block");
  }
  const square = probabilities as number[][];
  if (isDirected || square.every((row, from) => row.every((chance, to) => chance === square[to]?.[from]))) return;
  throw invalid(CALL, "probabilities", probabilities, "differ by direction; give { directed: true } or the same ones");
}

function isChance(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}
