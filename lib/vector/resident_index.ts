/** A vector index in memory, as the thread sees it that writes the database. */

import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { VectorMemory, VectorMemoryHandle, VectorWriter } from "./memory.ts";
import { MemorySearch } from "./memory_search.ts";
import { SlotTable } from "./slot_table.ts";
import type { VectorChange } from "./vector_changes.ts";
import type { MemoryStats, ReadStored, VectorEngine } from "./vector_engine.ts";

/** What was found stored about an index: how it is put into memory. */
export interface StoredIndex {
  /**
   * Every slot whose links are stored, each with the node and the stamp of the vector that it held. The links lie between two
   * positions of bytes that are valid during the call.
   */
  eachLinks(
    visit: (slot: number, nodeId: number, stamp: number, bytes: Uint8Array, at: number, end: number) => void,
  ): void;
  /** Every vector, with its stamp and the commit that wrote it: little-endian floats at a position of bytes. */
  eachVector(visit: (nodeId: number, stamp: number, birthLsn: number, bytes: Uint8Array, at: number) => void): void;
  /** Slots from which searches start, where those of the highest layer are not enough. */
  readonly entryPoints: readonly number[];
  /** Further ones that are spread over all. */
  readonly entrySamples: number;
}

/** Nothing: what is stored of a new index. */
export const NOTHING_STORED: StoredIndex = { eachLinks() {}, eachVector() {}, entryPoints: [], entrySamples: 0 };

/** What loading an index met. */
export interface LoadReport {
  /** Vectors whose links were found. */
  readonly linked: number;
  /** Vectors without links: they are to be linked anew. */
  readonly pending: number;
  /** Stored links of vectors that are gone. */
  readonly stale: number;
}

/** So few vectors are linked when the index is loaded: it takes a fraction of a second. */
const LINKED_AT_ONCE = 2000;

/** Slots that a step of the sweep looks at. */
const SWEEP_STEP = 500;

/** A sweep begins when so large a part of the slots is dead. */
const DEAD_SHARE = 0.1;

/** With fewer dead slots than this a sweep is not worth its while. */
const MIN_DEAD = 64;

/** An index whose vectors and links lie in memory. */
export class ResidentIndex implements VectorEngine {
  /** What the index is like. */
  readonly definition: VectorIndexDefinition;
  /** Where it lies: other threads attach to it. */
  readonly memory: VectorMemory;
  /** Oldest commit that it knows all vectors of. */
  readonly knownFrom: number;
  /** What loading it met. */
  readonly report: LoadReport;
  readonly #writer: VectorWriter;
  readonly #search: MemorySearch;
  readonly #table: SlotTable;
  #mayLink = false;
  /** Dead slots that the last sweep had to leave, because somebody could see them. */
  #leftDead = 0;

  /**
   * Puts a stored index into an empty memory.
   *
   * @param lsn commit whose vectors are loaded
   * @throws {UnsupportedError} when it does not fit
   */
  constructor(definition: VectorIndexDefinition, memory: VectorMemory, stored: StoredIndex, lsn: number) {
    this.definition = definition;
    this.memory = memory;
    this.knownFrom = lsn;
    this.#writer = memory.writer();
    this.#table = new SlotTable((slot) => memory.nodeIdOf(slot));
    this.report = this.#load(stored);
    this.#search = new MemorySearch(definition, memory, lsn);
  }

