/**
 * The vector indexes of a database in memory: loaded from its pages when they are first searched, changed with every commit; their
 * links go into the file at checkpoints. A record of a slot:
 *
 *    0  f64   node                        16   links of the slot, as `VectorMemory.writeLinks` writes them
 *    8  f64   commit that wrote the vector
 */

import { CorruptionError } from "../backend/errors.ts";
import type { ServedVectors } from "../backend/served_engine.ts";
import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { pinnedLsns } from "../snapshot/mod.ts";
import { FailedLoads } from "../vector/failed_loads.ts";
import { FirstSearches } from "../vector/first_searches.ts";
import { hnswlibEngine } from "../vector/hnswlib/engine.ts";
import { NOTHING_STORED, ResidentIndex, type StoredIndex } from "../vector/resident_index.ts";
import { ResidentVectors } from "../vector/resident_vectors.ts";
import { ServedVectorIndexes } from "../vector/served_vectors.ts";
import { storedStats } from "../vector/stored_stats.ts";
import { createVectorMemory } from "../vector/shared_vectors.ts";
import type { IndexSearch, MemoryStats, VectorEngine, VectorFinder, VectorLinking } from "../vector/vector_engine.ts";
import type { Engine } from "./engine.ts";
import { scanPages } from "./scan_pages.ts";
import { readTrees } from "./trees.ts";
import { readFloat64, VectorCursor } from "./vector_cursor.ts";
import { VectorIndexes } from "./vector_indexes.ts";
import { compareVectors, readVector, searchStored, type VectorSource } from "./vector_reader.ts";
import { eachLinkRecord, type VectorLinkWriter } from "./vector_links.ts";
import type { VectorCommit, VectorSink } from "./vector_sink.ts";

/** Bytes of a record before the links. */
const RECORD_HEAD = 16;

/** A search that compares every vector of the newest state in the file. */
class ScanSearch implements IndexSearch {
  readonly knownFrom: number;
  readonly #source: VectorSource;
  readonly #index: StoredVectorIndex;

