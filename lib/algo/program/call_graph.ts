/** Who calls whom, with recursion folded. */

import { type Algorithm, lookUp, NodeValues, touched } from "../define.ts";
import { type NodeLists, NodeListsBuilder } from "../node_lists.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { componentGraph } from "../structure/component_graph.ts";
import { newRows, NodeRelation } from "./node_relation.ts";

/** A call graph without cycles. */
export interface CallGraphCondensation {
  /**
   * Groups of functions that call each other, directly or not; one that does not is a group of its own. Each comes after all
   * groups that it calls: by level, then by its smallest id. Their functions are in ascending ids.
   */
  readonly groups: NodeLists;
  /** Those of the groups that are recursive: of several functions, or of one that calls itself. */
  readonly recursive: NodeLists;
  /** For each function the level of its group: 0 when it calls no other group, else one more than the highest that it calls. */
  readonly levels: NodeValues;
  /** Which groups call which: each stands there by its smallest id. */
  readonly calls: NodeRelation;
}

/**
 * Folds the recursion of a call graph: functions that call each other become a group, and the groups come callees first, the
 * order in which summaries of functions can be worked out. Edges lead from callers to what they call. `condensation` does the
 * same for any graph, callers first.
 *
 * Parallel edges count once. Progress counts nodes, then links that are looked at.
 *
 * O(n + m + c log d) with d the most calls of one of the c groups. Components: Pearce 2016.
 *
 * @throws {InvalidArgumentError} for an undirected projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const calls = projectEdges({ from: [1, 2, 3, 2], to: [2, 3, 2, 4] });
 * console.log([...callGraphCondensation(calls).groups]); // [[4], [2, 3], [1]]
 * ```
 */
export const callGraphCondensation: Algorithm<Record<never, never>, CallGraphCondensation> = defineForOneThread(
  import.meta.url,
  "callGraphCondensation",
  (projection, params: Record<never, never>, context) => {
    const call = "callGraphCondensation";
    checkParams({}, params, projection, call);
    requireDirected(projection, call);
    const { nodeCount, nodeIds } = projection;
    const graph = componentGraph(projection.out, context);
    const pace = new Pace(context, 2 * nodeCount + graph.targets.length);
    const { levels, deepest } = levelsOf(graph, pace);
    const groups = new NodeListsBuilder(nodeIds);
    const recursive = new NodeListsBuilder(nodeIds);
    for (const component of byLevel(levels, deepest)) {
      const start = graph.starts[component] as number;
      const end = graph.starts[component + 1] as number;
      const first = graph.members[start] as number;
      addList(groups, graph.members, start, end);
      if (end - start > 1 || hasLoop(projection.out, first)) addList(recursive, graph.members, start, end);
      pace.step(end - start);
    }
    const nodeLevels = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 65_535) === 0) lookUp();
      nodeLevels[node] = levels[graph.componentOf[node] as number] as number;
    }
    pace.end();
    return {
      groups: groups.build(),
      recursive: recursive.build(),
      levels: NodeValues.of(projection, nodeLevels),
      calls: NodeRelation.of(projection, callRows(graph, nodeCount, call)),
    };
  },
);

type Graph = ReturnType<typeof componentGraph>;

/** Level of each component: callees come behind their callers in the order, so it is taken from the end. */
function levelsOf({ count, order, offsets, targets }: Graph, pace: Pace): { levels: Int32Array; deepest: number } {
  const levels = new Int32Array(count);
  let deepest = 0;
  for (let at = count - 1; at >= 0; at--) {
    const component = order[at] as number;
    const start = offsets[component] as number;
    const end = offsets[component + 1] as number;
    let level = 0;
    for (let link = start; link < end; link++) level = Math.max(level, (levels[targets[link] as number] as number) + 1);
    levels[component] = level;
    deepest = Math.max(deepest, level);
    pace.step(end - start);
  }
  return { levels, deepest };
}

/** Components by level; those of a level in their order, which is that of their first nodes. */
function byLevel(levels: Int32Array, deepest: number): Uint32Array {
  const next = new Uint32Array(deepest + 2);
  for (let component = 0; component < levels.length; component++) {
    if ((component & 65_535) === 0) lookUp();
    const place = (levels[component] as number) + 1;
    next[place] = (next[place] as number) + 1;
  }
  for (let level = 0; level <= deepest; level++) {
    next[level + 1] = (next[level + 1] as number) + (next[level] as number);
  }
  const sorted = touched(new Uint32Array(levels.length));
  for (let component = 0; component < levels.length; component++) {
    if ((component & 65_535) === 0) lookUp();
    const level = levels[component] as number;
    const place = next[level] as number;
    sorted[place] = component;
    next[level] = place + 1;
  }
  return sorted;
}

function addList(lists: NodeListsBuilder, members: Uint32Array, start: number, end: number): void {
  for (let at = start; at < end; at++) lists.push(members[at] as number);
  lists.endList();
}

function hasLoop({ offsets, targets }: { offsets: Uint32Array; targets: Uint32Array }, node: number): boolean {
  const end = offsets[node + 1] as number;
  let low = offsets[node] as number;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((targets[middle] as number) < node) low = middle + 1;
    else high = middle;
  }
  return low < end && targets[low] === node;
}

/** Links between components, as rows of their first nodes: components are numbered in the order of these. */
function callRows({ count, starts, members, offsets, targets }: Graph, nodeCount: number, call: string) {
  const rows = newRows(nodeCount, targets.length, call);
  const firstOf = (component: number): number => members[starts[component] as number] as number;
  for (let component = 0; component < count; component++) {
    if ((component & 4_095) === 0) lookUp();
    const start = offsets[component] as number;
    const end = offsets[component + 1] as number;
    rows.offsets[firstOf(component) + 1] = end - start;
    for (let at = start; at < end; at++) rows.targets[at] = firstOf(targets[at] as number);
  }
  for (let node = 0; node < nodeCount; node++) {
    rows.offsets[node + 1] = (rows.offsets[node + 1] as number) + (rows.offsets[node] as number);
  }
  return rows;
}
