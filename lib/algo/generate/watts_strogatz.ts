/** Small worlds. */

import { invalid } from "../params.ts";
import { Random } from "../random.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { PairSet } from "./pair_set.ts";
import { chanceParam, checkGeneratorParams, MAX_EDGES, nodeCountParam, SEED } from "./params.ts";

/** Parameters of `wattsStrogatz`. */
export interface WattsStrogatzParams {
  /** Number of nodes, above `neighbors`. */
  readonly nodes: number;
  /** Neighbours of each node in the ring, an even number: half of them on either side. */
  readonly neighbors: number;
  /** Chance that an edge gets another end. */
  readonly probability: number;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * A ring in which each node is joined to its nearest neighbours, and then some edges get another target, each as likely, to
 * which there is no edge yet (Watts, Strogatz, Collective dynamics of small-world networks, 1998). There are no self-loops and no
 * parallel edges. O(m), with few neighbours.
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function wattsStrogatz(params: WattsStrogatzParams): GeneratedGraph {
  const { nodes, neighbors, probability, seed } = checkGeneratorParams(
    {
      nodes: nodeCountParam(1),
      neighbors: { kind: "integer", min: 0, max: MAX_EDGES, doc: "neighbours of each node in the ring" },
      probability: chanceParam("chance that an edge gets another end"),
      seed: SEED,
    },
    params,
    CALL,
  );
  if (neighbors >= nodes || neighbors % 2 !== 0) {
    throw invalid(CALL, "neighbors", neighbors, `is ${neighbors}; it is even and below nodes, ${nodes}`);
  }
  const half = neighbors / 2;
  const count = nodes * half;
  if (count > MAX_EDGES) throw invalid(CALL, "neighbors", neighbors, `makes more than ${MAX_EDGES} edges`);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  const pairs = new PairSet(probability > 0 ? count + 1 : 0);
  for (let step = 1, edge = 0; step <= half; step++) {
    for (let node = 0; node < nodes; node++) {
      const target = (node + step) % nodes;
      from[edge] = node;
      to[edge++] = target;
      if (probability > 0) add(pairs, node, target);
    }
  }
  if (probability > 0) rewire(nodes, from, to, pairs, probability, new Random(seed));
  return new GeneratedGraph(nodes, from, to);
}

const CALL = "wattsStrogatz";

function rewire(
  nodes: number,
  from: Uint32Array,
  to: Uint32Array,
  pairs: PairSet,
  probability: number,
  random: Random,
): void {
  const degrees = new Uint32Array(nodes).fill(2 * from.length / nodes);
  for (let edge = 0; edge < from.length; edge++) {
    if (random.unit() >= probability) continue;
    const source = from[edge] as number;
    // A node that is joined to all others keeps its edges.
    if ((degrees[source] as number) >= nodes - 1) continue;
    const old = to[edge] as number;
    let target = random.below(nodes);
    while (target === source || !add(pairs, source, target)) target = random.below(nodes);
    pairs.delete(Math.min(source, old), Math.max(source, old));
    degrees[old] = (degrees[old] as number) - 1;
    degrees[target] = (degrees[target] as number) + 1;
    to[edge] = target;
  }
}

function add(pairs: PairSet, first: number, second: number): boolean {
  return pairs.add(Math.min(first, second), Math.max(first, second));
}
