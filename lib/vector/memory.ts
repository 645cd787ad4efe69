/**
 * The memory of a vector index: one shared WebAssembly memory that one thread writes and any thread searches.
 *
 * A *slot* holds one vector of one node. An update is a new slot; the old one is killed at the LSN of the commit, and a search
 * at an LSN returns exactly the slots that were born by then and not dead yet. A new slot is *pending* first: written, and
 * compared with every query, but not linked. Linking it into the graph comes later, by one thread or by several.
 *
 *   addPending ──▶ pending ──linkPending──▶ linked ──kill──▶ dead ──consolidate──▶ unlinked ──(pins have passed)──▶ reused
 *
 * Arguments are those of the rest of the package that checked them already: vectors have the right length and finite numbers.
 *
 * @module
 */

import type { VectorMetric, VectorStorage } from "../backend/vector.ts";

/** LSN of the death of a slot that is alive. */
export const ALIVE: number = Number.MAX_SAFE_INTEGER;

/** What an index is like, fixed when its memory is made. */
export interface VectorMemoryOptions {
  /** Numbers in each vector, 1 to 4,096. */
  readonly dimension: number;
  /** How distances are measured. */
  readonly metric: VectorMetric;
  /** What a search walks over. */
  readonly storage: VectorStorage;
  /** Links of a slot on the upper layers, 2 to 64; twice as many on layer 0. */
  readonly m: number;
  /** Candidates that are weighed when a slot is linked. */
  readonly efConstruction: number;
  /** Chooses the layers of slots together with their node ids, 0 to 2^32 - 1. */
  readonly seed: number;
  /** Most slots, those of replaced and deleted vectors included. Default: as many as fit into `maxBytes`. */
  readonly capacity?: number | undefined;
  /** Most bytes of memory, at most 4 GiB (the default). What is not used costs address space only. */
  readonly maxBytes?: number | undefined;
  /** How many readers, writers and linkers there may be at once, in all threads. Default 32. */
  readonly workers?: number | undefined;
}

/** What is posted to another thread, which attaches to it. */
export interface VectorMemoryHandle {
  /** The shared memory; everything else is written in it. */
  readonly memory: WebAssembly.Memory;
}

/** Sizes and counters of an index. */
export interface VectorMemoryStats {
  /** Slots that were ever used: their numbers are below this. */
  readonly slots: number;
  /** Slots of the newest state: pending and linked ones that are alive. */
  readonly alive: number;
  /** Slots that wait to be linked. */
  readonly pending: number;
  /** Dead slots that are still linked or pending. */
  readonly dead: number;
  /** Slots that were unlinked and can be used again, now or when the pins have passed. */
  readonly free: number;
  /** Most slots. */
  readonly capacity: number;
  /** Highest layer with a slot, -1 when nothing is linked. */
  readonly topLayer: number;
  /** Bytes of memory in use. */
  readonly bytes: number;
}

/** The slots that a search may return: a bit for each slot. Made once for a filter; readers know it by identity. */
export interface SlotSet {
  /** Bit `slot & 31` of word `slot >> 5`; slots beyond its end are not in it. Must not change. */
  readonly bits: Uint32Array;
  /** Number of bits that are set. */
  readonly count: number;
}

/** What is searched for. */
export interface VectorQuery {
  /** `dimension` numbers. */
  readonly query: Float32Array;
  /** Most results, 1 to 10,000. */
  readonly k: number;
  /** Candidates that are weighed, 1 to 10,000; at least `k` are. */
  readonly ef: number;
  /** State to search: slots with birth <= lsn < death. */
  readonly lsn: number;
  /** Only vectors within this distance (as the metric measures it). */
  readonly maxDistance?: number | undefined;
  /** Compare with every vector. */
  readonly isExact?: boolean | undefined;
  /** Only these slots. */
  readonly allowed?: SlotSet | undefined;
  /** Vector of a slot as it is stored: distances of results of `f16` indexes are measured with it. */
  readonly vectorOf?: ((slot: number, nodeId: number) => Float32Array) | undefined;
  /** Called now and then in long scans; throws to end the search. */
  readonly checkCancelled?: (() => void) | undefined;
}

/** What was found, by ascending distance, then node id. The arrays are the caller's. */
export interface VectorHits {
  /** The slots. */
  readonly slots: Uint32Array;
  /** Their nodes. */
  readonly nodeIds: Float64Array;
  /** Their distances, as documented for the metric. */
  readonly distances: Float64Array;
}

/** Searches. Belongs to one thread, and to one search at a time. */
export interface VectorReader extends Disposable {
  /** The nearest vectors. */
  search(query: VectorQuery): VectorHits;
  /** All vectors within a distance; `ef` candidates around its border are weighed (`isExact`: every vector is). */
  range(query: Omit<VectorQuery, "k" | "maxDistance"> & { readonly maxDistance: number }): VectorHits;
  /** Gives its place back. */
  release(): void;
}

