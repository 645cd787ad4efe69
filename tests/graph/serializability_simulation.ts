/** Many clients and one engine on a single thread: whose turn it is comes from a seed. */

import type { ReadAccess, WriteAccess } from "../../lib/backend/access.ts";
import { CheckedWriter } from "../../lib/backend/checked_writer.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { CheckedEdge, CheckedNode } from "../../lib/backend/record_input.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import type { WriteStore } from "../../lib/backend/store.ts";
import { BatchCommitter } from "../../lib/graph/batch_committer.ts";
import { Footprint } from "../../lib/graph/footprint.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import type { Isolation, TransactionBatch } from "../../lib/graph/transaction_batch.ts";
import { TransactionDraft } from "../../lib/graph/transaction_draft.ts";
import { assertEquals } from "@std/assert";
import { Rng } from "../crash/rng.ts";
import { fillGraph, randomRepertoire, randomSteps, runSteps, type Step } from "./random_transaction.ts";
import { NOW_MS, type ServedHere } from "./served_here.ts";

/** The id that the engine leases first, of nodes and of edges: the graph has five of each. */
const NEXT_ID = 6;

/** A function that ran over a state, and has not been committed yet. */
export interface Attempt {
  readonly results: unknown;
  readonly nodeIds: readonly number[];
  readonly edgeIds: readonly number[];
  readonly batch: TransactionBatch;
}

/** Runs a function over a state, as a client does. */
export function attempt(
  engine: ServedHere,
  state: HeldState,
  run: (tx: GraphTransaction) => unknown,
  isolation: Isolation,
): Attempt {
  const nodeIds: number[] = [];
  const edgeIds: number[] = [];
  const footprint = new Footprint();
  const ids = {
    nextNodeId: () => remember(nodeIds, engine.lease(1, 0).firstNodeId),
    nextEdgeId: () => remember(edgeIds, engine.lease(0, 1).firstEdgeId),
  };
  const draft = new TransactionDraft(state, ids, footprint, () => NOW_MS);
  const results = run(draft.tx);
  draft.end();
  const batch = {
    snapshotLsn: state.lsn,
    operations: draft.operations.isEmpty ? new Uint8Array() : draft.operations.finish(),
    footprint: footprint.keys(isolation),
  };
  return { results, nodeIds, edgeIds, batch };
}

function remember(ids: number[], id: number): number {
  ids.push(id);
  return id;
}

/** A transaction that took place. */
interface Committed extends Attempt {
  readonly steps: readonly Step[];
  /** Its commit, or the one that it saw if it changed nothing. */
  readonly lsn: number;
}

/** What happened in a simulation. */
export interface Outcome {
  /** In the order that proves them serial. */
  readonly committed: readonly Committed[];
  readonly conflicts: number;
}

/** Clients that begin on states of different ages and commit in any order, alone or with others. */
export function simulate(engine: ServedHere, seed: number, count: number): Outcome {
  const rng = new Rng(seed);
  const repertoire = randomRepertoire(rng);
  fillGraph(engine.backend);
  const committer = new BatchCommitter(engine, () => NOW_MS);
  const readOnly: Committed[] = [];
  const committed: Committed[] = [];
  const pending: (Attempt & { readonly steps: readonly Step[] })[] = [];
  const nodeIds = [0, 1, 2, 3, 4, 5, NEXT_ID];
  const edgeIds = [0, 1, 2, 3, 4, 5, NEXT_ID];
  let old: HeldState | undefined;
  let conflicts = 0;
  for (let begun = 0; begun < count || pending.length > 0;) {
    if (begun < count && pending.length < 5 && rng.chance(0.65)) {
      begun++;
      const steps = randomSteps(rng, repertoire, nodeIds, edgeIds);
      const isOld = old !== undefined && rng.chance(0.2);
      const state = isOld ? old as HeldState : engine.hold();
      const tried = { ...attempt(engine, state, (tx) => runSteps(tx, steps), "serializable"), steps };
      if (tried.batch.operations.length === 0) readOnly.push({ ...tried, lsn: state.lsn });
      else pending.push(tried);
      if (isOld) continue;
      if (rng.chance(0.2)) {
        old?.release();
        old = state;
      } else state.release();
    } else {
      const group: typeof pending = [];
      for (let size = rng.between(1, 3); size > 0 && pending.length > 0; size--) {
        group.push(...pending.splice(rng.between(0, pending.length - 1), 1));
      }
      const results = committer.commit(group.map(({ batch }) => batch));
      results.forEach((result, at) => {
        const tried = group[at] as typeof pending[number];
        if (result.kind === "failed") throw result.error;
        if (result.kind === "conflict") conflicts++;
        if (result.kind !== "committed") return;
        committed.push({ ...tried, lsn: result.lsn });
        nodeIds.push(...tried.nodeIds);
        edgeIds.push(...tried.edgeIds);
      });
    }
  }
  old?.release();
  // A transaction that only read took place right after the commit that it saw. (Sorting is stable.)
  return { committed: [...committed, ...readOnly].sort((one, other) => one.lsn - other.lsn), conflicts };
}

