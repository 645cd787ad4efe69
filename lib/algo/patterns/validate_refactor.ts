/** Whether a change of a graph of dependencies breaks something. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, filled, lookUp, type TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { quietContext } from "../quiet_context.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { strongLabels } from "../structure/strong_components.ts";
import { weakLabels } from "../structure/weak_components.ts";
import { compareProjections, type ProjectionDiff } from "./diff_projections.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with, and what matters. */
export interface ValidateRefactorParams {
  /** The later graph. */
  readonly after: OtherProjection;
  /** Nodes from which what could be reached must stay reachable; default none. */
  readonly entries?: readonly NodeId[] | undefined;
  /** Below this share of nodes and edges that are in both graphs, of those in either, there is a warning. Default 0.5. */
  readonly minSimilarity?: number | undefined;
}

/** What was found. */
export interface RefactorFinding {
  /**
   * Breaking: `removed-in-use`, a node is gone that nodes led to which are still there; `new-cycle`, nodes reach each other that did not
   * before; `lost-entry`, an entry is gone; `unreachable`, nodes that entries reached are there, but not reached any more.
   * Warnings: `fell-apart`, nodes hung together and do not any more; `much-changed`.
   */
  readonly code: "removed-in-use" | "new-cycle" | "lost-entry" | "unreachable" | "fell-apart" | "much-changed";
  /** The nodes that it is about, ascending. */
  readonly nodeIds: readonly NodeId[];
  /** In words. */
  readonly message: string;
}

/** What the change does. */
export interface RefactorReport {
  /** Whether nothing breaks. */
  readonly isSafe: boolean;
  /** What breaks: by code in the order above, then by first node. */
  readonly breaking: readonly RefactorFinding[];
  /** What should be looked at. */
  readonly warnings: readonly RefactorFinding[];
  /** All that differs. */
  readonly diff: ProjectionDiff;
}

/** Parameters as the command line knows them. */
export const VALIDATE_REFACTOR_PARAMS: ParamSpecs<ValidateRefactorParams> = {
  after: { kind: "projection", doc: "the later graph" },
  entries: { kind: "nodes", doc: "nodes from which what could be reached must stay reachable", optional: true },
  minSimilarity: {
    kind: "number",
    doc: "share of kept nodes and edges below which there is a warning",
    default: 0.5,
    min: 0,
    max: 1,
  },
};

/**
 * Judges a change of a graph whose edges are uses or dependencies, such as calls or imports, from its user to what is used: what breaks,
 * and what should be looked at. Nodes are the same when their ids are. Parallel edges count once, self-loops are no cycles.
 *
 * Progress counts links. O(n + m).
 *
 * @throws {InvalidArgumentError} for undirected projections and bad parameters
 * @throws {NotFoundError} for entries that are not in the first projection
 *
 * @example
 * ```ts ignore
 * const before = projectEdges({ from: [1], to: [2] });
 * const after = projectEdges({ from: [], to: [], nodeIds: [1] });
 * console.log(validateRefactor(before, { after }).breaking); // [{ code: "removed-in-use", nodeIds: [2], ... }]
 * ```
 */
export const validateRefactor: Algorithm<ValidateRefactorParams, RefactorReport> = defineForOneThread(
  import.meta.url,
  "validateRefactor",
  (projection, params: ValidateRefactorParams, context) => {
    const checked = checkParams<ValidateRefactorParams, "entries">(
      VALIDATE_REFACTOR_PARAMS,
      params,
      projection,
      "validateRefactor",
    );
    requireDirected(projection, "validateRefactor");
    const after = checkProjection(checked.after, "validateRefactor", "after");
    checkSameKind(projection, after, "validateRefactor", "after");
    const pace = new Pace(context, 2 * (projection.out.targets.length + after.out.targets.length));
    const diff = compareProjections(projection, after, pace);
    const breaking = [
      ...removedInUse(projection, after, diff),
      ...newCycles(projection, after, context),
      ...lostReach(projection, after, checked.entries ?? [], pace),
    ];
    const warnings = [...fallenApart(projection, after, context), ...muchChanged(diff, checked.minSimilarity)];
    pace.end();
    return { isSafe: breaking.length === 0, breaking, warnings, diff };
  },
);

function removedInUse(before: Projection, after: Projection, { removedNodes }: ProjectionDiff): RefactorFinding[] {
  const { offsets, targets } = before.in;
  const findings: RefactorFinding[] = [];
  for (const nodeId of removedNodes) {
    const node = before.indexOf(nodeId);
    const users = Array.from(
      targets.subarray(offsets[node], offsets[node + 1]),
      (user) => before.nodeIds[user] as number,
    )
      .filter((user, at, all) => user !== all[at - 1] && after.indexOf(user) >= 0);
    if (users.length === 0) continue;
    const some = `${users.slice(0, 5).join(", ")}${users.length > 5 ? ", ..." : ""}`;
    findings.push({
      code: "removed-in-use",
      nodeIds: [nodeId],
      message: `node ${nodeId} is gone, and ${users.length} that used it ${
        users.length === 1 ? "is" : "are"
      } still there: ${some}`,
    });
  }
  return findings;
}

