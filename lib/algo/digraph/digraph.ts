/** A directed graph in memory whose nodes and edges hold values of any type. */

import { InvalidArgumentError, NotFoundError } from "../../backend/errors.ts";
import type { Direction } from "../../backend/query.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import { checkDirection, checkObject } from "../../backend/validate.ts";
import { projectEdges, type Projection } from "../../projection/mod.ts";
import { strongLabels } from "../structure/strong_components.ts";
import { hasCycle, type TopologicalSort, topologicalSort } from "../structure/topological_sort.ts";
import { DigraphWalk } from "./digraph_walk.ts";

/** An edge of a `Digraph`. */
export interface DigraphEdge<E> {
  /** Its id. */
  readonly id: EdgeId;
  /** Node that it leaves. */
  readonly from: NodeId;
  /** Node that it enters. */
  readonly to: NodeId;
  /** Its value. */
  readonly value: E;
}

/** An edge as a node sees it. */
export interface DigraphLink<E> {
  /** The edge. */
  readonly edgeId: EdgeId;
  /** The node at its other end; the same node for a self-loop. */
  readonly nodeId: NodeId;
  /** Its value. */
  readonly value: E;
}

/** How to project a `Digraph`. */
export interface DigraphProjectOptions<E> {
  /** Weight of an edge, a finite number; default: none have one. */
  readonly weight?: ((value: E, edgeId: EdgeId) => number) | undefined;
  /** As in `ProjectOptions`. */
  readonly undirected?: boolean | undefined;
  /** As in `ProjectOptions`: of parallel edges the oldest one counts. */
  readonly simple?: boolean | undefined;
  /** True: links know their edges, by the ids that they have here. */
  readonly edgeIds?: boolean | undefined;
}

interface StoredNode<N, E> {
  value: N;
  readonly out: EdgeList<E>;
  readonly in: EdgeList<E>;
}

interface StoredEdge<E> {
  readonly id: EdgeId;
  readonly from: NodeId;
  readonly to: NodeId;
  value: E;
  // Neighbors in the lists of the edges that leave its source, and of those that enter its target.
  outBefore: StoredEdge<E> | undefined;
  outAfter: StoredEdge<E> | undefined;
  inBefore: StoredEdge<E> | undefined;
  inAfter: StoredEdge<E> | undefined;
}

interface EdgeList<E> {
  first: StoredEdge<E> | undefined;
  last: StoredEdge<E> | undefined;
  length: number;
}

/**
 * A small directed graph in memory, for what is built and changed step by step: no kinds, types or names, but values of any type.
 * Parallel edges and self-loops are allowed. Ids count from 1, ascend, and are never given again, so an old id never means another
 * node or edge. What is listed comes in the order of insertion, which is that of the ids.
 *
 * All algorithms run on it by way of `project`. Single steps take O(1); a node or an edge takes some 150 bytes.
 *
 * @example
 * ```ts ignore
 * const tasks = new Digraph<string, number>();
 * const [dig, pour] = [tasks.addNode("dig"), tasks.addNode("pour")];
 * tasks.addEdge(dig, pour, 2.5);
 * console.log(tasks.topologicalSort().order); // Float64Array [1, 2]
 * console.log(pageRank(tasks.project()).top(1)); // pour
 * ```
 */
export class Digraph<N, E = undefined> {
  readonly #nodes = new Map<NodeId, StoredNode<N, E>>();
  readonly #edges = new Map<EdgeId, StoredEdge<E>>();
  #lastNodeId = 0;
  #lastEdgeId = 0;

  /** Number of nodes. */
  get nodeCount(): number {
    return this.#nodes.size;
  }

  /** Number of edges. */
  get edgeCount(): number {
    return this.#edges.size;
  }

  /** Largest id that a node has been given so far, 0 before the first one. */
  get lastNodeId(): NodeId {
    return this.#lastNodeId;
  }

