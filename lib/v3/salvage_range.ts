/** Ranges of keys, and which of several overlapping leaves holds the newest version of each part of a range. */

/** Order of two keys: negative, 0, positive. */
export type Compare<K> = (one: K, other: K) => number;

/** A place between keys: just before a key, or just behind it. */
export interface Bound<K> {
  readonly key: K;
  readonly isBehind: boolean;
}

/** Keys between two places; without one, all up to that end. */
export interface Range<K> {
  readonly from: Bound<K> | undefined;
  readonly to: Bound<K> | undefined;
}

/** Whether a key lies in a range. */
export function isWithin<K>(key: K, { from, to }: Range<K>, compare: Compare<K>): boolean {
  if (from !== undefined) {
    const order = compare(key, from.key);
    if (order < 0 || (order === 0 && from.isBehind)) return false;
  }
  if (to === undefined) return true;
  const order = compare(key, to.key);
  return order < 0 || (order === 0 && to.isBehind);
}

/** A leaf that was found by itself, without a tree that leads to it. */
export interface FoundLeaf<K> {
  readonly pageId: number;
  /** Commit that it was written for. */
  readonly bornAt: number;
  /** Its first and its last key. */
  readonly first: K;
  readonly last: K;
}

/** A part of a leaf. */
export interface Piece<K> extends Range<K> {
  readonly leaf: FoundLeaf<K>;
}

/**
 * Divides the keys among leaves of one tree from different times: each key belongs to the youngest leaf whose range it lies in.
 * What an older leaf has in that range and the younger one lacks was deleted in between. Ascending. O(n log n), when few overlap.
 */
export function newestPieces<K>(leaves: readonly FoundLeaf<K>[], compare: Compare<K>): Piece<K>[] {
  const compareBounds = (one: Bound<K>, other: Bound<K>): number =>
    compare(one.key, other.key) || Number(one.isBehind) - Number(other.isBehind);
  const starts = leaves.map((leaf) => ({ bound: { key: leaf.first, isBehind: false }, leaf }));
  const ends = leaves.map((leaf) => ({ bound: { key: leaf.last, isBehind: true }, leaf }));
  starts.sort((one, other) => compareBounds(one.bound, other.bound));
  ends.sort((one, other) => compareBounds(one.bound, other.bound));
  const pieces: Piece<K>[] = [];
  const active = new Set<FoundLeaf<K>>();
  let owner: FoundLeaf<K> | undefined;
  let from: Bound<K> | undefined;
  let start = 0;
  for (let end = 0; end < ends.length;) {
    const nextStart = starts[start];
    const nextEnd = ends[end] as typeof ends[number];
    const isStart = nextStart !== undefined && compareBounds(nextStart.bound, nextEnd.bound) <= 0;
    const { bound, leaf } = isStart ? nextStart : nextEnd;
    if (isStart) {
      start++;
      active.add(leaf);
    } else {
      end++;
      active.delete(leaf);
    }
    const newest = isStart ? younger(owner, leaf) : leaf === owner ? youngest(active) : owner;
    if (newest === owner) continue;
    if (owner !== undefined && from !== undefined) pieces.push({ leaf: owner, from, to: bound });
    owner = newest;
    from = bound;
  }
  return pieces;
}

function younger<K>(one: FoundLeaf<K> | undefined, other: FoundLeaf<K>): FoundLeaf<K> {
  if (one === undefined || other.bornAt > one.bornAt) return other;
  return other.bornAt === one.bornAt && other.pageId > one.pageId ? other : one;
}

function youngest<K>(leaves: Iterable<FoundLeaf<K>>): FoundLeaf<K> | undefined {
  let best: FoundLeaf<K> | undefined;
  for (const leaf of leaves) best = younger(best, leaf);
  return best;
}
