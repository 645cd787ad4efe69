/** First parts of a small graph. */

import { lookUp, type TaskContext } from "../define.ts";
import { KeyHeap } from "../flow/key_heap.ts";
import type { Random } from "../random.ts";
import { PartRefiner, type WeighedLevel } from "./part_refiner.ts";

/** How often a graph is divided in two, to keep the best halves. */
const TRIES = 16;

/** Nodes that are still to be divided. */
interface Share {
  readonly nodes: Uint32Array;
  /** Number of the first part that they are divided into. */
  readonly firstPart: number;
  readonly partCount: number;
}

/**
 * Parts of at most a size, if that can be: the graph is divided in two, these again, and so on; then the parts are made better
 * together.
 */
export function growParts(
  level: WeighedLevel,
  maxSizes: Float64Array,
  random: Random,
  context: TaskContext,
): Int32Array {
  const parts = new Int32Array(level.count);
  const all = Uint32Array.from(parts, (_, node) => node);
  const shares: Share[] = [{ nodes: all, firstPart: 0, partCount: maxSizes.length }];
  for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
    const { nodes, firstPart, partCount } = share;
    if (partCount === 1) {
      for (const node of nodes) parts[node] = firstPart;
      continue;
    }
    const left = partCount >>> 1;
    const limits = [
      maxSizes.subarray(firstPart, firstPart + left),
      maxSizes.subarray(firstPart + left, firstPart + partCount),
    ];
    const halves = bisect(
      inducedLevel(level, nodes),
      left / partCount,
      Float64Array.from(limits, sumOf),
      random,
      context,
    );
    const half = (wanted: number): Uint32Array => nodes.filter((_, at) => halves[at] === wanted);
    shares.push({ nodes: half(0), firstPart, partCount: left });
    shares.push({ nodes: half(1), firstPart: firstPart + left, partCount: partCount - left });
  }
  new PartRefiner(level, parts, maxSizes, context).refine();
  return parts;
}

function sumOf(numbers: Float64Array): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** The graph of some nodes and the links between them. */
function inducedLevel(level: WeighedLevel, nodes: Uint32Array): WeighedLevel {
  const count = nodes.length;
  if (count === level.count) return level;
  const placeOf = new Int32Array(level.count).fill(-1);
  for (let at = 0; at < count; at++) placeOf[nodes[at] as number] = at;
  const offsets = new Uint32Array(count + 1);
  const targets: number[] = [];
  const weights: number[] = [];
  const strengths = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const node = nodes[at] as number;
    const end = level.offsets[node + 1] as number;
    for (let link = level.offsets[node] as number; link < end; link++) {
      const place = placeOf[level.targets[link] as number] as number;
      if (place === -1) continue;
      const weight = level.weights === undefined ? 1 : level.weights[link] as number;
      targets.push(place);
      weights.push(weight);
      strengths[at] = (strengths[at] as number) + weight;
    }
    offsets[at + 1] = targets.length;
  }
  const sizes = Float64Array.from(nodes, (node) => level.sizes[node] as number);
  return { count, offsets, targets: Uint32Array.from(targets), weights: Float64Array.from(weights), strengths, sizes };
}

/** Two parts, 0 and 1, of which the first has a share of the nodes: grown around random nodes, refined, the best of several. */
function bisect(
  level: WeighedLevel,
  share: number,
  maxSizes: Float64Array,
  random: Random,
  context: TaskContext,
): Int32Array {
  let best: Int32Array = new Int32Array(0);
  let bestExcess = Infinity;
  let bestCut = Infinity;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const parts = grow(level, share, random);
    const refiner = new PartRefiner(level, parts, maxSizes, context);
    refiner.refine();
    const { excess } = refiner;
    const cut = cutOf(level, parts);
    if (excess > bestExcess || (excess === bestExcess && cut >= bestCut)) continue;
    best = parts;
    bestExcess = excess;
    bestCut = cut;
  }
  return best;
}

/** Grows part 0 by the node that leaves the fewest links to nodes outside of it. */
function grow(level: WeighedLevel, share: number, random: Random): Int32Array {
  const { count, offsets, targets, weights, strengths, sizes } = level;
  const parts = new Int32Array(count).fill(1);
  const order = new Uint32Array(count);
  for (let node = 0; node < count; node++) order[node] = node;
  random.shuffle(order);
  let next = 0;
  const heap = new KeyHeap(count);
  // Weight of each node's links to the part.
  const sums = new Float64Array(count);
  let left = share * sumOf(sizes);
  while (left > 0) {
    while (heap.size === 0 && parts[order[next] as number] === 0) next++;
    const node = heap.size > 0 ? heap.take() : order[next] as number;
    // The last node is taken when most of it has room.
    if (2 * left < (sizes[node] as number)) break;
    parts[node] = 0;
    left -= sizes[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (parts[target] === 0) continue;
      const sum = (sums[target] as number) + (weights === undefined ? 1 : weights[at] as number);
      sums[target] = sum;
      heap.set(target, 2 * sum - (strengths[target] as number));
    }
  }
  return parts;
}

/** Weight of the links between parts. */
export function cutOf({ count, offsets, targets, weights }: WeighedLevel, parts: Int32Array): number {
  let cut = 0;
  let budget = 16_384;
  for (let node = 0; node < count; node++) {
    const part = parts[node] as number;
    const end = offsets[node + 1] as number;
    budget -= 1 + end - (offsets[node] as number);
    if (budget <= 0) {
      lookUp();
      budget = 16_384;
    }
    for (let at = offsets[node] as number; at < end; at++) {
      if (parts[targets[at] as number] !== part) cut += weights === undefined ? 1 : weights[at] as number;
    }
  }
  return cut / 2;
}
