/** Finds out how much can flow through a network. */

import { filled, touched } from "../define.ts";
import type { Pace } from "../pace.ts";
import type { FlowNetwork } from "./flow_network.ts";

/** Work of a relabelling besides its arcs, and of a node and an arc in a global relabelling, as Cherkassky and Goldberg chose them. */
const RELABEL_WORK = 12;
const NODE_WORK = 6;
/** Labels are made anew when relabelling took so many times the work of that. */
const RENEW_AFTER = 2;

/** No node. */
const NONE = -1;

/**
 * Push-relabel, always from the highest label, with the gap heuristic and global relabelling (Goldberg, Tarjan, A new approach to
 * the maximum-flow problem, 1988; Cherkassky, Goldberg, On implementing the push-relabel method for the maximum flow problem,
 * 1997). O(n² √m), in practice close to linear. It does not end later with capacities that are no integers.
 */
export class PushRelabel {
  readonly #network: FlowNetwork;
  readonly #pace: Pace;
  readonly #nodeCount: number;
  /** What came to each node and has not left it. */
  readonly #excesses: Float64Array;
  /** Lower bounds of the number of arcs from each node to the sink; the number of nodes when there is no way. */
  readonly #labels: Int32Array;
  /** The arcs before it lead nowhere, until the node is relabelled. */
  readonly #currents: Uint32Array;
  /** Nodes with an excess by label, as lists. */
  readonly #activeHeads: Int32Array;
  /** Nodes without one, as lists that can be left in the middle. */
  readonly #idleHeads: Int32Array;
  readonly #nexts: Int32Array;
  readonly #previous: Int32Array;
  readonly #queue: Uint32Array;
  #sink = NONE;
  /** No list above is active, none above the other holds a node. */
  #highestActive = 0;
  #highest = 0;
  /** Since labels were made. */
  #work = 0;

  constructor(network: FlowNetwork, pace: Pace) {
    const nodeCount = network.offsets.length - 1;
    this.#network = network;
    this.#pace = pace;
    this.#nodeCount = nodeCount;
    this.#excesses = touched(new Float64Array(nodeCount));
    this.#labels = new Int32Array(nodeCount);
    this.#currents = new Uint32Array(nodeCount);
    this.#activeHeads = new Int32Array(nodeCount + 1);
    this.#idleHeads = new Int32Array(nodeCount + 1);
    this.#nexts = touched(new Int32Array(nodeCount));
    this.#previous = touched(new Int32Array(nodeCount));
    this.#queue = new Uint32Array(nodeCount);
  }

  /**
   * Lets as much flow from the source to the sink as can, and returns how much that is. More leaves the source: what has not
   * come to the sink stays on its way, at nodes from which it cannot go on.
   */
  flood(source: number, sink: number): number {
    const { offsets, heads, mates, residuals } = this.#network;
    const excesses = this.#excesses;
    const end = offsets[source + 1] as number;
    for (let arc = offsets[source] as number; arc < end; arc++) {
      const amount = residuals[arc] as number;
      if (amount === 0) continue;
      const [head, mate] = [heads[arc] as number, mates[arc] as number];
      residuals[arc] = 0;
      residuals[mate] = (residuals[mate] as number) + amount;
      excesses[head] = (excesses[head] as number) + amount;
    }
    excesses[source] = 0;
    this.#drain(source, sink);
    return excesses[sink] as number;
  }

  /** Lets flow back to the source what `flood` left on its way: then as much leaves each node between as comes to it. */
  settle(source: number, sink: number): void {
    this.#excesses[source] = 0;
    this.#drain(sink, source);
  }

