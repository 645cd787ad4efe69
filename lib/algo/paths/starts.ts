/** Where searches start, and which way they go. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { invalid, type ParamSpecs } from "../params.ts";

/** Where a search starts. */
export interface StartParams {
  /** The node that it starts from; this or `starts`. */
  readonly start?: NodeId | undefined;
  /** Nodes that it starts from at once: each node belongs to the nearest of them. */
  readonly starts?: readonly NodeId[] | undefined;
}

/** What `StartParams` takes. */
export const START_PARAMS: ParamSpecs<StartParams> = {
  start: { kind: "node", doc: "node that the search starts from", optional: true },
  starts: { kind: "nodes", doc: "nodes that the search starts from at once, in place of `start`", optional: true },
};

/** Which way edges are followed. */
export interface DirectionParams {
  /** `out`, the default, follows edges, `in` follows them backwards; the same in undirected projections. */
  readonly direction?: "out" | "in" | undefined;
}

/** What `DirectionParams` takes. */
export const DIRECTION_PARAMS: ParamSpecs<DirectionParams> = {
  direction: {
    kind: "choice",
    doc: "whether edges are followed or followed backwards",
    options: ["out", "in"],
    default: "out",
  },
};

/** Two nodes that paths connect. */
export interface PairParams {
  /** The first node of the path. */
  readonly from: NodeId;
  /** The last node of the path. */
  readonly to: NodeId;
}

/** What `PairParams` takes. */
export const PAIR_PARAMS: ParamSpecs<PairParams> = {
  from: { kind: "node", doc: "first node of the path" },
  to: { kind: "node", doc: "last node of the path" },
};

/** Dense indexes of the nodes to start from, each once, ascending. @throws {InvalidArgumentError} without any, or with both */
export function startIndexes(projection: Projection, { start, starts }: StartParams, call: string): number[] {
  if ((start === undefined) === (starts === undefined)) {
    throw invalid(call, "start", start, "and `starts`: give one of them");
  }
  if (starts?.length === 0) throw invalid(call, "starts", starts, "is empty; give at least one node");
  const indexes = (starts ?? [start as NodeId]).map((id) => projection.indexOf(id));
  return [...new Set(indexes)].sort((a, b) => a - b);
}

/** The links that a direction follows. */
export function linksOf(projection: Projection, direction: string): Adjacency {
  return direction === "in" ? projection.in : projection.out;
}
