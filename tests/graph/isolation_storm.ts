/** Everything at once on a graph with threads: what is acknowledged is seen, what is not is not, and all books balance. */

import { assert, assertEquals } from "@std/assert";
import { ConflictError, GraphError } from "../../lib/backend/errors.ts";
import type { GraphTransaction, Snapshot } from "../../lib/backend/graph_backend.ts";
import type { Graph, TransactionOptions } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { type GraphOptions, openGraph } from "../../lib/graph/open_graph.ts";
import { Rng } from "../crash/rng.ts";
import { transfer } from "../v3/shared_bank.ts";
import { audit, type Books, loadRows, makeBank, removeLoad, setBallast } from "./isolation_bank.ts";
import { auditTask, deafTask, dieTask, keyTask, readOnTask } from "./isolation_tasks.ts";

/** What a storm is made of. */
export interface StormOptions {
  /** The database; it must not exist. */
  readonly path: string;
  readonly backend: "v3" | "sqlite";
  readonly seed: number;
  /** How long it lasts. */
  readonly forMs: number;
  readonly accounts: number;
  /** Values of 3,000 bytes that only take room. */
  readonly ballast: number;
  readonly writers: number;
  readonly graph?: GraphOptions;
}

/** What happened, by name. */
export type StormCounts = Map<string, number>;

const THREADS = 4;
/** Blobs of this size make a transaction so large that it is committed by a checkpoint. */
const BLOB_BYTES = 9 * 1024 * 1024;

/** Lets it storm. Throws when something is not as it must be. */
export async function storm(options: StormOptions): Promise<StormCounts> {
  const { path, backend, accounts, ballast, graph } = options;
  makeBank(path, backend, accounts, ballast);
  const run = new Storm(options, await openGraph(path, { durability: "off", threads: THREADS, ...graph }));
  await run.run();
  using db = open(path);
  assertEquals(audit(db, accounts).fault, undefined, "after reopening");
  run.assertAcknowledged((key) => db.kv.get(key));
  assertEquals(db.check().findings, []);
  return run.counts;
}

class Rollback extends Error {}

