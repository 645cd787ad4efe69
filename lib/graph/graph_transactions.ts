/** Transactions of a graph on the caller's thread: run over a snapshot, sent to the engine, run again after a conflict. */

import type { Durability } from "../backend/care.ts";
import { type ClosedError, ConflictError, InvalidArgumentError } from "../backend/errors.ts";
import type { GraphTransaction } from "../backend/graph_backend.ts";
import { isPromiseLike } from "../backend/promise_like.ts";
import type { HeldState, StateSource } from "../backend/state_source.ts";
import { checkCount, checkObject, show } from "../backend/validate.ts";
import type { CommitOutcome, EngineClient } from "./engine_client.ts";
import { Footprint } from "./footprint.ts";
import type { TransactionOptions } from "./graph.ts";
import type { IdLeases } from "./id_leases.ts";
import { type RetryTurn, RetryTurns } from "./retry_turns.ts";
import type { Isolation, TransactionBatch } from "./transaction_batch.ts";
import { type IdSource, TransactionDraft } from "./transaction_draft.ts";

/** How often a function is run again after a conflict, unless told. */
const DEFAULT_RETRIES = 16;

/** Footprints that are kept for later transactions. */
const MAX_SPARE_FOOTPRINTS = 64;

const ISOLATIONS: readonly unknown[] = ["serializable", "snapshot"];
/** From weak to strong. */
const DURABILITIES: readonly unknown[] = ["off", "normal", "full"];

/** What a transaction was told, with its defaults. */
interface Settings {
  readonly isolation: Isolation;
  readonly retries: number;
  readonly signal: AbortSignal | undefined;
  readonly mustSync: boolean;
}

const DEFAULTS: Settings = {
  isolation: "serializable",
  retries: DEFAULT_RETRIES,
  signal: undefined,
  mustSync: false,
};

/** Runs the transactions of one graph. */
export class GraphTransactions {
  readonly #client: EngineClient;
  readonly #source: StateSource;
  readonly #durability: Durability;
  readonly #turns = new RetryTurns();
  /** Ends the waits of transactions that are not on their way to the engine. */
  readonly #stops = new Set<(error: unknown) => void>();
  readonly #spareFootprints: Footprint[] = [];
  #closed: ClosedError | undefined;
  /** Transactions that are on their way to the engine. */
  #underWay = 0;
  #landed: PromiseWithResolvers<void> | undefined;

  constructor(client: EngineClient, source: StateSource, durability: Durability) {
    this.#client = client;
    this.#source = source;
    this.#durability = durability;
  }

