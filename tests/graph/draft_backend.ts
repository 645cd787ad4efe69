/** A database all of whose transactions are drafts over a held state, which are committed by their logs. In one thread. */

import { assert } from "@std/assert";
import type { ReadAccess, WriteAccess } from "../../lib/backend/access.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import type { WriteStore } from "../../lib/backend/store.ts";
import type { VectorIndex } from "../../lib/backend/vector.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import { refusePromise } from "../../lib/backend/transaction_access.ts";
import { type OperationHandler, readOperations } from "../../lib/graph/operation_log.ts";
import type { ReadRecorder } from "../../lib/graph/read_recorder.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { type FootprintRecorders, type IdSource, TransactionDraft } from "../../lib/graph/transaction_draft.ts";
import type { Session as SqliteSession } from "../../lib/sqlite/session.ts";
import { SqliteImportTarget } from "../../lib/sqlite/transfer.ts";
import type { Session as V3Session } from "../../lib/v3/session.ts";
import { V3ImportTarget } from "../../lib/v3/transfer.ts";

/** What a reader or writer reads and writes through. */
function accessOf<A extends ReadAccess>(reader: unknown): A {
  return (reader as { readonly access: A }).access;
}

/** The newest state of a database. */
export function holdState(db: GraphBackend): HeldState {
  const snapshot = db.snapshot();
  const access = accessOf<ReadAccess>(snapshot);
  const { lsn } = snapshot;
  let isReleased = false;
  return {
    lsn,
    timeMs: 0,
    isPast: false,
    get store() {
      return access.store("test");
    },
    get isReleased() {
      return isReleased;
    },
    release() {
      isReleased = true;
      snapshot.release();
    },
    share: () => Promise.resolve(undefined),
  };
}

function importTarget(db: GraphBackend): ImportTarget {
  if (db.backend === "sqlite") return new SqliteImportTarget(accessOf<SqliteSession>(db), "test");
  const session = accessOf<V3Session>(db);
  return new V3ImportTarget(session.engine("test"), session.store("test"), session, session.isObserved, session.now());
}

/** Smallest ids that a database has not given. */
function nextIds(db: GraphBackend): { readonly nodeId: number; readonly edgeId: number } {
  if (db.backend === "v3") {
    const { writer } = accessOf<V3Session>(db).engine("test");
    return { nodeId: writer.nextNodeId, edgeId: writer.nextEdgeId };
  }
  const connection = accessOf<SqliteSession>(db).connection("test");
  const [nodeId, edgeId] = ["graph_entities", "graph_edges"].map((table) =>
    Number(connection.statement("SELECT seq FROM sqlite_sequence WHERE name = ?").get(table)?.[0] ?? 0) + 1
  );
  return { nodeId: nodeId as number, edgeId: edgeId as number };
}

/** Gives the ids that a new database would give, or one that it follows, and none twice. */
export class NextIds implements IdSource {
  #nodeId = 1;
  #edgeId = 1;

  /** Goes to where the database stands. */
  follow(db: GraphBackend): void {
    const { nodeId, edgeId } = nextIds(db);
    this.#nodeId = Math.max(this.#nodeId, nodeId);
    this.#edgeId = Math.max(this.#edgeId, edgeId);
  }

  nextNodeId(): number {
    return this.#nodeId++;
  }

  nextEdgeId(): number {
    return this.#edgeId++;
  }
}

/** Commits a log. */
export function commitLog(db: GraphBackend, log: Uint8Array): void {
  accessOf<WriteAccess>(db).writeMany("commit", () => {
    const target = importTarget(db);
    const { store } = target;
    const now = accessOf<WriteAccess>(db).now();
    const handler: OperationHandler = {
      insertNode: (id, { kind, name, filePath, labels, data }) =>
        void target.restoreNode({ id, kind, name, filePath: filePath ?? undefined, labels, dataText: data }),
      updateNode: (id, update) => void store.updateNode(id, update),
      deleteNode: (id) => void store.deleteNode(id),
      addLabel: (id, label) => void store.addLabel(id, label),
      removeLabel: (id, label) => void store.removeLabel(id, label),
      insertEdge: (id, { from, to, type, data }) => void target.restoreEdge({ id, from, to, type, dataText: data }),
      updateEdge: (id, update) => void store.updateEdge(id, update),
      deleteEdge: (id) => void store.deleteEdge(id),
      setValue: (key, value, expiresAt) => store.setValue(key, value, now, expiresAt),
      deleteValue: (key) => void store.deleteValue(key, now),
      createVectorIndex: (definition) => store.createVectorIndex(definition),
      dropVectorIndex: (name) => store.dropVectorIndex(indexOf(store, name)),
      setVector: (name, nodeId, vector) => store.setVector(indexOf(store, name), nodeId, vector),
      deleteVector: (name, nodeId) => void store.deleteVector(indexOf(store, name), nodeId),
    };
    readOperations(log, handler);
  });
}

function indexOf(store: WriteStore, name: string): StoredVectorIndex {
  const index = store.vectorIndex(name);
  assert(index !== undefined, `there is no index ${name}`);
  return index;
}

const UTF8 = new TextDecoder();