class Storm {
  readonly counts: StormCounts = new Map();
  readonly #options: StormOptions;
  readonly #graph: Graph;
  readonly #rng: Rng;
  readonly #end: number;
  /** The last number of each writer that was acknowledged. */
  readonly #acknowledged = new Map<string, number>();
  readonly #loads: number[] = [];
  #lastLoad = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: StormOptions, graph: Graph) {
    this.#options = options;
    this.#graph = graph;
    this.#rng = new Rng(options.seed);
    this.#end = performance.now() + options.forMs;
  }

  async run(): Promise<void> {
    const graph = this.#graph;
    const { accounts, writers } = this.#options;
    let lastLsn = 0;
    const subscription = graph.subscribe({}, ({ lsn }) => {
      if (lsn < lastLsn) this.#fail(new Error(`a change of commit ${lsn} came after one of ${lastLsn}`));
      lastLsn = lsn;
      this.#count("changes");
    });
    const loops = [
      ...Array.from({ length: writers }, (_, at) => this.#loop((rng) => this.#write(rng, `w${at}`))),
      ...Array.from({ length: THREADS }, () => this.#loop((rng) => this.#read(rng))),
      this.#loop((rng) => this.#misbehave(rng)),
      this.#loop((rng) => this.#hold(rng)),
      this.#loop((rng) => this.#load(rng)),
      this.#loop((rng) => this.#care(rng)),
    ];
    await Promise.all(loops);
    subscription.unsubscribe();
    if (this.#failure !== undefined) {
      await graph.close().catch(() => {});
      throw this.#failure.error;
    }
    {
      using snapshot = graph.snapshot();
      assertEquals(audit(snapshot, accounts).fault, undefined, "in the end");
    }
    this.assertAcknowledged((key) => graph.kv.get(key));
    await graph.close();
  }

  /** Does something again and again until the end, or until anybody failed. */
  async #loop(step: (rng: Rng) => Promise<void>): Promise<void> {
    const rng = this.#rng.fork();
    try {
      while (performance.now() < this.#end && this.#failure === undefined) await step(rng);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  assertAcknowledged(get: (key: string) => unknown): void {
    for (const [writer, number] of this.#acknowledged) assertEquals(get(writer), number, `acknowledged by ${writer}`);
  }

  /** One transaction of a writer that numbers what it commits. */
  async #write(rng: Rng, writer: string): Promise<void> {
    const number = (this.#acknowledged.get(writer) ?? 0) + 1;
    const kind = rng.weighted({ transfer: 60, slow: 20, big: 3, huge: 0.2, rollback: 8, abort: 5, removal: 4 });
    const control = new AbortController();
    const options: TransactionOptions = {
      isolation: rng.chance(0.5) ? "serializable" : "snapshot",
      retries: rng.chance(0.1) ? 0 : undefined,
      signal: kind === "abort" ? control.signal : undefined,
    };
    // Drawn once: a function that runs again must do the same.
    const pairs = Array.from({ length: kind === "big" ? 100 : rng.between(1, 3) }, () => this.#pair(rng));
    const ballast = Array.from(
      { length: Math.min(this.#options.ballast, 100) },
      () => rng.between(0, this.#options.ballast - 1),
    );
    const load = kind === "removal" ? this.#loads.shift() : undefined;
    try {
      await this.#graph.transaction(async (tx) => {
        tx.kv.set(writer, number);
        if (load !== undefined) removeLoad(tx, load);
        for (const [at, { from, to, amount }] of pairs.entries()) {
          transfer(tx, from, to, amount);
          if (kind === "slow") await pause(rng);
          if (kind === "abort" && at === 0) control.abort(new Rollback("aborted"));
        }
        if (kind === "big") { for (const at of ballast) setBallast(tx, at); }
        if (kind === "huge") tx.kv.set("blob", new Uint8Array(BLOB_BYTES).fill(number));
        if (kind === "rollback") this.#unbalance(tx, pairs[0] as Pair);
      }, options);
      assert(kind !== "rollback" && kind !== "abort", `${kind}: committed`);
      this.#acknowledged.set(writer, number);
      this.#count(kind);
    } catch (error) {
      if (load !== undefined) this.#loads.push(load);
      if (error instanceof ConflictError && error.code === "transaction-conflict") this.#count(`${kind}: conflict`);
      else if (error instanceof Rollback) this.#count(kind);
      else throw error;
    }
    const expected = this.#acknowledged.get(writer);
    assertEquals(this.#graph.kv.get(writer), expected, `${writer} after ${kind}`);
    if (rng.chance(0.05)) {
      assertEquals(await this.#graph.run(keyTask, { key: writer }), expected, `${writer} in a task`);
    }
  }

  #pair(rng: Rng): Pair {
    const { accounts } = this.#options;
    // Some accounts are asked for more often, so that there are conflicts.
    const account = () => rng.chance(0.2) ? rng.between(1, 8) : rng.between(1, accounts);
    const from = account();
    const to = account();
    return { from, to: to === from ? from % accounts + 1 : to, amount: rng.between(1, 10) };
  }

  /** Takes money from nowhere, and gives up. */
  #unbalance(tx: GraphTransaction, { from, to }: Pair): never {
    tx.kv.set(`balance:${from}`, -1);
    tx.insertEdge({ from, to, type: "OWES" });
    tx.insertNode({ kind: "Account", name: "nobody", data: { balance: 1 } });
    throw new Rollback("rolled back");
  }

  /** One task that audits a state: the newest one, or one that is held here. */
  async #read(rng: Rng): Promise<void> {
    const graph = this.#graph;
    const { accounts } = this.#options;
    const workers = rng.chance(0.2) ? rng.between(2, THREADS) : 1;
    const before = graph.lsn;
    if (rng.chance(0.3)) {
      using snapshot = graph.snapshot();
      const reading = graph.run(auditTask, { accounts }, { snapshot, workers });
      // The run holds it as well.
      if (rng.chance(0.5)) snapshot.release();
      this.#check(await reading, before, graph.lsn, "lent");
    } else {
      const books = await graph.run(auditTask, { accounts }, { workers });
      this.#check(books, before, graph.lsn, workers > 1 ? "read together" : "read");
    }
  }

  #check({ lsn, fault }: Books, from: number, to: number, what: string): void {
    assertEquals(fault, undefined, `${what}, commit ${lsn}`);
    assert(lsn >= from && lsn <= to, `${what}: commit ${lsn}, not one of ${from} to ${to}`);
    this.#count(what);
  }

  /** Tasks that die, that go on after they were cancelled, and that do not listen. */
  async #misbehave(rng: Rng): Promise<void> {
    const graph = this.#graph;
    await this.#wait(rng.between(1, 60));
    const kind = rng.weighted({ died: 1, cancelled: 2, deaf: 1 });
    const control = new AbortController();
    const { signal } = control;
    try {
      if (kind === "died") await graph.run(dieTask, undefined);
      else if (kind === "cancelled") {
        const words = new Int32Array(new SharedArrayBuffer(4));
        setTimeout(() => control.abort(new Rollback()), rng.between(0, 100));
        await graph.run(readOnTask, { words }, { signal });
      } else {
        setTimeout(() => control.abort(new Rollback()), 10);
        await graph.run(deafTask, { forMs: rng.between(20, 60), accounts: this.#options.accounts }, { signal });
      }
    } catch (error) {
      const isExpected = kind === "died"
        ? error instanceof GraphError && error.code === "worker-died"
        : error instanceof Rollback;
      if (!isExpected) throw error;
      this.#count(kind);
    }
  }

  /** A state that is held here while others are committed. */
  async #hold(rng: Rng): Promise<void> {
    const { accounts } = this.#options;
    using snapshot: Snapshot = this.#graph.snapshot();
    const before = audit(snapshot, accounts);
    assertEquals(before.fault, undefined, "held");
    const acknowledged = new Map(this.#acknowledged);
    await this.#wait(rng.between(10, 800));
    const after = audit(snapshot, accounts);
    assertEquals(after, before, "held for long");
    for (const [writer, number] of acknowledged) {
      assert(Number(snapshot.kv.get(writer)) >= number, `${writer} was acknowledged before the snapshot was taken`);
    }
    this.#count("held");
  }

  /** An ingest: whole, in batches, failing, or aborted. */
  async #load(rng: Rng): Promise<void> {
    const load = ++this.#lastLoad;
    const { accounts } = this.#options;
    const batch = rng.between(10, 200);
    const batches = rng.between(1, 20);
    const kind = rng.weighted({ whole: 3, batched: 3, failing: 2, aborted: 2, "aborted batched": 2 });
    const control = new AbortController();
    const stopAt = rng.between(1, batch * batches);
    const rows = function* () {
      let row = 0;
      for (const one of loadRows(load, batches, batch, accounts)) {
        if (++row === stopAt && kind === "failing") throw new Rollback("no more rows");
        if (row === stopAt && kind.startsWith("aborted")) control.abort(new Rollback("aborted"));
        yield one;
      }
    };
    try {
      await this.#graph.ingest(rows(), {
        batchRows: kind.endsWith("batched") ? batch : undefined,
        signal: control.signal,
      });
      assert(kind === "whole" || kind === "batched", `ingest ${kind}: committed`);
      assert(this.#graph.kv.has(`load:${load}`), `ingest ${kind}: acknowledged and not seen`);
    } catch (error) {
      if (!(error instanceof Rollback)) throw error;
      if (!kind.endsWith("batched")) assert(!this.#graph.kv.has(`load:${load}`), `ingest ${kind}: something is left`);
    }
    this.#loads.push(load);
    this.#count(`ingest ${kind}`);
    await this.#wait(rng.between(0, 100));
  }

  /** Checkpoints, and tags where there are any. */
  async #care(rng: Rng): Promise<void> {
    const graph = this.#graph;
    const { accounts, backend } = this.#options;
    await graph.checkpoint();
    this.#count("checkpoint");
    if (backend === "v3" && rng.chance(0.3)) {
      const { lsn } = await graph.tag("storm");
      let before: Books;
      {
        using snapshot = graph.snapshot({ tag: "storm" });
        before = audit(snapshot, accounts);
      }
      assertEquals({ fault: before.fault, lsn: before.lsn }, { fault: undefined, lsn });
      await this.#wait(rng.between(0, 100));
      if (rng.chance(0.5)) await graph.checkpoint();
      assertEquals(await graph.run(auditTask, { accounts }, { snapshot: { tag: "storm" } }), before);
      await graph.untag("storm");
      this.#count("tagged");
    }
    await this.#wait(rng.between(0, 80));
  }

  /** Waits, not beyond the end. */
  #wait(forMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(forMs, this.#end - performance.now()))));
  }
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** Nothing, a turn of the microtasks, or some time. */
async function pause(rng: Rng): Promise<void> {
  if (rng.chance(0.3)) await Promise.resolve();
  else if (rng.chance(0.7)) await new Promise((resolve) => setTimeout(resolve, rng.between(0, 4)));
}