  #load(stored: StoredIndex): LoadReport {
    const links = new StoredLinks();
    stored.eachLinks((slot, nodeId, stamp, bytes, at, end) => links.add(slot, nodeId, stamp, bytes, at, end));
    const writer = this.#writer;
    const unlinked: { readonly nodeId: number; readonly birthLsn: number; readonly vector: Float32Array }[] = [];
    const { dimension } = this.definition;
    let linked = 0;
    stored.eachVector((nodeId, stamp, birthLsn, bytes, at) => {
      const place = links.take(nodeId, stamp);
      if (place < 0) {
        unlinked.push({ nodeId, birthLsn, vector: readFloats(bytes, at, dimension) });
        return;
      }
      const slot = links.slots[place] as number;
      writer.restoreBytes(slot, nodeId, birthLsn, bytes, at, links.bytes, links.ats[place] as number);
      this.#table.add(nodeId, slot);
      linked++;
    });
    // Links lead to slots whose vectors are gone: they come back dead, so that the sweep can repair what led through them.
    const nothing = new Uint8Array(4 * dimension);
    const stale = links.rest();
    for (const place of stale) {
      const slot = links.slots[place] as number;
      writer.restoreBytes(slot, links.nodeIds[place] as number, 0, nothing, 0, links.bytes, links.ats[place] as number);
      writer.kill(slot, 0);
    }
    writer.finishRestore(stored.entryPoints, stored.entrySamples);
    if (stale.length > 0) this.#sweep(this.knownFrom, this.knownFrom);
    writer.takeDirty();
    for (const { nodeId, birthLsn, vector } of unlinked) {
      this.#table.add(nodeId, writer.addPending(nodeId, vector, birthLsn, this.knownFrom));
    }
    this.#mayLink = unlinked.length > 0;
    if (unlinked.length <= LINKED_AT_ONCE) this.link(LINKED_AT_ONCE);
    return { linked, pending: unlinked.length, stale: stale.length };
  }

  /** What other threads attach to. */
  get shared(): VectorMemoryHandle {
    return this.memory.handle;
  }

  /** Vectors of the newest state. */
  get count(): number {
    return this.#table.size;
  }

  /** Vectors that wait to be linked. */
  get pending(): number {
    return this.memory.stats().pending;
  }

  /**
   * Makes sure that changes fit, before their commit is durable.
   *
   * @throws {UnsupportedError} when they do not
   */
  reserve(changes: readonly VectorChange[], oldestPin: number): void {
    let count = 0;
    for (const { vector } of changes) if (vector !== undefined) count++;
    if (count > 0) this.#writer.reserve(count, oldestPin);
  }

  /** Applies the changes of a commit, which is durable and not published yet. */
  apply(changes: readonly VectorChange[], lsn: number, oldestPin: number): void {
    const table = this.#table;
    const writer = this.#writer;
    for (const { nodeId, vector } of changes) {
      const old = table.remove(nodeId);
      if (old >= 0) writer.kill(old, lsn);
      if (vector !== undefined) table.add(nodeId, writer.addPending(nodeId, vector, lsn, oldestPin));
    }
    this.#mayLink = true;
  }

  /** Whether vectors are pending that no thread has begun to link. */
  get canLink(): boolean {
    return this.#mayLink;
  }

  /** Links up to so many of them. Returns whether there may be more. */
  link(limit: number): boolean {
    this.#mayLink &&= this.#writer.linkPending(limit) === limit;
    return this.#mayLink;
  }

  /** The same; how many are pending now. */
  linkNow(limit: number): number {
    this.link(limit);
    return this.#mayLink ? this.pending : 0;
  }

  /** Whether so many slots have died since the last sweep that another one pays. */
  get isSweepDue(): boolean {
    const { dead, slots } = this.memory.stats();
    const more = dead - this.#leftDead;
    return more >= MIN_DEAD && more > slots * DEAD_SHARE;
  }

  /** A step of the sweep that unlinks dead slots; true when it is complete. */
  sweepStep(oldestPin: number, lsn: number): boolean {
    const { isDone } = this.#writer.consolidate(oldestPin, lsn, SWEEP_STEP);
    if (isDone) this.#leftDead = this.memory.stats().dead;
    return isDone;
  }

  #sweep(oldestPin: number, lsn: number): void {
    while (!this.sweepStep(oldestPin, lsn));
  }

  /** Unlinks all dead slots that nobody can see. */
  sweep(oldestPin: number, lsn: number): void {
    if (this.memory.stats().dead > 0) this.#sweep(oldestPin, lsn);
  }

  /** Whether `takeDirty` would return anything. */
  get isDirty(): boolean {
    return this.#writer.isDirty;
  }

  /** Slots whose links or life changed since this was last asked, ascending: what is stored of them is to be written anew. */
  takeDirty(): Uint32Array {
    return this.#writer.takeDirty();
  }

  /** Slots from which searches start. */
  entryPoints(): Uint32Array {
    return this.#writer.entryPoints();
  }

  /** The nearest vectors as of a commit from `knownFrom` on. */
  search(search: CheckedVectorSearch, lsn: number, readStored: ReadStored): VectorMatch[] {
    return this.#search.search(search, lsn, readStored);
  }

  /** Gives its places in the memory back. */
  release(): void {
    this.#search.release();
    this.#writer.release();
  }

  /** What `stats` tells of the memory. */
  stats(): MemoryStats {
    return this.#search.stats();
  }
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Little-endian floats at a position of bytes: a copy. */
export function readFloats(bytes: Uint8Array, at: number, dimension: number): Float32Array {
  if (IS_LITTLE_ENDIAN) return new Float32Array(bytes.slice(at, at + 4 * dimension).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  return Float32Array.from({ length: dimension }, (_, index) => view.getFloat32(4 * index, true));
}

/** Stored links while an index is loaded: their bytes one after the other, found by node and stamp. */
class StoredLinks {
  readonly slots: number[] = [];
  readonly nodeIds: number[] = [];
  readonly ats: number[] = [];
  bytes: Uint8Array = new Uint8Array(1 << 16);
  readonly #stamps: number[] = [];
  readonly #isTaken: boolean[] = [];
  /** Places by node; of slots of the same node (a version each) the last one. */
  readonly #placeOf = new SlotTable((place) => this.nodeIds[place] as number);
  /** Place with the same node before it, or -1. */
  readonly #before: number[] = [];
  #end = 0;

  add(slot: number, nodeId: number, stamp: number, bytes: Uint8Array, at: number, end: number): void {
    const place = this.slots.length;
    const length = end - at;
    if (this.#end + length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.#end + length));
      larger.set(this.bytes.subarray(0, this.#end));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(at, end), this.#end);
    this.slots.push(slot);
    this.nodeIds.push(nodeId);
    this.ats.push(this.#end);
    this.#stamps.push(stamp);
    this.#isTaken.push(false);
    this.#end += length;
    this.#before.push(this.#placeOf.remove(nodeId));
    this.#placeOf.add(nodeId, place);
  }

  /** Place of the links of a vector, which are taken; -1 when there are none. */
  take(nodeId: number, stamp: number): number {
    for (let place = this.#placeOf.get(nodeId); place >= 0; place = this.#before[place] as number) {
      if (this.#stamps[place] !== stamp || this.#isTaken[place] === true) continue;
      this.#isTaken[place] = true;
      return place;
    }
    return -1;
  }

  /** Places that nobody took. */
  rest(): number[] {
    const places: number[] = [];
    this.#isTaken.forEach((isTaken, place) => {
      if (!isTaken) places.push(place);
    });
    return places;
  }
}
