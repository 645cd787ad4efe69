/** How deep each node lies in the graph when nodes with few neighbors are peeled off. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange, type TaskContext } from "../define.ts";
import { checkParams } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { Bins } from "./bins.ts";

/**
 * Core numbers of an undirected graph: a node has number k when it is in the k-core, the largest part in which each node has at
 * least k links to others, and not in the next one. Parallel edges count each, self-loops do not. Isolated nodes have 0.
 * Threads share one run. Progress counts nodes.
 *
 * O(n + m); with several workers O((n + m) / workers + k n) at worst. One thread: Batagelj, Zaversnik, An O(m) algorithm for cores
 * decomposition of networks, 2003. Several: Kabir, Madduri, Parallel k-core decomposition on multicore platforms, 2017.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const cores = kCore(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }));
 * console.log(cores.get(1), cores.get(4)); // 2 1
 * ```
 */
export const kCore: Algorithm<Record<never, never>, NodeValues> = defineAlgorithm(
  import.meta.url,
  "kCore",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "kCore");
    requireUndirected(projection, "kCore");
    context.total(projection.nodeCount);
    const degrees = new Int32Array(context.sharedBuffer(4 * projection.nodeCount));
    countNeighbors(projection, degrees, context);
    if (context.workers === 1) peel(projection, degrees, context);
    else peelTogether(projection, degrees, context);
    return NodeValues.of(projection, degrees);
  },
);

/** Links of each node to others. */
function countNeighbors(projection: Projection, degrees: Int32Array, context: TaskContext): void {
  const { offsets, targets } = projection.out;
  const nodes = new ParallelRange(context, projection.nodeCount);
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = offsets[node + 1] as number;
      let degree = end - (offsets[node] as number);
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        if (target < node) continue;
        // Targets ascend: loops are side by side.
        if (target > node) break;
        degree--;
      }
      degrees[node] = degree;
    }
  }
}

/** Takes nodes by ascending degree, which makes those of their neighbors smaller: what a node has then is its core number. */
function peel(projection: Projection, degrees: Int32Array, context: TaskContext): void {
  const { out: { offsets, targets }, nodeCount } = projection;
  const bins = new Bins(degrees, () => context.throwIfAborted());
  const { sorted } = bins;
  let budget = 16_384;
  let told = 0;
  for (let at = 0; at < nodeCount; at++) {
    const node = sorted[at] as number;
    const degree = degrees[node] as number;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) bins.lower(targets[link] as number, degree);
    budget -= 1 + end - (offsets[node] as number);
    if (budget > 0) continue;
    context.throwIfAborted();
    context.progress(at - told);
    told = at;
    budget = 16_384;
  }
  context.progress(nodeCount - told);
}

/**
 * Takes all nodes of the smallest degree at once. Each thread looks for them among its own nodes, and follows what it finds to the
 * end of the level. Core numbers do not depend on who takes what.
 */
function peelTogether(projection: Projection, degrees: Int32Array<SharedArrayBuffer>, context: TaskContext): void {
  const { out: { offsets, targets }, nodeCount } = projection;
  const { workers, worker } = context;
  const least = new Int32Array(context.sharedBuffer(4 * workers));
  const ownStart = Math.floor(nodeCount * worker / workers);
  const ownEnd = Math.floor(nodeCount * (worker + 1) / workers);
  // Own nodes that are left.
  const left = new Uint32Array(ownEnd - ownStart);
  for (let at = 0; at < left.length; at++) left[at] = ownStart + at;
  let leftCount = left.length;
  let queue = new Uint32Array(1024);
  for (let level = -1;;) {
    // Nodes up to the last level are done.
    let smallest = nodeCount > 0 ? 0x7fff_ffff : 0;
    let kept = 0;
    for (let at = 0; at < leftCount; at++) {
      const node = left[at] as number;
      const degree = degrees[node] as number;
      if (degree <= level) continue;
      left[kept++] = node;
      if (degree < smallest) smallest = degree;
    }
    context.progress(leftCount - kept);
    leftCount = kept;
    least[worker] = smallest;
    context.barrier();
    level = 0x7fff_ffff;
    for (let other = 0; other < workers; other++) level = Math.min(level, least[other] as number);
    if (level === 0x7fff_ffff || nodeCount === 0) return;
    let length = 0;
    for (let at = 0; at < leftCount; at++) {
      const node = left[at] as number;
      if (degrees[node] !== level) continue;
      if (length === queue.length) queue = grown(queue);
      queue[length++] = node;
    }
    // Nobody lowers a degree before all have seen which ones are at the level.
    context.barrier();
    let budget = 16_384;
    while (length > 0) {
      const node = queue[--length] as number;
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const other = targets[at] as number;
        if ((degrees[other] as number) <= level) continue;
        const before = Atomics.sub(degrees, other, 1);
        if (before === level + 1) {
          if (length === queue.length) queue = grown(queue);
          queue[length++] = other;
        } else if (before <= level) {
          Atomics.add(degrees, other, 1);
        }
      }
      budget -= 1 + end - (offsets[node] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    context.barrier();
  }
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
