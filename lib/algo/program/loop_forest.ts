/** The loops of a flow graph, and how they are nested. */

import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { defineResult } from "../define.ts";

/** A natural loop. */
export interface NaturalLoop {
  /** The node through which it is entered: it dominates all others. */
  readonly header: NodeId;
  /** Header of the smallest loop around it; null when there is none. */
  readonly parent: NodeId | null;
  /** Number of loops that it lies in, with itself. */
  readonly depth: number;
  /** Where its back edges come from, which lead to the header: in ascending ids. */
  readonly latches: NodeId[];
  /** Its nodes, with the header, in ascending ids. */
  readonly body: NodeId[];
}

/** Nodes of a cycle that no node of it dominates: it can be entered at several places, so it is no natural loop. */
export interface IrreducibleRegion {
  /** Its nodes, in ascending ids. */
  readonly nodeIds: NodeId[];
  /** Those among them that edges from outside lead to, in ascending ids. */
  readonly entries: NodeId[];
}

/** What another thread makes the same loops of. */
export interface LoopForestHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** Number of each node's innermost loop; -1 for none. */
  readonly loops: Int32Array<SharedArrayBuffer>;
  /** Dense index of each loop's header: ascending. */
  readonly headers: Uint32Array<SharedArrayBuffer>;
  /** Number of the smallest loop around each one; -1 for none. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** How deep each loop is nested, from 1. */
  readonly depths: Uint32Array<SharedArrayBuffer>;
  /** Where the latches of each loop begin; one more than there are loops. */
  readonly latchOffsets: Uint32Array<SharedArrayBuffer>;
  /** Dense indexes of latches, ascending in each loop. */
  readonly latches: Uint32Array<SharedArrayBuffer>;
  /** Nodes, ordered so that those of a loop lie together. */
  readonly nested: Uint32Array<SharedArrayBuffer>;
  /** Where the nodes of each loop begin there. */
  readonly bodyStarts: Uint32Array<SharedArrayBuffer>;
  /** How many nodes each loop has. */
  readonly bodySizes: Uint32Array<SharedArrayBuffer>;
  /** Cycles that are no natural loops. */
  readonly irreducible: readonly IrreducibleRegion[];
}

/**
 * Natural loops: two of them are disjoint, or one lies in the other. Memory is linear in the nodes, although the bodies overlap.
 * Iterating gives the loops in ascending ids of their headers.
 */
export class LoopForest implements Iterable<NaturalLoop> {
  /** Number of loops. */
  readonly count: number;
  /** Cycles of nodes that can be entered at several places, in ascending ids of their first nodes. */
  readonly irreducible: readonly IrreducibleRegion[];
  /** What another thread makes the same loops of: cloneable by `postMessage`. */
  readonly handle: LoopForestHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: LoopForestHandle) {
    this.handle = handle;
    this.count = handle.headers.length;
    this.irreducible = handle.irreducible;
    this.#nodes = new NodeIndex(handle.nodes);
  }

  /** The loops that another thread sent the handle of, or that were found. */
  static from(handle: LoopForestHandle): LoopForest {
    return new LoopForest(handle);
  }

  /** Whether every cycle is a natural loop, or consists of such. */
  get isReducible(): boolean {
    return this.irreducible.length === 0;
  }

  /** The headers, in ascending ids. */
  get headers(): NodeId[] {
    return Array.from(this.handle.headers, (node) => this.#nodes.idOf(node));
  }

  /** The loop with a header; undefined when the node is none. O(log loops + size). */
  get(header: NodeId): NaturalLoop | undefined {
    const loop = this.#loopOf(header);
    return loop < 0 || this.#headerOf(loop) !== header ? undefined : this.#at(loop);
  }

  /** Headers of the loops that a node is in, from the innermost on; none when it is in no loop. */
  around(nodeId: NodeId): NodeId[] {
    const headers: NodeId[] = [];
    for (let loop = this.#loopOf(nodeId); loop >= 0; loop = this.handle.parents[loop] as number) {
      headers.push(this.#headerOf(loop));
    }
    return headers;
  }

  /** How many loops a node is in. O(1). */
  depth(nodeId: NodeId): number {
    const loop = this.#loopOf(nodeId);
    return loop < 0 ? 0 : this.handle.depths[loop] as number;
  }

  /** The loops in their order. */
  *[Symbol.iterator](): IterableIterator<NaturalLoop> {
    for (let loop = 0; loop < this.count; loop++) yield this.#at(loop);
  }

  #loopOf(nodeId: NodeId): number {
    const node = this.#nodes.indexOf(nodeId);
    return node < 0 ? -1 : this.handle.loops[node] as number;
  }

  #headerOf(loop: number): NodeId {
    return this.#nodes.idOf(this.handle.headers[loop] as number);
  }

  #at(loop: number): NaturalLoop {
    const { parents, depths, latchOffsets, latches, nested, bodyStarts, bodySizes } = this.handle;
    const parent = parents[loop] as number;
    const start = bodyStarts[loop] as number;
    const body = nested.slice(start, start + (bodySizes[loop] as number)).sort();
    return {
      header: this.#headerOf(loop),
      parent: parent < 0 ? null : this.#headerOf(parent),
      depth: depths[loop] as number,
      latches: this.#ids(latches.subarray(latchOffsets[loop], latchOffsets[loop + 1])),
      body: this.#ids(body),
    };
  }

  #ids(nodes: Uint32Array): NodeId[] {
    return Array.from(nodes, (node) => this.#nodes.idOf(node));
  }
}

defineResult("sqlitegraph:LoopForest", LoopForest);
