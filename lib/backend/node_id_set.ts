/** A set of node ids that does not change. */

/** Ids in ascending order, each once. Made once for a filter; what an index makes of it is kept for the same object. */
export class NodeIdSet {
  /** The ids. */
  readonly ids: Float64Array;

  /** @param ids ascending, each once; kept, not copied */
  constructor(ids: Float64Array) {
    this.ids = ids;
  }

  /** A set of ids in any order, which may be given several times. O(n log n). */
  static of(ids: Iterable<number>): NodeIdSet {
    const sorted = Float64Array.from(ids).sort();
    let length = 0;
    for (let at = 0; at < sorted.length; at++) {
      if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[length++] = sorted[at] as number;
    }
    return new NodeIdSet(sorted.slice(0, length));
  }

  /** Number of ids. */
  get size(): number {
    return this.ids.length;
  }

  /** Whether it holds an id. O(log n). */
  has(id: number): boolean {
    const { ids } = this;
    let low = 0;
    for (let high = ids.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((ids[middle] as number) < id) low = middle + 1;
      else high = middle;
    }
    return ids[low] === id;
  }
}