/** Links pending slots; several threads may do so at once. Belongs to one thread. */
export interface VectorLinker extends Disposable {
  /** Links up to `limit` pending slots; how many it did. One linker alone links in the order in which slots were added. */
  linkPending(limit: number): number;
  /** Number of its place. */
  readonly place: number;
  /** Gives its place back. */
  release(): void;
}

/** What is known of a slot. */
export interface SlotInfo {
  /** `free`: never used, or unlinked. */
  readonly state: "free" | "pending" | "linked";
  /** Its node. */
  readonly nodeId: number;
  /** LSN of the commit that wrote it. */
  readonly birthLsn: number;
  /** LSN of the commit that replaced or deleted it, or `ALIVE`. */
  readonly deadLsn: number;
  /** Highest layer that it is on. */
  readonly level: number;
}

/** Links of a slot on one layer each, from layer 0 on. */
export type SlotLinks = readonly Uint32Array[];

/** What one step of `consolidate` did. */
export interface ConsolidateStep {
  /** Whether the sweep is complete. When nothing is dead, it is at once. */
  readonly isDone: boolean;
  /** Slots that this step unlinked. */
  readonly unlinked: number;
}

/** Changes the index. There is one, in the thread of the engine. */
export interface VectorWriter extends VectorLinker {
  /**
   * Writes a vector into a slot, which every search compares from now on. Reuses slots that were unlinked before `oldestPin`.
   *
   * @throws {UnsupportedError} `vector-index-full` when there is no room; nothing was changed
   */
  addPending(nodeId: number, vector: Float32Array, birthLsn: number, oldestPin: number): number;
  /** Throws as `addPending` would unless there is room for that many slots: to be asked before a commit is durable. */
  reserve(count: number, oldestPin: number): void;
  /** Ends the life of a slot: searches at `deadLsn` or later do not return it. */
  kill(slot: number, deadLsn: number): void;
  /**
   * A step of the sweep that unlinks slots which no reader can see (dead at `oldestPin`, the oldest LSN that anybody reads) and
   * repairs the links that led to them. Does about what a look at `budget` slots costs, then returns. They can be reused once all readers are
   * newer than `currentLsn`. (After Singh et al., *FreshDiskANN*, 2021.)
   */
  consolidate(oldestPin: number, currentLsn: number, budget: number): ConsolidateStep;
  /** Whether `takeDirty` would return anything. */
  readonly isDirty: boolean;
  /** Slots whose links, layer or life changed since this was last asked, ascending. Other threads may link meanwhile. */
  takeDirty(): Uint32Array;
  /** Slots from which searches start, best first: the highest one, and those that were given to `finishRestore`. */
  entryPoints(): Uint32Array;

  /**
   * Puts a slot where it was in an empty memory: with its links (which may lead to slots that are restored later), or with
   * none, then it is pending.
   */
  restoreSlot(slot: number, nodeId: number, birthLsn: number, vector: Float32Array, links?: SlotLinks): void;
  /** The same from bytes: `dimension` little-endian floats (any alignment), and links as `writeLinks` wrote them. */
  restoreBytes(
    slot: number,
    nodeId: number,
    birthLsn: number,
    vector: Uint8Array,
    vectorAt: number,
    links: Uint8Array,
    linksAt: number,
  ): void;
  /**
   * Ends restoring: slots in between become free, and searches start from the highest slot, or from the given entry points and
   * `samples` more that are spread over all slots (graphs of one layer need some hundred).
   */
  finishRestore(entryPoints?: readonly number[], samples?: number): void;
}

/** An index in memory, as one thread sees it. */
export interface VectorMemory {
  /** What other threads attach to. */
  readonly handle: VectorMemoryHandle;
  /** What the index is like, with its capacity. */
  readonly options: Required<VectorMemoryOptions>;
  /** A reader for this thread. @throws {UnsupportedError} when all places are taken */
  reader(): VectorReader;
  /** The writer. */
  writer(): VectorWriter;
  /** A linker for this thread, or for another one that is told its place. */
  linker(): VectorLinker;
  /**
   * A linker for this thread at the place of one that another thread made. That one is released when this thread works no more,
   * however it ended: what it held is free then, and what it was linking is linked by the next linker.
   */
  linkerAt(place: number): VectorLinker;
  /** What is known of a slot. */
  slot(slot: number): SlotInfo;
  /** Node of a slot that is or was in use. Hot. */
  nodeIdOf(slot: number): number;
  /** The slots in use, dead ones included, whose node passes a test. O(slots). */
  slotSet(passes: (nodeId: number) => boolean): SlotSet;
  /** Links of a slot (copies). */
  links(slot: number): SlotLinks;
  /** Writes the links of a slot as bytes; where they end. They take at most `maxLinkBytes`. */
  writeLinks(slot: number, target: Uint8Array, at: number): number;
  /** Most bytes of the links of a slot of some level. */
  maxLinkBytes(level: number): number;
  /** Sizes and counters. */
  stats(): VectorMemoryStats;
}
