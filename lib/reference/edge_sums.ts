/** Compares the lists of all sources with those of the other ends, in 12 bytes a node: by sums of hashes. */

/** For each source: what the other ends' lists have of it, minus what its own has. 0 where both agree. */
export class EdgeSums {
  readonly #a: Int32Array;
  readonly #b: Int32Array;
  readonly #count: Int32Array;

  /** @param nodes number of nodes; they are told by their positions */
  constructor(nodes: number) {
    this.#a = new Int32Array(nodes);
    this.#b = new Int32Array(nodes);
    this.#count = new Int32Array(nodes);
  }

  /** The list of the target has the edge. Hot. */
  add(from: number, to: number, type: number): void {
    this.#a[from] = (this.#a[from] as number) + mix(to, type);
    this.#b[from] = (this.#b[from] as number) + mixOther(to, type);
    (this.#count[from] as number)++;
  }

  /** The list of the target has an edge of a source that cannot be compared: the two do not agree. */
  disagree(from: number): void {
    (this.#count[from] as number)++;
  }

  /** The list of the source has the edge. Hot. */
  subtract(from: number, to: number, type: number): void {
    this.#a[from] = (this.#a[from] as number) - mix(to, type);
    this.#b[from] = (this.#b[from] as number) - mixOther(to, type);
    (this.#count[from] as number)--;
  }

  /** Whether both have the same edges of a source. */
  agrees(from: number): boolean {
    return this.#count[from] === 0 && this.#a[from] === 0 && this.#b[from] === 0;
  }
}

/** A hash of target and type (the finalizer of MurmurHash3, Appleby 2011). */
function mix(to: number, type: number): number {
  let hash = Math.imul(to ^ Math.imul(type, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A second hash, so that sums of unequal lists are equal by chance once in 2^64 cases. */
function mixOther(to: number, type: number): number {
  return mix(to ^ 0x5bd1e995, type + 0x27d4eb2f);
}
