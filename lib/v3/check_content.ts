/** What the checks of the content share: the newest state, and its trees to read. */

import { CorruptionError, IoError } from "../backend/errors.ts";
import type { LongCallOptions } from "../backend/care.ts";
import type { Findings } from "./check_findings.ts";
import type { Engine } from "./engine.ts";
import type { Pages } from "./pages.ts";
import type { Counts } from "./state.ts";
import { StringTable } from "./string_table.ts";
import type { ReadTrees } from "./trees.ts";

/** Records between two reports of progress. */
const PROGRESS_RECORDS = 10_000;

/** The content of the newest state. */
export class Content {
  readonly findings: Findings;
  readonly pages: Pages;
  readonly trees: ReadTrees;
  readonly counts: Counts;
  /** Number of entries that each tree was found to have, by its name. */
  readonly entries: Readonly<Record<keyof ReadTrees, number>>;
  /** A table of its own: what the engine remembers of the strings may no longer be in the file. */
  readonly strings: StringTable;
  readonly nextNodeId: number;
  readonly nextEdgeId: number;
  readonly nextString: number;
  readonly #options: LongCallOptions;
  readonly #total: number;
  #done = 0;

  constructor(
    engine: Engine,
    trees: ReadTrees,
    entries: Readonly<Record<keyof ReadTrees, number>>,
    findings: Findings,
    options: LongCallOptions,
  ) {
    const { nodeCount, edgeCount, keyCount, nextNodeId, nextEdgeId, nextString } = engine.writer;
    this.findings = findings;
    this.pages = engine.pager;
    this.trees = trees;
    this.counts = { nodeCount, edgeCount, keyCount };
    this.entries = entries;
    this.strings = new StringTable(engine.pager, trees);
    this.nextNodeId = nextNodeId;
    this.nextEdgeId = nextEdgeId;
    this.nextString = nextString;
    this.#options = options;
    this.#total = Object.values(entries).reduce((sum, count) => sum + count, 0);
  }

  /** To be called for each record: reports progress, and stops when that is asked for. */
  step(): void {
    if (this.#done++ % PROGRESS_RECORDS === 0) this.#report(this.#done);
  }

  /** Ends the checks. */
  finish(): void {
    this.#report(this.#total);
  }

  #report(done: number): void {
    const total = this.#total;
    this.#options.onProgress?.({ phase: "records", done: Math.min(done, total), total });
    this.#options.signal?.throwIfAborted();
  }

  /** Runs a look at one record, whose damage becomes a finding. Returns whether there was none. */
  attempt(place: string, look: () => void): boolean {
    try {
      look();
      return true;
    } catch (error) {
      this.findings.caught(error, place);
      return false;
    }
  }

  /** Notes a count that is not what the state says. */
  expectCount(code: string, what: string, stored: number, found: number): void {
    if (stored === found) return;
    this.findings.error(code, `a wrong number of ${what}`, `the state says ${stored}, there are ${found}`);
  }

  /** Notes damage that ended a whole pass. */
  pass(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof CorruptionError || error instanceof IoError)) throw error;
      this.findings.caught(error, what);
    }
  }
}
