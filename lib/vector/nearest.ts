/** The nearest of many vectors. */

import type { VectorMatch } from "../backend/vector.ts";

/** Keeps the best of all that it is offered: by distance, then node id, then number of the vector. */
export class Nearest {
  readonly #k: number;
  readonly #maxDistance: number;
  /** A heap with the worst on top, once it is full; until then in the order of arrival. */
  readonly #matches: VectorMatch[] = [];

  /**
   * @param k most that are kept, or infinite
   * @param maxDistance those that are farther away are not kept
   */
  constructor(k: number, maxDistance: number) {
    this.#k = k;
    this.#maxDistance = maxDistance;
  }

  /** Keeps a match if it is among the best. O(log k). */
  offer(match: VectorMatch): void {
    const matches = this.#matches;
    // Not a number is no match.
    if (!(match.distance <= this.#maxDistance)) return;
    if (matches.length < this.#k) {
      matches.push(match);
      if (matches.length === this.#k) { for (let at = (this.#k >> 1) - 1; at >= 0; at--) this.#sink(at); }
    } else if (compareMatches(match, matches[0] as VectorMatch) < 0) {
      matches[0] = match;
      this.#sink(0);
    }
  }

  #sink(at: number): void {
    const matches = this.#matches;
    const match = matches[at] as VectorMatch;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= matches.length) break;
      if (
        child + 1 < matches.length &&
        compareMatches(matches[child + 1] as VectorMatch, matches[child] as VectorMatch) > 0
      ) child++;
      if (compareMatches(matches[child] as VectorMatch, match) <= 0) break;
      matches[at] = matches[child] as VectorMatch;
      at = child;
    }
    matches[at] = match;
  }

  /** What was kept, nearest first. */
  sorted(): VectorMatch[] {
    return this.#matches.toSorted(compareMatches);
  }
}

/** The order of results: by distance, then node id, then number of the vector. */
export function compareMatches(one: VectorMatch, other: VectorMatch): number {
  return one.distance - other.distance || one.nodeId - other.nodeId || (one.vectorId ?? 0) - (other.vectorId ?? 0);
}