  /** Lets flow all excesses to the sink that can. `still` keeps what it has. */
  #drain(still: number, sink: number): void {
    this.#sink = sink;
    this.#relabelAll(still);
    const threshold = RENEW_AFTER * (NODE_WORK * this.#nodeCount + this.#network.heads.length);
    while (this.#highestActive >= 0) {
      const node = this.#activeHeads[this.#highestActive] as number;
      if (node === NONE) {
        this.#highestActive--;
        continue;
      }
      this.#activeHeads[this.#highestActive] = this.#nexts[node] as number;
      this.#discharge(node);
      if (this.#work > threshold) this.#relabelAll(still);
    }
  }

  /** Pushes the excess of a node, which is in no list, to nodes that are one arc nearer. Hot. */
  #discharge(node: number): void {
    const { offsets, heads, mates, residuals } = this.#network;
    const excesses = this.#excesses;
    const labels = this.#labels;
    const sink = this.#sink;
    const end = offsets[node + 1] as number;
    let excess = excesses[node] as number;
    let label = labels[node] as number;
    let arc = this.#currents[node] as number;
    let scanned = 0;
    while (label < this.#nodeCount) {
      const start = arc;
      for (; arc < end; arc++) {
        const room = residuals[arc] as number;
        if (!(room > 0)) continue;
        const head = heads[arc] as number;
        if (labels[head] !== label - 1) continue;
        const amount = room < excess ? room : excess;
        const mate = mates[arc] as number;
        residuals[arc] = room - amount;
        residuals[mate] = (residuals[mate] as number) + amount;
        const before = excesses[head] as number;
        if (before === 0 && head !== sink) this.#activate(head, label - 1);
        excesses[head] = before + amount;
        excess -= amount;
        if (excess === 0) break;
      }
      scanned += arc - start + 1;
      if (excess === 0) break;
      const old = label;
      label = this.#relabel(node);
      if (this.#activeHeads[old] === NONE && this.#idleHeads[old] === NONE) {
        this.#closeGap(old);
        label = this.#nodeCount;
        labels[node] = label;
      }
      arc = this.#currents[node] as number;
    }
    excesses[node] = excess;
    this.#currents[node] = arc;
    if (label < this.#nodeCount) this.#rest(node, label);
    this.#pace.step(scanned);
  }

  /** Raises a node's label as far as it can be. */
  #relabel(node: number): number {
    const { offsets, heads, residuals } = this.#network;
    const labels = this.#labels;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let lowest = this.#nodeCount;
    let current = end;
    for (let arc = start; arc < end; arc++) {
      if (!((residuals[arc] as number) > 0)) continue;
      const label = (labels[heads[arc] as number] as number) + 1;
      if (label >= lowest) continue;
      lowest = label;
      current = arc;
    }
    labels[node] = lowest;
    this.#currents[node] = current;
    this.#work += RELABEL_WORK + end - start;
    return lowest;
  }

  /** No node has a label: from those with a higher one there is no way to the sink. */
  #closeGap(gap: number): void {
    for (let label = gap + 1; label <= this.#highest; label++) {
      for (let node = this.#idleHeads[label] as number; node !== NONE; node = this.#nexts[node] as number) {
        this.#labels[node] = this.#nodeCount;
      }
      this.#idleHeads[label] = NONE;
      for (let node = this.#activeHeads[label] as number; node !== NONE; node = this.#nexts[node] as number) {
        this.#labels[node] = this.#nodeCount;
      }
      this.#activeHeads[label] = NONE;
    }
    this.#highest = gap - 1;
    this.#highestActive = Math.min(this.#highestActive, this.#highest);
  }

  /** Takes an idle node to the nodes with an excess. */
  #activate(node: number, label: number): void {
    const next = this.#nexts[node] as number;
    const previous = this.#previous[node] as number;
    if (previous === NONE) this.#idleHeads[label] = next;
    else this.#nexts[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#addActive(node, label);
  }

  #addActive(node: number, label: number): void {
    this.#nexts[node] = this.#activeHeads[label] as number;
    this.#activeHeads[label] = node;
    if (label > this.#highestActive) this.#highestActive = label;
    if (label > this.#highest) this.#highest = label;
  }

  /** Puts a node that is in no list among the idle ones. */
  #rest(node: number, label: number): void {
    const next = this.#idleHeads[label] as number;
    this.#nexts[node] = next;
    this.#previous[node] = NONE;
    if (next !== NONE) this.#previous[next] = node;
    this.#idleHeads[label] = node;
    if (label > this.#highest) this.#highest = label;
  }

  /** Makes labels the numbers of arcs to the sink. */
  #relabelAll(still: number): void {
    const { offsets, heads, mates, residuals } = this.#network;
    const labels = this.#labels;
    const queue = this.#queue;
    filled(labels, this.#nodeCount);
    filled(this.#activeHeads, NONE);
    filled(this.#idleHeads, NONE);
    this.#highest = 0;
    this.#highestActive = 0;
    this.#work = 0;
    touched(this.#currents);
    this.#currents.set(offsets.subarray(0, -1));
    labels[this.#sink] = 0;
    queue[0] = this.#sink;
    for (let first = 0, last = 1; first < last; first++) {
      const node = queue[first] as number;
      const label = (labels[node] as number) + 1;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      for (let arc = start; arc < end; arc++) {
        const head = heads[arc] as number;
        if (labels[head] !== this.#nodeCount || head === still) continue;
        if (!((residuals[mates[arc] as number] as number) > 0)) continue;
        labels[head] = label;
        queue[last++] = head;
        if (this.#excesses[head] === 0) this.#rest(head, label);
        else this.#addActive(head, label);
      }
      this.#pace.step(1 + end - start);
    }
  }
}