/** Runs the transactions of an outcome one after the other, and compares what each of them saw and what they left. */
export function replay(outcome: Outcome, engine: ServedHere, reference: ServedHere, seed: number): void {
  fillGraph(reference.backend);
  for (const { steps, results, nodeIds, edgeIds, lsn } of outcome.committed) {
    const [replayed] = reference.group([(target) => {
      const tx = new CheckedWriter(new ReplayAccess(target, [...nodeIds], [...edgeIds]));
      return runSteps(tx as unknown as GraphTransaction, steps);
    }]);
    if (replayed === undefined || "error" in replayed) throw replayed?.error;
    assertEquals(
      results,
      replayed.value,
      `seed ${seed}, commit ${lsn}: ${
        steps.map((step) => step.operation).join(", ")
      } saw what no serial order explains`,
    );
  }
  assertEquals(contents(engine.backend), contents(reference.backend), `seed ${seed}: the contents differ`);
}

function contents(backend: GraphBackend): unknown {
  return {
    nodes: [...backend.nodes()],
    edges: [...backend.edges()],
    keys: [...backend.kv.scan()],
    vectors: backend.vectorIndexes().map((info) => [info, ...backend.vectorIndex(info.name).vectors()]),
  };
}

/** A transaction of an engine in which new records get given ids. */
class ReplayAccess implements WriteAccess {
  readonly #store: WriteStore;

  constructor(target: ImportTarget, nodeIds: number[], edgeIds: number[]) {
    const insertNode = ({ kind, name, filePath, labels, data }: CheckedNode): number => {
      const id = nodeIds.shift() ?? Infinity;
      target.restoreNode({ id, kind, name, filePath: filePath ?? undefined, labels, dataText: data });
      return id;
    };
    const insertEdge = ({ from, to, type, data }: CheckedEdge): number => {
      const id = edgeIds.shift() ?? Infinity;
      target.restoreEdge({ id, from, to, type, dataText: data });
      return id;
    };
    this.#store = new Proxy(target.store, {
      get(store: WriteStore, name: string | symbol): unknown {
        if (name === "insertNode") return insertNode;
        if (name === "insertEdge") return insertEdge;
        const member: unknown = Reflect.get(store, name, store);
        return typeof member === "function" ? member.bind(store) : member;
      },
    });
  }

  store(): WriteStore {
    return this.#store;
  }

  now(): number {
    return NOW_MS;
  }

  consistently<R>(read: () => R): R {
    return read();
  }

  beginIteration(): ReturnType<ReadAccess["beginIteration"]> {
    return { store: this.#store, release: () => {} };
  }

  fixedState(): undefined {
    return undefined;
  }

  write<R>(_call: string, run: (store: WriteStore) => R): R {
    return run(this.#store);
  }

  writeMany<R>(_call: string, run: (store: WriteStore) => R): R {
    return run(this.#store);
  }

  transaction<R>(call: string): R {
    throw new Error(`${call}: no step of a random transaction begins another one`);
  }
}
