/** A walk through a `Digraph`. */

import { NotFoundError } from "../../backend/errors.ts";
import type { Direction } from "../../backend/query.ts";
import type { NodeId } from "../../backend/schema.ts";

/** What is walked through. */
export interface WalkedGraph {
  /** Whether the node exists. */
  hasNode(id: NodeId): boolean;
  /** Its neighbors. */
  neighbors(id: NodeId, direction: Direction): NodeId[];
}

/** Nodes depth-first, each once, as they are asked for. Without recursion. */
export class DigraphWalk implements IterableIterator<NodeId> {
  readonly #graph: WalkedGraph;
  readonly #direction: Direction;
  readonly #visited = new Set<NodeId>();
  /** Neighbors of the nodes on the way to the current one, last first, so that the next one is at the end. */
  readonly #path: NodeId[][] = [];

  /** Starts at a node. @throws {NotFoundError} when there is no such node */
  constructor(graph: WalkedGraph, start: NodeId, direction: Direction) {
    this.#graph = graph;
    this.#direction = direction;
    this.moveTo(start);
  }

  /** The next node. */
  next(): IteratorResult<NodeId, undefined> {
    for (let waiting = this.#path.at(-1); waiting !== undefined; waiting = this.#path.at(-1)) {
      const node = waiting.pop();
      if (node === undefined) {
        this.#path.pop();
        continue;
      }
      if (this.#visited.has(node) || !this.#graph.hasNode(node)) continue;
      this.#visited.add(node);
      this.#path.push(this.#graph.neighbors(node, this.#direction).reverse());
      return { done: false, value: node };
    }
    return { done: true, value: undefined };
  }

  /** Whether the walk has come to a node. */
  hasVisited(id: NodeId): boolean {
    return this.#visited.has(id);
  }

  /** Goes on from a node, past those that were visited. @throws {NotFoundError} when there is no such node */
  moveTo(start: NodeId): void {
    if (!this.#graph.hasNode(start)) {
      throw new NotFoundError(`depthFirst: there is no node ${start}; start at one that exists`, {
        code: "node-not-found",
        field: "start",
        value: start,
      });
    }
    this.#path.length = 0;
    this.#path.push([start]);
  }

  /** Forgets all, and starts at a node. @throws {NotFoundError} when there is no such node */
  reset(start: NodeId): void {
    this.moveTo(start);
    this.#visited.clear();
  }

  /** The walk itself: it can be followed once. */
  [Symbol.iterator](): this {
    return this;
  }
}
