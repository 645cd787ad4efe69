/** A simulated process that only reads, while another one writes. What it sees never changes but by `refresh`. */

import { contentOf, type FullContent } from "./content.ts";
import { difference, expect, Mismatch } from "./compare.ts";
import type { Engine } from "./engine.ts";
import type { FaultFileSystem } from "./fault_file_system.ts";
import type { History } from "./history.ts";
import type { GraphState } from "./model.ts";

/** The process. */
export class ReaderProcess {
  /** Its file system. */
  readonly files: FaultFileSystem;
  readonly #db: Engine;
  readonly #now: () => number;
  #lsn = -1;
  /** States that it may be in, until it was looked at: pages are read late, when the writer may have used them again. */
  #possible: (found: FullContent) => readonly GraphState[] = () => [];

  /** A process that has just opened the database. */
  constructor(files: FaultFileSystem, db: Engine, history: History, now: () => number) {
    this.files = files;
    this.#db = db;
    this.#now = now;
    this.#note(history);
  }

  /** Where it is. */
  toString(): string {
    return `reader at commit ${this.#lsn}`;
  }

  /** Looks at everything that it sees. */
  check(): void {
    const db = this.#db;
    expect(db.lsn === this.#lsn, `a reader moved from commit ${this.#lsn} to ${db.lsn} by itself`);
    const content = contentOf(db);
    const possible = this.#possible(content);
    const differences = possible.map((state) => difference(content, state.content(this.#now())));
    const at = differences.indexOf(undefined);
    if (at < 0) {
      const [first] = differences;
      throw new Mismatch(
        `a reader at commit ${this.#lsn}${first === undefined ? ", which there is not" : `: ${first}`}`,
      );
    }
    const state = possible[at] as GraphState;
    this.#possible = () => [state];
  }

  /** Moves on; it must see a whole commit, and none before the last one that it saw. */
  refresh(history: History): void {
    this.#db.refresh();
    this.#note(history);
  }

  /** Ends, as a program does. */
  close(): void {
    this.#db.close();
  }

  #note(history: History): void {
    const { lsn } = this.#db;
    expect(lsn >= this.#lsn, `a reader went back from commit ${this.#lsn} to ${lsn}`);
    if (lsn === this.#lsn) return;
    this.#lsn = lsn;
    this.#possible = history.statesAt(lsn);
  }
}
