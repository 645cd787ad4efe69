/**
 * Which commits somebody can still read, and the pages that only they reach.
 *
 * A page lives in [birth, freed). When it is freed it goes to the dead list of the newest kept commit if it was alive there,
 * else it is free at once. When a commit is dropped, each page of its list goes to the kept commit before it if it was alive
 * there, else it is free (dead lists as in ZFS).
 */

import type { GraphState } from "./state.ts";
import type { TreeRoot } from "./pages.ts";

/** A commit that somebody can read. */
export interface KeptCommit {
  readonly lsn: number;
  readonly timeMs: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Its catalog, if that was written: the roots can be read from it. */
  catalog: TreeRoot | undefined;
  /** Its roots, when they are known. */
  state: GraphState | undefined;
  /** Snapshots and iterators of this process. */
  pins: number;
  /** Whether the header in the file shows it. */
  isHeader: boolean;
  /** Whether readers in other processes may read it. */
  isRead: boolean;
  /** Number of tags on it. */
  tags: number;
  /** Whether the retention asks for it. */
  isRetained: boolean;
  /** Whether the history in the file names it: then it can only go with a checkpoint. */
  isRecorded: boolean;
  /** LSN of the last header that shows it or names it in its history: readers of up to that header may read it. */
  lastHeader: number;
  /** Pages that died after it and before the next kept commit, each followed by its birth; without those in the file. */
  dead: number[];
  /** Number of its dead pages in the file's tree of dead pages. */
  recordedDead: number;
  /** Another commit that must not go before this one. */
  guarded: KeptCommit | undefined;
}

/** What is known of a commit when it becomes kept. */
export type KeptOrigin = Pick<GraphState, "lsn" | "timeMs" | "nodeCount" | "edgeCount">;

/** The kept commits, ascending. */
export class KeptCommits {
  readonly #commits: KeptCommit[] = [];
  readonly #reclaim: (pageId: number) => void;
  /** Commits that the retention keeps, ascending; those before `#firstRetained` were let go. */
  #retained: KeptCommit[] = [];
  #firstRetained = 0;
  #deadPages = 0;
  /** Commits that were dropped while the file's tree holds dead pages of theirs. */
  readonly orphans: Set<number> = new Set<number>();

  constructor(reclaim: (pageId: number) => void) {
    this.#reclaim = reclaim;
  }

  /** All, ascending. */
  get all(): readonly KeptCommit[] {
    return this.#commits;
  }

  /** The newest one. */
  get newest(): KeptCommit | undefined {
    return this.#commits.at(-1);
  }

  /** Number of pages that only kept commits reach, about: those of commits dropped since the last checkpoint count too. */
  get deadPages(): number {
    return this.#deadPages;
  }

  /** Counts the dead pages anew. */
  countDeadPages(): void {
    this.#deadPages = this.#commits.reduce((sum, { dead, recordedDead }) => sum + dead.length / 2 + recordedDead, 0);
  }

  /** Number of commits that the retention keeps. */
  get retainedCount(): number {
    return this.#retained.length - this.#firstRetained;
  }

  /** The oldest commit that the retention keeps. */
  get oldestRetained(): KeptCommit | undefined {
    return this.#retained[this.#firstRetained];
  }

  /** Lets the retention keep a commit, which is the newest one. */
  retain(commit: KeptCommit): void {
    if (commit.isRetained) return;
    commit.isRetained = true;
    this.#retained.push(commit);
  }

  /** The retention no longer keeps its oldest commit. */
  releaseOldest(): void {
    const commit = this.#retained[this.#firstRetained++] as KeptCommit;
    if (this.#firstRetained > this.#retained.length / 2) {
      this.#retained = this.#retained.slice(this.#firstRetained);
      this.#firstRetained = 0;
    }
    commit.isRetained = false;
    this.dropUnneeded(commit);
  }

