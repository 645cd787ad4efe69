/** Checkpoints of an open database, and what goes with them: expired keys, the log, the copy of the key-values, tags. */

import { dirname } from "node:path";
import { ConflictError } from "../backend/errors.ts";
import type { CheckpointResult, TagInfo } from "../backend/care.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { type CheckpointRequest, writeCheckpoint } from "./checkpoint.ts";
import type { Engine } from "./engine.ts";
import { expiryOf, keyOfExpiry } from "./expiry_key.ts";
import { KeyValueCopy } from "./kv_copy.ts";
import type { Session } from "./session.ts";
import { movePages, planShrink } from "./shrink.ts";
import type { GraphState } from "./state.ts";
import type { V3WriteStore } from "./write_store.ts";

/** Expired keys that one commit removes. */
const EXPIRE_BATCH = 10_000;

/** Runs the checkpoints of one database that can be written. */
export class Maintenance {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #tags: Map<string, number>;
  readonly #copy: KeyValueCopy;
  #isRunning = false;

  constructor(engine: Engine, session: Session, tags: Map<string, number>, copy: KeyValueCopy) {
    this.#engine = engine;
    this.#session = session;
    this.#tags = tags;
    this.#copy = copy;
    engine.commitByCheckpoint = (state, freed) => this.#commitBig(state, freed);
    session.onLogLimit = () => this.#onLogLimit();
  }

  /** Names of kept commits. */
  get tags(): ReadonlyMap<string, number> {
    return this.#tags;
  }

  /**
   * Removes expired keys by ordinary commits, then writes the newest state with the links of vectors to the file, and shortens the file when much of it
   * has been free for long.
   */
  checkpoint(): CheckpointResult {
    this.#isRunning = true;
    try {
      const idle = this.#engine.pager.freePages.count;
      const expiredKeys = this.#removeExpired();
      this.writeVectorLinks();
      this.run(false);
      this.#shrink(idle);
      return { complete: true, expiredKeys };
    } finally {
      this.#isRunning = false;
    }
  }

