/** The nodes that a search visited, in its order. */

import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import { defineResult } from "../define.ts";

/** A node that was visited. */
export interface VisitedNode {
  /** The node. */
  readonly nodeId: NodeId;
  /** Number of edges on the way to it in the tree of the search. */
  readonly depth: number;
  /** The node from which it was found; undefined for nodes where the search started. */
  readonly parentId: NodeId | undefined;
}

/** What another thread makes the same search of. */
export interface SearchTreeHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** Dense indexes of the nodes in the order in which they were visited. */
  readonly order: Int32Array<SharedArrayBuffer>;
  /** Dense indexes in the order in which their visits ended; only depth-first. */
  readonly postOrder: Int32Array<SharedArrayBuffer> | undefined;
  /** Depth of each node by dense index, -1 when it was not visited. */
  readonly depths: Int32Array<SharedArrayBuffer>;
  /** Dense index of each node's parent, or -1. */
  readonly parents: Int32Array<SharedArrayBuffer>;
}

/** The nodes that a search visited, in shared memory. Iterating gives them in the order in which they were visited. */
export class SearchTree implements Iterable<VisitedNode> {
  /** Number of nodes that were visited. */
  readonly size: number;
  /** What another thread makes the same search of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: SearchTreeHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: SearchTreeHandle) {
    this.handle = handle;
    this.size = handle.order.length;
    this.#nodes = new NodeIndex(handle.nodes);
  }

  /** A search in a projection. The arrays are kept. */
  static of(projection: Projection, parts: Omit<SearchTreeHandle, "nodes">): SearchTree {
    return new SearchTree({ nodes: handleOf(projection, "SearchTree.of").nodes, ...parts });
  }

  /** The search that another thread sent the handle of. */
  static from(handle: SearchTreeHandle): SearchTree {
    return new SearchTree(handle);
  }

  /** Ids in the order in which the nodes were visited: depth-first, each before those below it. O(size). */
  preOrder(): NodeId[] {
    return Array.from(this.handle.order, (index) => this.#nodes.idOf(index));
  }

  /** Ids in the order in which visits ended: each node after those below it. Of a breadth-first search none. O(size). */
  postOrder(): NodeId[] {
    return Array.from(this.handle.postOrder ?? [], (index) => this.#nodes.idOf(index));
  }

  /** Ids by depth, each level in the order in which its nodes were visited. O(size). */
  levels(): NodeId[][] {
    const levels: NodeId[][] = [];
    for (const { nodeId, depth } of this) (levels[depth] ??= []).push(nodeId);
    return levels;
  }

  /** Depth of a node; undefined when it was not visited. O(1). */
  depthOf(nodeId: NodeId): number | undefined {
    const depth = this.handle.depths[this.#nodes.indexOf(nodeId)] ?? -1;
    return depth < 0 ? undefined : depth;
  }

  /** The node from which a node was found; undefined when there is none. O(1). */
  parentOf(nodeId: NodeId): NodeId | undefined {
    const parent = this.handle.parents[this.#nodes.indexOf(nodeId)] ?? -1;
    return parent < 0 ? undefined : this.#nodes.idOf(parent);
  }

  /** Ids of the nodes on the way to a node, from where the search started; undefined when it was not visited. O(depth). */
  pathTo(nodeId: NodeId): NodeId[] | undefined {
    if (this.depthOf(nodeId) === undefined) return undefined;
    const path: NodeId[] = [];
    for (let at = this.#nodes.indexOf(nodeId); at >= 0; at = this.handle.parents[at] as number) {
      path.push(this.#nodes.idOf(at));
    }
    return path.reverse();
  }

  /** The nodes in the order in which they were visited. */
  *[Symbol.iterator](): IterableIterator<VisitedNode> {
    const { order, depths, parents } = this.handle;
    for (let at = 0; at < order.length; at++) {
      const index = order[at] as number;
      const parent = parents[index] as number;
      yield {
        nodeId: this.#nodes.idOf(index),
        depth: depths[index] as number,
        parentId: parent < 0 ? undefined : this.#nodes.idOf(parent),
      };
    }
  }
}

defineResult("sqlitegraph:SearchTree", SearchTree);
