/**
 * What the writer does so that other threads can read its states: publish each commit, keep the pages of states that they
 * pin. The order is always: publish, look at the pins, free pages. A reader puts its pin up and then looks whether the state
 * is still the newest one; so either the writer sees the pin, or the reader sees that it came too late.
 */

import {
  CONTROL,
  FACT,
  pinnedLsns,
  publishRoot,
  RECENT_RING,
  ROOT_NUMBERS,
  type SharedMemory,
} from "../snapshot/mod.ts";
import type { Header } from "./header.ts";
import type { KeptCommit, KeptCommits } from "./kept_commits.ts";
import { encodeRoot, putRecent } from "./root_entry.ts";
import type { GraphState } from "./state.ts";

/** What is shared of an engine. */
export interface SharedEngine {
  readonly state: GraphState;
  readonly header: Header;
  readonly kept: KeptCommits;
}

/** The writer's side of the shared memory. */
export class Sharing {
  readonly #engine: SharedEngine;
  readonly #memory: SharedMemory;
  readonly #entry = new Float64Array(ROOT_NUMBERS);
  /** Commits that are kept for readers in other threads: their `pins` count them once. */
  readonly #held = new Set<KeptCommit>();
  #recentFirst = 0;
  #recentEnd = 0;
  #changes = 0;

  constructor(engine: SharedEngine, memory: SharedMemory) {
    this.#engine = engine;
    this.#memory = memory;
  }

  /** Keeps the newest state: pages are about to be freed, and it may be pinned at any time until the next one is published. */
  holdNewest(): void {
    const { kept, state } = this.#engine;
    this.#hold(kept.keep(state), state);
  }

  #hold(commit: KeptCommit, state: GraphState | undefined): void {
    if (this.#held.has(commit)) return;
    this.#held.add(commit);
    commit.pins++;
    commit.state ??= state;
  }

  /** Publishes the newest state and lets go of those before that nobody pins. */
  publish(): void {
    const { state, header } = this.#engine;
    encodeRoot(state, {
      history: header.history,
      tags: header.tags,
      recentFirst: this.#recentFirst,
      recentEnd: this.#recentEnd,
    }, this.#entry);
    publishRoot(this.#memory, this.#entry);
    this.releaseUnpinned();
  }

  /** Lets go of what no thread pins. */
  releaseUnpinned(): void {
    if (this.#held.size === 0) return;
    const { kept } = this.#engine;
    const pinned = pinnedLsns(this.#memory.control);
    for (const commit of [...this.#held]) {
      if (pinned.includes(commit.lsn)) continue;
      this.#held.delete(commit);
      if (--commit.pins === 0) commit.state = undefined;
      kept.dropUnneeded(commit);
    }
  }

  /** Whether a thread pins a state, also the newest one. */
  get isPinned(): boolean {
    return pinnedLsns(this.#memory.control).length > 0;
  }

  /** A kept commit can be found by other threads before a checkpoint puts it into the history. */
  noteRetained(commit: KeptCommit): void {
    if (commit.catalog === undefined) return;
    const { lsn, timeMs, catalog } = commit;
    putRecent(this.#memory, this.#recentEnd++, { lsn, timeMs, catalog });
  }

  /** Older kept commits can no longer be found by other threads. To be called within `changeHistory`. */
  noteOldestRetained(): void {
    this.#memory.facts[FACT.retainedFrom] = this.#engine.kept.oldestRetained?.lsn ?? Infinity;
  }

  /** Whether a checkpoint is due, because other threads can find no more kept commits without one. */
  get isFull(): boolean {
    return this.#recentEnd - this.#recentFirst > RECENT_RING / 2;
  }

  /** The history in the file names all kept commits. */
  clearRecent(): void {
    this.#recentFirst = this.#recentEnd;
  }

  /**
   * Runs what may drop kept commits. Threads that look for one meanwhile wait; those that have found one before are seen by
   * their pin. Calls may be nested.
   */
  changeHistory<R>(run: () => R): R {
    const { control } = this.#memory;
    if (this.#changes++ === 0) Atomics.add(control, CONTROL.historyEpoch, 1);
    try {
      for (const lsn of pinnedLsns(control)) {
        const commit = this.#engine.kept.get(lsn);
        if (commit !== undefined) this.#hold(commit, undefined);
      }
      return run();
    } finally {
      if (--this.#changes === 0) {
        Atomics.add(control, CONTROL.historyEpoch, 1);
        Atomics.notify(control, CONTROL.historyEpoch);
      }
    }
  }
}
