/** Engines that serve states to the thread that they run on: enough for what needs an engine but no threads. */

import { CheckedWriter } from "../../lib/backend/checked_writer.ts";
import type { View } from "../../lib/backend/access.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import type { GroupResult, IdLease, ServedEngine } from "../../lib/backend/served_engine.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { readLsn } from "../../lib/sqlite/commit_counter.ts";
import { ensureFile } from "../../lib/sqlite/open_file.ts";
import { Session as SqliteSession } from "../../lib/sqlite/session.ts";
import { SqliteImportTarget } from "../../lib/sqlite/transfer.ts";
import type { Database } from "../../lib/v3/database.ts";
import { openMemory } from "../../lib/v3/memory_database.ts";
import { checkOptions } from "../../lib/v3/options.ts";
import type { Session as V3Session } from "../../lib/v3/session.ts";
import { V3ImportTarget } from "../../lib/v3/transfer.ts";

/** Time of every write and commit. */
export const NOW_MS = 1_700_000_000_000;

/** Ids below are free for whoever sets the graph up. */
export const FIRST_LEASED_ID = 1_000;

/** An engine whose states are held on the same thread. */
export abstract class StandIn implements ServedEngine, Disposable {
  readonly backend: GraphBackend;
  readonly handle: unknown = undefined;
  #nextNodeId = FIRST_LEASED_ID;
  #nextEdgeId = FIRST_LEASED_ID;

  constructor(session: V3Session | SqliteSession) {
    this.backend = new CheckedWriter(session) as unknown as GraphBackend;
  }

  abstract group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[];
  /** Holds the newest state. */
  abstract hold(): HeldState;
  abstract close(): void;

  lease(nodeIds: number, edgeIds: number): IdLease {
    const firstNodeId = this.#nextNodeId;
    const firstEdgeId = this.#nextEdgeId;
    this.#nextNodeId += nodeIds;
    this.#nextEdgeId += edgeIds;
    return { firstNodeId, endNodeId: this.#nextNodeId, firstEdgeId, endEdgeId: this.#nextEdgeId };
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** V3 in memory. */
export class V3StandIn extends StandIn {
  readonly #database: Database;

  constructor() {
    const database = openMemory(checkOptions(":memory:", { clock: () => NOW_MS }));
    super(database.session);
    this.#database = database;
  }

  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    const { session } = this.#database;
    const engine = session.engine("group");
    return session.transactionGroup(
      runs.map((run) => () => run(new V3ImportTarget(engine, session.store("group"), session, false, NOW_MS))),
    );
  }

  hold(): HeldState {
    const { session } = this.#database;
    return heldState(session.view("hold", undefined), session.engine("hold").state.lsn);
  }

  close(): void {
    this.#database.close();
  }
}

/** SQLite in a file. A group is one transaction after the other. */
export class SqliteStandIn extends StandIn {
  readonly #session: SqliteSession;

  constructor(path: string) {
    const options = { readonly: false, create: true, durability: "off", busyTimeoutMs: 0, driver: undefined } as const;
    ensureFile(path, options);
    const session = new SqliteSession(path, options, () => NOW_MS);
    super(session);
    this.#session = session;
  }

  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    const session = this.#session;
    return runs.map((run) => {
      const before = this.#lsn();
      try {
        const value = session.writeMany("group", () => run(new SqliteImportTarget(session, "group")));
        const lsn = this.#lsn();
        return { lsn: lsn === before ? undefined : lsn, value };
      } catch (error) {
        return { error };
      }
    });
  }

  #lsn(): number {
    return readLsn(this.#session.connection("group"));
  }

  hold(): HeldState {
    return heldState(this.#session.view("hold"), this.#lsn());
  }

  close(): void {
    this.#session.close();
  }
}

function heldState(view: View, lsn: number): HeldState {
  return {
    lsn,
    timeMs: NOW_MS,
    isPast: false,
    get store() {
      return view.store;
    },
    get isReleased() {
      return view.isReleased;
    },
    release: () => view.release(),
    share: () => Promise.reject(new Error("the state of a stand-in stays on its thread")),
  };
}
