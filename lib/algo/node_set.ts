/** Sets of nodes. */

import type { NodeId } from "../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../projection/node_index.ts";
import type { Projection } from "../backend/projection.ts";
import { handleOf } from "../projection/projection.ts";
import { defineResult } from "./define.ts";

/** What another thread makes the same set of. */
export interface NodeSetHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** A bit for each of them, by dense index, in words of 32. */
  readonly bits: Int32Array<SharedArrayBuffer>;
  /** Number of nodes in the set. */
  readonly size: number;
}

/** Nodes of a projection, a bit each, in shared memory. Iterating gives their ids, ascending. */
export class NodeSet implements Iterable<NodeId> {
  /** Number of nodes in the set. */
  readonly size: number;
  /** What another thread makes the same set of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeSetHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: NodeSetHandle) {
    this.handle = handle;
    this.size = handle.size;
    this.#nodes = new NodeIndex(handle.nodes);
  }

  /** The nodes of a projection that have a bit: that of dense index i is bit i % 32 of word i / 32. The words are kept. O(n). */
  static of(projection: Projection, bits: Int32Array<SharedArrayBuffer>): NodeSet {
    let size = 0;
    for (let word = 0; word < bits.length; word++) {
      for (let left = bits[word] as number; left !== 0; left &= left - 1) size++;
    }
    return new NodeSet({ nodes: handleOf(projection, "NodeSet.of").nodes, bits, size });
  }

  /** The set that another thread sent the handle of. */
  static from(handle: NodeSetHandle): NodeSet {
    return new NodeSet(handle);
  }

  /** Whether a node is in the set. O(1), or O(log n) where ids lie far apart. */
  has(nodeId: NodeId): boolean {
    const index = this.#nodes.indexOf(nodeId);
    return index >= 0 && ((this.handle.bits[index >>> 5] as number) >>> (index & 31) & 1) === 1;
  }

  /** Ids of its nodes, ascending. O(n). */
  toArray(): NodeId[] {
    return [...this];
  }

  /** Ids of its nodes, ascending. */
  *[Symbol.iterator](): IterableIterator<NodeId> {
    const { bits } = this.handle;
    for (let word = 0; word < bits.length; word++) {
      for (let left = bits[word] as number; left !== 0; left &= left - 1) {
        yield this.#nodes.idOf((word << 5) + 31 - Math.clz32(left & -left));
      }
    }
  }
}

defineResult("sqlitegraph:NodeSet", NodeSet);
