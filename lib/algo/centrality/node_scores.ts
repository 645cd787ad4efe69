/** Scores that were found by iteration. */

import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { defineResult, type NodeValue, NodeValues } from "../define.ts";

/** How an iteration ended. */
export interface Iteration {
  /** Passes over all nodes that were made. */
  readonly iterations: number;
  /** Change in the last pass: the sum of the absolute changes of all scores, in parts of the sum of all scores. */
  readonly change: number;
  /** Whether that change was below the tolerance. When false, the scores are those after `maxIterations` passes. */
  readonly isConverged: boolean;
}

/** What another thread makes the same scores of. */
export interface NodeScoresHandle extends Iteration {
  /** The scores. */
  readonly scores: NodeValues["handle"];
}

/**
 * A score for each node of a projection, as `NodeValues`, and how the iteration ended that found them. They lie in shared memory.
 * Iterating gives nodes in ascending ids.
 */
export class NodeScores implements Iterable<NodeValue>, Iteration {
  /** Scores by dense index, as in the projection. Must not be changed. */
  readonly values: NodeValues["values"];
  /** Ids of the nodes by dense index: ascending. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** Passes over all nodes that were made. */
  readonly iterations: number;
  /** Change in the last pass: the sum of the absolute changes of all scores, in parts of the sum of all scores. */
  readonly change: number;
  /** Whether that change was below the tolerance. When false, the scores are those after `maxIterations` passes. */
  readonly isConverged: boolean;
  /** What another thread makes the same scores of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeScoresHandle;
  readonly #scores: NodeValues;

  private constructor(handle: NodeScoresHandle) {
    this.handle = handle;
    this.#scores = NodeValues.from(handle.scores);
    this.values = this.#scores.values;
    this.nodeIds = this.#scores.nodeIds;
    this.iterations = handle.iterations;
    this.change = handle.change;
    this.isConverged = handle.isConverged;
  }

  /** The scores of a projection's nodes, by dense index, which are kept. */
  static of(
    projection: Projection,
    scores: Float64Array<SharedArrayBuffer>,
    { iterations, change, isConverged }: Iteration,
  ): NodeScores {
    return new NodeScores({ scores: NodeValues.of(projection, scores).handle, iterations, change, isConverged });
  }

  /** The scores that another thread sent the handle of. */
  static from(handle: NodeScoresHandle): NodeScores {
    return new NodeScores(handle);
  }

  /** Number of nodes. */
  get nodeCount(): number {
    return this.values.length;
  }

  /** Score of a node; undefined when it is not in the projection. O(1), or O(log n) where ids lie far apart. */
  get(nodeId: NodeId): number | undefined {
    return this.#scores.get(nodeId);
  }

  /** The nodes with the largest scores: descending, equal ones in ascending ids. O(n log count). */
  top(count: number): NodeValue[] {
    return this.#scores.top(count);
  }

  /** The nodes with the smallest scores: ascending, equal ones in ascending ids. O(n log count). */
  bottom(count: number): NodeValue[] {
    return this.#scores.bottom(count);
  }

  /** Iterates in the documented order. */
  [Symbol.iterator](): Iterator<NodeValue> {
    return this.#scores[Symbol.iterator]();
  }
}

defineResult("sqlitegraph:NodeScores", NodeScores);
