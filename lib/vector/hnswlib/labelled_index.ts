/** An index of the library by node ids. The library's labels have 32 bits, and cannot be given twice. */

import type { VectorIndexDefinition } from "../../backend/vector_input.ts";
import type { Library, LibraryIndex } from "./library.ts";

/** Room of a new index. */
const FIRST_CAPACITY = 256;

/** The library's memory ends here; it does not notice when it computes with more. */
const MAX_BYTES = 2 ** 31;

/** Labels are below this. */
const LABEL_END = 2 ** 32;

/**
 * So many vectors are read and measured in the time in which the library calls the filter for one that it passes by. Measured:
 * about 5 µs against 1 to 2.5.
 */
const MEASURES_PER_STEP = 0.25;

/** The nodes of a filter that have vectors. */
export interface LabelSet {
  readonly nodeIds: Float64Array;
  readonly labels: ReadonlySet<number>;
}

/** What a search found. */
export interface Candidates {
  /** Nodes. Those that the library found come nearest first. */
  readonly nodeIds: Float64Array;
  /** Whether these are all that the search may find at all. */
  readonly isComplete: boolean;
}

/** An index of the library, and which node each of its vectors belongs to. */
export class LabelledIndex {
  readonly #library: Library;
  readonly #index: LibraryIndex;
  readonly #labelOf = new Map<number, number>();
  readonly #nodeOf = new Map<number, number>();
  readonly #bytesPerVector: number;
  #nextLabel = 0;

  /** Makes it empty. */
  constructor(library: Library, { dimension, metric, m, efConstruction, seed }: VectorIndexDefinition) {
    this.#library = library;
    // Vectors of cosine come with length 1: then one minus the product is the distance.
    this.#index = new library.HierarchicalNSW(metric === "euclidean" ? "l2" : "ip", dimension, "");
    // The vector, its links on layer 0 and their number, its label.
    this.#bytesPerVector = 4 * dimension + 8 * m + 4 + 4;
    this.#index.initIndex(FIRST_CAPACITY, m, efConstruction, seed);
  }

  /** Number of nodes with vectors. */
  get count(): number {
    return this.#labelOf.size;
  }

  /** Places of deleted vectors that were not used again. */
  get deleted(): number {
    return this.#index.getCurrentCount() - this.count;
  }

  /** Memory of the library. */
  get bytes(): number {
    return this.#library.HEAPU8.byteLength;
  }

  /** Makes room for so many more vectors. Throws when there is none. */
  reserve(count: number): void {
    if (this.#nextLabel + count > LABEL_END) throw new RangeError("all labels are given");
    const needed = this.#index.getCurrentCount() + count;
    const capacity = this.#index.getMaxElements();
    if (needed <= capacity) return;
    const most = Math.floor(MAX_BYTES / this.#bytesPerVector);
    if (needed > most) throw new RangeError(`${needed} vectors need more than 2 GiB`);
    this.#index.resizeIndex(Math.min(most, Math.max(needed, Math.ceil(capacity * 1.5))));
  }

  /** Takes the vectors of nodes away, of those that have one. */
  remove(nodeIds: Float64Array): void {
    const labels: number[] = [];
    for (const nodeId of nodeIds) {
      const label = this.#labelOf.get(nodeId);
      if (label === undefined) continue;
      labels.push(label);
      this.#labelOf.delete(nodeId);
      this.#nodeOf.delete(label);
    }
    if (labels.length > 0) this.#index.markDeleteItems(labels);
  }

  /** Gives nodes, each once, their vectors, whether they have one or not. */
  put(nodeIds: Float64Array, vectors: readonly Float32Array[]): void {
    if (nodeIds.length === 0) return;
    this.remove(nodeIds);
    this.reserve(nodeIds.length);
    const labels = Array.from(nodeIds, () => this.#nextLabel++);
    // Many at once: after each call the library looks through all its labels.
    this.#index.addPoints(vectors, labels, true);
    labels.forEach((label, at) => {
      const nodeId = nodeIds[at] as number;
      this.#labelOf.set(nodeId, label);
      this.#nodeOf.set(label, nodeId);
    });
  }

  /** What of a filter's nodes has vectors, until the next change. */
  labelSet(nodeIds: Float64Array): LabelSet {
    const labels = new Set<number>();
    const present = nodeIds.filter((nodeId) => {
      const label = this.#labelOf.get(nodeId);
      if (label !== undefined) labels.add(label);
      return label !== undefined;
    });
    return { nodeIds: present, labels };
  }

  /** All nodes, or all that a filter lets pass. */
  all(allowed: LabelSet | undefined): Candidates {
    return { nodeIds: allowed?.nodeIds ?? Float64Array.from(this.#labelOf.keys()), isComplete: true };
  }

  /** The nearest nodes; all that a filter lets pass where these are few. */
  search(query: Float32Array, k: number, ef: number, allowed: LabelSet | undefined): Candidates {
    if (allowed !== undefined && this.#isFew(allowed.labels.size, Math.max(k, ef))) return this.all(allowed);
    this.#index.setEfSearch(ef);
    const filter = allowed === undefined ? undefined : (label: number) => allowed.labels.has(label);
    const { neighbors } = this.#index.searchKnn(query, Math.min(k, this.#index.getMaxElements()), filter);
    return { nodeIds: Float64Array.from(neighbors, (label) => this.#nodeOf.get(label) as number), isComplete: false };
  }

  /** Whether measuring all costs less than a walk, which passes by as many others as are between the candidates. */
  #isFew(passing: number, candidates: number): boolean {
    return passing <= candidates || passing * passing <= candidates * this.count * MEASURES_PER_STEP;
  }

  /** Gives the memory back. */
  close(): void {
    this.#index.delete();
  }
}
