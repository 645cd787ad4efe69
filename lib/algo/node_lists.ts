/** Lists of nodes: cycles, paths, groups that overlap. */

import type { NodeId } from "../backend/schema.ts";
import { copied, defineResult, lookUp } from "./define.ts";

/** What another thread makes the same lists of. */
export interface NodeListsHandle {
  /** Where each list begins; one more than there are lists. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** Ids of the nodes of all lists, one list after the other. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
}

/** Lists of nodes in shared memory. Nodes may be in several lists. Iterating gives the lists in their order. */
export class NodeLists implements Iterable<NodeId[]> {
  /** Number of lists. */
  readonly count: number;
  /** Where each list begins in `nodeIds`; one more than there are lists. Must not be changed. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** Ids of the nodes of all lists, one list after the other. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** What another thread makes the same lists of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeListsHandle;

  private constructor(handle: NodeListsHandle) {
    this.handle = handle;
    this.offsets = handle.offsets;
    this.nodeIds = handle.nodeIds;
    this.count = handle.offsets.length - 1;
  }

  /** The lists that another thread sent the handle of. */
  static from(handle: NodeListsHandle): NodeLists {
    return new NodeLists(handle);
  }

  /** Ids of the nodes of a list, in their order; none for a list that does not exist. O(length). */
  list(at: number): NodeId[] {
    return Array.from(this.nodeIds.subarray(this.offsets[at] ?? 0, this.offsets[at + 1] ?? 0));
  }

  /** The lists in their order. */
  *[Symbol.iterator](): IterableIterator<NodeId[]> {
    for (let at = 0; at < this.count; at++) yield this.list(at);
  }
}

defineResult("sqlitegraph:NodeLists", NodeLists);

/** Collects lists, node by node. */
export class NodeListsBuilder {
  readonly #nodeIds: Float64Array<SharedArrayBuffer>;
  #nodes: Uint32Array = new Uint32Array(64);
  #ends: Uint32Array = new Uint32Array(16);
  #length = 0;
  #count = 0;

  /** Nodes are given by dense index; `nodeIds` are their ids. */
  constructor(nodeIds: Float64Array<SharedArrayBuffer>) {
    this.#nodeIds = nodeIds;
  }

  /** Number of lists. */
  get count(): number {
    return this.#count;
  }

  /** Adds a node to the list that is being made. */
  push(node: number): void {
    if (this.#length === this.#nodes.length) this.#nodes = grown(this.#nodes);
    this.#nodes[this.#length] = node;
    this.#length++;
  }

  /** Ends the list. */
  endList(): void {
    if (this.#count === this.#ends.length) this.#ends = grown(this.#ends);
    this.#ends[this.#count] = this.#length;
    this.#count++;
  }

  /** Turns the last list so that its smallest node is the first, and the smaller one of that one's neighbors the second. */
  normalizeRing(isDirected: boolean): void {
    const start = this.#count < 2 ? 0 : this.#ends[this.#count - 2] as number;
    const ring = this.#nodes.subarray(start, this.#length);
    const { length } = ring;
    const old = ring.slice();
    let first = 0;
    for (let at = 1; at < length; at++) if ((old[at] as number) < (old[first] as number)) first = at;
    const isTurned = !isDirected &&
      (old[(first + length - 1) % length] as number) < (old[(first + 1) % length] as number);
    for (let at = 0; at < length; at++) {
      ring[at] = old[(isTurned ? first + length - at : first + at) % length] as number;
    }
  }

  /** All lists that ended. @throws when the run of this thread was cancelled */
  build(): NodeLists {
    const length = this.#count === 0 ? 0 : this.#ends[this.#count - 1] as number;
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (this.#count + 1)));
    offsets.set(this.#ends.subarray(0, this.#count), 1);
    const nodeIds = new Float64Array(new SharedArrayBuffer(8 * length));
    for (let at = 0; at < length; at++) {
      if ((at & 65_535) === 0) lookUp();
      nodeIds[at] = this.#nodeIds[this.#nodes[at] as number] as number;
    }
    return NodeLists.from({ offsets, nodeIds });
  }
}

function grown(array: Uint32Array): Uint32Array {
  return copied(array, new Uint32Array(2 * array.length));
}
