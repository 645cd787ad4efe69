/** Colours nodes one after the other. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeValues } from "../define.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import { Pace } from "../pace.ts";
import { requireUndirected } from "../require.ts";
import type { Rows } from "../structure/rows.ts";
import { orderByDegree, smallestLastOrder } from "./coloring_order.ts";

/** Parameters of `greedyColoring`. */
export interface GreedyColoringParams {
  /**
   * Which nodes are coloured first: `smallest-last` (the default), those that are left when the nodes with the fewest neighbours
   * are taken away one by one; `largest-first`, those with the most neighbours; `id`, those with the smallest ids; `given`, as
   * `nodes` says.
   */
  readonly order?: "smallest-last" | "largest-first" | "id" | "given" | undefined;
  /** All nodes, in the order in which they are coloured; for `order: "given"`. */
  readonly nodes?: readonly number[] | undefined;
}

/** Their descriptions. */
export const GREEDY_COLORING_PARAMS: ParamSpecs<GreedyColoringParams> = {
  order: {
    kind: "choice",
    options: ["smallest-last", "largest-first", "id", "given"],
    default: "smallest-last",
    doc: "which nodes are coloured first",
  },
  nodes: {
    kind: "nodes",
    optional: true,
    doc: "all nodes in the order in which they are coloured, for the order given",
  },
};

/** Colours of nodes. */
export interface Coloring {
  /** Number of colours. */
  readonly count: number;
  /** Colour of each node: integers from 0. */
  readonly colors: NodeValues;
}

/**
 * Gives nodes colours, so that no edge joins two of one colour: each node gets the first colour that none of its neighbours has.
 * Self-loops do not count, parallel edges change nothing. There are at most as many colours as the largest number of neighbours
 * plus 1; with `smallest-last`, as the largest core number plus 1. Progress counts nodes and links, twice with `smallest-last`.
 *
 * O(n + m). Welsh, Powell, An upper bound for the chromatic number of a graph, 1967; Matula, Beck, Smallest-last ordering and
 * clustering and graph coloring algorithms, 1983.
 *
 * @throws {InvalidArgumentError} for a directed projection, for bad parameters, and when `nodes` does not name each node once
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const greedyColoring: Algorithm<GreedyColoringParams, Coloring> = defineAlgorithm(
  import.meta.url,
  "greedyColoring",
  (projection, params: GreedyColoringParams, context): Coloring => {
    const checked = checkParams<GreedyColoringParams, "nodes">(
      GREEDY_COLORING_PARAMS,
      params,
      projection,
      CALL,
    );
    requireUndirected(projection, CALL);
    const passes = checked.order === "smallest-last" ? 2 : 1;
    const pace = new Pace(context, passes * (projection.nodeCount + projection.out.targets.length));
    const order = orderOf(projection, checked.order, checked.nodes, pace);
    const colors = new Int32Array(new SharedArrayBuffer(4 * projection.nodeCount));
    const count = colorInOrder(projection.out, order, colors, pace);
    pace.end();
    return { count, colors: NodeValues.of(projection, colors) };
  },
);

const CALL = "greedyColoring";

function orderOf(
  projection: Projection,
  order: "smallest-last" | "largest-first" | "id" | "given",
  nodes: readonly number[] | undefined,
  pace: Pace,
): Uint32Array {
  if ((order === "given") !== (nodes !== undefined)) {
    throw invalid(CALL, "nodes", nodes, `and order go together: order is "${order}"`);
  }
  if (order === "smallest-last") return smallestLastOrder(projection.out, pace);
  if (order === "largest-first") return orderByDegree(projection.out, false, pace);
  const indexes = new Uint32Array(projection.nodeCount);
  if (nodes === undefined) {
    for (let node = 0; node < indexes.length; node++) indexes[node] = node;
    return indexes;
  }
  const isNamed = new Uint8Array(projection.nodeCount);
  for (const [at, id] of nodes.entries()) {
    const node = projection.indexOf(id);
    if (isNamed[node] === 1) {
      throw invalid(CALL, `nodes[${at}]`, id, `is ${id}, which is there already; name each once`);
    }
    isNamed[node] = 1;
    indexes[at] = node;
  }
  if (nodes.length === indexes.length) return indexes;
  throw invalid(CALL, "nodes", nodes, `has ${nodes.length} of ${indexes.length} nodes; name all`);
}

/** Gives each node the first colour that no neighbour has, in an order. Returns the number of colours. */
function colorInOrder({ offsets, targets }: Rows, order: Uint32Array, colors: Int32Array, pace: Pace): number {
  colors.fill(-1);
  // The place in the order, plus 1, of the last node that could not have each colour.
  const takenAt = new Uint32Array(order.length + 1);
  let count = 0;
  for (let at = 0; at < order.length; at++) {
    const node = order[at] as number;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const color = colors[targets[link] as number] as number;
      if (color >= 0) takenAt[color] = at + 1;
    }
    let color = 0;
    while (takenAt[color] === at + 1) color++;
    colors[node] = color;
    if (color >= count) count = color + 1;
    pace.step(1 + end - (offsets[node] as number));
  }
  return count;
}
