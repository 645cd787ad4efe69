/** Where values of untrusted sources can go. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, lookUp } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type NumberParam, type ParamSpec, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import type { Rows } from "../structure/rows.ts";

/** Parameters of `propagateTaintForward`. */
export interface TaintForwardParams {
  /** The nodes whose values are not to be trusted. */
  readonly sources: ArrayLike<NodeId>;
  /** The nodes that such values must not come to; default none. */
  readonly sinks?: ArrayLike<NodeId> | undefined;
  /** The nodes that make values safe: taint goes neither into them nor through them; default none. */
  readonly sanitizers?: ArrayLike<NodeId> | undefined;
  /** Most flows that are listed; default 10,000. */
  readonly maxFlows?: number | undefined;
}

/** Parameters of `propagateTaintBackward`. */
export interface TaintBackwardParams {
  /** The nodes that untrusted values must not come to. */
  readonly sinks: ArrayLike<NodeId>;
  /** The nodes whose values are not to be trusted; default none. */
  readonly sources?: ArrayLike<NodeId> | undefined;
  /** The nodes that make values safe: taint goes neither into them nor through them; default none. */
  readonly sanitizers?: ArrayLike<NodeId> | undefined;
  /** Most flows that are listed; default 10,000. */
  readonly maxFlows?: number | undefined;
}

const SOURCES = { kind: "nodes", doc: "nodes whose values are not to be trusted" } as const satisfies ParamSpec;
const SINKS = { kind: "nodes", doc: "nodes that such values must not come to" } as const satisfies ParamSpec;
/** What taint cannot pass. */
export const SANITIZERS: ParamSpec = { kind: "nodes", optional: true, doc: "nodes that make values safe" };
const MAX_FLOWS: NumberParam = { kind: "integer", default: 10_000, min: 0, doc: "most flows that are listed" };

/** Parameters of `propagateTaintForward`. */
export const TAINT_FORWARD_PARAMS: ParamSpecs<TaintForwardParams> = {
  sources: SOURCES,
  sinks: { ...SINKS, optional: true },
  sanitizers: SANITIZERS,
  maxFlows: MAX_FLOWS,
};

/** Parameters of `propagateTaintBackward`. */
export const TAINT_BACKWARD_PARAMS: ParamSpecs<TaintBackwardParams> = {
  sinks: SINKS,
  sources: { ...SOURCES, optional: true },
  sanitizers: SANITIZERS,
  maxFlows: MAX_FLOWS,
};

/** A way from a source to a sink that passes no sanitizer. */
export interface TaintFlow {
  /** Where it begins. */
  readonly source: NodeId;
  /** Where it ends. */
  readonly sink: NodeId;
  /** Its nodes, from the source to the sink. */
  readonly path: NodeId[];
}

/** What was found. All lists are in ascending ids. */
export interface TaintResult {
  /** Forward: the nodes that taint of a source comes to. Backward: those from which it would come to a sink. */
  readonly tainted: NodeId[];
  /** The sources from which taint comes to a sink. */
  readonly sources: NodeId[];
  /** The sinks that taint of a source comes to. */
  readonly sinks: NodeId[];
  /** The sanitizers that stop it: an edge leads from a tainted node to them (backward: from them to a tainted one). */
  readonly stoppedBy: NodeId[];
  /**
   * One flow for each source and each sink that it comes to, by source, then sink. Its path is a shortest one, of several the one
   * whose first nodes have the smallest ids.
   */
  readonly flows: TaintFlow[];
  /** Whether `flows` has them all: false when there are more than `maxFlows`. */
  readonly isComplete: boolean;
}

/**
 * Follows taint from sources along the edges of the projection: choose those that carry values by their types. A source is
 * tainted, unless it is a sanitizer; a source that is a sink as well is a flow of one node.
 *
 * Parallel edges and self-loops change nothing. Progress counts links that are looked at.
 *
 * O(n + m) for what is tainted; O(n + m) at worst for each source from which taint comes to a sink. Breadth-first search; as in
 * Arzt et al., FlowDroid, 2014, without its contexts.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const values = projectEdges({ from: [1, 2, 1, 4], to: [2, 3, 4, 3] });
 * const { flows } = propagateTaintForward(values, { sources: [1], sinks: [3], sanitizers: [2] });
 * console.log(flows); // [{ source: 1, sink: 3, path: [1, 4, 3] }]
 * ```
 */
export const propagateTaintForward: Algorithm<TaintForwardParams, TaintResult> = defineForOneThread(
  import.meta.url,
  "propagateTaintForward",
  (projection, params: TaintForwardParams, context) => {
    const { sources, sinks, sanitizers, maxFlows } = checkParams<TaintForwardParams, "sinks" | "sanitizers">(
      TAINT_FORWARD_PARAMS,
      params,
      projection,
      "propagateTaintForward",
    );
    const marks = marksOf(projection, sources, sinks, sanitizers);
    return analyse(projection, marks, "forward", maxFlows, new Pace(context));
  },
);

/**
 * Follows edges back from sinks: which nodes, and which of the given sources, taint could come from. As `propagateTaintForward`
 * otherwise.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 */
export const propagateTaintBackward: Algorithm<TaintBackwardParams, TaintResult> = defineForOneThread(
  import.meta.url,
  "propagateTaintBackward",
  (projection, params: TaintBackwardParams, context) => {
    const { sources, sinks, sanitizers, maxFlows } = checkParams<TaintBackwardParams, "sources" | "sanitizers">(
      TAINT_BACKWARD_PARAMS,
      params,
      projection,
      "propagateTaintBackward",
    );
    const marks = marksOf(projection, sources, sinks, sanitizers);
    return analyse(projection, marks, "backward", maxFlows, new Pace(context));
  },
);

