/** Pairs of nodes as parameters, and as results with scores. */

import type { Projection } from "../../backend/projection.ts";
import { NotFoundError } from "../../backend/errors.ts";
import type { NodeId } from "../../backend/schema.ts";
import { checkId, show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";

/** Most pairs that are returned. */
export const MAX_SCORED_PAIRS: number = 2 ** 22;

/** Pairs with scores. */
export interface ScoredPairs {
  /** Number of pairs. */
  readonly count: number;
  /** Id of the first node of each pair. Must not be changed. */
  readonly from: Float64Array<SharedArrayBuffer>;
  /** Id of the second node of each pair. Must not be changed. */
  readonly to: Float64Array<SharedArrayBuffer>;
  /** Score of each pair. Must not be changed. */
  readonly scores: Float64Array<SharedArrayBuffer>;
}

/** The best of the pairs that were found. */
export interface BestPairs extends ScoredPairs {
  /** Number of pairs that were found, those beyond the limit among them. */
  readonly total: number;
}

/** A node and its score. */
export interface ScoredNode {
  /** The node. */
  readonly nodeId: NodeId;
  /** Its score. */
  readonly score: number;
}

/** Pairs of dense indexes with their scores. The scores are kept. */
export function scoredPairs(
  { nodeIds }: Projection,
  first: Uint32Array,
  second: Uint32Array,
  scores: Float64Array<SharedArrayBuffer>,
): ScoredPairs {
  const count = scores.length;
  const from = new Float64Array(new SharedArrayBuffer(8 * count));
  const to = new Float64Array(new SharedArrayBuffer(8 * count));
  for (let at = 0; at < count; at++) {
    from[at] = nodeIds[first[at] as number] as number;
    to[at] = nodeIds[second[at] as number] as number;
  }
  return { count, from, to, scores };
}

/**
 * Dense indexes of given pairs.
 *
 * @throws {InvalidArgumentError} for what are no pairs of ids
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export function checkedPairs(
  projection: Projection,
  pairs: unknown,
  call: string,
): { readonly first: Uint32Array; readonly second: Uint32Array } {
  if (!Array.isArray(pairs)) throw invalid(call, "pairs", pairs, `is ${show(pairs)}; give an array of pairs of ids`);
  const first = new Uint32Array(pairs.length);
  const second = new Uint32Array(pairs.length);
  for (const [at, pair] of pairs.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw invalid(call, `pairs[${at}]`, pair, `is ${show(pair)}; give an array of two ids`);
    }
    first[at] = indexOf(projection, pair[0], call, `pairs[${at}][0]`);
    second[at] = indexOf(projection, pair[1], call, `pairs[${at}][1]`);
  }
  return { first, second };
}

/**
 * Dense index of a node inside of a parameter.
 *
 * @throws {InvalidArgumentError} for what is no id
 * @throws {NotFoundError} for a node that is not in the projection
 */
export function indexOf(projection: Projection, value: unknown, call: string, field: string): number {
  const id = checkId(value, call, field);
  const index = projection.indexOf(id);
  if (index >= 0) return index;
  throw new NotFoundError(`${call}: there is no node ${id} in this projection (field ${JSON.stringify(field)})`, {
    code: "node-not-found",
    field,
    value: id,
  });
}
