/** What can flow from one node to another, and what stands in its way. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, lookUp, type TaskContext } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { Pace } from "../pace.ts";
import { crossing } from "./crossing.ts";
import { type EdgeTable, edgeTable } from "./edge_table.ts";
import { type Capacities, type FlowNetwork, reaching } from "./flow_network.ts";
import { PushRelabel } from "./push_relabel.ts";
import {
  capacitiesOf,
  CAPACITY,
  type CapacityParams,
  idsMarked,
  networkOf,
  type TerminalParams,
  TERMINALS,
  terminalsOf,
} from "./terminals.ts";

/** Parameters of `maxFlow` and `minCut`. */
export interface FlowParams extends TerminalParams, CapacityParams {}

/** Their descriptions. */
export const FLOW_PARAMS: ParamSpecs<FlowParams> = { ...TERMINALS, capacity: CAPACITY };

/** A flow. */
export interface Flow {
  /** How much flows. */
  readonly value: number;
  /** The edges through which something flows, and how much, in the direction in which it flows. */
  readonly edges: EdgeTable;
}

/** Edges that separate two nodes. */
export interface Cut {
  /** Sum of the edges' capacities. */
  readonly value: number;
  /** The edges that lead from the source's side to the sink's side, with their capacities. */
  readonly edges: EdgeTable;
  /** Nodes on the side of the source, ascending. */
  readonly sourceSide: Float64Array<SharedArrayBuffer>;
  /** All other nodes, ascending. */
  readonly sinkSide: Float64Array<SharedArrayBuffer>;
}

/**
 * The most that can flow from the source to the sink when no more flows through an edge than its capacity, and what comes to any
 * other node leaves it again. Of several such flows it is always the same one; it may go round in circles. In an undirected
 * projection an edge may be used either way. Parallel edges have a capacity each; nothing flows through self-loops. Capacities
 * that are no integers may be off by rounding. Progress counts arcs that were looked at; how many that will be is not known.
 *
 * Push-relabel, O(n² √m), in practice close to linear. Goldberg, Tarjan, A new approach to the maximum-flow problem, 1988;
 * Cherkassky, Goldberg, On implementing the push-relabel method for the maximum flow problem, 1997.
 *
 * @throws {InvalidArgumentError} for bad parameters, when source and sink are one node, when a weight is negative, and for
 * `capacity: "weight"` without weights
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const pipes = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4], weights: [3, 2, 2, 3] });
 * console.log(maxFlow(pipes, { source: 1, sink: 4 }).value); // 4
 * ```
 */
export const maxFlow: Algorithm<FlowParams, Flow> = defineAlgorithm(
  import.meta.url,
  "maxFlow",
  (projection, params: FlowParams, context): Flow => {
    const { network, capacities, from, to, preflow, pace } = pushed(projection, params, context, "maxFlow");
    const { value } = crossing(projection, unreaching(network, to, pace), capacities, pace);
    preflow.settle(from, to);
    const edges = usedEdges(projection, network, capacities, pace);
    pace.end();
    return { value, edges };
  },
);

/**
 * The edges with the smallest sum of capacities without which nothing flows from the source to the sink. The sum is what `maxFlow`
 * returns. Of several such cuts it is the one with the fewest nodes on the side of the sink: those from which more could flow to
 * it. Directions, parallel edges, self-loops and progress are as in `maxFlow`; edges of capacity 0 that lead from side to side are
 * among the edges.
 *
 * Half of push-relabel. Ford, Fulkerson, Maximal flow through a network, 1956; Cherkassky, Goldberg 1997.
 *
 * @throws {InvalidArgumentError} for bad parameters, when source and sink are one node, when a weight is negative, and for
 * `capacity: "weight"` without weights
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const minCut: Algorithm<FlowParams, Cut> = defineAlgorithm(
  import.meta.url,
  "minCut",
  (projection, params: FlowParams, context): Cut => {
    const { network, capacities, to, pace } = pushed(projection, params, context, "minCut");
    const isSource = unreaching(network, to, pace);
    const cut = crossing(projection, isSource, capacities, pace);
    pace.end();
    return {
      ...cut,
      sourceSide: idsMarked(projection, isSource, 1),
      sinkSide: idsMarked(projection, isSource, 0),
    };
  },
);

/** A network in which all has flowed to the sink that can. */
function pushed(projection: Projection, params: FlowParams, context: TaskContext, call: string): {
  readonly network: FlowNetwork;
  readonly capacities: Capacities;
  readonly from: number;
  readonly to: number;
  readonly preflow: PushRelabel;
  readonly pace: Pace;
} {
  const checked = checkParams(FLOW_PARAMS, params, projection, call);
  const { from, to } = terminalsOf(projection, checked, call);
  const capacities = capacitiesOf(projection, checked.capacity, call);
  const pace = new Pace(context);
  const network = networkOf(projection, capacities, pace);
  const preflow = new PushRelabel(network, pace);
  preflow.flood(from, to);
  return { network, capacities, from, to, preflow, pace };
}

/** Marks nodes from which nothing can flow to a node any more. */
function unreaching(network: FlowNetwork, sink: number, pace: Pace): Uint8Array {
  const marks = reaching(network, sink, pace);
  for (let node = 0; node < marks.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    marks[node] = 1 - (marks[node] as number);
  }
  return marks;
}

/** The edges with a flow in their direction. */
function usedEdges(
  projection: Projection,
  { residuals, shifts }: FlowNetwork,
  capacities: Capacities,
  pace: Pace,
): EdgeTable {
  const { offsets, targets } = projection.out;
  const rows: number[] = [];
  const links: number[] = [];
  const values: number[] = [];
  for (let node = 0; node < projection.nodeCount; node++) {
    const shift = shifts === undefined ? 0 : shifts[node] as number;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const capacity = typeof capacities === "number" ? capacities : capacities[link] as number;
      const flow = capacity - (residuals[link + shift] as number);
      if (!(flow > 0) || targets[link] === node) continue;
      rows.push(node);
      links.push(link);
      values.push(flow);
    }
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return edgeTable(projection, rows, links, values);
}
