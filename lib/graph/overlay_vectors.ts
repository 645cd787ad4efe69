/** The vectors of a transaction: those of the state that it holds, and what it did to them. */

import { MAX_ID } from "../backend/limits.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { Page } from "../backend/store.ts";
import { compareUtf8 } from "../backend/text_order.ts";
import type { StoredVector, VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { searchExactly } from "../vector/exact_search.ts";
import { storedStats } from "../vector/stored_stats.ts";
import { searchChanged, type VectorChange, VectorChanges } from "../vector/vector_changes.ts";
import type { OverlayNodes } from "./overlay_nodes.ts";
import { mergePage } from "./overlay_page.ts";
import { lowerBound, OverlayRecords } from "./overlay_records.ts";
import type { ReadRecorder } from "./read_recorder.ts";

/** A place to roll back to. */
export interface VectorsMark {
  /** Of the indexes. */
  readonly indexes: number;
  /** Of the vectors. */
  readonly changes: number;
}

const NO_VECTORS: Page<never, number> = { items: [], next: undefined };

/** Vectors and their indexes as the transaction sees them. */
export class OverlayVectors {
  readonly #base: HeldState;
  readonly #nodes: OverlayNodes;
  readonly #reads: ReadRecorder;
  readonly #own = new OwnIndexes();
  readonly #changes = new VectorChanges();
  /** Indexes of the held state that were asked for. */
  readonly #known = new Map<string, OverlayIndex | undefined>();
  /** All indexes of the held state. */
  #all: readonly OverlayIndex[] | undefined;
  /** Number of the last index that the transaction made: negative, and never given again. */
  #lastNumber = 0;
  /** Nodes with changed vectors in an index, ascending, until the next change. */
  #sorted: { readonly index: number; readonly ids: readonly number[] } | undefined;

  constructor(base: HeldState, nodes: OverlayNodes, reads: ReadRecorder) {
    this.#base = base;
    this.#nodes = nodes;
    this.#reads = reads;
  }

  /** Begins a savepoint. */
  mark(): VectorsMark {
    return { indexes: this.#own.mark(), changes: this.#changes.mark() };
  }

  /** Takes back every change since a mark. */
  rollbackTo({ indexes, changes }: VectorsMark): void {
    this.#own.rollbackTo(indexes);
    this.#changes.rollbackTo(changes);
    this.#sorted = undefined;
  }

  /** No savepoint is open any more. */
  forgetMarks(): void {
    this.#own.forgetMarks();
  }

  /** All indexes, by name in byte order. */
  indexes(): readonly StoredVectorIndex[] {
    this.#reads.allVectors();
    return this.#indexes();
  }

  #indexes(): readonly OverlayIndex[] {
    this.#all ??= this.#base.store.vectorIndexes().map((index) => this.#overBase(index));
    if (this.#own.size === 0) return this.#all;
    const indexes = this.#all.filter(({ definition: { name } }) => this.#own.state(name) === undefined);
    for (const [, own] of this.#own.states()) if (own !== "dropped") indexes.push(own);
    return indexes.sort((one, other) => compareUtf8(one.definition.name, other.definition.name));
  }

  /** The index with a name, or undefined. Hot. */
  index(name: string): OverlayIndex | undefined {
    const own = this.#own.state(name);
    // Also of an own one: that its name was free came out of the held state.
    this.#reads.vectorIndex(name);
    if (own !== undefined) return own === "dropped" ? undefined : own;
    if (this.#known.has(name)) return this.#known.get(name);
    const found = this.#base.store.vectorIndex(name);
    const index = found && this.#overBase(found);
    this.#known.set(name, index);
    return index;
  }

  #overBase(base: StoredVectorIndex): OverlayIndex {
    return new OverlayIndex(base.definition, base.number, base, (index) => this.#count(index));
  }

  /** Number of vectors. O(changed vectors). */
  #count(index: OverlayIndex): number {
    const { base, definition: { name } } = index;
    this.#reads.vectors(name);
    let count = base === undefined ? 0 : base.count;
    for (const { nodeId, vector } of this.#changes.of(index.number).values()) {
      if (vector !== undefined) count++;
      if (this.#readBase(index, nodeId) !== undefined) count--;
    }
    return count;
  }

  /** A node's vector in the held state. Tells no read. */
  #readBase({ base }: OverlayIndex, nodeId: number): Float32Array | undefined {
    if (base === undefined || this.#nodes.isNew(nodeId)) return undefined;
    return this.#base.store.readVector(base, nodeId);
  }

  #changeOf(index: StoredVectorIndex, nodeId: number): VectorChange | undefined {
    return this.#changes.isEmpty ? undefined : this.#changes.of(index.number).get(nodeId);
  }

  /** Vector of a node, or undefined: the caller's own. */
  read(index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
    const own = this.#changeOf(index, nodeId);
    if (own !== undefined) return own.vector?.slice();
    if (!this.#nodes.isNew(nodeId)) this.#reads.vector(index.definition.name, nodeId);
    return this.#readBase(overlaid(index), nodeId);
  }

  /** Whether a node has a vector. */
  has(index: StoredVectorIndex, nodeId: number): boolean {
    const own = this.#changeOf(index, nodeId);
    return own === undefined ? this.read(index, nodeId) !== undefined : own.vector !== undefined;
  }

  /** The page of vectors after a position. */
  page<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    this.#reads.vectors(index.definition.name);
    const { base } = overlaid(index);
    const page: Page<T, number> = base === undefined
      ? NO_VECTORS
      : this.#base.store.vectorPage<T>(base, wanted, after, size);
    const changes = this.#changes.of(index.number);
    // Behind all nodes positions are negative: there are only vectors of no node.
    if (changes.size === 0 || after < 0) return page;
    const nodeCount = page.items.findIndex((item) => nodeIdOf(item) === 0);
    const ofNodes = nodeCount < 0 ? page.items : page.items.slice(0, nodeCount);
    const ofNone = nodeCount < 0 ? [] : page.items.slice(nodeCount);
    const isLast = ofNone.length > 0 || page.next === undefined || page.next < 0;
    const last = isLast ? MAX_ID : page.next as number;
    const keys = this.#sortedIds(index.number, changes);
    const { items, cutAt } = mergePage<number, T>({ items: ofNodes, next: page.next }, (id) => id <= last, {
      keys,
      start: lowerBound(keys, after, true),
      keyOf: nodeIdOf,
      isOwn: (id) => changes.has(id),
      itemOf: (id) => pageItem<T>(changes.get(id) as VectorChange, wanted),
    }, size);
    if (cutAt !== undefined) return { items, next: cutAt };
    if (items.length + ofNone.length > size) return { items, next: MAX_ID };
    return { items: [...items, ...ofNone], next: page.next };
  }

  #sortedIds(index: number, changes: ReadonlyMap<number, VectorChange>): readonly number[] {
    if (this.#sorted?.index !== index) {
      this.#sorted = { index, ids: [...changes.keys()].sort((one, other) => one - other) };
    }
    return this.#sorted.ids;
  }

  /** The nearest vectors. It counts as a read of the whole index: any change of it may change what is nearest. */
  search(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    const { definition: { name, metric }, base, number } = overlaid(index);
    this.#reads.vectors(name);
    const searchAll = (given: CheckedVectorSearch): VectorMatch[] =>
      searchExactly((after, size) => this.page<StoredVector>(index, "vector", after, size), metric, given);
    if (base === undefined) return searchAll(search);
    return searchChanged(
      this.#changes.of(number),
      metric,
      search,
      (given) => this.#base.store.searchVectors(base, given),
      searchAll,
    );
  }

  /** Size and state of an index. Own vectors are compared one by one. */
  stats(index: StoredVectorIndex): VectorIndexStats {
    const { base, count, definition, number } = overlaid(index);
    const below = base && this.#base.store.vectorStats(base);
    if (below === undefined || below.searches === "stored") return storedStats({ definition, count });
    let pending = below.pending;
    for (const { vector } of this.#changes.of(number).values()) if (vector !== undefined) pending++;
    pending = Math.min(count, pending);
    return { ...below, ...definition, count, linked: count - pending, pending };
  }

  /** Makes an index under a name that none has. */
  create(definition: VectorIndexDefinition): void {
    const index = new OverlayIndex(definition, --this.#lastNumber, undefined, (made) => this.#count(made));
    this.#own.setState(definition.name, index);
  }

  /** Removes an index. */
  drop(name: string): void {
    this.#own.setState(name, "dropped");
  }

  /** Gives a node a vector, or takes it away. */
  set({ number }: StoredVectorIndex, nodeId: number, vector: Float32Array | undefined): void {
    // A change of a known node leaves the others in their order.
    if (this.#sorted?.index === number && !this.#changes.of(number).has(nodeId)) this.#sorted = undefined;
    this.#changes.add(number, nodeId, vector);
  }

  /** Takes all vectors of a node away. Tells no reads: the thread that commits finds the vectors itself. */
  deleteAllOf(nodeId: number): void {
    for (const index of this.#indexes()) {
      const own = this.#changeOf(index, nodeId);
      const vector = own === undefined ? this.#readBase(index, nodeId) : own.vector;
      if (vector !== undefined) this.set(index, nodeId, undefined);
    }
  }
}

/** An index as the transaction sees it. */
class OverlayIndex implements StoredVectorIndex {
  readonly definition: VectorIndexDefinition;
  readonly number: number;
  /** The index of the held state; undefined for one that the transaction made. */
  readonly base: StoredVectorIndex | undefined;
  readonly #count: (index: OverlayIndex) => number;

  constructor(
    definition: VectorIndexDefinition,
    number: number,
    base: StoredVectorIndex | undefined,
    count: (index: OverlayIndex) => number,
  ) {
    this.definition = definition;
    this.number = number;
    this.base = base;
    this.#count = count;
  }

  /** Counted when it is asked for: whoever writes vectors does not depend on how many there are. */
  get count(): number {
    return this.#count(this);
  }
}

/** Indexes that the transaction made or removed, by name. */
class OwnIndexes extends OverlayRecords<string, OverlayIndex | "dropped"> {
  protected override changed(): void {}
}

/** All indexes that this store gives out are its own. */
function overlaid(index: StoredVectorIndex): OverlayIndex {
  return index as OverlayIndex;
}

/** 0 for a vector that belongs to no node. */
function nodeIdOf(item: number | StoredVector): number {
  return typeof item === "number" ? item : item.nodeId;
}

function pageItem<T>({ nodeId, vector }: VectorChange, wanted: VectorShapeWanted): T | undefined {
  if (vector === undefined) return undefined;
  return (wanted === "nodeId" ? nodeId : { nodeId, vector: vector.slice() }) as T;
}