/** Groups of nodes that reach each other now, and did not all do so before. */
function newCycles(before: Projection, after: Projection, context: TaskContext): RefactorFinding[] {
  const quietly = quietContext(context);
  const old = strongLabels(before.out, quietly).labels;
  const { labels, count } = strongLabels(after.out, quietly);
  const groups = groupsOf(labels, count);
  return groups.filter((nodes) => {
    const first = before.indexOf(after.nodeIds[nodes[0] as number] as number);
    return nodes.some((node) => {
      const index = before.indexOf(after.nodeIds[node] as number);
      return index < 0 || old[index] !== old[first];
    });
  }).map((nodes) => finding("new-cycle", nodes, after, "reach each other now, and did not all do so before"));
}

function lostReach(
  before: Projection,
  after: Projection,
  entries: readonly NodeId[],
  pace: Pace,
): RefactorFinding[] {
  const reached = reachedFrom(before, entries, pace);
  const reachedNow = reachedFrom(after, entries, pace);
  const lost: number[] = [];
  for (let node = 0; node < before.nodeCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const index = reached[node] === 1 ? after.indexOf(before.nodeIds[node] as number) : -1;
    if (index >= 0 && reachedNow[index] === 0) lost.push(node);
  }
  const gone = [...new Set(entries)].filter((id) => after.indexOf(id) < 0).sort((a, b) => a - b);
  const findings: RefactorFinding[] = gone.map((id) => ({
    code: "lost-entry",
    nodeIds: [id],
    message: `entry ${id} is gone`,
  }));
  if (lost.length > 0) {
    findings.push(finding("unreachable", lost, before, "were reached from the entries and are not any more"));
  }
  return findings;
}

/** Marks what can be reached from nodes, as far as these exist: 1 by dense index. */
function reachedFrom(projection: Projection, entries: readonly NodeId[], pace: Pace): Uint8Array {
  const { nodeCount, out: { offsets, targets } } = projection;
  const isReached = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let length = 0;
  for (const id of entries) {
    const node = projection.indexOf(id);
    if (node < 0 || isReached[node] === 1) continue;
    isReached[node] = 1;
    queue[length++] = node;
  }
  for (let next = 0; next < length; next++) {
    const node = queue[next] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      if (isReached[target] === 1) continue;
      isReached[target] = 1;
      queue[length++] = target;
    }
    pace.step(end - start, 1);
  }
  return isReached;
}

/** Groups of nodes that hung together, are still there, and do not hang together any more. */
function fallenApart(before: Projection, after: Projection, context: TaskContext): RefactorFinding[] {
  const quietly = quietContext(context);
  const roots = weakLabels(before, quietly);
  const newRoots = weakLabels(after, quietly);
  // The component now of the first kept node of each component before.
  const first = filled(new Int32Array(before.nodeCount), -1);
  const isApart = new Uint8Array(before.nodeCount);
  for (let node = 0; node < before.nodeCount; node++) {
    if ((node & 16_383) === 0) lookUp();
    const index = after.indexOf(before.nodeIds[node] as number);
    if (index < 0) continue;
    const root = roots[node] as number;
    if (first[root] === -1) first[root] = newRoots[index] as number;
    else if (first[root] !== newRoots[index]) isApart[root] = 1;
  }
  const kept = new Int32Array(before.nodeCount);
  for (let node = 0; node < before.nodeCount; node++) {
    if ((node & 16_383) === 0) lookUp();
    const root = roots[node] as number;
    kept[node] = isApart[root] === 1 && after.indexOf(before.nodeIds[node] as number) >= 0 ? root : -1;
  }
  return groupsOf(kept, before.nodeCount).map((nodes) =>
    finding("fell-apart", nodes, before, "hung together and do not any more")
  );
}

function muchChanged({ similarity }: ProjectionDiff, minSimilarity: number): RefactorFinding[] {
  if (similarity >= minSimilarity) return [];
  const share = Math.round(100 * similarity);
  return [{ code: "much-changed", nodeIds: [], message: `only ${share} % of nodes and edges are the same` }];
}

/** Nodes by label in groups of two or more, -1 is none; the groups by their first node, their nodes ascending. */
function groupsOf(labels: Int32Array, count: number): number[][] {
  const groups = new Map<number, number[]>();
  const sizes = new Uint32Array(count);
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = labels[node] as number;
    if (label >= 0) sizes[label] = (sizes[label] as number) + 1;
  }
  for (let node = 0; node < labels.length; node++) {
    if ((node & 16_383) === 0) lookUp();
    const label = labels[node] as number;
    if (label < 0 || sizes[label] === 1) continue;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}

function finding(
  code: RefactorFinding["code"],
  nodes: readonly number[],
  { nodeIds }: Projection,
  what: string,
): RefactorFinding {
  return { code, nodeIds: nodes.map((node) => nodeIds[node] as number), message: `${nodes.length} nodes ${what}` };
}
