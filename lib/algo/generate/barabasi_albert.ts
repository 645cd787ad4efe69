/** Graphs that grow by preferring nodes with many edges. */

import { invalid } from "../params.ts";
import { Random } from "../random.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { checkGeneratorParams, MAX_EDGES, nodeCountParam, SEED } from "./params.ts";

/** Parameters of `barabasiAlbert`. */
export interface BarabasiAlbertParams {
  /** Number of nodes, above `edgesPerNode`. */
  readonly nodes: number;
  /** Edges that each new node comes with. */
  readonly edgesPerNode: number;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/**
 * A graph whose degrees follow a power law (Barabási, Albert, Emergence of scaling in random networks, 1999). It begins as a
 * star of `edgesPerNode` + 1 nodes; each new node gets edges to as many different older ones, drawn by their degree. Edges go
 * from the newer to the older node; there are no self-loops and no parallel edges. O(m), with a few edges for each node.
 *
 * @throws {InvalidArgumentError} for bad parameters
 */
export function barabasiAlbert(params: BarabasiAlbertParams): GeneratedGraph {
  const { nodes, edgesPerNode, seed } = checkGeneratorParams(
    {
      nodes: nodeCountParam(2),
      edgesPerNode: { kind: "integer", min: 1, max: MAX_EDGES, doc: "edges that each new node comes with" },
      seed: SEED,
    },
    params,
    CALL,
  );
  if (edgesPerNode >= nodes) {
    throw invalid(CALL, "edgesPerNode", edgesPerNode, `is ${edgesPerNode}; it is below nodes, ${nodes}`);
  }
  const count = edgesPerNode * (nodes - edgesPerNode);
  if (count > MAX_EDGES) throw invalid(CALL, "edgesPerNode", edgesPerNode, `makes more than ${MAX_EDGES} edges`);
  const random = new Random(seed);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  // The newest node that is a neighbour of each one.
  const chosenBy = new Uint32Array(nodes);
  for (let node = edgesPerNode, edge = 0; node < nodes; node++) {
    // A node occurs among the ends of the edges so far as often as its degree says.
    const ends = 2 * edge;
    for (let own = 0; own < edgesPerNode;) {
      const target = ends === 0 ? own : endOf(from, to, random.below(ends));
      if (chosenBy[target] === node) continue;
      chosenBy[target] = node;
      from[edge] = node;
      to[edge++] = target;
      own++;
    }
  }
  return new GeneratedGraph(nodes, from, to);
}

const CALL = "barabasiAlbert";

function endOf(from: Uint32Array, to: Uint32Array, end: number): number {
  return ((end & 1) === 0 ? from : to)[end >>> 1] as number;
}
