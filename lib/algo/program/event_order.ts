/** Which events happened before which. */

import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { defineResult } from "../define.ts";

/** What another thread makes the same order of. */
export interface EventOrderHandle {
  /** The events. */
  readonly nodes: NodeIndexHandle;
  /** Chain of each event: the events of a chain happen one after the other. */
  readonly chains: Int32Array<SharedArrayBuffer>;
  /** Number of chains. */
  readonly chainCount: number;
  /** Where the clock of each event begins; one more than there are events. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** For each chain the events of it that happened before or are the event; chains that are missing at the end count 0. */
  readonly clocks: Int32Array<SharedArrayBuffer>;
}

/** Two events that nothing orders. */
export interface ConcurrentEvents {
  /** The event with the smaller id. */
  readonly first: NodeId;
  /** The other one. */
  readonly second: NodeId;
}

/** An order of events by vector clocks: each comparison takes two looks. */
export class EventOrder {
  /** Number of events. */
  readonly size: number;
  /** Number of chains that the events were put in, such as threads; a clock has a number for each. */
  readonly chainCount: number;
  /** What another thread makes the same order of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: EventOrderHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: EventOrderHandle) {
    this.handle = handle;
    this.#nodes = new NodeIndex(handle.nodes);
    this.size = this.#nodes.count;
    this.chainCount = handle.chainCount;
  }

  /** The order that another thread sent the handle of, or that was found. */
  static from(handle: EventOrderHandle): EventOrder {
    return new EventOrder(handle);
  }

  /** Whether one event happened before another one. False of an event and itself, and of events that are not here. O(1). */
  precedes(first: NodeId, second: NodeId): boolean {
    const [a, b] = [this.#nodes.indexOf(first), this.#nodes.indexOf(second)];
    return a >= 0 && b >= 0 && this.#precedes(a, b);
  }

  /** Whether nothing orders two different events. O(1). */
  isConcurrent(first: NodeId, second: NodeId): boolean {
    const [a, b] = [this.#nodes.indexOf(first), this.#nodes.indexOf(second)];
    return a >= 0 && b >= 0 && a !== b && !this.#precedes(a, b) && !this.#precedes(b, a);
  }

  /** Number of pairs of events that nothing orders. O(size of the clocks). */
  concurrentCount(): number {
    const { clocks } = this.handle;
    // Each clock counts what happened before its event, and the event.
    let ordered = -this.size;
    for (let at = 0; at < clocks.length; at++) ordered += clocks[at] as number;
    return this.size * (this.size - 1) / 2 - ordered;
  }

  /** Pairs of events that nothing orders: by the smaller id, then by the other one. O(1) for each pair of events. */
  *concurrentPairs(): IterableIterator<ConcurrentEvents> {
    for (let a = 0; a < this.size; a++) {
      for (let b = a + 1; b < this.size; b++) {
        if (this.#precedes(a, b) || this.#precedes(b, a)) continue;
        yield { first: this.#nodes.idOf(a), second: this.#nodes.idOf(b) };
      }
    }
  }

  #precedes(a: number, b: number): boolean {
    return a !== b && this.#known(b, a) >= this.#known(a, a);
  }

  /** How many events of the chain of `other` an event knows. */
  #known(event: number, other: number): number {
    const { chains, offsets, clocks } = this.handle;
    const at = (offsets[event] as number) + (chains[other] as number);
    return at < (offsets[event + 1] as number) ? clocks[at] as number : 0;
  }
}

defineResult("sqlitegraph:EventOrder", EventOrder);
