/** Index entries of a running transaction that wait to be sorted and merged into their trees, so that each page is changed once. */

import type { ByteTreeWriter } from "./byte_writer.ts";
import { noteGarbage } from "./garbage.ts";
import type { LinkTreeWriter } from "./link_tree_writer.ts";
import { MAX_NAME_KEY, writeNameKey } from "./name_key.ts";
import { sortLinks } from "./radix_sort.ts";

/** Up to this many entries are inserted one by one. */
const FEW = 4;
const FIRST_CAPACITY = 64;
/** What sorting and merging an entry leaves behind, in bytes. */
const SORT_GARBAGE = 48;

/** Grows a column. Its memory before is free at once: not every collector hurries because of it. */
function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  return new Float64Array(column.buffer.transfer(column.byteLength * 2));
}

/** Where a column of entries stands: how many there are, and how many of them have been merged. */
export interface PendingMark {
  readonly count: number;
  readonly merged: number;
}

/**
 * Entries in the order in which they came. Those that were merged stay for as long as a savepoint is open: when it is rolled
 * back, the trees lose what was merged within it, also entries of before.
 */
abstract class Pending {
  protected added = 0;
  protected merged = 0;

  /** Number of entries that wait. */
  get count(): number {
    return this.added - this.merged;
  }

  /** A place to go back to. */
  mark(): PendingMark {
    return { count: this.added, merged: this.merged };
  }

  /** Forgets the entries behind a mark; those before it wait again if they did. */
  rollbackTo({ count, merged }: PendingMark): void {
    this.added = count;
    this.merged = merged;
  }

  /** Forgets everything, and the memory of many entries. */
  clear(): void {
    this.added = this.merged = 0;
    this.shrink();
  }

  protected abstract shrink(): void;

  /** All waiting entries have been merged: only those of before the newest savepoint may still be needed. */
  protected settle(savepoint: PendingMark | undefined): void {
    noteGarbage(this.count * SORT_GARBAGE);
    if (savepoint === undefined) this.clear();
    else this.added = this.merged = savepoint.count;
  }
}

/** New edges: entries of both adjacency trees. */
export class PendingEdges extends Pending {
  #from: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  #to: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  #id: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  #type: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);

  /** Memory that the waiting entries take, in bytes. */
  get sizeBytes(): number {
    return this.count * 32;
  }

  /** Adds an edge. Ids must ascend among those with the same ends. */
  add(from: number, to: number, id: number, type: number): void {
    const at = this.added++;
    if (at === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
      this.#id = grown(this.#id);
      this.#type = grown(this.#type);
    }
    this.#from[at] = from;
    this.#to[at] = to;
    this.#id[at] = id;
    this.#type[at] = type;
  }

  /**
   * Merges what waits into the trees.
   *
   * @param savepoint where the newest savepoint began, if one is open
   */
  flush(outgoing: LinkTreeWriter, incoming: LinkTreeWriter, savepoint: PendingMark | undefined): void {
    const { count, merged } = this;
    if (count === 0) return;
    if (count <= FEW) {
      for (let at = merged; at < merged + count; at++) {
        const from = this.#from[at] as number;
        const to = this.#to[at] as number;
        const id = this.#id[at] as number;
        const type = this.#type[at] as number;
        outgoing.insert(from, to, id, type);
        incoming.insert(to, from, id, type);
      }
    } else {
      const from = this.#from.subarray(merged);
      const to = this.#to.subarray(merged);
      const id = this.#id.subarray(merged);
      const type = this.#type.subarray(merged);
      mergeLinks(outgoing, from, to, id, type, count);
      mergeLinks(incoming, to, from, id, type, count);
    }
    this.settle(savepoint);
  }