  #removeExpired(): number {
    const session = this.#session;
    const now = session.now();
    let removed = 0;
    for (let batch = EXPIRE_BATCH; batch === EXPIRE_BATCH; removed += batch) {
      const keys = this.#expiredKeys(now);
      batch = keys.length;
      if (batch === 0) break;
      session.writeMany("checkpoint", (store) => {
        for (const key of keys) (store as V3WriteStore).expireValue(key);
      });
    }
    return removed;
  }

  /** Stores what an index in memory has linked since the last time, by a commit that changes nothing else. */
  writeVectorLinks(): void {
    const engine = this.#engine;
    const sink = engine.vectorSink;
    if (sink?.hasUnwrittenLinks !== true) return;
    this.#session.writeMany(
      "checkpoint",
      (store) => (store as V3WriteStore).writeVectorLinks((links) => sink.writeLinks(links)),
    );
    sink.linksWritten(engine.state.lsn);
  }

  #expiredKeys(now: number): Uint8Array[] {
    const keys: Uint8Array[] = [];
    const cursor = new ByteCursor(this.#engine.trees.expiries);
    for (cursor.seek(new Uint8Array(0)); keys.length < EXPIRE_BATCH && cursor.next();) {
      const entry = cursor.key();
      if (expiryOf(entry) > now) break;
      keys.push(keyOfExpiry(entry).slice());
    }
    return keys;
  }

  /** Writes the newest state to the file and removes the log, unless the file shows it already. */
  run(isForced: boolean): void {
    const engine = this.#engine;
    const { header, state } = engine;
    engine.requireHealthy("checkpoint");
    const isCurrent = header.lsn === state.lsn && header.nextLsn === engine.nextLsn && engine.log === undefined &&
      engine.kept.orphans.size === 0 && !isForced;
    if (!isCurrent) {
      this.#write(false);
      this.#finish(engine.state);
    } else if (header.nextNodeId < engine.writer.nextNodeId || header.nextEdgeId < engine.writer.nextEdgeId) {
      // Ids of what was rolled back are not given again.
      engine.keepIds();
    }
  }

  /** Moves pages from the end of the file to the front, by a commit that changes nothing else. */
  #shrink(idle: number): void {
    const engine = this.#engine;
    const last = planShrink(engine, idle);
    if (last === 0) return;
    const { pager, state, nextLsn: lsn } = engine;
    const written = this.#inTransaction(
      lsn,
      false,
      () => ({ ...state, lsn, roots: movePages(pager, state.roots, last) }),
    );
    engine.trees.reset(written.roots);
    engine.publish(written);
    if (engine.sharing !== undefined) {
      // Other threads could take the state before until now: only the next header does without its pages.
      engine.sharing.publish();
      this.#write(false);
    }
    this.#finish(engine.state);
    this.#session.hub.publish([{ type: "commit", lsn, counts: { nodes: 0, edges: 0, keyValues: 0 } }]);
  }

  /** Writes the newest state. When it throws, the header before still counts, unless the engine is poisoned. */
  #write(areTagsChanged: boolean): void {
    const engine = this.#engine;
    engine.state = this.#inTransaction(engine.state.lsn, areTagsChanged, () => engine.state);
    engine.sharing?.publish();
  }

  /** Writes a state whose pages are made in a transaction of its own; undoes it when that fails. */
  #inTransaction(lsn: number, areTagsChanged: boolean, make: () => GraphState): GraphState {
    const engine = this.#engine;
    engine.sharing?.holdNewest();
    engine.pager.begin(lsn);
    try {
      return this.#writeCheckpoint({ state: make(), freed: [], tags: this.#tags, areTagsChanged });
    } catch (error) {
      engine.pager.rollback();
      engine.sharing?.releaseUnpinned();
      throw error;
    }
  }

  #writeCheckpoint(request: CheckpointRequest): GraphState {
    const engine = this.#engine;
    return engine.changeHistory(() => {
      const state = writeCheckpoint(engine, request);
      engine.sharing?.clearRecent();
      return state;
    });
  }

  /** The log is removed last: until then everything can be had from it as well. */
  #finish(state: GraphState): void {
    if (this.#engine.options.isVolatile) return;
    this.#copy.write(state);
    this.#engine.dropLog();
    const folder = dirname(this.#engine.path);
    this.#engine.fileSystem.syncFolder(folder);
  }

  #commitBig(state: GraphState, freed: readonly number[]): void {
    const engine = this.#engine;
    const written = this.#writeCheckpoint({ state, freed, tags: this.#tags, areTagsChanged: false });
    engine.applyVectors();
    engine.publish(written);
    this.#finishLate(written);
  }

  /** Finishes what counts already: an error does not undo it, and the next checkpoint tries again. */
  #finishLate(state: GraphState): void {
    try {
      this.#finish(state);
    } catch (error) {
      this.#session.reportLate(error);
    }
  }

  /** A commit went well and let the log grow too long: an error of the checkpoint is not the commit's. */
  #onLogLimit(): void {
    // The commits that remove expired keys may come here again.
    if (this.#isRunning) return;
    try {
      this.checkpoint();
    } catch (error) {
      this.#session.reportLate(error);
    }
  }

  /** Names the newest commit. */
  tag(name: string): TagInfo {
    const engine = this.#engine;
    engine.requireHealthy("tag");
    if (this.#tags.has(name)) {
      throw new ConflictError(
        `tag: there is a tag ${JSON.stringify(name)} on commit ${this.#tags.get(name)}; untag it first`,
        {
          code: "tag-exists",
          field: "name",
          value: name,
        },
      );
    }
    const { state } = engine;
    const commit = engine.kept.keep(state);
    commit.tags++;
    this.#tags.set(name, state.lsn);
    try {
      this.#write(true);
    } catch (error) {
      commit.tags--;
      this.#tags.delete(name);
      engine.kept.dropUnneeded(commit);
      throw error;
    }
    this.#finishLate(engine.state);
    return { name, lsn: state.lsn };
  }

  /** Removes a name; false when there is none. */
  untag(name: string): boolean {
    this.#engine.requireHealthy("untag");
    const lsn = this.#tags.get(name);
    if (lsn === undefined) return false;
    const commit = this.#engine.kept.get(lsn);
    if (commit !== undefined) commit.tags--;
    this.#tags.delete(name);
    try {
      this.#write(true);
    } catch (error) {
      if (commit !== undefined) commit.tags++;
      this.#tags.set(name, lsn);
      throw error;
    }
    this.#finishLate(this.#engine.state);
    return true;
  }
}