  /** The retention did not keep its newest commit after all. */
  unretain(commit: KeptCommit): void {
    if (this.#retained.at(-1) !== commit) return;
    this.#retained.pop();
    commit.isRetained = false;
  }

  /** Place of the first kept commit from an LSN on. */
  #indexFrom(lsn: number): number {
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#commits[middle] as KeptCommit).lsn < lsn) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The kept commit with this LSN. */
  get(lsn: number): KeptCommit | undefined {
    const commit = this.#commits[this.#indexFrom(lsn)];
    return commit?.lsn === lsn ? commit : undefined;
  }

  /** The newest kept commit before an LSN. */
  before(lsn: number): KeptCommit | undefined {
    return this.#commits[this.#indexFrom(lsn) - 1];
  }

  /** The kept commit of this LSN, which becomes one when it is none yet: it must be the current one, or the file names it. */
  keep(origin: KeptOrigin): KeptCommit {
    const at = this.#indexFrom(origin.lsn);
    const found = this.#commits[at];
    if (found?.lsn === origin.lsn) return found;
    const { lsn, timeMs, nodeCount, edgeCount } = origin;
    const commit: KeptCommit = {
      lsn,
      timeMs,
      nodeCount,
      edgeCount,
      catalog: undefined,
      state: undefined,
      pins: 0,
      isHeader: false,
      isRead: false,
      tags: 0,
      isRetained: false,
      isRecorded: false,
      lastHeader: 0,
      dead: [],
      recordedDead: 0,
      guarded: undefined,
    };
    if (at === this.#commits.length) this.#commits.push(commit);
    else this.#commits.splice(at, 0, commit);
    return commit;
  }

  /** A page of the past was freed by the commit that follows the newest kept one. */
  readonly onFreed = (pageId: number, birth: number): void => {
    const newest = this.#commits.at(-1);
    if (newest === undefined || birth > newest.lsn) this.#reclaim(pageId);
    else {
      newest.dead.push(pageId, birth);
      this.#deadPages++;
    }
  };

  /** Drops a commit that nobody needs any more; does nothing while somebody does. */
  dropUnneeded(commit: KeptCommit): void {
    if (isNeeded(commit)) return;
    const at = this.#indexFrom(commit.lsn);
    if (this.#commits[at] !== commit) return;
    this.#commits.splice(at, 1);
    const previous = this.#commits[at - 1];
    const { dead } = commit;
    this.#deadPages -= dead.length / 2;
    if (previous === undefined) {
      for (let entry = 0; entry < dead.length; entry += 2) this.#reclaim(dead[entry] as number);
    } else {
      for (let entry = 0; entry < dead.length; entry += 2) {
        const birth = dead[entry + 1] as number;
        if (birth > previous.lsn) this.#reclaim(dead[entry] as number);
        else {
          previous.dead.push(dead[entry] as number, birth);
          this.#deadPages++;
        }
      }
    }
    commit.dead = [];
    if (commit.recordedDead > 0) this.orphans.add(commit.lsn);
    this.#endGuard(commit);
  }

  /** Takes a commit out whose dead pages have been dealt with. */
  remove(commit: KeptCommit): void {
    const at = this.#indexFrom(commit.lsn);
    if (this.#commits[at] === commit) this.#commits.splice(at, 1);
    this.#endGuard(commit);
  }

  /** Keeps a commit for as long as another one is kept. */
  guard(by: KeptCommit, guarded: KeptCommit): void {
    by.guarded = guarded;
    guarded.pins++;
  }

  #endGuard({ guarded }: KeptCommit): void {
    if (guarded === undefined) return;
    guarded.pins--;
    this.dropUnneeded(guarded);
  }
}

/**
 * Whether a reader in another process may read a commit.
 *
 * @param pins LSNs of the headers that readers work with; 0 is any header
 */
export function isReadBy(commit: KeptCommit, pins: readonly number[]): boolean {
  return pins.some((lsn) =>
    lsn === 0 ? commit.isHeader || commit.isRecorded || commit.isRead : lsn >= commit.lsn && lsn <= commit.lastHeader
  );
}

/** Whether somebody needs a commit. */
export function isNeeded(commit: KeptCommit): boolean {
  return commit.pins > 0 || commit.isHeader || commit.isRead || commit.tags > 0 || commit.isRetained ||
    commit.isRecorded;
}