  protected override shrink(): void {
    if (this.#from.length <= FIRST_CAPACITY * 16) return;
    this.#from = new Float64Array(FIRST_CAPACITY);
    this.#to = new Float64Array(FIRST_CAPACITY);
    this.#id = new Float64Array(FIRST_CAPACITY);
    this.#type = new Float64Array(FIRST_CAPACITY);
  }
}

/** Entries that are sorted and merged at once: their copies in order take memory too. */
const MERGE_ENTRIES = 1 << 20;

function mergeLinks(
  tree: LinkTreeWriter,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  type: Float64Array,
  count: number,
): void {
  const order = sortLinks(a, b, count);
  const size = Math.min(count, MERGE_ENTRIES);
  const sortedA = new Float64Array(size);
  const sortedB = new Float64Array(size);
  const sortedC = new Float64Array(size);
  const sortedType = new Float64Array(size);
  for (let start = 0; start < count; start += size) {
    const length = Math.min(size, count - start);
    for (let at = 0; at < length; at++) {
      const from = order[start + at] as number;
      sortedA[at] = a[from] as number;
      sortedB[at] = b[from] as number;
      sortedC[at] = c[from] as number;
      sortedType[at] = type[from] as number;
    }
    tree.insertSorted(sortedA, sortedB, sortedC, sortedType, length);
  }
}

/** New (term, node) pairs of the label index. */
export class PendingTerms extends Pending {
  #term: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  #id: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);

  /** Memory that the waiting entries take, in bytes. */
  get sizeBytes(): number {
    return this.count * 16;
  }

  /** Adds a pair. */
  add(term: number, id: number): void {
    const at = this.added++;
    if (at === this.#term.length) {
      this.#term = grown(this.#term);
      this.#id = grown(this.#id);
    }
    this.#term[at] = term;
    this.#id[at] = id;
  }