  constructor(engine: Engine, index: StoredVectorIndex) {
    const { vectors } = readTrees(scanPages(engine), engine.state.roots);
    this.knownFrom = engine.state.lsn;
    this.#index = index;
    this.#source = {
      readVector: (of, nodeId) => readVector(vectors, of, nodeId),
      compareVectors: (of, search, after, part) => compareVectors(vectors, of, search, after, part),
    };
  }

  search(search: CheckedVectorSearch): VectorMatch[] {
    return searchStored(this.#source, this.#index, search);
  }

  stats(): MemoryStats {
    return storedStats(this.#index);
  }

  release(): void {}
}

/** The indexes in memory of one engine. */
export class VectorsInMemory implements VectorSink, VectorFinder, VectorLinking {
  readonly #engine: Engine;
  readonly #residents: ResidentVectors;
  /** Slots by index whose records the file lacks, besides those that the memory still has marked. */
  readonly #unwritten = new Map<number, Set<number>>();
  readonly #firstSearches = new FirstSearches();
  readonly #failedLoads: FailedLoads;
  /** Indexes in whose stored links nothing can be written. */
  readonly #damaged = new Set<number>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#failedLoads = new FailedLoads(engine.name);
    this.#residents = new ResidentVectors({
      oldestPin: () => oldestPin(engine),
      newestLsn: () => engine.state.lsn,
      index: (number) => {
        return new VectorIndexes(engine.pager, readTrees(engine.pager, engine.state.roots)).byNumber(number);
      },
      open: (index, lsn) => this.#load(index, lsn),
      create: (index, lsn) => this.#open(index, NOTHING_STORED, lsn),
    }, engine.state.lsn);
  }

  /** Loads an index; when its links are damaged, its vectors are linked anew. */
  #load(index: StoredVectorIndex, lsn: number): VectorEngine {
    const stored = storedIndex(this.#engine, index);
    try {
      return this.#open(index, stored, lsn);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      // Damaged vectors are found again here.
      const rebuilt = this.#open(index, { ...stored, eachLinks() {} }, lsn);
      this.#damaged.add(index.number);
      const { name } = index.definition;
      process.emitWarning(
        `the stored links of vector index ${
          JSON.stringify(name)
        } of ${this.#engine.name} are damaged (${error.message}); ` +
          "its vectors are linked anew each time that it is opened: save what is readable with salvage",
        { type: "SqlitegraphWarning", code: "vector-links-damaged" },
      );
      return rebuilt;
    }
  }

  #open({ definition }: StoredVectorIndex, stored: StoredIndex, lsn: number): VectorEngine {
    if (definition.engine === "hnswlib") return hnswlibEngine(definition, stored, lsn);
    return new ResidentIndex(definition, createVectorMemory(definition), stored, lsn);
  }

  find(index: StoredVectorIndex, lsn: number, isOneSearch: boolean): IndexSearch | undefined {
    const { state } = this.#engine;
    const found = this.#residents.find(index.number, lsn);
    if (found !== undefined || lsn < state.lsn) return found;
    const isLoaded = !isOneSearch || !this.#firstSearches.isOneOfThem(index);
    const loaded = isLoaded ? this.#failedLoads.attempt(index, () => this.#residents.load(index)) : undefined;
    return loaded ?? new ScanSearch(this.#engine, index);
  }

  /** The indexes in memory, for other threads. */
  served(): ServedVectors {
    return new ServedVectorIndexes(this.#residents);
  }

  link(index: StoredVectorIndex, limit: number): number {
    return this.#residents.load(index).linkNow(limit);
  }

  prepare(commits: readonly VectorCommit[]): void {
    this.#residents.prepare(commits);
  }

  abandon(): void {
    this.#residents.abandon();
  }

  apply(commits: readonly VectorCommit[]): void {
    this.#residents.apply(commits);
    for (const { dropped } of commits) for (const number of dropped) this.#unwritten.delete(number);
    // Where other threads wait for this one, links are made when it has nothing else to do.
    if (this.#engine.sharing !== undefined) return;
    this.#residents.workAfterCommit(commits.reduce((count, { changes }) => count + changes.length, 0));
  }

  get hasUnwrittenLinks(): boolean {
    if (this.#unwritten.size > 0) return true;
    for (const [number, index] of this.#residents.loaded()) {
      if (index instanceof ResidentIndex && index.isDirty && !this.#damaged.has(number)) return true;
    }
    return false;
  }

  writeLinks(links: VectorLinkWriter): void {
    const { lsn } = this.#engine.state;
    for (const [number, index] of this.#residents.loaded()) {
      if (!(index instanceof ResidentIndex) || this.#damaged.has(number)) continue;
      // Links to what is dead would have to be repaired when the index is loaded.
      index.sweep(oldestPin(this.#engine), lsn);
      const slots = this.#unwritten.get(number) ?? new Set<number>();
      for (const slot of index.takeDirty()) slots.add(slot);
      this.#unwritten.set(number, slots);
      writeRecords(links, number, index, slots);
    }
  }

  linksWritten(): void {
    this.#unwritten.clear();
  }

  /** Gives the memory back. */
  close(): void {
    this.#residents.close();
  }
}

/** Oldest commit that a thread of this process reads, or the newest one. */
function oldestPin({ state, kept, options }: Engine): number {
  let oldest = state.lsn;
  for (const { lsn, pins } of kept.all) if (pins > 0 && lsn < oldest) oldest = lsn;
  if (options.shared === undefined) return oldest;
  return Math.min(oldest, ...pinnedLsns(options.shared.control));
}

/** What the pages of the newest state hold of an index. */
function storedIndex(engine: Engine, { number, definition: { dimension } }: StoredVectorIndex): StoredIndex {
  const { vectors, vectorLinks } = readTrees(scanPages(engine), engine.state.roots);
  return {
    ...NOTHING_STORED,
    eachLinks(visit): void {
      eachLinkRecord(vectorLinks, number, 0, (slot, record) => {
        visit(slot, readFloat64(record, 0), readFloat64(record, 8), record, RECORD_HEAD, record.length);
        return true;
      });
    },
    eachVector(visit): void {
      const numbers = new Uint8Array(4 * dimension);
      const cursor = new VectorCursor(vectors, number, dimension);
      while (cursor.next()) {
        const lsn = cursor.read(numbers, 0);
        visit(cursor.nodeId, lsn, lsn, numbers, 0);
      }
    },
  };
}

function writeRecords(links: VectorLinkWriter, number: number, { memory }: ResidentIndex, slots: Set<number>): void {
  let record = new Uint8Array(RECORD_HEAD);
  for (const slot of [...slots].sort((one, other) => one - other)) {
    const { state, nodeId, birthLsn, level } = memory.slot(slot);
    if (state !== "linked") {
      links.delete(number, slot);
      continue;
    }
    const size = RECORD_HEAD + memory.maxLinkBytes(level);
    if (record.length < size) record = new Uint8Array(size);
    const view = new DataView(record.buffer);
    view.setFloat64(0, nodeId, true);
    view.setFloat64(8, birthLsn, true);
    links.put(number, slot, record.slice(0, memory.writeLinks(slot, record, RECORD_HEAD)));
  }
}
