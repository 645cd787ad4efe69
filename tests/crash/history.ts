/** What was committed, when and how safely: which states a database may be in after a crash. */

import type { Durability } from "../../lib/backend/care.ts";
import { contentOf, type FullContent } from "./content.ts";
import { brief, difference, expect, Mismatch } from "./compare.ts";
import type { Engine } from "./engine.ts";
import { GraphState } from "./model.ts";

/** A commit that returned, or that was found after a crash. */
export interface Commit {
  /** Its number; undefined when the crash came before anybody could learn it. */
  readonly lsn: number | undefined;
  /** Its time, by which its expiries are judged when it is past; where a crash hides it, the earliest possible one. */
  readonly timeMs: number;
  /** The latest possible time; absent when the time is known. */
  readonly latestMs?: number;
  /** What holds after it. */
  readonly state: GraphState;
  /** Whether it may have no roots of its own, as all of a group but the last. */
  readonly isInner: boolean;
}

/** A commit that has not returned. A function makes the state from the content found, when only that tells the new id. */
export type Doubt = GraphState | ((found: FullContent) => GraphState | undefined);

/** How a process ended. */
export type Ending = "power" | "kill";

/** All commits of one database, oldest first. */
export class History {
  readonly #durability: Durability;
  #commits: Commit[];
  /** Index of the newest commit that must survive a power cut, whatever the durability. */
  #safe = 0;
  /** Commits under way, in their order: each may be there after a crash, but none without those before it. */
  #doubts: Doubt[] = [];
  #doubtMs = 0;
  /** States that the last crash took away, and those that were under way in it. */
  #lost: GraphState[] = [];
  #highestLsn = 0;
  #nodeIds = new Set<number>();
  #edgeIds = new Set<number>();

  /** A new and empty database. */
  constructor(durability: Durability) {
    this.#durability = durability;
    this.#commits = [{ lsn: 0, timeMs: 0, state: GraphState.empty(), isInner: false }];
  }

  /** The last commit. */
  get last(): Commit {
    return this.#commits.at(-1) as Commit;
  }

  /** Whether there is a commit that must survive a power cut. */
  get isAnythingSafe(): boolean {
    return this.#safe > 0;
  }

  /** What holds now. */
  get state(): GraphState {
    return this.last.state;
  }

  /** The highest number that a commit had. */
  get highestLsn(): number {
    return this.#highestLsn;
  }

  /** All commits, oldest first; the first is the empty database. */
  get commits(): readonly Commit[] {
    return this.#commits;
  }

  /** The commit with this number: the last of those that have it. */
  commit(lsn: number): Commit | undefined {
    return this.#commits.findLast((commit) => commit.lsn === lsn);
  }