  /** Merges what waits into the tree. */
  flush(terms: LinkTreeWriter, savepoint: PendingMark | undefined): void {
    const { count, merged } = this;
    if (count === 0) return;
    if (count <= FEW) {
      for (let at = merged; at < merged + count; at++) {
        terms.insert(this.#term[at] as number, this.#id[at] as number, 0, 0);
      }
    } else {
      const zero = new Float64Array(count);
      mergeLinks(terms, this.#term.subarray(merged), this.#id.subarray(merged), zero, zero, count);
    }
    this.settle(savepoint);
  }

  protected override shrink(): void {
    if (this.#term.length <= FIRST_CAPACITY * 16) return;
    this.#term = new Float64Array(FIRST_CAPACITY);
    this.#id = new Float64Array(FIRST_CAPACITY);
  }
}

const NO_VALUE = new Uint8Array(0);
const FIRST_KEY_BYTES = 4096;
/** Bytes of a key that the sort compares as two numbers. */
const SORT_BYTES = 6;
/** Up to this many keys are sorted by comparing them. */
const FEW_KEYS = 12;

/** New keys of the name index. */
export class PendingNames extends Pending {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_KEY_BYTES);
  #starts: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CAPACITY + 1);

  /** Memory that the waiting keys take, in bytes. */
  get sizeBytes(): number {
    return (this.#starts[this.added] as number) - (this.#starts[this.merged] as number) + this.count * 4;
  }

  /** Adds the key of a node. */
  add(name: Uint8Array, nameAt: number, nameEnd: number, kind: number, id: number): void {
    const start = this.#starts[this.added] as number;
    if (start + MAX_NAME_KEY > this.#bytes.length) {
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(this.#bytes.byteLength * 2));
    }
    if (this.added + 2 > this.#starts.length) {
      this.#starts = new Uint32Array(this.#starts.buffer.transfer(this.#starts.byteLength * 2));
    }
    this.#starts[++this.added] = writeNameKey(this.#bytes, start, name, nameAt, nameEnd, kind, id);
  }

  /** Merges what waits into the tree. */
  flush(names: ByteTreeWriter, savepoint: PendingMark | undefined): void {
    const { count } = this;
    if (count === 0) return;
    const bytes = this.#bytes;
    const starts = this.#starts.subarray(this.merged);
    if (count <= FEW) {
      for (let at = 0; at < count; at++) names.put(bytes.slice(starts[at], starts[at + 1]), NO_VALUE);
    } else {
      const ends = starts.subarray(1, count + 1);
      names.putSorted({
        count,
        bytes,
        keyStart: starts,
        keyEnd: ends,
        valueStart: ends,
        valueEnd: ends,
        order: sortKeys(bytes, starts, count),
        isSorted: true,
      });
    }
    this.settle(savepoint);
  }

  protected override shrink(): void {
    if (this.#bytes.length <= FIRST_KEY_BYTES * 16) return;
    this.#bytes = new Uint8Array(FIRST_KEY_BYTES);
    this.#starts = new Uint32Array(FIRST_CAPACITY + 1);
  }
}

/** Order of keys. */
function sortKeys(bytes: Uint8Array, starts: Uint32Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  sortGroup(bytes, starts, order, 0);
  return order;
}

/**
 * Sorts keys that agree in their first bytes: by the twelve bytes behind all that they have in common, as two numbers, then
 * those that agree in these as well by what follows.
 *
 * @param shared so many bytes are known to agree
 */
function sortGroup(bytes: Uint8Array, starts: Uint32Array, group: Uint32Array, shared: number): void {
  const count = group.length;
  const depth = count <= FEW_KEYS ? shared : sharedLength(bytes, starts, group, shared);
  // As numbers, a key that ends looks like one that goes on with zeros.
  if (count <= FEW_KEYS || (depth === shared && shared > 0)) {
    group.sort((one, other) => compareKeys(bytes, starts, one, other, depth));
    return;
  }
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const key = group[at] as number;
    const start = (starts[key] as number) + depth;
    const end = starts[key + 1] as number;
    first[at] = prefixNumber(bytes, start, end);
    second[at] = prefixNumber(bytes, start + SORT_BYTES, end);
  }
  const order = sortLinks(first, second, count);
  const unsorted = group.slice();
  for (let at = 0; at < count; at++) group[at] = unsorted[order[at] as number] as number;
  for (let from = 0; from < count;) {
    const a = first[order[from] as number];
    const b = second[order[from] as number];
    let to = from + 1;
    while (to < count && first[order[to] as number] === a && second[order[to] as number] === b) to++;
    if (to - from > 1) sortGroup(bytes, starts, group.subarray(from, to), depth);
    from = to;
  }
}

/** How many bytes all keys of a group have in common. */
function sharedLength(bytes: Uint8Array, starts: Uint32Array, group: Uint32Array, known: number): number {
  const model = starts[group[0] as number] as number;
  let shared = (starts[(group[0] as number) + 1] as number) - model;
  for (let at = 1; at < group.length && shared > known; at++) {
    const key = group[at] as number;
    const start = starts[key] as number;
    const length = (starts[key + 1] as number) - start;
    if (length < shared) shared = length;
    let same = known;
    while (same < shared && bytes[model + same] === bytes[start + same]) same++;
    shared = same;
  }
  return shared;
}

/** `SORT_BYTES` bytes as a number, 0 for those behind the end. */
function prefixNumber(bytes: Uint8Array, start: number, end: number): number {
  return threeBytes(bytes, start, end) * 2 ** 24 + threeBytes(bytes, start + 3, end);
}

function threeBytes(bytes: Uint8Array, start: number, end: number): number {
  const first = start < end ? bytes[start] as number : 0;
  const second = start + 1 < end ? bytes[start + 1] as number : 0;
  const third = start + 2 < end ? bytes[start + 2] as number : 0;
  return (first << 16) | (second << 8) | third;
}

function compareKeys(bytes: Uint8Array, starts: Uint32Array, one: number, other: number, shared: number): number {
  const oneStart = starts[one] as number;
  const otherStart = starts[other] as number;
  const oneLength = (starts[one + 1] as number) - oneStart;
  const otherLength = (starts[other + 1] as number) - otherStart;
  const length = Math.min(oneLength, otherLength);
  for (let index = shared; index < length; index++) {
    const difference = (bytes[oneStart + index] as number) - (bytes[otherStart + index] as number);
    if (difference !== 0) return difference;
  }
  return oneLength - otherLength;
}
