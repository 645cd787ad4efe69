/** Random graphs in which all edges are alike. */

import { invalid } from "../params.ts";
import { Random } from "../random.ts";
import { EdgeList } from "./edge_list.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { PairSet } from "./pair_set.ts";
import { chanceParam, checkGeneratorParams, MAX_EDGES, nodeCountParam, SEED } from "./params.ts";
import { Skips } from "./skips.ts";

/** Parameters of `erdosRenyi`: `edges` or `probability`. */
export interface ErdosRenyiParams {
  /** Number of nodes. */
  readonly nodes: number;
  /** Number of edges: G(n, m). */
  readonly edges?: number | undefined;
  /** Chance of each edge: G(n, p). */
  readonly probability?: number | undefined;
  /** Whether an edge from one node to another and one back are two different edges. Default false. */
  readonly directed?: boolean | undefined;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/** From this share of all possible edges on, all are looked at. */
const DENSE = 1 / 4;

/**
 * A random graph without self-loops and parallel edges: with a number of edges, each set of them as likely (Erdős, Rényi, On
 * random graphs I, 1959), or each edge with a chance (Gilbert, Random graphs, 1959). Undirected edges go from the smaller index to
 * the larger one. O(n + m).
 *
 * @throws {InvalidArgumentError} for bad parameters, both or none of `edges` and `probability`, and more edges than there can be
 */
export function erdosRenyi(params: ErdosRenyiParams): GeneratedGraph {
  const { nodes, edges, probability, directed, seed } = checkGeneratorParams<ErdosRenyiParams, "edges" | "probability">(
    {
      nodes: nodeCountParam(),
      edges: { kind: "integer", min: 0, max: MAX_EDGES, optional: true, doc: "number of edges" },
      probability: { ...chanceParam("chance of each edge"), optional: true },
      directed: { kind: "flag", default: false, doc: "edges there and back are different" },
      seed: SEED,
    },
    params,
    CALL,
  );
  if ((edges === undefined) === (probability === undefined)) {
    throw invalid(CALL, "edges", edges, "or `probability`: give one of them");
  }
  const random = new Random(seed);
  const possible = directed ? nodes * (nodes - 1) : nodes * (nodes - 1) / 2;
  if (edges === undefined) return withChance(nodes, possible, directed, probability as number, random);
  if (edges > possible) throw invalid(CALL, "edges", edges, `is ${edges}; ${nodes} nodes have at most ${possible}`);
  return edges > possible * DENSE
    ? selected(nodes, possible, directed, edges, random)
    : drawn(nodes, directed, edges, random);
}

const CALL = "erdosRenyi";

function withChance(
  nodes: number,
  possible: number,
  isDirected: boolean,
  chance: number,
  random: Random,
): GeneratedGraph {
  const list = new EdgeList(CALL, possible * chance * 1.01);
  const skips = new Skips(random, chance);
  // The row of a node holds the pairs that it is the first of, in the order of the second.
  let row = 0;
  let rowStart = 0;
  for (let pair = skips.after(-1); pair < possible; pair = skips.after(pair)) {
    while (pair - rowStart >= rowLength(row, nodes, isDirected)) rowStart += rowLength(row++, nodes, isDirected);
    list.add(row, secondOf(row, pair - rowStart, isDirected));
  }
  return list.graph(nodes);
}

/** Goes over all pairs and chooses from them (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S). */
function selected(
  nodes: number,
  possible: number,
  isDirected: boolean,
  edges: number,
  random: Random,
): GeneratedGraph {
  const list = new EdgeList(CALL, edges);
  let wanted = edges;
  let left = possible;
  for (let row = 0; row < nodes && wanted > 0; row++) {
    const length = rowLength(row, nodes, isDirected);
    for (let at = 0; at < length; at++) {
      if (random.unit() * left < wanted) {
        list.add(row, secondOf(row, at, isDirected));
        wanted--;
      }
      left--;
    }
  }
  return list.graph(nodes);
}

/** Draws pairs until there are enough different ones. */
function drawn(nodes: number, isDirected: boolean, edges: number, random: Random): GeneratedGraph {
  const pairs = new PairSet(edges);
  const from = new Uint32Array(edges);
  const to = new Uint32Array(edges);
  for (let count = 0; count < edges;) {
    const first = random.below(nodes);
    const second = random.below(nodes);
    const [source, target] = isDirected || first < second ? [first, second] : [second, first];
    if (source === target || !pairs.add(source, target)) continue;
    from[count] = source;
    to[count++] = target;
  }
  return new GeneratedGraph(nodes, from, to);
}

function rowLength(row: number, nodes: number, isDirected: boolean): number {
  return isDirected ? nodes - 1 : nodes - 1 - row;
}

function secondOf(row: number, at: number, isDirected: boolean): number {
  return isDirected && at < row ? at : isDirected ? at + 1 : row + 1 + at;
}
