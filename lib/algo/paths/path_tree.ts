/** The paths from some nodes to all others. */

import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import { defineResult } from "../define.ts";
import type { Path } from "./path.ts";

/** A node that paths lead to. */
export interface ReachedNode {
  /** The node. */
  readonly nodeId: NodeId;
  /** Cost of the path to it. */
  readonly cost: number;
  /** The node before it on that path; undefined for nodes where paths start. */
  readonly parentId: NodeId | undefined;
}

/** What another thread makes the same paths of. */
export interface PathTreeHandle {
  /** The nodes of the projection. */
  readonly nodes: NodeIndexHandle;
  /** Cost of each node. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** Dense index of the node before each one, or -1. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** Edge from there; undefined when edges are not known. */
  readonly edges: Float64Array<SharedArrayBuffer> | undefined;
  /** What stands in `costs` for nodes that no path leads to. */
  readonly none: number;
}

/**
 * The best path to each node that can be reached, in shared memory: they form a tree, or one for each start. Iterating gives the
 * nodes that can be reached, in ascending ids.
 */
export class PathTree implements Iterable<ReachedNode> {
  /** Cost of the path to each node by dense index, as in the projection; `none` where there is none. Must not be changed. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** Ids of the nodes by dense index: ascending. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** The cost that stands for "cannot be reached". */
  readonly none: number;
  /** What another thread makes the same paths of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: PathTreeHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: PathTreeHandle) {
    this.handle = handle;
    this.costs = handle.costs;
    this.none = handle.none;
    this.#nodes = new NodeIndex(handle.nodes);
    this.nodeIds = this.#nodes.ids;
  }

  /** Paths in a projection. The arrays, by dense index, are kept. */
  static of(projection: Projection, parts: Omit<PathTreeHandle, "nodes">): PathTree {
    return new PathTree({ nodes: handleOf(projection, "PathTree.of").nodes, ...parts });
  }

  /** The paths that another thread sent the handle of. */
  static from(handle: PathTreeHandle): PathTree {
    return new PathTree(handle);
  }

  /** Cost of the path to a node; undefined when none leads there, or it is not in the projection. O(1). */
  costTo(nodeId: NodeId): number | undefined {
    const index = this.#reached(nodeId);
    return index < 0 ? undefined : this.costs[index];
  }

  /** The node before a node on its path; undefined when there is none. O(1). */
  parentOf(nodeId: NodeId): NodeId | undefined {
    const index = this.#reached(nodeId);
    return index < 0 ? undefined : this.#parentId(index);
  }

  /** The path to a node; undefined when none leads there. O(length). */
  pathTo(nodeId: NodeId): Path | undefined {
    const index = this.#reached(nodeId);
    if (index < 0) return undefined;
    const { parents, edges } = this.handle;
    const nodeIds: NodeId[] = [];
    const edgeIds: number[] = [];
    for (let at = index; at >= 0; at = parents[at] as number) {
      nodeIds.push(this.#nodes.idOf(at));
      if (edges !== undefined && (parents[at] as number) >= 0) edgeIds.push(edges[at] as number);
    }
    return {
      nodeIds: nodeIds.reverse(),
      edgeIds: edges === undefined ? undefined : edgeIds.reverse(),
      cost: this.costs[index] as number,
    };
  }

  /** The node that the path to a node starts from; undefined when none leads there. O(length). */
  startOf(nodeId: NodeId): NodeId | undefined {
    const { parents } = this.handle;
    let index = this.#reached(nodeId);
    if (index < 0) return undefined;
    while ((parents[index] as number) >= 0) index = parents[index] as number;
    return this.#nodes.idOf(index);
  }

  /** The nodes that were reached, in their order. */
  *[Symbol.iterator](): IterableIterator<ReachedNode> {
    for (let index = 0; index < this.costs.length; index++) {
      const cost = this.costs[index] as number;
      if (cost !== this.none) yield { nodeId: this.#nodes.idOf(index), cost, parentId: this.#parentId(index) };
    }
  }

  #reached(nodeId: NodeId): number {
    const index = this.#nodes.indexOf(nodeId);
    return index < 0 || this.costs[index] === this.none ? -1 : index;
  }

  #parentId(index: number): NodeId | undefined {
    const parent = this.handle.parents[index] as number;
    return parent < 0 ? undefined : this.#nodes.idOf(parent);
  }
}

defineResult("sqlitegraph:PathTree", PathTree);
