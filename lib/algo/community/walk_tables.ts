/** Draws links of nodes by their weights. */

import type { Projection } from "../../backend/projection.ts";
import { ParallelRange, type TaskContext } from "../define.ts";
import type { Random } from "../random.ts";

/** The links of a projection, to be drawn from: each as likely, or in proportion to its weight. */
export class LinkDraw {
  readonly #offsets: Uint32Array;
  readonly #targets: Uint32Array;
  /** Sum of the weights of each row up to each link; undefined without weights. */
  readonly #sums: Float64Array | undefined;

  /** All threads of a run make one, together. O(m) with weights. */
  constructor({ nodeCount, out: { offsets, targets, weights } }: Projection, context: TaskContext) {
    this.#offsets = offsets;
    this.#targets = targets;
    if (weights === undefined) return;
    const sums = new Float64Array(context.sharedBuffer(weights.byteLength));
    const nodes = new ParallelRange(context, nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        const end = offsets[node + 1] as number;
        let sum = 0;
        for (let at = offsets[node] as number; at < end; at++) {
          sum += weights[at] as number;
          sums[at] = sum;
        }
      }
    }
    this.#sums = sums;
  }

  /** Node at the other end of a link that is drawn; -1 when there is none to draw. Hot. */
  draw(node: number, random: Random): number {
    const start = this.#offsets[node] as number;
    const end = this.#offsets[node + 1] as number;
    if (start === end) return -1;
    const sums = this.#sums;
    if (sums === undefined) return this.#targets[start + random.below(end - start)] as number;
    const total = sums[end - 1] as number;
    if (total === 0) return -1;
    // The first link whose sum is larger: links of weight 0 never are.
    const drawn = random.unit() * total;
    let low = start;
    let high = end - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return this.#targets[low] as number;
  }

  /** Whether a link leads from one node to another. O(log d). Hot. */
  has(from: number, to: number): boolean {
    const targets = this.#targets;
    let low = this.#offsets[from] as number;
    let high = this.#offsets[from + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const target = targets[middle] as number;
      if (target === to) return true;
      if (target < to) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  /** First of a node's links. */
  startOf(node: number): number {
    return this.#offsets[node] as number;
  }

  /** Number behind the last one of a node's links. */
  endOf(node: number): number {
    return this.#offsets[node + 1] as number;
  }

  /** Node at the other end of a link. */
  targetOf(link: number): number {
    return this.#targets[link] as number;
  }

  /** Weight of a link of a node; 1 without weights. */
  weightOf(link: number, node: number): number {
    const sums = this.#sums;
    if (sums === undefined) return 1;
    const before = link === (this.#offsets[node] as number) ? 0 : sums[link - 1] as number;
    return (sums[link] as number) - before;
  }
}
