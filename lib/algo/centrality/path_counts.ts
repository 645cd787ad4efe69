/** What searches for all shortest paths from a node give. */

/** A search that is repeated from many nodes. */
export interface PathCounts {
  /** The nodes that the last search reached, nearest first; the first one is where it began. */
  readonly order: Int32Array;
  /** For each of them, in that order: how many paths from the start to other nodes it is on, in parts of all to the same node. */
  readonly dependencies: Float64Array;
  /** Searches from a node; returns how many nodes it reached, or -1 when there are more paths than numbers can tell. */
  search(start: number): number;
  /** Works out `dependencies`; adds to `links`, when given, how many of the paths follow each link. */
  depend(links?: Float64Array): void;
}

/** Numbers that double in length when they are full. */
export class Levels {
  #numbers: Float64Array = new Float64Array(64);

  /** Number at a place. */
  get(at: number): number {
    return this.#numbers[at] as number;
  }

  /** Sets the number at a place, at most one behind the largest so far. */
  set(at: number, value: number): void {
    if (at === this.#numbers.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[at] = value;
  }
}
