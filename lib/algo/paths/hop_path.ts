/** The path with the fewest edges between two nodes, searched from both. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { firstLink } from "./bidirectional_dijkstra.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type Path, pathOf } from "./path.ts";
import { PAIR_PARAMS, type PairParams } from "./starts.ts";

/**
 * A path with the fewest edges from one node to another; undefined when there is none. It searches from both ends, each time level
 * by level from the one with fewer links to follow. Edges are followed in their direction; the first call on a directed projection
 * makes its links in the other one. Weights do not count. Which of several paths it finds is always the same one; of parallel edges
 * that with the smallest id.
 *
 * One thread. Progress counts links that were followed. O(n + m), usually far less. Pohl, Bi-directional search, 1971.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const bidirectionalBfs: Algorithm<PairParams, Path | undefined> = defineForOneThread(
  import.meta.url,
  "bidirectionalBfs",
  (projection, params: PairParams, context) => {
    const { from, to } = checkParams(PAIR_PARAMS, params, projection, "bidirectionalBfs");
    return hopPath(projection, projection.indexOf(from), projection.indexOf(to), context);
  },
);

/** A path with the fewest edges between two dense indexes. */
export function hopPath(projection: Projection, from: number, to: number, context: TaskContext): Path | undefined {
  if (from === to) return pathOf(projection, projection.out, [from], [], 0);
  const pace = new Pace(context);
  const ahead = new Side(projection.out, from);
  const back = new Side(projection.in, to);
  for (;;) {
    const isAhead = ahead.linkCount <= back.linkCount;
    const side = isAhead ? ahead : back;
    if (side.isDone) return undefined;
    const meeting = side.grow(isAhead ? back : ahead, pace);
    if (meeting < 0) continue;
    pace.end();
    const nodes = [...ahead.trace(meeting).reverse(), ...back.trace(meeting).slice(1)];
    const places: number[] = [];
    for (let at = 0; at + 1 < nodes.length; at++) {
      places.push(firstLink(projection, nodes[at] as number, nodes[at + 1] as number));
    }
    return pathOf(projection, projection.out, nodes, places, places.length);
  }
}

/** A breadth-first search from one of the two ends. */
class Side {
  /** Links that leave the frontier. */
  linkCount: number;
  /** Parent of each node that was found, plus 1; the first node is its own; 0: not found. */
  readonly #parents: Int32Array;
  readonly #queue: Int32Array;
  readonly #links: Adjacency;
  #head = 0;
  #end = 1;

  constructor(links: Adjacency, start: number) {
    const { offsets } = links;
    this.#links = links;
    this.#parents = new Int32Array(offsets.length - 1);
    this.#queue = new Int32Array(offsets.length - 1);
    this.#parents[start] = start + 1;
    this.#queue[0] = start;
    this.linkCount = (offsets[start + 1] as number) - (offsets[start] as number);
  }

  get isDone(): boolean {
    return this.#head === this.#end;
  }

  /** Finds the next level; the first of its nodes that the other side has found, or -1. Hot. */
  grow(other: Side, pace: Pace): number {
    const { offsets, targets } = this.#links;
    const parents = this.#parents;
    const others = other.#parents;
    const queue = this.#queue;
    const levelEnd = this.#end;
    let end = levelEnd;
    let found = 0;
    for (let head = this.#head; head < levelEnd; head++) {
      const node = queue[head] as number;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let place = start; place < stop; place++) {
        const target = targets[place] as number;
        if (parents[target] !== 0) continue;
        parents[target] = node + 1;
        if (others[target] !== 0) return target;
        queue[end++] = target;
        found += (offsets[target + 1] as number) - (offsets[target] as number);
      }
      pace.step(stop - start + 1);
    }
    this.#head = levelEnd;
    this.#end = end;
    this.linkCount = found;
    return -1;
  }

  /** The nodes from one that was found back to the first. */
  trace(node: number): number[] {
    const nodes = [node];
    for (let at = node;;) {
      const parent = (this.#parents[at] as number) - 1;
      if (parent === at) return nodes;
      nodes.push(parent);
      at = parent;
    }
  }
}
