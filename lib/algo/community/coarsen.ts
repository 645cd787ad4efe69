/** Makes smaller graphs of pairs of nodes. */

import { lookUp, type TaskContext, touched } from "../define.ts";
import type { Random } from "../random.ts";
import { aggregate, membersByLabel, renumber } from "./level_graph.ts";
import type { WeighedLevel } from "./part_refiner.ts";

/** A smaller graph. */
export interface Coarser {
  /** The graph. */
  readonly level: WeighedLevel;
  /** Its node that each node of the larger one is in. */
  readonly labels: Uint32Array;
}

/**
 * Puts pairs of nodes together: at random each that is left with the neighbor that it is linked with most, as long as both stand for
 * at most a number of nodes, and are in one part when there are parts; then pairs of those that are left whose best neighbors are the same. Heavy-edge matching: Karypis,
 * Kumar, A fast and high quality multilevel scheme for partitioning irregular graphs, 1998.
 */
export function coarsen(
  level: WeighedLevel,
  parts: Int32Array | undefined,
  maxSize: number,
  random: Random,
  context: TaskContext,
): Coarser {
  const labels = match(level, parts, maxSize, random, context);
  const count = renumber(labels);
  const members = membersByLabel(labels, count);
  const sizes = touched(new Float64Array(count));
  for (let node = 0; node < level.count; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = labels[node] as number;
    sizes[label] = (sizes[label] as number) + (level.sizes[node] as number);
  }
  return { level: { ...aggregate(level, labels, count, members, context), sizes }, labels };
}

function match(
  level: WeighedLevel,
  parts: Int32Array | undefined,
  maxSize: number,
  random: Random,
  context: TaskContext,
): Uint32Array {
  const { count, offsets, targets, weights, sizes } = level;
  const labels = new Uint32Array(count);
  const order = new Uint32Array(count);
  for (let node = 0; node < count; node++) {
    if ((node & 65_535) === 0) lookUp();
    labels[node] = node;
    order[node] = node;
  }
  random.shuffle(order);
  const isMatched = touched(new Uint8Array(count));
  // A node that is left, plus 1, by its best neighbor; the last entry is for nodes without any.
  const left = touched(new Uint32Array(count + 1));
  let budget = 16_384;
  for (let at = 0; at < count; at++) {
    const node = order[at] as number;
    if (isMatched[node] === 1) continue;
    const room = maxSize - (sizes[node] as number);
    const end = offsets[node + 1] as number;
    let best = -1;
    let bestWeight = 0;
    let nearest = count;
    let nearestWeight = 0;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target === node) continue;
      const weight = weights === undefined ? 1 : weights[link] as number;
      if (weight > nearestWeight) {
        nearest = target;
        nearestWeight = weight;
      }
      if (weight <= bestWeight || isMatched[target] === 1 || (sizes[target] as number) > room) continue;
      if (parts !== undefined && parts[target] !== parts[node]) continue;
      best = target;
      bestWeight = weight;
    }
    if (best === -1) {
      const other = (left[nearest] as number) - 1;
      const isNear = other >= 0 && (parts === undefined || parts[other] === parts[node]);
      if (isNear && isMatched[other] === 0 && (sizes[other] as number) <= room) best = other;
      else left[nearest] = node + 1;
    }
    if (best >= 0) {
      isMatched[node] = 1;
      isMatched[best] = 1;
      labels[best] = node;
    }
    budget -= 1 + end - (offsets[node] as number);
    if (budget > 0) continue;
    context.throwIfAborted();
    budget = 16_384;
  }
  return labels;
}