  /**
   * Rejects the transactions whose functions still run, and all later ones. Resolves when those that are on their way to the
   * engine have their answers.
   */
  close(error: ClosedError): Promise<void> {
    this.#closed = error;
    for (const stop of [...this.#stops]) stop(error);
    this.#landed = Promise.withResolvers<void>();
    if (this.#underWay === 0) this.#landed.resolve();
    return this.#landed.promise;
  }

  /** Runs a function as a transaction and commits what it did. */
  async run<R>(run: (tx: GraphTransaction) => R | Promise<R>, options: TransactionOptions | undefined): Promise<R> {
    if (typeof run !== "function") throw invalid("run", run, "a function of the transaction");
    const settings = options === undefined ? DEFAULTS : this.#check(options);
    let turn: RetryTurn | undefined;
    try {
      for (let conflicts = 0;;) {
        this.#refuseStopped(settings);
        const attempt = new Attempt(this.#source, this.#client.leases, this.#spareFootprints.pop());
        let result: R | undefined;
        try {
          const returned = run(attempt.draft.tx);
          result = isPromiseLike(returned) ? await this.#orStopped(returned, settings.signal) : returned;
          settings.signal?.throwIfAborted();
          attempt.finish(settings.isolation);
        } catch (error) {
          if (!attempt.ids.isShort) throw error;
          // Else the function runs again, whatever it made of that.
        } finally {
          attempt.end();
          this.#keepFootprint(attempt.footprint);
        }
        if (attempt.ids.isShort) {
          this.#refuseStopped(settings);
          await this.#orStopped(this.#client.moreIds(), settings.signal);
          continue;
        }
        // In the same turn as a synchronous function ends: a call of `close` cannot come between.
        const outcome = attempt.batch === undefined ? 0 : await this.#commit(attempt.batch, settings);
        if (typeof outcome === "number") return result as R;
        if (++conflicts > settings.retries) throw tooManyConflicts(conflicts, outcome.conflict);
        // The first time it was likely bad luck.
        if (conflicts === 1) continue;
        turn ??= this.#turns.take();
        await this.#orStopped(turn.ready, settings.signal);
      }
    } finally {
      turn?.end();
    }
  }

  async #commit(batch: TransactionBatch, { mustSync, signal }: Settings): Promise<CommitOutcome> {
    if (this.#closed !== undefined) throw this.#closed;
    this.#underWay++;
    try {
      return await this.#client.commit(batch, mustSync, signal);
    } finally {
      if (--this.#underWay === 0) this.#landed?.resolve();
    }
  }

  #refuseStopped({ signal }: Settings): void {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
  }

  /** Waits; the signal and `close` end the wait. */
  async #orStopped<R>(wait: PromiseLike<R>, signal: AbortSignal | undefined): Promise<R> {
    const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
    const onAbort = () => stop(signal?.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    this.#stops.add(stop);
    try {
      return await Promise.race([wait, stopped]);
    } finally {
      this.#stops.delete(stop);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #keepFootprint(footprint: Footprint): void {
    if (this.#spareFootprints.length >= MAX_SPARE_FOOTPRINTS) return;
    footprint.clear();
    this.#spareFootprints.push(footprint);
  }

  #check(options: TransactionOptions): Settings {
    checkObject(options, "transaction", "options");
    const { isolation = "serializable", signal, durability = this.#durability } = options;
    if (!ISOLATIONS.includes(isolation)) throw invalid("isolation", isolation, '"serializable" or "snapshot"');
    if (!DURABILITIES.includes(durability)) throw invalid("durability", durability, '"full", "normal" or "off"');
    return {
      isolation,
      retries: checkCount(options.retries, DEFAULT_RETRIES, "transaction", "retries"),
      signal,
      mustSync: DURABILITIES.indexOf(durability) > DURABILITIES.indexOf(this.#durability),
    };
  }
}

/** One run of a transaction's function. */
class Attempt {
  readonly ids: TransactionIds;
  readonly footprint: Footprint;
  readonly draft: TransactionDraft;
  /** What the engine is to do; undefined when that is nothing. */
  batch: TransactionBatch | undefined;
  readonly #state: HeldState;

  constructor(source: StateSource, leases: IdLeases, footprint: Footprint = new Footprint()) {
    this.ids = new TransactionIds(leases);
    this.footprint = footprint;
    this.#state = source.hold(undefined, "transaction");
    this.draft = new TransactionDraft(this.#state, this.ids, footprint, Date.now);
  }

  /** Takes what the function did, once it has ended. */
  finish(isolation: Isolation): void {
    const { operations } = this.draft;
    if (operations.isEmpty || this.ids.isShort) return;
    this.batch = {
      snapshotLsn: this.#state.lsn,
      operations: operations.finish(),
      footprint: this.footprint.keys(isolation),
    };
  }

  /** Makes the transaction unusable and gives its state up. */
  end(): void {
    this.draft.end();
    this.#state.release();
  }
}

/** The ids of one transaction, which notes whether they ran out: its function may have caught that error. */
class TransactionIds implements IdSource {
  readonly #leases: IdLeases;
  isShort = false;

  constructor(leases: IdLeases) {
    this.#leases = leases;
  }

  nextNodeId(): number {
    this.isShort = true;
    const id = this.#leases.nextNodeId();
    this.isShort = false;
    return id;
  }

  nextEdgeId(): number {
    this.isShort = true;
    const id = this.#leases.nextEdgeId();
    this.isShort = false;
    return id;
  }
}

function tooManyConflicts(times: number, last: string): ConflictError {
  return new ConflictError(
    `transaction: it met a conflict with another commit ${
      times === 1 ? "once" : `${times} times`
    } and was not committed; ` +
      "let fewer transactions change the same records at once, or raise retries",
    { code: "transaction-conflict", value: times, cause: new Error(last) },
  );
}

function invalid(field: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`transaction: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}
