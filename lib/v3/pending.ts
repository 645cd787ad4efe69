/** Index entries of a running transaction that wait to be sorted and merged into their trees, so that each page is changed once. */

import type { ByteTreeWriter } from "./byte_writer.ts";
import type { LinkTreeWriter } from "./link_tree_writer.ts";
import { MAX_NAME_KEY, writeNameKey } from "./name_key.ts";
import { sortLinks } from "./radix_sort.ts";

/** Up to this many entries are inserted one by one. */
const FEW = 4;
const FIRST_CAPACITY = 64;

/** Grows a column. */
function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

/** New edges: entries of both adjacency trees. */
export class PendingEdges {
  #from: Float64Array = new Float64Array(FIRST_CAPACITY);
  #to: Float64Array = new Float64Array(FIRST_CAPACITY);
  #id: Float64Array = new Float64Array(FIRST_CAPACITY);
  #type: Float64Array = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  /** Number of edges that wait. */
  get count(): number {
    return this.#count;
  }

  /** Memory that the entries take, in bytes. */
  get sizeBytes(): number {
    return this.#count * 32;
  }

  /** Adds an edge. Ids must ascend among those with the same ends. */
  add(from: number, to: number, id: number, type: number): void {
    const at = this.#count++;
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

  /** Merges everything into the trees. */
  flush(outgoing: LinkTreeWriter, incoming: LinkTreeWriter): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (count <= FEW) {
      for (let at = 0; at < count; at++) {
        const from = this.#from[at] as number;
        const to = this.#to[at] as number;
        const id = this.#id[at] as number;
        const type = this.#type[at] as number;
        outgoing.insert(from, to, id, type);
        incoming.insert(to, from, id, type);
      }
    } else {
      mergeLinks(outgoing, this.#from, this.#to, this.#id, this.#type, count);
      mergeLinks(incoming, this.#to, this.#from, this.#id, this.#type, count);
    }
    this.clear();
  }

  /** Forgets everything, and the memory of many entries. */
  clear(): void {
    this.#count = 0;
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
export class PendingTerms {
  #term: Float64Array = new Float64Array(FIRST_CAPACITY);
  #id: Float64Array = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  /** Number of pairs that wait. */
  get count(): number {
    return this.#count;
  }

  /** Memory that the entries take, in bytes. */
  get sizeBytes(): number {
    return this.#count * 16;
  }

  /** Adds a pair. */
  add(term: number, id: number): void {
    const at = this.#count++;
    if (at === this.#term.length) {
      this.#term = grown(this.#term);
      this.#id = grown(this.#id);
    }
    this.#term[at] = term;
    this.#id[at] = id;
  }

  /** Merges everything into the tree. */
  flush(terms: LinkTreeWriter): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (count <= FEW) {
      for (let at = 0; at < count; at++) terms.insert(this.#term[at] as number, this.#id[at] as number, 0, 0);
    } else {
      const zero = new Float64Array(count);
      mergeLinks(terms, this.#term, this.#id, zero, zero, count);
    }
    this.clear();
  }

  /** Forgets everything, and the memory of many entries. */
  clear(): void {
    this.#count = 0;
    if (this.#term.length <= FIRST_CAPACITY * 16) return;
    this.#term = new Float64Array(FIRST_CAPACITY);
    this.#id = new Float64Array(FIRST_CAPACITY);
  }
}

const NO_VALUE = new Uint8Array(0);
const FIRST_KEY_BYTES = 4096;
/** Bytes of a key that the sort compares as two numbers. */
const SORT_BYTES = 6;

/** New keys of the name index. */
export class PendingNames {
  #bytes: Uint8Array = new Uint8Array(FIRST_KEY_BYTES);
  #starts: Uint32Array = new Uint32Array(FIRST_CAPACITY + 1);
  #count = 0;

  /** Number of keys that wait. */
  get count(): number {
    return this.#count;
  }

  /** Memory that the keys take, in bytes. */
  get sizeBytes(): number {
    return (this.#starts[this.#count] as number) + this.#count * 4;
  }

  /** Adds the key of a node. */
  add(name: Uint8Array, nameAt: number, nameEnd: number, kind: number, id: number): void {
    const start = this.#starts[this.#count] as number;
    if (start + MAX_NAME_KEY > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (this.#count + 2 > this.#starts.length) {
      const larger = new Uint32Array(this.#starts.length * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[++this.#count] = writeNameKey(this.#bytes, start, name, nameAt, nameEnd, kind, id);
  }

  /** Merges everything into the tree. */
  flush(names: ByteTreeWriter): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    const bytes = this.#bytes;
    const starts = this.#starts;
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
      });
    }
    this.clear();
  }

  /** Forgets everything, and the memory of many keys. */
  clear(): void {
    this.#count = 0;
    if (this.#bytes.length <= FIRST_KEY_BYTES * 16) return;
    this.#bytes = new Uint8Array(FIRST_KEY_BYTES);
    this.#starts = new Uint32Array(FIRST_CAPACITY + 1);
  }
}

/** Order of keys: by their first twelve bytes as two numbers, then those that agree in them by the rest. */
function sortKeys(bytes: Uint8Array, starts: Uint32Array, count: number): Uint32Array {
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const start = starts[at] as number;
    const end = starts[at + 1] as number;
    first[at] = prefixNumber(bytes, start, end);
    second[at] = prefixNumber(bytes, start + SORT_BYTES, end);
  }
  const order = sortLinks(first, second, count);
  for (let from = 0; from < count;) {
    const a = first[order[from] as number];
    const b = second[order[from] as number];
    let to = from + 1;
    while (to < count && first[order[to] as number] === a && second[order[to] as number] === b) to++;
    if (to - from > 1) {
      order.subarray(from, to).sort((one, other) => compareKeys(bytes, starts, one, other));
    }
    from = to;
  }
  return order;
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

function compareKeys(bytes: Uint8Array, starts: Uint32Array, one: number, other: number): number {
  const oneStart = starts[one] as number;
  const otherStart = starts[other] as number;
  const oneLength = (starts[one + 1] as number) - oneStart;
  const otherLength = (starts[other + 1] as number) - otherStart;
  const length = Math.min(oneLength, otherLength);
  for (let index = 0; index < length; index++) {
    const difference = (bytes[oneStart + index] as number) - (bytes[otherStart + index] as number);
    if (difference !== 0) return difference;
  }
  return oneLength - otherLength;
}
