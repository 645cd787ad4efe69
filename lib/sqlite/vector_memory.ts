/**
 * The vector indexes of a database in memory: loaded from its rows when they are first searched, changed with every commit. Their
 * clock is the time of vectors, so what another program wrote shows: memory takes it over, or is given up and loaded anew.
 */

import process from "node:process";
import { DatabaseLockedError, GraphError } from "../backend/errors.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { hnswlibEngine } from "../vector/hnswlib/engine.ts";
import { FailedLoads } from "../vector/failed_loads.ts";
import { FirstSearches } from "../vector/first_searches.ts";
import { NOTHING_STORED, ResidentIndex } from "../vector/resident_index.ts";
import { type CommittedChanges, muchChanged, ResidentVectors } from "../vector/resident_vectors.ts";
import { createVectorMemory } from "../vector/shared_vectors.ts";
import type { VectorChange } from "../vector/vector_changes.ts";
import type { IndexSearch, VectorEngine } from "../vector/vector_engine.ts";
import { readDataVersion } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import { VectorHorizon } from "./vector_horizon.ts";
import { VectorLinks } from "./vector_links.ts";
import { readChangesSince, readLastVectorId } from "./vector_following.ts";
import { type ReadIndex, readStoredIndex, readStoredVectors } from "./vector_loading.ts";
import type { VectorSink } from "./vector_notes.ts";
import { readVectorIndexes } from "./vector_rows.ts";
import { VectorSlots } from "./vector_slots.ts";
import { readVectorTime } from "./vector_time.ts";

/** An index in memory, and the time of the state to search. */
export interface FoundIndex {
  readonly search: IndexSearch;
  readonly time: number;
}

/** Finds indexes in memory that know the state which a connection reads. */
export interface VectorFinder {
  /** The index, when it is in memory or can be put there now. */
  find(index: StoredVectorIndex, connection: Connection, isOneSearch: boolean): FoundIndex | undefined;
}

/** What is asked of the database. */
export interface VectorHost {
  /** What the user calls it. */
  readonly name: string;
  /** Whether other threads read it. */
  readonly isServed: boolean;
  /** Whether links are worth being stored: in a file, which may be written and outlives this. */
  readonly keepsLinks: boolean;
  /** Whether the running transaction, if there is one, has changed no vectors. */
  readonly hasCommittedVectors: boolean;
  /** The connection that writes. */
  connection(call: string): Connection;
  /** Runs reads of that connection on one state. */
  consistently<R>(read: () => R): R;
  /** Runs writes in a transaction. */
  writeMany<R>(call: string, run: () => R): R;
  /** Times of the states that this thread holds. */
  viewTimes(): Iterable<number>;
}

/** Slots whose links are written at once while others may wait: some milliseconds. */
const WRITE_STEP = 256;

/** Slots whose links are written after a commit, as long as any wait: for itself, and for each vector that it changed. */
const SLOTS_PER_COMMIT = 64;
const SLOTS_PER_CHANGE = 32;

/** The indexes in memory of one database. */
export class VectorsInMemory implements VectorSink, VectorFinder {
  readonly #firstSearches = new FirstSearches();
  readonly #failedLoads: FailedLoads;
  /** Which states it answers for. */
  readonly horizon: VectorHorizon;
  /** The indexes. */
  readonly residents: ResidentVectors;
  readonly #host: VectorHost;
  /** What is known of the stored links of loaded indexes. */
  readonly #links = new Map<number, VectorLinks>();
  /** Vectors that the last commit changed. */
  #changes = 0;
  /** Largest number that a vector had in the newest state that memory knows. */
  #lastVectorId = 0;
  /** The same of prepared commits. */
  #preparedVectorId = 0;

  constructor(host: VectorHost) {
    this.#host = host;
    this.#failedLoads = new FailedLoads(host.name);
    this.horizon = VectorHorizon.make(host.isServed);
    this.residents = new ResidentVectors({
      oldestPin: () => this.#oldestPin(),
      newestLsn: () => this.horizon.known,
      // Before a commit its rows are there already: what is to be loaded for it is loaded after it.
      index: () => undefined,
      open: (index, time) => this.#open(index, time),
      create: (index, time) => this.#create(index, time),
    }, 0);
  }