  /** Largest id that an edge has been given so far, 0 before the first one. */
  get lastEdgeId(): EdgeId {
    return this.#lastEdgeId;
  }

  /** Adds a node and gives its id. O(1). */
  addNode(value: N): NodeId {
    const id = ++this.#lastNodeId;
    this.#nodes.set(id, { value, out: emptyList(), in: emptyList() });
    return id;
  }

  /**
   * Adds an edge and gives its id; without a value where `E` may be undefined. O(1).
   *
   * @throws {NotFoundError} when an end does not exist
   */
  addEdge(from: NodeId, to: NodeId, ...rest: undefined extends E ? [value?: E] : [value: E]): EdgeId {
    return this.#insertEdge(from, to, rest[0] as E);
  }

  #insertEdge(from: NodeId, to: NodeId, value: E): EdgeId {
    const source = this.#require(from, "addEdge", "from");
    const target = this.#require(to, "addEdge", "to");
    const id = ++this.#lastEdgeId;
    const { last: outBefore } = source.out;
    const { last: inBefore } = target.in;
    const edge: StoredEdge<E> = { id, from, to, value, outBefore, outAfter: undefined, inBefore, inAfter: undefined };
    this.#edges.set(id, edge);
    if (outBefore === undefined) source.out.first = edge;
    else outBefore.outAfter = edge;
    source.out.last = edge;
    source.out.length++;
    if (inBefore === undefined) target.in.first = edge;
    else inBefore.inAfter = edge;
    target.in.last = edge;
    target.in.length++;
    return id;
  }

  /** Removes a node with its edges, and gives its value; undefined when there is no such node. O(degree). */
  removeNode(id: NodeId): N | undefined {
    const node = this.#nodes.get(id);
    if (node === undefined) return undefined;
    while (node.out.first !== undefined) this.removeEdge(node.out.first.id);
    while (node.in.first !== undefined) this.removeEdge(node.in.first.id);
    this.#nodes.delete(id);
    return node.value;
  }

  /** Removes an edge and gives its value; undefined when there is no such edge. O(1). */
  removeEdge(id: EdgeId): E | undefined {
    const edge = this.#edges.get(id);
    if (edge === undefined) return undefined;
    this.#edges.delete(id);
    const { out } = this.#require(edge.from, "removeEdge", "from");
    const { in: entering } = this.#require(edge.to, "removeEdge", "to");
    const { outBefore, outAfter, inBefore, inAfter } = edge;
    if (outBefore === undefined) out.first = outAfter;
    else outBefore.outAfter = outAfter;
    if (outAfter === undefined) out.last = outBefore;
    else outAfter.outBefore = outBefore;
    out.length--;
    if (inBefore === undefined) entering.first = inAfter;
    else inBefore.inAfter = inAfter;
    if (inAfter === undefined) entering.last = inBefore;
    else inAfter.inBefore = inBefore;
    entering.length--;
    return edge.value;
  }

  /** Whether the node exists. */
  hasNode(id: NodeId): boolean {
    return this.#nodes.has(id);
  }

  /** Whether the edge exists. */
  hasEdge(id: EdgeId): boolean {
    return this.#edges.has(id);
  }

  /** Value of a node; undefined when there is no such node. */
  nodeValue(id: NodeId): N | undefined {
    return this.#nodes.get(id)?.value;
  }

  /** Value of an edge; undefined when there is no such edge. */
  edgeValue(id: EdgeId): E | undefined {
    return this.#edges.get(id)?.value;
  }

  /** Value of a node. @throws {NotFoundError} when there is no such node */
  requireNode(id: NodeId): N {
    return this.#require(id, "requireNode", "id").value;
  }

  /** Value of an edge. @throws {NotFoundError} when there is no such edge */
  requireEdge(id: EdgeId): E {
    return this.#requireEdge(id, "requireEdge").value;
  }

  /** Gives a node another value. @throws {NotFoundError} when there is no such node */
  setNodeValue(id: NodeId, value: N): void {
    this.#require(id, "setNodeValue", "id").value = value;
  }

  /** Gives an edge another value. @throws {NotFoundError} when there is no such edge */
  setEdgeValue(id: EdgeId, value: E): void {
    this.#requireEdge(id, "setEdgeValue").value = value;
  }

  /** The edge; undefined when there is no such one. */
  getEdge(id: EdgeId): DigraphEdge<E> | undefined {
    const edge = this.#edges.get(id);
    return edge === undefined ? undefined : shown(edge);
  }

  /** Ids of all nodes, ascending. */
  nodeIds(): IterableIterator<NodeId> {
    return this.#nodes.keys();
  }

  /** Ids of all edges, ascending. */
  edgeIds(): IterableIterator<EdgeId> {
    return this.#edges.keys();
  }

  /** All nodes with their values, in ascending ids. */
  *nodes(): IterableIterator<{ readonly id: NodeId; readonly value: N }> {
    for (const [id, { value }] of this.#nodes) yield { id, value };
  }

  /** All edges, in ascending ids. */
  *edges(): IterableIterator<DigraphEdge<E>> {
    for (const edge of this.#edges.values()) yield shown(edge);
  }

  /**
   * Nodes at the other ends of a node's edges, once for each edge, in the order in which the edges were added; with `both`, those
   * that leave it first, and a self-loop once. None for a node that does not exist. O(degree).
   */
  neighbors(id: NodeId, direction: Direction = "out"): NodeId[] {
    return this.edgesOf(id, direction).map(({ nodeId }) => nodeId);
  }

  /** Edges of a node, as `neighbors` lists them. O(degree). */
  edgesOf(id: NodeId, direction: Direction = "out"): DigraphLink<E>[] {
    checkDirection(direction, "edgesOf");
    const node = this.#nodes.get(id);
    const links: DigraphLink<E>[] = [];
    if (node === undefined) return links;
    if (direction !== "in") {
      for (let edge = node.out.first; edge !== undefined; edge = edge.outAfter) {
        links.push({ edgeId: edge.id, nodeId: edge.to, value: edge.value });
      }
    }
    if (direction !== "out") {
      for (let edge = node.in.first; edge !== undefined; edge = edge.inAfter) {
        if (direction === "both" && edge.from === id) continue;
        links.push({ edgeId: edge.id, nodeId: edge.from, value: edge.value });
      }
    }
    return links;
  }

  /** Number of edges that leave a node; 0 for one that does not exist. O(1). */
  outDegree(id: NodeId): number {
    return this.#nodes.get(id)?.out.length ?? 0;
  }

  /** Number of edges that enter a node; 0 for one that does not exist. O(1). */
  inDegree(id: NodeId): number {
    return this.#nodes.get(id)?.in.length ?? 0;
  }

  /** The oldest edge from one node to another; undefined when there is none. O(smaller degree). */
  findEdge(from: NodeId, to: NodeId): EdgeId | undefined {
    const source = this.#nodes.get(from);
    const target = this.#nodes.get(to);
    if (source === undefined || target === undefined) return undefined;
    if (source.out.length <= target.in.length) {
      for (let edge = source.out.first; edge !== undefined; edge = edge.outAfter) if (edge.to === to) return edge.id;
    } else {
      for (let edge = target.in.first; edge !== undefined; edge = edge.inAfter) if (edge.from === from) return edge.id;
    }
    return undefined;
  }

  /** A copy with the same ids, whose changes do not touch this one. Values are shared. O(n + m). */
  clone(): Digraph<N, E> {
    const copy = new Digraph<N, E>();
    for (const [id, { value }] of this.#nodes) {
      copy.#lastNodeId = id - 1;
      copy.addNode(value);
    }
    for (const { id, from, to, value } of this.#edges.values()) {
      copy.#lastEdgeId = id - 1;
      copy.#insertEdge(from, to, value);
    }
    copy.#lastNodeId = this.#lastNodeId;
    copy.#lastEdgeId = this.#lastEdgeId;
    return copy;
  }

  /**
   * The graph as algorithms read it, with the same ids. It does not follow later changes. O(n + m log m).
   *
   * @throws {InvalidArgumentError} for bad options, and weights that are not finite
   */
  project(options: DigraphProjectOptions<E> = {}): Projection {
    const { weight, undirected, simple, edgeIds } = checkObject(options, "project", "options") as DigraphProjectOptions<
      E
    >;
    if (weight !== undefined && typeof weight !== "function") {
      throw new InvalidArgumentError("project: weight is no function; give one from an edge's value to its weight", {
        code: "invalid-argument",
        field: "weight",
        value: weight,
      });
    }
    const count = this.#edges.size;
    const [ids, from, to] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
    const weights = weight === undefined ? undefined : new Float64Array(count);
    let at = 0;
    for (const edge of this.#edges.values()) {
      ids[at] = edge.id;
      from[at] = edge.from;
      to[at] = edge.to;
      if (weights !== undefined && weight !== undefined) weights[at] = weight(edge.value, edge.id);
      at++;
    }
    const nodeIds = Float64Array.from(this.#nodes.keys());
    const projection = projectEdges({ nodeIds, from, to, weights, undirected, simple, edgeIds });
    // Links know places of edges: nobody has read them yet, and ids ascend with places.
    const { edgeIds: places } = projection.out;
    if (places !== undefined) {
      for (let link = 0; link < places.length; link++) places[link] = ids[(places[link] as number) - 1] as number;
    }
    return projection;
  }

  /**
   * The nodes in an order in which each edge leads from an earlier node to a later one, the smallest id first where there is a
   * choice; or a cycle, whose edges exist. O(n + m log m).
   */
  topologicalSort(): TopologicalSort {
    return topologicalSort(this.project());
  }

  /** Whether there is a cycle; a self-loop is one. O(n + m log m). */
  hasCycle(): boolean {
    return hasCycle(this.project());
  }

  /**
   * Groups of nodes that can reach each other, in a reverse topological order: edges between groups lead to earlier ones. Nodes of a
   * group ascend. O(n + m log m), without recursion.
   */
  strongComponents(): NodeId[][] {
    const projection = this.project();
    const { count, labels } = strongLabels(projection.out, { throwIfAborted() {}, progress() {}, total() {} });
    const groups: NodeId[][] = Array.from({ length: count }, () => []);
    for (let node = 0; node < labels.length; node++) {
      groups[count - 1 - (labels[node] as number)]?.push(projection.nodeIds[node] as number);
    }
    return groups;
  }

  /**
   * Walks depth-first: each node before those behind it, neighbors in the order of their edges. The graph may change meanwhile: what is
   * gone is left out.
   *
   * @throws {NotFoundError} when there is no such node
   */
  depthFirst(start: NodeId, direction: Direction = "out"): DigraphWalk {
    return new DigraphWalk(this, start, checkDirection(direction, "depthFirst"));
  }

  #require(id: NodeId, call: string, field: string): StoredNode<N, E> {
    const node = this.#nodes.get(id);
    if (node !== undefined) return node;
    throw new NotFoundError(`${call}: there is no node ${id} (field ${JSON.stringify(field)}); add it first`, {
      code: "node-not-found",
      field,
      value: id,
    });
  }

  #requireEdge(id: EdgeId, call: string): StoredEdge<E> {
    const edge = this.#edges.get(id);
    if (edge !== undefined) return edge;
    throw new NotFoundError(`${call}: there is no edge ${id}; add it first`, {
      code: "edge-not-found",
      field: "id",
      value: id,
    });
  }
}

function emptyList<E>(): EdgeList<E> {
  return { first: undefined, last: undefined, length: 0 };
}

function shown<E>({ id, from, to, value }: StoredEdge<E>): DigraphEdge<E> {
  return { id, from, to, value };
}