  /** Commits under way, to put them back after a call that cannot have changed them. */
  get doubts(): readonly Doubt[] {
    return [...this.#doubts];
  }

  set doubts(doubts: readonly Doubt[]) {
    this.#doubts = [...doubts];
  }

  /** All states of commits that are kept, and of those under way before the last crash. */
  get everCommitted(): readonly GraphState[] {
    return [...this.#commits.map(({ state }) => state), ...this.#lost];
  }

  /**
   * States that a database with a damaged log may be in. A damaged end of the log looks like one that was never written: that
   * may cost the last write to it, or all that was never synced, but nothing before.
   */
  statesAfterLogDamage(): GraphState[] {
    let first = this.#commits.length - 1;
    do first--; while (this.#commits[first]?.isInner === true);
    const from = Math.max(0, Math.min(first, this.#durability === "full" ? first : this.#safe));
    return this.#commits.slice(from).map(({ state }) => state).reverse();
  }

  /**
   * States that another process may see under this number: those that had it, else those whose commit is under way (what they
   * are may depend on the content that it finds).
   */
  statesAt(lsn: number): (found: FullContent) => readonly GraphState[] {
    const known = this.#commits.filter((commit) => commit.lsn === lsn).map(({ state }) => state).reverse();
    if (known.length > 0 || lsn <= this.#highestLsn) return () => known;
    // A commit that removes expired keys has a number of its own, and changes nothing that can be seen.
    const possible: readonly Doubt[] = [...this.#doubts, this.state];
    return (found) => possible.map((doubt) => stateOf(doubt, found)).filter((state) => state !== undefined);
  }

  /** A commit begins, which from now on may be there after a crash. */
  doubt(doubt: Doubt, nowMs: number): void {
    this.#doubts.push(doubt);
    this.#doubtMs = nowMs;
  }

  /** What has not returned has not happened, and will not be found later. */
  forgetDoubts(): void {
    this.#doubts = [];
  }

  /** A commit returned. */
  add(state: GraphState, lsn: number, timeMs: number, isInner = false): void {
    expect(lsn > this.#highestLsn, `commit ${lsn} after commit ${this.#highestLsn}`);
    this.#push({ lsn, timeMs, state, isInner });
  }

  /** A tag was made or removed, which need not be a commit of its own. */
  addTags(state: GraphState, lsn: number, nowMs: number): void {
    const known = this.commit(lsn);
    this.#push(known === undefined ? { lsn, timeMs: nowMs, state, isInner: false } : { ...known, state });
  }

  /** Everything so far survives a power cut. */
  markSafe(): void {
    this.#safe = this.#commits.length - 1;
  }

  /** Whether no record of a commit that returned ever had this id. (A transaction that did not commit gives its ids back.) */
  isNewId(record: "node" | "edge", id: number): boolean {
    return !(record === "node" ? this.#nodeIds : this.#edgeIds).has(id);
  }

  /** Checks that a database holds what it may hold after this end of the process before, and goes on from there. */
  recover(db: Engine, nowMs: number, ending: Ending | "close"): void {
    const found = this.find(db, nowMs, ending);
    // Numbers of commits that nobody promised to keep may be given again.
    if (this.#durability === "off" && ending !== "close") this.#forgetLost(found);
    const { lsn } = db;
    expect(
      found.lsn === undefined || lsn === found.lsn || lsn > this.#highestLsn,
      `the database is at commit ${lsn}, holds the content of commit ${found.lsn}, and ${this.#highestLsn} was seen`,
    );
    const index = this.#commits.indexOf(found);
    this.#lost = this.#commits.map(({ state }) => state);
    if (index >= 0) this.#commits = this.#commits.slice(0, index + 1);
    else this.#commits.push(...this.#doubtsBefore(found));
    // The commit in doubt has its number now (that of the newest one, if only tags changed), or expired keys were removed.
    if (lsn !== found.lsn) {
      this.#commits.push({ ...(this.commit(lsn) ?? { ...found, lsn, latestMs: nowMs }), state: found.state });
    }
    this.#highestLsn = Math.max(this.#highestLsn, lsn);
    // What is not on the medium yet may still be lost by the next power cut, where nobody promised more.
    if (ending === "power" || this.#durability !== "off") this.markSafe();
    this.#safe = Math.min(this.#safe, this.#commits.length - 1);
    this.#doubts = [];
  }

  /** The commit whose state a database shows, of those that it may show. */
  find(db: Engine, nowMs: number, ending: Ending | "close"): Commit {
    const content = contentOf(db);
    const tags = db.tags();
    const possible = this.#possible(content, ending);
    const equalOnes = possible.filter(({ state }) =>
      difference(content, state.content(nowMs)) === undefined && equalTags(tags, state)
    );
    const found = equalOnes.find(({ lsn }) => lsn === db.lsn) ?? equalOnes.at(-1);
    if (found !== undefined) return found;
    const newest = possible.at(-1) as Commit;
    throw new Mismatch(
      `after ${ending} with durability ${this.#durability} the database (commit ${db.lsn}) holds none of the ` +
        `${possible.length} possible states (commits ${
          possible.map(({ lsn }) => lsn ?? "?").join(" ")
        }); from the newest: ` +
        (difference(content, newest.state.content(nowMs)) ??
          `tags ${brief(tags)} instead of ${brief([...newest.state.tags])}`) +
        this.#nearest(content, nowMs),
    );
  }

  /** Commits of a group that must be there as well when a later one is. */
  #doubtsBefore(found: Commit): Commit[] {
    const at = this.#doubts.findIndex((doubt) => doubt === found.state);
    return this.#doubts.slice(0, Math.max(0, at)).filter((doubt) => doubt instanceof GraphState)
      .map((state) => ({ lsn: undefined, timeMs: this.#doubtMs, state, isInner: true }));
  }

  #possible(content: FullContent, ending: Ending | "close"): Commit[] {
    const mayLose = ending === "power" ? this.#durability !== "full" : ending === "kill" && this.#durability === "off";
    const possible = this.#commits.slice(mayLose ? this.#safe : -1);
    for (const doubt of this.#doubts) {
      const state = stateOf(doubt, content);
      if (state !== undefined) possible.push({ lsn: undefined, timeMs: this.#doubtMs, state, isInner: false });
    }
    return possible;
  }

  /** Names an impossible state that the database is in, which tells more than a difference. */
  #nearest(content: FullContent, nowMs: number): string {
    const at = this.#commits.findLastIndex(({ state }) => difference(content, state.content(nowMs)) === undefined);
    return at < 0
      ? ""
      : `; it holds the content of commit ${this.#commits[at]?.lsn}, the ${this.#commits.length - 1 - at}th last`;
  }

  #forgetLost(found: Commit): void {
    this.#highestLsn = Math.max(
      ...this.#commits.filter(({ state }) => state === found.state).map(({ lsn }) => lsn ?? 0),
      0,
    );
    this.#nodeIds = new Set(found.state.nodes.keys());
    this.#edgeIds = new Set(found.state.edges.keys());
  }

  #push(commit: Commit): void {
    this.#commits.push(commit);
    this.#highestLsn = Math.max(this.#highestLsn, commit.lsn ?? 0);
    this.#noteIds(commit.state);
    this.#doubts = [];
    if (this.#durability === "full") this.markSafe();
  }

  #noteIds(state: GraphState): void {
    for (const id of state.nodes.keys()) this.#nodeIds.add(id);
    for (const id of state.edges.keys()) this.#edgeIds.add(id);
  }
}

function stateOf(doubt: Doubt, found: FullContent): GraphState | undefined {
  return typeof doubt === "function" ? doubt(found) : doubt;
}

function equalTags(tags: readonly { readonly name: string; readonly lsn: number }[], state: GraphState): boolean {
  return tags.length === state.tags.size && tags.every(({ name, lsn }) => state.tags.get(name) === lsn);
}
