/** What flow algorithms have in common: two nodes, capacities, sides. */

import type { Projection } from "../../projection/mod.ts";
import { lookUp } from "../define.ts";
import type { Pace } from "../pace.ts";
import { type ChoiceParam, invalid, type NodeParam } from "../params.ts";
import { requireWeights } from "../require.ts";
import { type Capacities, directedNetwork, type FlowNetwork, undirectedNetwork } from "./flow_network.ts";

/** Where it flows from and to. */
export interface TerminalParams {
  /** Node that it flows from. */
  readonly source: number;
  /** Another node, that it flows to. */
  readonly sink: number;
}

/** What limits the flow. */
export interface CapacityParams {
  /**
   * What flows through an edge at most: its `weight`, `one`, or `auto`, the default: its weight if the projection has weights, else
   * one.
   */
  readonly capacity?: "auto" | "weight" | "one" | undefined;
}

/** Descriptions of the two nodes. */
export const TERMINALS: { readonly source: NodeParam; readonly sink: NodeParam } = {
  source: { kind: "node", doc: "node that it flows from" },
  sink: { kind: "node", doc: "node that it flows to" },
};

/** Description of what limits the flow. */
export const CAPACITY: ChoiceParam = {
  kind: "choice",
  options: ["auto", "weight", "one"],
  default: "auto",
  doc: "what flows through an edge at most: its weight, one, or its weight if there is one",
};

/** Dense indexes of the two nodes. @throws {InvalidArgumentError} when they are the same */
export function terminalsOf(
  projection: Projection,
  { source, sink }: TerminalParams,
  call: string,
): { readonly from: number; readonly to: number } {
  if (source === sink) throw invalid(call, "sink", sink, `is ${sink}, which is the source too; give another node`);
  return { from: projection.indexOf(source), to: projection.indexOf(sink) };
}

/** Capacities of links. @throws {InvalidArgumentError} when there is none, or a negative one */
export function capacitiesOf(projection: Projection, capacity: "auto" | "weight" | "one", call: string): Capacities {
  if (capacity === "one" || (capacity === "auto" && !projection.hasWeights)) return 1;
  const weights = requireWeights(projection, call);
  for (let link = 0; link < weights.length; link++) {
    if ((link & 262_143) === 0) lookUp();
    if ((weights[link] as number) >= 0) continue;
    throw invalid(call, "projection", weights[link], `has the weight ${weights[link]}; capacities are not negative`);
  }
  return weights;
}

/** The network of a projection. */
export function networkOf(projection: Projection, capacities: Capacities, pace: Pace): FlowNetwork {
  return projection.isUndirected
    ? undirectedNetwork(projection.out, capacities, pace)
    : directedNetwork(projection.out, capacities, pace);
}

/** Ids of the nodes with a mark, ascending. */
export function idsMarked(projection: Projection, marks: Uint8Array, mark: number): Float64Array<SharedArrayBuffer> {
  lookUp();
  let count = 0;
  for (let node = 0; node < marks.length; node++) if (marks[node] === mark) count++;
  const ids = new Float64Array(new SharedArrayBuffer(8 * count));
  let next = 0;
  for (let node = 0; node < marks.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    if (marks[node] === mark) ids[next++] = projection.nodeIds[node] as number;
  }
  return ids;
}
