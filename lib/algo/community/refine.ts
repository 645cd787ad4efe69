/** Splits communities into parts that hang together well. */

import { ParallelRange, type TaskContext } from "../define.ts";
import type { LabelMembers, LevelGraph } from "./level_graph.ts";

/** Communities dealt out at once. */
const CHUNK = 16;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 65_536;
/** Differences below this part of a strength may be rounding. */
const ROUNDING = 1e-10;

/**
 * Parts of communities: each node begins as a part of its own, and joins the neighbor's part inside its community where modularity
 * is largest, if it does not become smaller, and both are linked well enough with the rest of the community. So each part is
 * connected. The label of a part is a node of it. For all threads of a run together: each takes whole communities.
 *
 * Traag, Waltman, van Eck, From Louvain to Leiden: guaranteeing well-connected communities, 2019, with the best part in place of
 * one drawn at random.
 */
export function refine(
  level: LevelGraph,
  communities: Uint32Array,
  count: number,
  members: LabelMembers,
  scale: number,
  context: TaskContext,
): Uint32Array<SharedArrayBuffer> {
  const parts = new Uint32Array(context.sharedBuffer(4 * level.count));
  const refiner = new Refiner(level, communities, parts, scale, context);
  const range = new ParallelRange(context, count, CHUNK);
  while (range.next()) {
    for (let community = range.start; community < range.end; community++) {
      const { starts, members: nodes } = members;
      refiner.refine(community, nodes.subarray(starts[community], starts[community + 1]));
    }
  }
  return parts;
}

class Refiner {
  readonly #level: LevelGraph;
  readonly #communities: Uint32Array;
  readonly #parts: Uint32Array;
  readonly #scale: number;
  readonly #context: TaskContext;
  /** Sum of the strengths of each part's nodes. */
  readonly #totals: Float64Array;
  /** Weight of the links of each part to the rest of its community. */
  readonly #cuts: Float64Array;
  /** Whether a node's part is the node alone. */
  readonly #isAlone: Uint8Array;
  /** Weight of the node's links to each part. */
  readonly #sums: Float64Array;
  /** Parts of the node's neighbors. */
  #touched: Uint32Array = new Uint32Array(64);
  #budget = CHECK_EVERY;

  constructor(level: LevelGraph, communities: Uint32Array, parts: Uint32Array, scale: number, context: TaskContext) {
    this.#level = level;
    this.#communities = communities;
    this.#parts = parts;
    this.#scale = scale;
    this.#context = context;
    this.#totals = new Float64Array(level.count);
    this.#cuts = new Float64Array(level.count);
    this.#isAlone = new Uint8Array(level.count);
    this.#sums = new Float64Array(level.count);
  }

  /** Splits one community. */
  refine(community: number, nodes: Uint32Array): void {
    const { strengths } = this.#level;
    let strength = 0;
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as number;
      this.#parts[node] = node;
      this.#totals[node] = strengths[node] as number;
      this.#isAlone[node] = 1;
      strength += strengths[node] as number;
    }
    if (nodes.length === 1) return;
    for (let at = 0; at < nodes.length; at++) this.#measure(nodes[at] as number, community);
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as number;
      if (this.#isAlone[node] === 1 && this.#isLinkedWell(node, strength)) this.#join(node, community, strength);
    }
  }

  /** Weight of a node's links to others of its community. Hot. */
  #measure(node: number, community: number): void {
    const { offsets, targets, weights } = this.#level;
    const communities = this.#communities;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let cut = 0;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      if (communities[target] !== community || target === node) continue;
      cut += weights === undefined ? 1 : weights[at] as number;
    }
    this.#cuts[node] = cut;
    this.#spend(1 + end - start);
  }

  /** Whether a part has at least as many links to the rest of its community as chance would give. */
  #isLinkedWell(part: number, strength: number): boolean {
    const total = this.#totals[part] as number;
    return (this.#cuts[part] as number) + ROUNDING * total >= this.#scale * total * (strength - total);
  }

  /** Puts a node that is alone into the best part. Hot. */
  #join(node: number, community: number, strength: number): void {
    const { offsets, targets, weights, strengths } = this.#level;
    const communities = this.#communities;
    const parts = this.#parts;
    const sums = this.#sums;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    if (this.#touched.length < end - start) this.#touched = new Uint32Array(2 * (end - start));
    const touched = this.#touched;
    let count = 0;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      if (communities[target] !== community || target === node) continue;
      const weight = weights === undefined ? 1 : weights[at] as number;
      if (weight === 0) continue;
      const part = parts[target] as number;
      const sum = sums[part] as number;
      if (sum === 0) touched[count++] = part;
      sums[part] = sum + weight;
    }
    this.#spend(1 + end - start);
    const own = strengths[node] as number;
    const price = this.#scale * own;
    let best = -1;
    let bestSum = 0;
    let bestGain = -ROUNDING * own;
    for (let at = 0; at < count; at++) {
      const part = touched[at] as number;
      const sum = sums[part] as number;
      sums[part] = 0;
      const gain = sum - price * (this.#totals[part] as number);
      if (gain < bestGain || (gain === bestGain && part > best)) continue;
      if (!this.#isLinkedWell(part, strength)) continue;
      best = part;
      bestSum = sum;
      bestGain = gain;
    }
    if (best === -1) return;
    parts[node] = best;
    this.#isAlone[node] = 0;
    this.#isAlone[best] = 0;
    this.#totals[best] = (this.#totals[best] as number) + own;
    this.#cuts[best] = (this.#cuts[best] as number) + (this.#cuts[node] as number) - 2 * bestSum;
  }

  #spend(work: number): void {
    this.#budget -= work;
    if (this.#budget > 0) return;
    this.#context.throwIfAborted();
    this.#budget = CHECK_EVERY;
  }
}
