/** Cycles that can be entered at several places. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { TaskContext } from "../define.ts";
import type { Pace } from "../pace.ts";
import { strongLabels } from "../structure/strong_components.ts";
import type { FlowTree } from "./flow_tree.ts";
import type { IrreducibleRegion } from "./loop_forest.ts";
import { isWithin, type TreeIntervals } from "./tree_intervals.ts";

/** Strong components of more than one node of what is left without back edges, in ascending ids of their first nodes. */
export function irreducibleRegions(
  projection: Projection,
  tree: FlowTree,
  dominance: TreeIntervals,
  pace: Pace,
): IrreducibleRegion[] {
  const { labels, count } = strongLabels(withoutBackEdges(projection, tree, dominance, pace), quiet(pace));
  const sizes = new Uint32Array(count);
  for (const label of labels) sizes[label] = (sizes[label] as number) + 1;
  const { numbers } = tree;
  const { offsets, targets } = projection.in;
  const regions = new Map<number, { nodeIds: NodeId[]; entries: NodeId[] }>();
  for (let node = 0; node < projection.nodeCount; node++) {
    const vertex = numbers[node] as number;
    const label = vertex < 0 ? -1 : labels[vertex] as number;
    if (label < 0 || (sizes[label] as number) < 2) continue;
    const region = regions.get(label) ?? { nodeIds: [], entries: [] };
    regions.set(label, region);
    region.nodeIds.push(projection.nodeId(node));
    let isEntry = false;
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number) && !isEntry; at++) {
      const source = numbers[targets[at] as number] as number;
      // A back edge comes from inside of what the node dominates: it is no way in.
      isEntry = source >= 0 && labels[source] !== label && !isWithin(dominance, vertex, source);
    }
    if (isEntry) region.entries.push(projection.nodeId(node));
    pace.step(0, (offsets[node + 1] as number) - (offsets[node] as number));
  }
  return [...regions.values()];
}

/** A context that can be cancelled, and tells nothing: progress does not count what is done for regions. */
function quiet(pace: Pace): TaskContext {
  return {
    workers: 1,
    worker: 0,
    isAborted: false,
    throwIfAborted: () => pace.end(),
    progress() {},
    total() {},
    barrier() {},
    sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
  };
}

/** The links between vertices that are no back edges, by number. */
function withoutBackEdges(
  projection: Projection,
  tree: FlowTree,
  dominance: TreeIntervals,
  pace: Pace,
): Projection["out"] {
  const { offsets, targets } = projection.out;
  const { count, numbers, order } = tree;
  const rows = new Uint32Array(new SharedArrayBuffer(4 * (count + 1)));
  const links = new Uint32Array(new SharedArrayBuffer(4 * targets.length));
  let kept = 0;
  for (let vertex = 0; vertex < count; vertex++) {
    const node = order[vertex] as number;
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
      const target = numbers[targets[at] as number] as number;
      if (!isWithin(dominance, target, vertex)) links[kept++] = target;
    }
    rows[vertex + 1] = kept;
    pace.step(0, (offsets[node + 1] as number) - (offsets[node] as number) + 1);
  }
  return { offsets: rows, targets: links.subarray(0, kept), edgeIds: undefined, weights: undefined };
}
