/** Databases on a file system in memory, driven below the checked interface: tests see their states and pages. */

import type { Durability } from "../../lib/backend/care.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { Database } from "../../lib/v3/database.ts";
import type { Engine } from "../../lib/v3/engine.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import type { RetentionLimits } from "../../lib/v3/header.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import type { OpenRequest } from "../../lib/v3/open_database.ts";
import type { Pages } from "../../lib/v3/pages.ts";
import type { GraphState } from "../../lib/v3/state.ts";
import type { V3WriteStore } from "../../lib/v3/write_store.ts";

/** Keeps every commit. */
export const KEEP_ALL: RetentionLimits = { commits: 1e9, ageMs: 0, bytes: 0 };

/** When the clock of a test database begins. */
export const START_MS = 1_000_000;

/** One database, its file system and its clock. */
export class TestDatabase implements Disposable {
  nowMs: number = START_MS;
  readonly fileSystem: FileSystem;
  readonly path: string;
  readonly #retention: RetentionLimits | undefined;
  readonly #durability: Durability;
  #database: Database;

  constructor(
    retention?: RetentionLimits,
    fileSystem: FileSystem = new MemoryFileSystem(),
    path = "/test.graph",
    durability: Durability = "off",
  ) {
    this.fileSystem = fileSystem;
    this.path = path;
    this.#retention = retention;
    this.#durability = durability;
    this.#database = this.#open();
  }

  #open(): Database {
    const request: OpenRequest = {
      fileSystem: this.fileSystem,
      path: this.path,
      durability: this.#durability,
      clock: () => this.nowMs,
      cacheBytes: 8 * 1024 * 1024,
      logLimitBytes: 64 * 1024 * 1024,
      sortMemoryBytes: 16 * 1024 * 1024,
      kvCheckpointBytes: 1024 * 1024,
      retention: this.#retention,
      readonly: false,
      create: true,
      busyTimeoutMs: 0,
      immutable: false,
    };
    return Database.open(request);
  }

  /** The engine. */
  get engine(): Engine {
    return this.#database.engine("test");
  }

  /** The newest state. */
  get state(): GraphState {
    return this.engine.state;
  }

  /** Runs a function as one commit; returns the state that it left. */
  commit(run: (store: V3WriteStore) => void): GraphState {
    this.#database.session.writeMany("test", (store) => run(store as V3WriteStore));
    return this.state;
  }

  /** Writes the newest state into the file. */
  checkpoint(): void {
    this.#database.maintenance("test").checkpoint();
  }

  /** Names the newest commit. */
  tag(name: string): void {
    this.#database.maintenance("test").tag(name);
  }

  /** Names of kept commits. */
  get tags(): ReadonlyMap<string, number> {
    return this.#database.tags;
  }

  /** Closes the database and opens it again. */
  reopen(): void {
    this.#database.close();
    this.#database = this.#open();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const UTF8 = new TextEncoder();

/** Writes a key, which lives for so many milliseconds. */
export function setKey(
  store: V3WriteStore,
  key: string | Uint8Array,
  value: KeyValue,
  nowMs: number,
  ttlMs?: number,
): void {
  const bytes = typeof key === "string" ? UTF8.encode(key) : key;
  store.setValue(bytes, checkValue(value), nowMs, ttlMs === undefined ? undefined : nowMs + ttlMs);
}

/** Pages that count how often one is asked for. */
export class CountingPages implements Pages {
  /** Calls of `fetch`. */
  fetches = 0;
  readonly #pages: Pages;

  constructor(pages: Pages) {
    this.#pages = pages;
  }

  get bytes(): Uint8Array {
    return this.#pages.bytes;
  }

  get view(): DataView {
    return this.#pages.view;
  }

  get u32(): Uint32Array {
    return this.#pages.u32;
  }

  get f64(): Float64Array {
    return this.#pages.f64;
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  fetch(pageId: number, birth: number): number {
    this.fetches++;
    return this.#pages.fetch(pageId, birth);
  }
}
