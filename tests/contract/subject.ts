/** What the contract tests run against, and the little world that each of them gets: a database, a folder and a clock. */

import { assert } from "@std/assert";
import type { Durability } from "../../lib/backend/care.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { AnySchema, Schema } from "../../lib/backend/schema.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** The options that every engine takes when it opens a database. */
export interface OpenOptions {
  readonly readonly?: boolean;
  readonly create?: boolean;
  readonly durability?: Durability;
  readonly busyTimeoutMs?: number;
  readonly clock?: () => number;
  readonly retention?: { readonly commits?: number; readonly ageMs?: number; readonly bytes?: number };
}

/** One engine, with one way to open it. */
export interface Subject {
  /** Begins the name of every test. */
  readonly name: string;
  /** What `GraphBackend.backend` says. */
  readonly backend: "sqlite" | "v3";
  /** Whether past commits can be kept: tags, `commits`, `diff` and `snapshot` of a past state. */
  readonly history: boolean;
  /** Whether the database under test lives in memory, so that it is gone once it is closed. */
  readonly inMemory: boolean;
  /** Whether the tests with random work run in full on another subject that does most of this the same way. */
  readonly isVariant?: boolean;
  /** Opens a database file, or one in memory for `:memory:`. */
  open<S extends Schema = AnySchema>(path: string, options?: OpenOptions): GraphBackend<S>;
  /**
   * Lets a read-only opener beside a writer see what was committed so far: on V3 it sees the writer's last checkpoint, and a
   * newer one when it asks. Not called for databases in memory.
   */
  synchronize(writer: GraphBackend, reader: GraphBackend): void;
}

/** How often a test with random work runs its property on a subject. */
export function runsOn(subject: Subject, runs: number): number {
  return subject.isVariant === true ? Math.ceil(runs / 4) : runs;
}

/** When every test begins: 2026-01-01 00:00 UTC. */
export const START_MS: number = Date.UTC(2026, 0, 1);

/** What a test has at hand besides its database. */
export class World implements Disposable {
  /** The path of the database under test. */
  readonly path: string;
  /** The time that the databases of this test see; a test moves it by hand. */
  nowMs: number = START_MS;
  readonly #subject: Subject;
  readonly #folder: TempDir;
  readonly #opened: GraphBackend[] = [];
  #db: GraphBackend;

  constructor(subject: Subject, options: OpenOptions = {}) {
    this.#subject = subject;
    this.#folder = tempDir();
    this.path = subject.inMemory ? ":memory:" : this.#folder.path("test.graph");
    this.#db = this.open(this.path, options);
  }

  /** The database under test: after `reopen` another object. */
  get db(): GraphBackend {
    return this.#db;
  }

  /** Path of a file or folder in the test's own folder. */
  at(...names: string[]): string {
    return this.#folder.path(...names);
  }

  /**
   * Opens another database of the same engine; it is closed at the end of the test. Unless told otherwise it waits
   * neither for the disk (what a commit means does not depend on it, and the tests make thousands) nor long for a lock.
   */
  open(path: string, options: OpenOptions = {}): GraphBackend {
    const db = this.#subject.open(path, { clock: () => this.nowMs, durability: "off", busyTimeoutMs: 200, ...options });
    this.#opened.push(db);
    return db;
  }

  /** Closes the database under test and opens it again. */
  reopen(options: OpenOptions = {}): GraphBackend {
    assert(!this.#subject.inMemory, "a database in memory cannot be opened again");
    this.#db.close();
    this.#db = this.open(this.path, options);
    return this.#db;
  }

  /** Every database that the test left open must be sound. */
  verify(): void {
    for (const db of this.#opened) {
      if (db.closed) continue;
      const { ok, findings } = db.check();
      assert(ok, `check() of ${db.path} found ${JSON.stringify(findings)}`);
    }
  }

  [Symbol.dispose](): void {
    for (const db of this.#opened) db.close();
    this.#folder[Symbol.dispose]();
  }
}

type Body = (db: GraphBackend, world: World) => void | Promise<void>;

/** Declares a test of the contract: a new database, the body, a check that the database is still sound. */
export function graphTest(subject: Subject, name: string, body: Body, options: OpenOptions = {}): void {
  test(`${subject.name}: ${name}`, async () => {
    using world = new World(subject, options);
    await body(world.db, world);
    world.verify();
  });
}

/** The same for what needs a file: not declared for a database in memory, where it has no meaning. */
export function fileTest(subject: Subject, name: string, body: Body, options: OpenOptions = {}): void {
  if (!subject.inMemory) graphTest(subject, name, body, options);
}