/** Remembers what it is told as texts such as `node 1` or `out 1`. */
export class Recorded implements ReadRecorder {
  readonly #told = new Set<string>();

  /** What it was told since the last call, each once, in order. */
  take(): string[] {
    const told = [...this.#told];
    this.#told.clear();
    return told;
  }

  node(id: number): void {
    this.#told.add(`node ${id}`);
  }

  edge(id: number): void {
    this.#told.add(`edge ${id}`);
  }

  adjacency(id: number, direction: "out" | "in"): void {
    this.#told.add(`${direction} ${id}`);
  }

  kind(kind: string): void {
    this.#told.add(`kind ${kind}`);
  }

  label(label: string): void {
    this.#told.add(`label ${label}`);
  }

  name(name: string): void {
    this.#told.add(`name ${name}`);
  }

  allNodes(): void {
    this.#told.add("nodes");
  }

  edgeType(type: string): void {
    this.#told.add(`type ${type}`);
  }

  allEdges(): void {
    this.#told.add("edges");
  }

  key(key: Uint8Array): void {
    this.#told.add(`key ${UTF8.decode(key)}`);
  }

  keyPrefix(prefix: Uint8Array): void {
    this.#told.add(`prefix ${UTF8.decode(prefix)}`);
  }

  vectorIndex(name: string): void {
    this.#told.add(`index ${name}`);
  }

  vector(index: string, nodeId: number): void {
    this.#told.add(`vector ${index} ${nodeId}`);
  }

  vectorsOf(nodeId: number): void {
    this.#told.add(`vectors of ${nodeId}`);
  }

  vectors(index: string): void {
    this.#told.add(`vectors ${index}`);
  }

  allVectors(): void {
    this.#told.add("vectors");
  }
}

/** Recorders whose notes nobody reads. */
export function recorders(): FootprintRecorders {
  return { reads: new Recorded(), writes: new Recorded() };
}

type Call = (...args: unknown[]) => unknown;

const WRITES: ReadonlySet<string> = new Set([
  ...["insertNode", "insertNodes", "mergeNode", "updateNode", "patchNode", "deleteNode", "addLabel", "removeLabel"],
  ...["insertEdge", "insertEdges", "mergeEdge", "updateEdge", "patchEdge", "deleteEdge"],
  ...["createVectorIndex", "dropVectorIndex", "setVector", "setVectors", "deleteVector"],
]);

const VECTOR_WRITES: ReadonlySet<string> = new Set(["insert", "insertMany", "update", "upsert", "delete"]);

const KEY_WRITES: ReadonlySet<string> = new Set(["set", "delete"]);

/** Calls that are the database's own, also while a transaction runs. */
const UNTOUCHED: ReadonlySet<string> = new Set(["subscribe", "changes"]);

/** The database with drafts as its transactions. Calls on it inside a transaction join that one. */
export function draftBackend<T extends GraphBackend>(db: T): T {
  const ids = new NextIds();
  let running: GraphTransaction | undefined;
  const transaction = <R>(run: (tx: GraphTransaction) => R): R => {
    if (running !== undefined || typeof run !== "function") return (running ?? db).transaction(run);
    const state = holdState(db);
    ids.follow(db);
    const clock = accessOf<WriteAccess>(db);
    const draft = new TransactionDraft(state, ids, recorders(), () => clock.now());
    let result: R;
    try {
      running = draft.tx;
      result = refusePromise(run(draft.tx), "transaction");
    } finally {
      running = undefined;
      draft.end();
      state.release();
    }
    if (!draft.operations.isEmpty) commitLog(db, draft.operations.finish());
    return result;
  };
  const keyValues = new Proxy(db.kv, {
    get(target, name) {
      if (!KEY_WRITES.has(name as string)) return boundTo(running?.kv ?? target, name);
      return (...args: unknown[]) => transaction((tx) => (boundTo(tx.kv, name) as Call)(...args));
    },
  });
  const vectorIndex = (index: VectorIndex) =>
    new Proxy(index, {
      get(target, name) {
        if (!VECTOR_WRITES.has(name as string)) return boundTo(target, name);
        return (...args: unknown[]) =>
          transaction((tx) => (boundTo(tx.vectorIndex(target.name), name) as Call)(...args));
      },
    });
  return new Proxy(db, {
    get(target, name) {
      if (name === "transaction") return transaction;
      if (name === "kv") return keyValues;
      if (WRITES.has(name as string)) {
        return (...args: unknown[]) => transaction((tx) => (boundTo(tx, name) as Call)(...args));
      }
      if (running !== undefined && name in running) return boundTo(running, name);
      if (name === "vectorIndex") return (index: string) => vectorIndex(target.vectorIndex(index));
      const found = boundTo(target, name);
      if (running === undefined || typeof found !== "function" || UNTOUCHED.has(name as string)) return found;
      // What cannot be part of a transaction is refused in one.
      return (...args: unknown[]) => target.transaction(() => (found as Call)(...args));
    },
  });
}

function boundTo(target: object, name: string | symbol): unknown {
  const found = Reflect.get(target, name, target);
  return typeof found === "function" ? found.bind(target) : found;
}
