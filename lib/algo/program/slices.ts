/** Parts of a program that affect a place, or that it affects. */

import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex } from "../../projection/node_index.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import type { ControlDependences } from "./control_dependence.ts";
import type { NodeRelationHandle } from "./node_relation.ts";

/** Parameters of slices. */
export interface SliceParams {
  /** The nodes to begin at: the slicing criterion. */
  readonly nodes: ArrayLike<NodeId>;
  /**
   * Control dependences, as `controlDependenceGraph` found them on a projection of the control flow. Nodes of them that are not
   * in this projection are left out. Default: only the edges of the projection count.
   */
  readonly control?: ControlDependences | undefined;
}

/** Parameters of slices. */
export const SLICE_PARAMS: ParamSpecs<SliceParams> = {
  nodes: { kind: "nodes", doc: "nodes to begin at: the slicing criterion" },
  control: {
    kind: "value",
    optional: true,
    doc: "control dependences that controlDependenceGraph found; without them only edges count",
  },
};

/** A part of a program. */
export interface ProgramSlice {
  /** The nodes that it was begun at, each once, in ascending ids. */
  readonly criterion: NodeId[];
  /** All nodes of it, with the criterion: by the number of dependences between, then in ascending ids. */
  readonly nodes: NodeId[];
  /** Those at the far end of a data dependence inside the slice, in ascending ids. */
  readonly dataNodes: NodeId[];
  /** Those at the far end of a control dependence inside the slice, in ascending ids. */
  readonly controlNodes: NodeId[];
}

/**
 * Backward slice: all nodes that can affect the given ones. The edges of the projection are data dependences, from a definition
 * to what uses it, or whatever else passes effects on: choose them by type (`{ project: { types: ["DATA"] } }`). With `control`,
 * control dependences count as well; edges of control flow themselves are no dependences, so leave their type out.
 *
 * `dataNodes` are the nodes that a node of the slice uses, `controlNodes` those that one depends on by control; a node can be
 * both. Parallel edges change nothing; a self-loop makes a node depend on itself. Progress counts links that are looked at.
 *
 * O(n + m + control dependences). Ferrante, Ottenstein, Warren 1987 (slices as reachability in the dependence graph; after
 * Weiser, Program Slicing, 1981).
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const control = controlDependenceGraph(snapshot.project({ types: ["FLOW"] }), { exit });
 * const { nodes } = backwardSlice(snapshot.project({ types: ["DATA"] }), { nodes: [statement], control });
 * ```
 */
export const backwardSlice: Algorithm<SliceParams, ProgramSlice> = defineForOneThread(
  import.meta.url,
  "backwardSlice",
  (projection, params: SliceParams, context) => slice(projection, params, "in", "backwardSlice", context),
);

/**
 * Forward slice: all nodes that the given ones can affect. As `backwardSlice`, with all dependences followed the other way:
 * `dataNodes` are the nodes that use a node of the slice, `controlNodes` those that depend on one by control.
 *
 * O(n + m + control dependences). Horwitz, Reps, Binkley, Interprocedural Slicing Using Dependence Graphs, 1990.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters
 */
export const forwardSlice: Algorithm<SliceParams, ProgramSlice> = defineForOneThread(
  import.meta.url,
  "forwardSlice",
  (projection, params: SliceParams, context) => slice(projection, params, "out", "forwardSlice", context),
);

/** Bits of a node. */
const IN_SLICE = 1;
const BY_DATA = 2;
const BY_CONTROL = 4;

function slice(
  projection: Projection,
  params: SliceParams,
  direction: "out" | "in",
  call: string,
  context: TaskContext,
): ProgramSlice {
  const { nodes, control } = checkParams<SliceParams, "control">(SLICE_PARAMS, params, projection, call);
  const { nodeCount, nodeIds } = projection;
  const { offsets, targets } = projection[direction];
  const controlRows = control === undefined ? undefined : controlRowsOf(control, direction, call);
  const related = controlRows === undefined ? undefined : new NodeIndex(controlRows.nodes);
  const pace = new Pace(context, targets.length);
  const bits = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let count = 0;
  for (const id of Array.from(nodes)) {
    const node = projection.indexOf(id);
    if (bits[node] === 0) queue[count++] = node;
    bits[node] = IN_SLICE;
  }
  const criterionCount = count;
  // Level by level, each in ascending order.
  for (let levelStart = 0; levelStart < count;) {
    const levelEnd = count;
    if (levelEnd - levelStart > 1) queue.subarray(levelStart, levelEnd).sort();
    for (let next = levelStart; next < levelEnd; next++) {
      const node = queue[next] as number;
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        const known = bits[target] as number;
        if (known === 0) queue[count++] = target;
        bits[target] = known | IN_SLICE | BY_DATA;
      }
      pace.step(end - (offsets[node] as number), 1);
      if (controlRows === undefined || related === undefined) continue;
      const row = related.indexOf(nodeIds[node] as number);
      if (row < 0) continue;
      const rowEnd = controlRows.offsets[row + 1] as number;
      for (let at = controlRows.offsets[row] as number; at < rowEnd; at++) {
        const target = projection.indexOf(related.idOf(controlRows.targets[at] as number));
        if (target < 0) continue;
        const known = bits[target] as number;
        if (known === 0) queue[count++] = target;
        bits[target] = known | IN_SLICE | BY_CONTROL;
      }
      pace.step(0, rowEnd - (controlRows.offsets[row] as number));
    }
    levelStart = levelEnd;
  }
  const idsWith = (bit: number): NodeId[] => {
    const ids: NodeId[] = [];
    for (let node = 0; node < nodeCount; node++) {
      if (((bits[node] as number) & bit) !== 0) ids.push(nodeIds[node] as number);
      pace.step(0, 1);
    }
    return ids;
  };
  const reached: NodeId[] = [];
  for (let at = 0; at < count; at++) {
    reached.push(nodeIds[queue[at] as number] as number);
    pace.step(0, 1);
  }
  const found: ProgramSlice = {
    criterion: reached.slice(0, criterionCount),
    nodes: reached,
    dataNodes: idsWith(BY_DATA),
    controlNodes: idsWith(BY_CONTROL),
  };
  pace.end();
  return found;
}

/** The rows to follow. Of what came from another thread only the handles are left. */
function controlRowsOf(control: ControlDependences, direction: "out" | "in", call: string): NodeRelationHandle {
  const relation = direction === "in" ? control?.dependencies : control?.controls;
  const handle = relation?.handle as NodeRelationHandle | undefined;
  if (handle?.nodes !== undefined && handle.offsets instanceof Uint32Array) return handle;
  throw invalid(call, "control", control, "is no result of controlDependenceGraph; give one or leave it out");
}
