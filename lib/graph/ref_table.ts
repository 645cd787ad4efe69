/** Which node each `ref` of an ingest stands for: as many refs as memory holds. */

/** A `Map` of V8 takes 2^24 entries and no more; a new one is begun well before. */
const REFS_PER_MAP = 2 ** 23;

/** Refs and what they stand for: a node's id, or a number below 1 while it waits or when it has none. */
export class RefTable {
  readonly #maps: Map<string, number>[] = [];
  #newest: Map<string, number>;
  readonly #refsPerMap: number;

  /** An empty table. */
  constructor(refsPerMap: number = REFS_PER_MAP) {
    this.#refsPerMap = refsPerMap;
    this.#newest = new Map();
    this.#maps.push(this.#newest);
  }

  /** What the ref stands for, or undefined. */
  get(ref: string): number | undefined {
    for (let index = this.#maps.length - 1; index >= 0; index--) {
      const target = this.#maps[index]?.get(ref);
      if (target !== undefined) return target;
    }
    return undefined;
  }

  /** Adds a ref that the table does not have. */
  add(ref: string, target: number): void {
    if (this.#newest.size >= this.#refsPerMap) {
      this.#newest = new Map();
      this.#maps.push(this.#newest);
    }
    this.#newest.set(ref, target);
  }

  /** Changes what a ref stands for. */
  replace(ref: string, target: number): void {
    for (const map of this.#maps) {
      if (map.has(ref)) map.set(ref, target);
    }
  }
}
