/** The tree that dominators form. */

import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import type { Projection } from "../../projection/mod.ts";
import { defineResult } from "../define.ts";
import type { Pace } from "../pace.ts";
import type { FlowTree } from "./flow_tree.ts";
import { intervalsOf } from "./tree_intervals.ts";

/** A node of a dominator tree. */
export interface DominatedNode {
  /** The node. */
  readonly nodeId: NodeId;
  /** Its immediate dominator; null of the root, and of nodes right below a virtual root. */
  readonly dominator: NodeId | null;
}

/** What another thread makes the same tree of. */
export interface DominatorTreeHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** Dense index of the root; -1 when it is virtual. */
  readonly root: number;
  /** Number of nodes in the tree. */
  readonly size: number;
  /** Dense index of each node's immediate dominator; -1 where it has none. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** Place of each node in a preorder of the tree; -1 of those that are not in it. */
  readonly enters: Int32Array<SharedArrayBuffer>;
  /** Number of nodes that each one dominates. */
  readonly sizes: Uint32Array<SharedArrayBuffer>;
}

/**
 * Which nodes dominate which: a node's ancestors in this tree, and the node itself. Of post-dominators likewise. Nodes that
 * cannot be reached from the root (or, of post-dominators, cannot reach it) are not in the tree. It lies in shared memory.
 * Iterating gives the nodes of the tree in ascending ids.
 */
export class DominatorTree implements Iterable<DominatedNode> {
  /** The root: the entry, or the exit of post-dominators; null when it is virtual. */
  readonly root: NodeId | null;
  /** Number of nodes in the tree. */
  readonly size: number;
  /** What another thread makes the same tree of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: DominatorTreeHandle;
  readonly #nodes: NodeIndex;
  /** Nodes by parent: those of node v are at `starts[v]` to `starts[v + 1]` - 1 of `children`; of the virtual root, the last. */
  #children: { readonly starts: Uint32Array; readonly children: Uint32Array } | undefined;

  private constructor(handle: DominatorTreeHandle) {
    this.handle = handle;
    this.#nodes = new NodeIndex(handle.nodes);
    this.size = handle.size;
    this.root = handle.root < 0 ? null : this.#nodes.idOf(handle.root);
  }

  /** The tree of a flow graph whose nodes are those of a projection. */
  static of(projection: Projection, tree: FlowTree, pace: Pace): DominatorTree {
    const { nodeCount } = projection;
    const handle: DominatorTreeHandle = {
      nodes: handleOf(projection, "DominatorTree.of").nodes,
      root: tree.hasVirtualRoot ? -1 : tree.order[0] as number,
      size: tree.count - (tree.hasVirtualRoot ? 1 : 0),
      parents: new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1),
      enters: new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1),
      sizes: new Uint32Array(new SharedArrayBuffer(4 * nodeCount)),
    };
    const { enters, sizes } = intervalsOf(tree.dominators, pace);
    for (let vertex = tree.hasVirtualRoot ? 1 : 0; vertex < tree.count; vertex++) {
      const node = tree.order[vertex] as number;
      const dominator = tree.dominators[vertex] as number;
      handle.parents[node] = dominator < 0 ? -1 : tree.order[dominator] as number;
      handle.enters[node] = enters[vertex] as number;
      handle.sizes[node] = sizes[vertex] as number;
      pace.step(0, 1);
    }
    return new DominatorTree(handle);
  }

  /** The tree that another thread sent the handle of. */
  static from(handle: DominatorTreeHandle): DominatorTree {
    return new DominatorTree(handle);
  }

  /** Whether a node is in the tree. */
  has(nodeId: NodeId): boolean {
    return this.#indexOf(nodeId) >= 0;
  }

  /** Whether every path from the root to `b` passes `a`; each node dominates itself. False of nodes that are not in it. O(1). */
  dominates(a: NodeId, b: NodeId): boolean {
    const upper = this.#indexOf(a);
    const lower = this.#indexOf(b);
    if (upper < 0 || lower < 0) return false;
    const { enters, sizes } = this.handle;
    const distance = (enters[lower] as number) - (enters[upper] as number);
    return distance >= 0 && distance < (sizes[upper] as number);
  }

  /** The nearest other node that dominates a node; null of the root, below a virtual root, and outside of the tree. O(1). */
  immediateDominator(nodeId: NodeId): NodeId | null {
    const node = this.#indexOf(nodeId);
    const parent = node < 0 ? -1 : this.handle.parents[node] as number;
    return parent < 0 ? null : this.#nodes.idOf(parent);
  }

  /** All that dominate a node: itself, its immediate dominator, and so on up to the root. None outside of the tree. */
  dominators(nodeId: NodeId): NodeId[] {
    const ids: NodeId[] = [];
    for (let node = this.#indexOf(nodeId); node >= 0; node = this.handle.parents[node] as number) {
      ids.push(this.#nodes.idOf(node));
    }
    return ids;
  }

  /**
   * The nodes whose immediate dominator a node is, in ascending ids; of null, those right below a virtual root. O(their number),
   * and O(n) the first time.
   */
  children(nodeId: NodeId | null): NodeId[] {
    const { count } = this.#nodes;
    const node = nodeId === null ? this.root === null ? count : -1 : this.#indexOf(nodeId);
    if (node < 0) return [];
    const { starts, children } = this.#children ??= this.#countChildren();
    return Array.from(children.subarray(starts[node], starts[node + 1]), (child) => this.#nodes.idOf(child));
  }

  /** How many nodes a node dominates, with itself; 0 outside of the tree. O(1). */
  count(nodeId: NodeId): number {
    const node = this.#indexOf(nodeId);
    return node < 0 ? 0 : this.handle.sizes[node] as number;
  }

  /** The nodes in their order. */
  *[Symbol.iterator](): IterableIterator<DominatedNode> {
    const { enters, parents } = this.handle;
    for (let node = 0; node < this.#nodes.count; node++) {
      if ((enters[node] as number) < 0) continue;
      const parent = parents[node] as number;
      yield { nodeId: this.#nodes.idOf(node), dominator: parent < 0 ? null : this.#nodes.idOf(parent) };
    }
  }

  #indexOf(nodeId: NodeId): number {
    const node = this.#nodes.indexOf(nodeId);
    return node < 0 || (this.handle.enters[node] as number) < 0 ? -1 : node;
  }

  #countChildren(): { readonly starts: Uint32Array; readonly children: Uint32Array } {
    const { enters, parents, root } = this.handle;
    const { count } = this.#nodes;
    const starts = new Uint32Array(count + 2);
    const parentOf = (node: number): number => {
      if ((enters[node] as number) < 0 || node === root) return -1;
      const parent = parents[node] as number;
      return parent < 0 ? count : parent;
    };
    for (let node = 0; node < count; node++) {
      const parent = parentOf(node);
      if (parent >= 0) starts[parent + 1] = (starts[parent + 1] as number) + 1;
    }
    for (let node = 0; node <= count; node++) {
      starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
    }
    const children = new Uint32Array(starts[count + 1] as number);
    const next = starts.slice();
    for (let node = 0; node < count; node++) {
      const parent = parentOf(node);
      if (parent < 0) continue;
      const place = next[parent] as number;
      children[place] = node;
      next[parent] = place + 1;
    }
    return { starts, children };
  }
}

defineResult("sqlitegraph:DominatorTree", DominatorTree);
