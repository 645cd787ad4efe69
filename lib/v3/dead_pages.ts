/**
 * What a checkpoint does with dead pages: which become free with the new header, and which are written to the file's tree of
 * dead pages under the kept commit that still reaches them.
 */

import { isReadBy, type KeptCommit, type KeptCommits } from "./kept_commits.ts";
import { LinkTreeWriter } from "./link_tree_writer.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";
import { sortLinks } from "./radix_sort.ts";

/** Whether a commit stays kept when another one becomes the header's. */
function survives(commit: KeptCommit): boolean {
  return commit.pins > 0 || commit.tags > 0 || commit.isRetained || commit.isRead;
}

/** Lists of dead pages after a checkpoint. */
export class DeadPages {
  readonly #kept: KeptCommits;
  readonly #newest: KeptCommit;
  readonly #tree: LinkTreeWriter;
  /** Pages that become free, each followed by its birth. */
  readonly #free: number[] = [];
  /** New entries of the tree: LSN, birth, page. */
  readonly #entries: { readonly lsn: number[]; readonly birth: number[]; readonly page: number[] } = {
    lsn: [],
    birth: [],
    page: [],
  };
  readonly #added = new Map<KeptCommit, number>();
  /** Commits that the checkpoint drops, each with the survivor before it. */
  readonly #dropped: { readonly commit: KeptCommit; readonly previous: KeptCommit | undefined }[] = [];
  /** Pages of the file's own trees, which only earlier headers reach. */
  #system: readonly number[] = [];
  #header: KeptCommit | undefined;

  /**
   * Plans, and changes the tree in the running transaction.
   *
   * @param newest the commit that the new header shows; it is among the kept ones
   * @param freed pages that were freed since `newest`'s predecessor, each followed by its birth
   */
  constructor(pages: MutablePages, root: TreeRoot, kept: KeptCommits, newest: KeptCommit, freed: readonly number[]) {
    this.#kept = kept;
    this.#newest = newest;
    this.#tree = new LinkTreeWriter(pages, root);
    const before = kept.before(newest.lsn);
    let previous: KeptCommit | undefined;
    for (const commit of kept.all) {
      if (commit === newest) break;
      if (commit.isHeader) this.#header = commit;
      const fresh = commit === before ? commit.dead.concat(freed) : commit.dead;
      if (survives(commit)) {
        this.#assign(fresh, commit);
        previous = commit;
      } else {
        this.#assign(fresh, previous);
        if (commit.recordedDead > 0) this.#assign(this.#takeGroup(commit.lsn), previous);
        this.#dropped.push({ commit, previous });
      }
    }
    if (before === undefined) this.#assign(freed, undefined);
    for (const lsn of kept.orphans) {
      let heir = kept.before(lsn);
      while (heir !== undefined && !survives(heir)) heir = kept.before(heir.lsn);
      this.#assign(this.#takeGroup(lsn), heir);
    }
    this.#insert();
  }

  /** Gives pages (each followed by its birth) to a commit that reaches them; the rest becomes free. */
  #assign(pages: readonly number[], heir: KeptCommit | undefined): void {
    for (let at = 0; at < pages.length; at += 2) {
      const page = pages[at] as number;
      const birth = pages[at + 1] as number;
      if (heir === undefined || birth > heir.lsn) {
        this.#free.push(page, birth);
        continue;
      }
      this.#entries.lsn.push(heir.lsn);
      this.#entries.birth.push(birth);
      this.#entries.page.push(page);
      this.#added.set(heir, (this.#added.get(heir) ?? 0) + 1);
    }
  }

  /** Takes the entries of a commit out of the tree: pages, each followed by its birth. */
  #takeGroup(lsn: number): number[] {
    const tree = this.#tree;
    const pages: number[] = [];
    for (tree.open(lsn); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) pages.push(tree.c(at), tree.b(at));
    }
    const count = pages.length / 2;
    const birth = Float64Array.from({ length: count }, (_, at) => pages[2 * at + 1] as number);
    const page = Float64Array.from({ length: count }, (_, at) => pages[2 * at] as number);
    tree.deleteSorted(new Float64Array(count).fill(lsn), birth, page, count);
    return pages;
  }

  #insert(): void {
    const { lsn, birth, page } = this.#entries;
    const count = lsn.length;
    if (count === 0) return;
    // Stable sorts from the last part of the key to the first.
    const byPage = sortLinks(Float64Array.from(page), new Float64Array(count), count);
    const pick = (column: readonly number[], order: Uint32Array): Float64Array =>
      Float64Array.from(order, (from) => column[from] as number);
    const lsnByPage = pick(lsn, byPage);
    const birthByPage = pick(birth, byPage);
    const pageByPage = pick(page, byPage);
    const order = sortLinks(lsnByPage, birthByPage, count);
    const sorted = (column: Float64Array): Float64Array => Float64Array.from(order, (from) => column[from] as number);
    this.#tree.insertSorted(
      sorted(lsnByPage),
      sorted(birthByPage),
      sorted(pageByPage),
      new Float64Array(count),
      count,
    );
  }

  /** Root of the tree. */
  get root(): TreeRoot {
    return this.#tree.root;
  }

  /** Number of dead pages of a commit in the tree. */
  recorded(commit: KeptCommit): number {
    return commit.recordedDead + (this.#added.get(commit) ?? 0);
  }

  /** Whether the tree holds pages for commits that are kept for this process or its readers only. */
  get hasUnrecorded(): boolean {
    return this.#kept.all.some((commit) =>
      survives(commit) && commit.tags === 0 && !commit.isRetained && this.recorded(commit) > 0
    );
  }

  /** Notes pages of the file's own trees that the new header no longer reaches, each followed by its birth. */
  freeSystemPages(pages: readonly number[]): void {
    this.#system = pages;
  }

  /** Visits the pages that are free once the new header counts. */
  eachFreePage(visit: (pageId: number) => void): void {
    for (let at = 0; at < this.#free.length; at += 2) visit(this.#free[at] as number);
    for (let at = 0; at < this.#system.length; at += 2) visit(this.#system[at] as number);
  }

  /**
   * Does in memory what the file now says.
   *
   * @param pins what readers in other processes pin, listed after the header counted (0: everything)
   * @param reclaim makes a page free
   */
  carryOut(pins: readonly number[], reclaim: (pageId: number) => void): void {
    const kept = this.#kept;
    for (const [commit, count] of this.#added) commit.recordedDead += count;
    for (const commit of kept.all) {
      if (commit === this.#newest) continue;
      commit.dead = [];
    }
    // A reader that came while the header was written keeps what it may read, and what its pages were handed to as well.
    let late: KeptCommit | undefined;
    for (const { commit, previous } of this.#dropped) {
      commit.recordedDead = 0;
      commit.isRead = isReadBy(commit, pins);
      if (!commit.isRead) {
        kept.remove(commit);
        continue;
      }
      if (previous !== undefined) kept.guard(commit, previous);
      late = commit;
    }
    for (const commit of kept.all) {
      commit.isHeader = commit === this.#newest;
      commit.isRecorded = commit.tags > 0 || commit.isRetained;
      if (commit.isHeader || commit.isRecorded) commit.lastHeader = this.#newest.lsn;
    }
    kept.orphans.clear();
    const release = (pages: readonly number[], holder: KeptCommit | undefined): void => {
      for (let at = 0; at < pages.length; at += 2) {
        const birth = pages[at + 1] as number;
        if (holder === undefined || birth > holder.lsn) reclaim(pages[at] as number);
        else holder.dead.push(pages[at] as number, birth);
      }
    };
    release(this.#free, late);
    release(this.#system, this.#header?.isRead === true ? this.#header : undefined);
    kept.countDeadPages();
  }
}
