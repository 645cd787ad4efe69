/** Leaves the leaves out of a graph whose communities are looked for. */

import { ParallelRange, type TaskContext } from "../define.ts";
import type { LevelGraph } from "./level_graph.ts";

/** A graph without most of its leaves. */
export interface CoreGraph {
  /** The graph. */
  readonly level: LevelGraph;
  /** Its node that each node of the whole graph is in. */
  readonly labels: Uint32Array<SharedArrayBuffer>;
}

/** It is worth it when at least this part of the nodes are leaves. */
const LEAST_LEAVES = 0.1;

/**
 * The graph in which nodes with a single link are one with the node at its other end. With a resolution of at most 1, modularity
 * is never larger when they are apart: the weight w of that link, which is not 0, is all of the leaf's strength, so joining a community of strength s
 * gains w (1 - s / all), which is not negative. Undefined when there are few. For all threads of a run together. O(n + m).
 */
export function contractLeaves(level: LevelGraph, context: TaskContext): CoreGraph | undefined {
  const { count, offsets, targets, weights } = level;
  const core: Core = {
    labels: new Uint32Array(context.sharedBuffer(4 * count)),
    rowOf: new Uint32Array(context.sharedBuffer(4 * count)),
    nodeOf: new Uint32Array(context.sharedBuffer(4 * count)),
    offsets: new Uint32Array(context.sharedBuffer(4 * count + 4)),
    strengths: new Float64Array(context.sharedBuffer(8 * count)),
  };
  const found = new Uint32Array(context.sharedBuffer(4));
  if (context.worker === 0) found[0] = findCore(level, core);
  context.barrier();
  const coreCount = found[0] as number;
  if (coreCount > (1 - LEAST_LEAVES) * count) return undefined;
  const length = core.offsets[coreCount] as number;
  const coreTargets = new Uint32Array(context.sharedBuffer(4 * length));
  const coreWeights = weights === undefined ? undefined : new Float64Array(context.sharedBuffer(8 * length));
  const rows = new ParallelRange(context, coreCount);
  while (rows.next()) {
    for (let row = rows.start; row < rows.end; row++) {
      let at = offsets[core.nodeOf[row] as number] as number;
      let place = core.offsets[row] as number;
      const end = core.offsets[row + 1] as number;
      // What is written of a leaf is written over.
      while (place < end) {
        const other = core.rowOf[targets[at] as number] as number;
        coreTargets[place] = other - 1;
        if (coreWeights !== undefined) coreWeights[place] = weights?.[at] as number;
        place += other === 0 ? 0 : 1;
        at++;
      }
    }
  }
  return {
    level: {
      count: coreCount,
      offsets: core.offsets.subarray(0, coreCount + 1),
      targets: coreTargets,
      weights: coreWeights,
      strengths: core.strengths.subarray(0, coreCount),
    },
    labels: core.labels,
  };
}

/** What is found out first. */
interface Core {
  /** Row that each node is in. */
  readonly labels: Uint32Array<SharedArrayBuffer>;
  /** Row of each node, plus 1; 0 for leaves. */
  readonly rowOf: Uint32Array;
  /** Node of each row. */
  readonly nodeOf: Uint32Array;
  /** Where each row begins. */
  readonly offsets: Uint32Array;
  /** Sum of the strengths of each row's nodes. */
  readonly strengths: Float64Array;
}

/** Finds the rows, their lengths and strengths; says how many there are. */
function findCore(level: LevelGraph, { labels, rowOf, nodeOf, offsets: rows, strengths }: Core): number {
  const { count, offsets, targets, weights } = level;
  let coreCount = 0;
  for (let node = 0; node < count; node++) {
    const start = offsets[node] as number;
    const length = (offsets[node + 1] as number) - start;
    if (length === 1 && isLeaf(node, targets[start] as number, offsets) && weights?.[start] !== 0) continue;
    labels[node] = coreCount;
    nodeOf[coreCount] = node;
    strengths[coreCount] = level.strengths[node] as number;
    coreCount++;
    rows[coreCount] = length;
    rowOf[node] = coreCount;
  }
  for (let node = 0; node < count; node++) {
    if (rowOf[node] !== 0) continue;
    const row = labels[targets[offsets[node] as number] as number] as number;
    labels[node] = row;
    rows[row + 1] = (rows[row + 1] as number) - 1;
    strengths[row] = (strengths[row] as number) + (level.strengths[node] as number);
  }
  for (let row = 0; row < coreCount; row++) rows[row + 1] = (rows[row + 1] as number) + (rows[row] as number);
  return coreCount;
}

/** Whether a node with one link, to another one, is a leaf: of two with one link, the larger one is. */
function isLeaf(node: number, other: number, offsets: Uint32Array): boolean {
  if (other === node) return false;
  return other < node || (offsets[other + 1] as number) - (offsets[other] as number) > 1;
}
