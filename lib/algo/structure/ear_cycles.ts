/** Independent cycles along the links of a strong component. */

import type { TaskContext } from "../define.ts";
import type { NodeListsBuilder } from "../node_lists.ts";
import { type StrongPart, waysHome } from "./strong_parts.ts";

/** Where cycles go. */
export interface CycleSink {
  /** The cycles. */
  readonly found: NodeListsBuilder;
  /** Most cycles. */
  readonly maxCycles: number;
  /** Most nodes of a cycle. */
  readonly maxLength: number;
}

/**
 * Grows a strongly connected part from its first node by ears: a link that leaves it, and from there the shortest way to the first
 * node until it meets the part again (at once, when the link leads back). Each ear makes one cycle with links of earlier ears: so
 * each cycle has a link that none before has, and they are independent.
 *
 * ```text
 *   first ──▶ ... ──▶ meeting ──▶ ... ──▶ node ══ ear ══▶ ... ══▶ back ──▶ ... ──▶ meeting ──▶ ... ──▶ first
 * ```
 *
 * Where the way home from the end of the ear meets the way that led to its begin, the cycle closes.
 */
export function addEarCycles(part: StrongPart, { found, maxCycles, maxLength }: CycleSink, context: TaskContext): void {
  const { nodes, offsets, targets } = part;
  const nodeCount = nodes.length;
  const { next: home } = waysHome(part, context);
  const ways = new MeetingWays(home);
  const { before } = ways;
  const isInside = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let length = 1;
  let budget = 16_384;
  isInside[0] = 1;
  for (let next = 0; next < length && found.count < maxCycles; next++) {
    const node = queue[next] as number;
    // The ear that brought the node went on by its link home, of parallel ones the first.
    let taken = node === 0 ? -1 : home[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end && found.count < maxCycles; at++) {
      const target = targets[at] as number;
      if (target === taken) {
        taken = -1;
        continue;
      }
      const ear: number[] = [];
      let back = target;
      let previous = node;
      while (isInside[back] === 0) {
        isInside[back] = 1;
        before[back] = previous;
        queue[length++] = back;
        ear.push(back);
        previous = back;
        back = home[back] as number;
      }
      const steps = ways.meet(node, back) + ear.length;
      budget -= 1 + steps;
      if (budget <= 0) {
        context.throwIfAborted();
        budget = 16_384;
      }
      if (steps > maxLength) continue;
      const { there, homeward } = ways;
      for (let step = there.length - 1; step >= 0; step--) found.push(nodes[there[step] as number] as number);
      for (let step = 0; step < ear.length; step++) found.push(nodes[ear[step] as number] as number);
      for (let step = 0; step < homeward.length; step++) found.push(nodes[homeward[step] as number] as number);
      found.endList();
      found.normalizeRing(true);
    }
  }
}

/** Finds where two ways meet, in steps of each in turn: in as many as the ways to there are long. */
class MeetingWays {
  /** The node before each one on the ear that brought it; -1 before the first node. */
  readonly before: Int32Array;
  /** The way to the begin of the ear, backwards, up to where they meet. */
  readonly there: number[] = [];
  /** The way home from the end of the ear, up to the node before that. */
  readonly homeward: number[] = [];
  readonly #home: Uint32Array;
  /** The last call that came by each node on its way there. */
  readonly #metThere: Int32Array;
  /** The last call that came by each node on its way home. */
  readonly #metHomeward: Int32Array;
  #call = 0;

  constructor(home: Uint32Array) {
    this.#home = home;
    this.before = new Int32Array(home.length).fill(-1);
    this.#metThere = new Int32Array(home.length);
    this.#metHomeward = new Int32Array(home.length);
  }

  /** Follows the ways from a node backwards and from another one home; returns the number of nodes of both together. */
  meet(node: number, back: number): number {
    const call = ++this.#call;
    const { there, homeward } = this;
    there.length = 0;
    homeward.length = 0;
    let [a, b] = [node, back];
    there.push(a);
    this.#metThere[a] = call;
    for (let isHome = false;;) {
      if (!isHome) {
        if (this.#metThere[b] === call) {
          there.length = there.indexOf(b) + 1;
          break;
        }
        this.#metHomeward[b] = call;
        homeward.push(b);
        isHome = b === 0;
        b = this.#home[b] as number;
      }
      if (a === 0) continue;
      a = this.before[a] as number;
      there.push(a);
      if (this.#metHomeward[a] === call) {
        homeward.length = homeward.indexOf(a);
        break;
      }
      this.#metThere[a] = call;
    }
    return there.length + homeward.length;
  }
}
