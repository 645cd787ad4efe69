/** Searches that are read step by step. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import {
  DIRECTION_PARAMS,
  type DirectionParams,
  linksOf,
  START_PARAMS,
  startIndexes,
  type StartParams,
} from "./starts.ts";

/** A step of a traversal. */
export interface Step {
  /** The node. */
  readonly nodeId: NodeId;
  /** Number of edges on the way to it. */
  readonly depth: number;
  /** The node from which it was found; undefined for nodes where the traversal starts. */
  readonly parentId: NodeId | undefined;
  /** The edge from there; undefined when there is none, or the projection does not know its edges. */
  readonly edgeId: EdgeId | undefined;
}

/** How to traverse. */
export interface TraverseOptions extends StartParams, DirectionParams {
  /**
   * `breadth-first` (the default): nearest nodes first. `depth-first`: each node before those below it. `post-order`: depth-first, each
   * node after those below it.
   */
  readonly order?: "breadth-first" | "depth-first" | "post-order" | undefined;
  /** Largest depth; default: no limit. */
  readonly maxDepth?: number | undefined;
  /** Which nodes are entered; default: all. Starts are not asked for. */
  readonly where?: ((nodeId: NodeId) => boolean) | undefined;
  /** Which edges are followed, from one end to the other; default: all. `edgeId` is undefined when the projection does not know edges. */
  readonly whereEdge?: ((edgeId: EdgeId | undefined, from: NodeId, to: NodeId) => boolean) | undefined;
}

const PARAMS: ParamSpecs<TraverseOptions> = {
  ...START_PARAMS,
  ...DIRECTION_PARAMS,
  order: {
    kind: "choice",
    doc: "order of the nodes",
    options: ["breadth-first", "depth-first", "post-order"],
    default: "breadth-first",
  },
  maxDepth: { kind: "number", doc: "largest depth", default: Infinity, min: 0 },
  where: { kind: "value", doc: "which nodes are entered (a function)", optional: true },
  whereEdge: { kind: "value", doc: "which edges are followed (a function)", optional: true },
};

/**
 * The nodes that can be reached, each once, found as they are read: stop reading, and nothing more is done. Neighbours are visited in
 * ascending ids. Weights do not count; of parallel edges the one with the smallest id that passes counts.
 *
 * Depth-first, a node has the depth at which it is found first, and with `maxDepth` its neighbours may be left out though a shorter way
 * leads to them; breadth-first, depths are distances. Memory: 12 bytes for each node of the projection. O(links of the nodes read).
 *
 * @throws {InvalidArgumentError} for bad options, at the first step
 * @throws {NotFoundError} for starts that are not in the projection, at the first step
 *
 * @example
 * ```ts ignore
 * for (const { nodeId, depth } of traverse(projection, { start: 1, order: "depth-first" })) {
 *   if (depth > 3) break;
 *   console.log(nodeId);
 * }
 * ```
 */
export function* traverse(projection: Projection, options: TraverseOptions): Generator<Step, void, undefined> {
  const checked = checkParams<TraverseOptions, "start" | "starts" | "where" | "whereEdge">(
    PARAMS,
    options,
    projection,
    "traverse",
  );
  for (const field of ["where", "whereEdge"] as const) {
    const value: unknown = checked[field];
    if (value !== undefined && typeof value !== "function") {
      throw invalid("traverse", field, value, `is ${show(value)}; give a function`);
    }
  }
  const starts = startIndexes(projection, checked, "traverse");
  const walk = new Walk(projection, linksOf(projection, checked.direction), checked.direction === "in", checked);
  const maxDepth = Math.floor(checked.maxDepth);
  if (checked.order === "breadth-first") yield* breadthFirst(walk, starts, maxDepth);
  else yield* depthFirst(walk, starts, maxDepth, checked.order === "post-order");
}