/** What nodes are, by dense index. */
interface Marks {
  readonly isSource: Uint8Array;
  readonly isSink: Uint8Array;
  readonly isSanitizer: Uint8Array;
}

function marksOf(
  projection: Projection,
  sources: ArrayLike<NodeId> | undefined,
  sinks: ArrayLike<NodeId> | undefined,
  sanitizers: ArrayLike<NodeId> | undefined,
): Marks {
  const isSanitizer = marked(projection, sanitizers);
  const unless = (nodes: Uint8Array): Uint8Array => {
    for (let node = 0; node < nodes.length; node++) {
      if ((node & 65_535) === 0) lookUp();
      nodes[node] = (nodes[node] as number) & ~(isSanitizer[node] as number);
    }
    return nodes;
  };
  return {
    isSource: unless(marked(projection, sources)),
    isSink: unless(marked(projection, sinks)),
    isSanitizer,
  };
}

/** Marks nodes that are given by id. */
export function marked(projection: Projection, nodes: ArrayLike<NodeId> | undefined): Uint8Array {
  const marks = new Uint8Array(projection.nodeCount);
  for (let at = 0; at < (nodes?.length ?? 0); at++) marks[projection.indexOf(nodes?.[at] as number)] = 1;
  return marks;
}

function analyse(
  projection: Projection,
  marks: Marks,
  direction: "forward" | "backward",
  maxFlows: number,
  pace: Pace,
): TaintResult {
  const { isSource, isSink, isSanitizer } = marks;
  const { nodeCount } = projection;
  const queue = new Uint32Array(nodeCount);
  const tainted = reach(projection.out, isSource, isSanitizer, queue, pace);
  const leading = reach(projection.in, isSink, isSanitizer, queue, pace);
  let sinkCount = 0;
  for (let node = 0; node < nodeCount; node++) if (isSink[node] === 1 && tainted[node] === 1) sinkCount++;
  const { flows, isComplete } = flowsOf(projection, marks, leading, sinkCount, maxFlows, queue, pace);
  const listed = (test: (node: number) => boolean): NodeId[] => {
    const ids: NodeId[] = [];
    for (let node = 0; node < nodeCount; node++) {
      if (test(node)) ids.push(projection.nodeId(node));
      pace.step(0, 1);
    }
    return ids;
  };
  const wanted = direction === "forward" ? tainted : leading;
  const found: TaintResult = {
    tainted: listed((node) => wanted[node] === 1),
    sources: listed((node) => isSource[node] === 1 && leading[node] === 1),
    sinks: listed((node) => isSink[node] === 1 && tainted[node] === 1),
    stoppedBy: listed((node) => isSanitizer[node] === 1 && wanted[node] === 2),
    flows,
    isComplete,
  };
  pace.end();
  return found;
}

/** Marks what can be reached with 1, and nodes that are not entered, but could be, with 2. */
function reach(
  { offsets, targets }: Rows,
  isStart: Uint8Array,
  isClosed: Uint8Array,
  queue: Uint32Array,
  pace: Pace,
): Uint8Array {
  const reached = isStart.slice();
  let count = 0;
  for (let node = 0; node < isStart.length; node++) if (isStart[node] === 1) queue[count++] = node;
  for (let next = 0; next < count; next++) {
    const node = queue[next] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (reached[target] !== 0) continue;
      if (isClosed[target] === 1) {
        reached[target] = 2;
      } else {
        reached[target] = 1;
        queue[count++] = target;
      }
    }
    pace.step(end - (offsets[node] as number), 1);
  }
  return reached;
}

/** A shortest way from each source to each of the `sinkCount` tainted sinks: a search a source, among nodes that lead to one. */
function flowsOf(
  { out: { offsets, targets }, nodeCount, nodeIds }: Projection,
  { isSource, isSink }: Marks,
  leading: Uint8Array,
  sinkCount: number,
  maxFlows: number,
  queue: Uint32Array,
  pace: Pace,
): Pick<TaintResult, "flows" | "isComplete"> {
  const flows: TaintFlow[] = [];
  const before = new Int32Array(nodeCount);
  // The search that met each node last, from 1.
  const searches = new Uint32Array(nodeCount);
  let search = 0;
  for (let source = 0; source < nodeCount; source++) {
    if (isSource[source] === 0 || leading[source] !== 1) continue;
    search++;
    searches[source] = search;
    before[source] = -1;
    queue[0] = source;
    let count = 1;
    const sinks: number[] = [];
    for (let next = 0; next < count && sinks.length < sinkCount; next++) {
      const node = queue[next] as number;
      if (isSink[node] === 1) sinks.push(node);
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        if (leading[target] !== 1 || searches[target] === search) continue;
        searches[target] = search;
        before[target] = node;
        queue[count++] = target;
      }
      pace.step(end - (offsets[node] as number), 1);
    }
    for (const sink of sinks.sort((a, b) => a - b)) {
      if (flows.length === maxFlows) return { flows, isComplete: false };
      const path: NodeId[] = [];
      for (let node = sink; node >= 0; node = before[node] as number) path.push(nodeIds[node] as number);
      pace.step(0, path.length);
      path.reverse();
      flows.push({ source: nodeIds[source] as number, sink: nodeIds[sink] as number, path });
    }
  }
  return { flows, isComplete: true };
}
