/** Leaves the leaves out of a graph whose communities are looked for. */

import type { Projection } from "../../projection/mod.ts";
import { lookUp, ParallelRange, type TaskContext } from "../define.ts";
import { signed } from "../paths/hop_search.ts";
import type { LevelGraph } from "./level_graph.ts";

/** A graph without most of its leaves. */
export interface CoreGraph {
  /** The graph. */
  readonly level: LevelGraph;
  /** Its node that each node of the whole graph is in. */
  readonly labels: Uint32Array<SharedArrayBuffer>;
  /** Sum of all strengths. */
  readonly strength: number;
}

/** It is worth it when at least this part of the nodes are leaves. */
const LEAST_LEAVES = 0.1;

/**
 * The graph in which nodes with a single link are one with the node at its other end. With a resolution of at most 1, modularity
 * is never larger when they are apart: the weight w of that link, which is not 0, is all of the leaf's strength, so joining a
 * community of strength s gains w (1 - s / all), which is not negative. Undefined when there are few. For all threads of a run
 * together. O(n + m).
 */
export function contractLeaves({ nodeCount, out }: Projection, context: TaskContext): CoreGraph | undefined {
  const { weights } = out;
  const core: Core = {
    offsets: signed(out.offsets),
    targets: signed(out.targets),
    weights,
    labels: new Int32Array(context.sharedBuffer(4 * nodeCount)),
    nodeOf: new Int32Array(context.sharedBuffer(4 * nodeCount)),
    rows: new Int32Array(context.sharedBuffer(4 * nodeCount + 4)),
  };
  const found = new Uint32Array(context.sharedBuffer(4));
  if (context.worker === 0) found[0] = findCore(core, nodeCount);
  context.barrier();
  const { nodeOf, rows, labels } = core;
  const count = found[0] as number;
  if (count > (1 - LEAST_LEAVES) * nodeCount) return undefined;
  const length = rows[count] as number;
  const targets = new Uint32Array(context.sharedBuffer(4 * length));
  const strengths = new Float64Array(context.sharedBuffer(8 * count));
  const weightsOfCore = weights === undefined ? undefined : new Float64Array(context.sharedBuffer(8 * length));
  const range = new ParallelRange(context, count);
  while (range.next()) {
    range.put(
      weightsOfCore === undefined
        ? copyRows(core, range, signed(targets), strengths)
        : copyWeightedRows(core, range, signed(targets), strengths, weightsOfCore),
    );
  }
  if (context.worker === 0) {
    for (let place = count; place < nodeCount; place++) {
      if ((place & 65_535) === 0) lookUp();
      const leaf = nodeOf[place] as number;
      labels[leaf] = labels[core.targets[core.offsets[leaf] as number] as number] as number;
    }
  }
  context.barrier();
  return {
    level: {
      count,
      offsets: new Uint32Array(rows.buffer, 0, count + 1),
      targets,
      weights: weightsOfCore,
      strengths,
    },
    labels: new Uint32Array(labels.buffer),
    strength: range.sum(),
  };
}

/** The whole graph, and what is found out first. */
interface Core {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array | undefined;
  /** Row that each node is in; -1 for leaves. */
  readonly labels: Int32Array<SharedArrayBuffer>;
  /** Node of each row, then the leaves. */
  readonly nodeOf: Int32Array<SharedArrayBuffer>;
  /** Where each row begins. */
  readonly rows: Int32Array<SharedArrayBuffer>;
}

/** Finds the rows and their lengths; says how many there are. */
function findCore({ offsets, targets, weights, labels, nodeOf, rows }: Core, nodeCount: number): number {
  let count = 0;
  let firstLeaf = nodeCount;
  let start = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const end = offsets[node + 1] as number;
    if (end - start === 1 && isLeaf(node, targets[start] as number, offsets) && weights?.[start] !== 0) {
      labels[node] = -1;
      nodeOf[--firstLeaf] = node;
    } else {
      labels[node] = count;
      nodeOf[count] = node;
      count++;
      rows[count] = end - start;
    }
    start = end;
  }
  for (let place = firstLeaf; place < nodeCount; place++) {
    if ((place & 65_535) === 0) lookUp();
    const row = 1 + (labels[targets[offsets[nodeOf[place] as number] as number] as number] as number);
    rows[row] = (rows[row] as number) - 1;
  }
  for (let row = 0; row < count; row++) rows[row + 1] = (rows[row + 1] as number) + (rows[row] as number);
  return count;
}

/** Whether a node with one link, to another one, is a leaf: of two with one link, the larger one is. */
function isLeaf(node: number, other: number, offsets: Int32Array): boolean {
  if (other === node) return false;
  return other < node || (offsets[other + 1] as number) - (offsets[other] as number) > 1;
}

/** Copies rows without links to leaves; says how strong they are. A leaf counts twice: its node's link to it, and its own. Hot. */
function copyRows(
  { offsets, targets, labels, nodeOf, rows }: Core,
  { start: first, end: behind }: ParallelRange,
  to: Int32Array,
  strengths: Float64Array,
): number {
  let all = 0;
  let place = rows[first] as number;
  for (let row = first; row < behind; row++) {
    const node = nodeOf[row] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    const before = place;
    const last = rows[row + 1] as number;
    let at = start;
    let loops = 0;
    // What is written of a leaf is written over.
    while (place < last) {
      const other = labels[targets[at++] as number] as number;
      to[place] = other;
      // 1, or 0 for -1.
      place += 1 + (other >> 31);
      if (other === row) loops++;
    }
    const strength = 2 * (end - start) - (last - before) + loops;
    strengths[row] = strength;
    all += strength;
  }
  return all;
}

/** The same with weights. Hot. */
function copyWeightedRows(
  { offsets, targets, weights, labels, nodeOf, rows }: Core,
  { start: first, end: behind }: ParallelRange,
  to: Int32Array,
  strengths: Float64Array,
  toWeights: Float64Array,
): number {
  let all = 0;
  let place = rows[first] as number;
  for (let row = first; row < behind; row++) {
    const node = nodeOf[row] as number;
    const end = offsets[node + 1] as number;
    let strength = 0;
    for (let at = offsets[node] as number; at < end; at++) {
      const other = labels[targets[at] as number] as number;
      const weight = (weights as Float64Array)[at] as number;
      strength += other < 0 || other === row ? 2 * weight : weight;
      if (other < 0) continue;
      to[place] = other;
      toWeights[place] = weight;
      place++;
    }
    strengths[row] = strength;
    all += strength;
  }
  return all;
}