/** What both orders share. */
class Walk {
  readonly nodeCount: number;
  /** Place of the link to each node that was found, plus 2; 1 for starts, 0 for nodes that were not found. */
  readonly found: Int32Array;
  readonly links: Adjacency;
  readonly #nodeIds: Float64Array;
  readonly #isReversed: boolean;
  readonly #where: TraverseOptions["where"];
  readonly #whereEdge: TraverseOptions["whereEdge"];

  constructor(
    projection: Projection,
    links: Adjacency,
    isReversed: boolean,
    { where, whereEdge }: Pick<TraverseOptions, "where" | "whereEdge">,
  ) {
    this.nodeCount = projection.nodeCount;
    this.found = new Int32Array(projection.nodeCount);
    this.links = links;
    this.#nodeIds = projection.nodeIds;
    this.#isReversed = isReversed;
    this.#where = where;
    this.#whereEdge = whereEdge;
  }

  /** Finds the node at the end of a link, unless it was found before or may not be. */
  enter(node: number, place: number): boolean {
    const target = this.links.targets[place] as number;
    if (this.found[target] !== 0 || !this.#passes(node, target, place)) return false;
    this.found[target] = place + 2;
    return true;
  }

  #passes(node: number, target: number, place: number): boolean {
    if (this.#where === undefined && this.#whereEdge === undefined) return true;
    const here = this.#nodeIds[node] as number;
    const there = this.#nodeIds[target] as number;
    const [from, to] = this.#isReversed ? [there, here] : [here, there];
    if (this.#whereEdge !== undefined && !this.#whereEdge(this.links.edgeIds?.[place], from, to)) return false;
    return this.#where === undefined || this.#where(there);
  }

  step(node: number, depth: number, parent: number): Step {
    return {
      nodeId: this.#nodeIds[node] as number,
      depth,
      parentId: parent < 0 ? undefined : this.#nodeIds[parent] as number,
      edgeId: parent < 0 ? undefined : this.links.edgeIds?.[(this.found[node] as number) - 2],
    };
  }
}

function* breadthFirst(walk: Walk, starts: readonly number[], maxDepth: number): Generator<Step, void, undefined> {
  const { offsets, targets } = walk.links;
  const queue = new Int32Array(walk.nodeCount);
  let end = 0;
  for (const start of starts) {
    walk.found[start] = 1;
    queue[end++] = start;
  }
  for (const start of starts) yield walk.step(start, 0, -1);
  for (let head = 0, depth = 1; head < end && depth <= maxDepth; depth++) {
    for (const levelEnd = end; head < levelEnd; head++) {
      const node = queue[head] as number;
      for (let place = offsets[node] as number; place < (offsets[node + 1] as number); place++) {
        if (!walk.enter(node, place)) continue;
        const target = targets[place] as number;
        queue[end++] = target;
        yield walk.step(target, depth, node);
      }
    }
  }
}

function* depthFirst(
  walk: Walk,
  starts: readonly number[],
  maxDepth: number,
  isPostOrder: boolean,
): Generator<Step, void, undefined> {
  const { offsets, targets } = walk.links;
  // The way down, and the link of each of its nodes that is next.
  const way: number[] = [];
  const next: number[] = [];
  for (const start of starts) {
    if (walk.found[start] !== 0) continue;
    walk.found[start] = 1;
    way.push(start);
    next.push(offsets[start] as number);
    if (!isPostOrder) yield walk.step(start, 0, -1);
    while (way.length > 0) {
      const depth = way.length - 1;
      const node = way[depth] as number;
      const stop = offsets[node + 1] as number;
      let place = next[depth] as number;
      if (depth >= maxDepth) place = stop;
      while (place < stop && !walk.enter(node, place)) place++;
      if (place === stop) {
        way.pop();
        next.pop();
        if (isPostOrder) yield walk.step(node, depth, depth === 0 ? -1 : way[depth - 1] as number);
        continue;
      }
      next[depth] = place + 1;
      const target = targets[place] as number;
      way.push(target);
      next.push(offsets[target] as number);
      if (!isPostOrder) yield walk.step(target, depth + 1, node);
    }
  }
}