  /** What a new index has of vectors already comes with the commit that made it. */
  #create(index: StoredVectorIndex, time: number): VectorEngine {
    const { definition } = index;
    if (definition.engine === "hnswlib") return hnswlibEngine(definition, NOTHING_STORED, time);
    return this.#keep(
      index,
      { stored: NOTHING_STORED, slots: new VectorSlots(), m: definition.m, problem: undefined, isDamaged: false },
      time,
    );
  }

  #open(index: StoredVectorIndex, time: number): VectorEngine {
    const { definition } = index;
    const connection = this.#host.connection("vectors");
    this.#lastVectorId = readLastVectorId(connection);
    if (definition.engine === "hnswlib") {
      return hnswlibEngine(definition, readStoredVectors(connection, index, time), time);
    }
    const read = readStoredIndex(connection, index, time);
    if (read.problem !== undefined) {
      this.#report(`vector index ${JSON.stringify(definition.name)} ${read.problem}: its links are made anew`);
    }
    return this.#keep(index, read, time);
  }

  #keep(
    index: StoredVectorIndex,
    { stored, slots, m, problem, isDamaged }: ReadIndex,
    time: number,
  ): ResidentIndex {
    const { definition, number } = index;
    const resident = new ResidentIndex(definition, createVectorMemory({ ...definition, m }), stored, time);
    if (!isDamaged) this.#links.set(number, new VectorLinks(index, resident, slots, time, problem !== undefined));
    return resident;
  }

  find(index: StoredVectorIndex, connection: Connection, isOneSearch: boolean): FoundIndex | undefined {
    const time = this.#timeOf(connection);
    const search = this.#findAt(index, time, isOneSearch);
    return search && { search, time };
  }

  #findAt(index: StoredVectorIndex, time: number, isOneSearch: boolean): IndexSearch | undefined {
    const { known } = this.horizon;
    if (this.horizon.covers(time)) {
      const found = this.residents.find(index.number, time);
      if (found !== undefined) return found;
    }
    if (time < known || !this.#host.hasCommittedVectors) return undefined;
    if (isOneSearch && !this.residents.has(index.number) && this.#firstSearches.isOneOfThem(index)) return undefined;
    return this.#host.consistently(() => {
      const connection = this.#host.connection("vectors");
      // Only what is newest can be followed from here on.
      if (this.#timeOf(connection) !== time) return undefined;
      this.#follow(time);
      return this.#failedLoads.attempt(index, () => this.residents.load(index));
    });
  }

  /** A file that does not count is watched by the one connection that reads its newest state. */
  #timeOf(connection: Connection): number {
    const isWatched = !connection.schema.hasVectorTime && connection === this.#host.connection("vectors");
    return isWatched ? readDataVersion(connection) : readVectorTime(connection);
  }

  /** Takes over what another program did to vectors; gives up what is in memory where that cannot be known, or takes longer. */
  #follow(time: number): void {
    if (time !== this.horizon.known && !this.#takeOver(time)) this.#restart(time);
  }

  #takeOver(time: number): boolean {
    const connection = this.#host.connection("vectors");
    const since = { time: this.horizon.known, lastVectorId: this.#lastVectorId };
    const changes: VectorChange[] = [];
    const dropped: number[] = [];
    try {
      const stored = readVectorIndexes(connection);
      for (const [number] of this.residents.loaded()) {
        const index = stored.find((one) => one.number === number);
        const own = index && readChangesSince(connection, index, since, time);
        if (own !== undefined) { for (const change of own) changes.push(change); }
        else if (index === undefined) dropped.push(number);
        else return false;
      }
      const commits = [{ lsn: time, changes, created: [], dropped }];
      this.residents.prepare(commits);
      this.residents.apply(commits);
    } catch (error) {
      // Loading meets the same, and says so.
      if (!(error instanceof GraphError)) throw error;
      return false;
    }
    this.#lastVectorId = readLastVectorId(connection);
    for (const number of dropped) this.#links.delete(number);
    this.horizon.leapTo(time);
    if (!this.#host.isServed) this.residents.workAfterCommit(changes.length);
    return true;
  }

  #restart(time: number): void {
    this.horizon.since = time;
    this.forget();
    this.residents.apply([{ lsn: time, changes: [], created: [], dropped: [] }]);
    this.horizon.known = time;
  }

  /** Takes all indexes out of memory. */
  forget(): void {
    this.residents.close();
    this.#links.clear();
  }

  /** A transaction has begun: nobody else can write until it ends. */
  begin(): void {
    for (const _loaded of this.residents.loaded()) {
      this.#follow(this.#timeOf(this.#host.connection("vectors")));
      return;
    }
  }

  /** An index as of the commit before the running transaction. */
  findCommitted(index: StoredVectorIndex): FoundIndex | undefined {
    const time = this.horizon.known;
    const search = this.residents.find(index.number, time);
    return search && { search, time };
  }

  /** Puts an index of the newest commit into memory, if it exists. */
  load(number: number): void {
    const host = this.#host;
    if (!host.hasCommittedVectors) return;
    host.consistently(() => {
      const connection = host.connection("vectors");
      const index = readVectorIndexes(connection).find((stored) => stored.number === number);
      if (index === undefined) return;
      this.#follow(this.#timeOf(connection));
      this.residents.load(index);
    });
  }

  prepare(commits: readonly CommittedChanges[]): void {
    this.residents.prepare(commits);
    this.#preparedVectorId = readLastVectorId(this.#host.connection("vectors"));
  }

  abandon(): void {
    this.residents.abandon();
  }

  apply(commits: readonly CommittedChanges[]): void {
    const { lsn: time } = commits.at(-1) as CommittedChanges;
    let count = 0;
    try {
      this.residents.apply(commits);
    } catch (error) {
      // The commit stands. The next search loads what it can, or says why not.
      this.#report(`vector indexes left memory: ${error instanceof Error ? error.message : String(error)}`);
      this.#restart(time);
      return;
    }
    for (const { changes, dropped } of commits) {
      count += changes.length;
      for (const { index } of changes) this.#links.get(index)?.noteChange();
      for (const number of dropped) this.#links.delete(number);
    }
    this.#changes = count;
    this.#lastVectorId = this.#preparedVectorId;
    this.horizon.known = time;
    this.#loadChanged(commits);
    // Where other threads wait for this one, links are made when it has nothing else to do.
    if (!this.#host.isServed) this.residents.workAfterCommit(count);
  }

  /** Loads indexes that were changed so much that they are to be linked now, not when somebody searches. */
  #loadChanged(commits: readonly CommittedChanges[]): void {
    for (const number of muchChanged(commits.flatMap(({ changes }) => changes))) {
      if (this.residents.has(number)) continue;
      try {
        this.load(number);
      } catch (error) {
        // The commit stands; searches say what is wrong.
        if (!(error instanceof GraphError)) throw error;
      }
    }
  }

  /** Links up to so many vectors of an index of the newest commit, which is put into memory; how many wait now. */
  link(index: StoredVectorIndex, limit: number): number {
    return this.residents.load(index).linkNow(limit);
  }

  /** To be called after a commit, outside of any transaction: once many links have changed it stores some of them. */
  afterCommit(): void {
    const changes = this.#changes;
    this.#changes = 0;
    if (changes === 0 || this.#host.isServed || !this.#isWriteDue) return;
    this.#writeInSteps(SLOTS_PER_COMMIT + changes * SLOTS_PER_CHANGE, () => true);
  }

  get #isWriteDue(): boolean {
    if (!this.#host.keepsLinks) return false;
    for (const links of this.#links.values()) if (links.isDue) return true;
    return false;
  }

  /** Whether there are vectors to link, places of deleted ones to give up, or links to store. */
  get hasWork(): boolean {
    return this.residents.hasWork || this.#isWriteDue;
  }

  /** Does so until everything is done or a function says that it is enough. */
  work(isEnough: () => boolean): void {
    this.residents.work(isEnough);
    if (!isEnough() && !this.residents.hasWork && this.#isWriteDue) this.#writeInSteps(WRITE_STEP, isEnough);
  }

  #writeInSteps(size: number, isEnough: () => boolean): void {
    try {
      do {
        // Changes that changed no links.
        if (!this.writeLinks(size)) this.#postpone();
      } while (this.#isWriteDue && !isEnough());
    } catch (error) {
      // What is stored of links saves time when the file is opened; commits do not depend on it.
      this.#postpone();
      if (!(error instanceof GraphError)) throw error;
      if (!(error instanceof DatabaseLockedError)) this.#report(`links of vectors were not stored: ${error.message}`);
    }
  }

  #postpone(): void {
    for (const links of this.#links.values()) links.postpone();
  }

  /** Stores links that changed since they were last stored, of up to so many slots of each index; whether there were any. */
  writeLinks(limit: number = Infinity): boolean {
    const host = this.#host;
    if (!host.keepsLinks || ![...this.#links.values()].some((links) => links.isDirty)) return false;
    const connection = host.connection("vectors");
    const written: VectorLinks[] = [];
    host.writeMany("vectors", () => {
      // Beginning the transaction has given up what does not follow the file.
      const { known } = this.horizon;
      for (const links of this.#links.values()) {
        // What is dead at other times is few, and stored lists may lack some links.
        if (limit === Infinity) links.sweep(this.#oldestPin(), known);
        links.write(connection, limit, known);
        written.push(links);
      }
    });
    for (const links of written) links.confirm();
    return true;
  }

  /** Stores links and gives the memory back. */
  close(): void {
    try {
      this.writeLinks();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      // Another process that writes now would have us link some vectors anew, no more.
      if (!(error instanceof DatabaseLockedError)) this.#report(`links of vectors were not stored: ${error.message}`);
    }
    // Other threads may still search: they compare stored vectors from here on.
    this.horizon.since = Number.MAX_SAFE_INTEGER;
    this.forget();
  }

  #oldestPin(): number {
    let oldest = this.horizon.known;
    for (const time of this.#host.viewTimes()) if (time < oldest) oldest = time;
    return this.horizon.raiseFloor(oldest);
  }

  #report(message: string): void {
    process.emitWarning(`${this.#host.name}: ${message}`, { type: "SqlitegraphWarning", code: "vector-links" });
  }
}
