/** The caller's side of the engine's thread: sends transactions and calls, and settles their promises. */

import { MessageChannel, type Transferable } from "node:worker_threads";
import type { LongCallOptions, Progress } from "../backend/care.ts";
import type { Change } from "../backend/change.ts";
import { ClosedError, InvalidArgumentError } from "../backend/errors.ts";
import type { VectorNews } from "../backend/state_source.ts";
import { batchSize, encodeBatches, type NumberedBatch } from "./batch_codec.ts";
import type {
  EngineCalls,
  EngineOpening,
  EngineOptions,
  EngineStart,
  FromEngine,
  ToEngine,
} from "./engine_protocol.ts";
import { decodeError } from "./error_codec.ts";
import type { EngineName } from "./file_engine.ts";
import { FIRST_LEASE, IdLeases } from "./id_leases.ts";
import type { IngestResult } from "./graph_ingest.ts";
import type { ChunkReport, EngineIngestOptions } from "./ingest_engine.ts";
import { CallerMailbox, mailboxMemory } from "./mailbox.ts";
import { MAX_BATCHES_UNDER_WAY, MAX_BYTES_UNDER_WAY } from "./queue_limits.ts";
import type { TransactionBatch } from "./transaction_batch.ts";
import { startThread, type WorkerThread } from "./worker_thread.ts";

/** Bytes of transactions that are sent at once, without waiting for more of the same moment. */
const SEND_BYTES = 1024 * 1024;

/** Turns of the microtask queue that transactions wait for others: those that were awaited together come within them. */
const GATHER_TURNS = 3;

/**
 * How long this thread looks for the outcome of transactions that it sent, once a turn of its event loop, before it sleeps
 * until a message wakes it: a sleeping thread takes as long to wake as a disk to sync.
 */
const LOOK_MS = 0.3;
/** How long it looks while the engine has not even received them: it may have to run where this thread does. */
const LOOK_FOR_RECEIPT_MS = 0.06;
/** Transactions under way above which nobody looks: then there is enough to do between two messages. */
const MAX_LOOKED_FOR = 16;
/** How often transactions are sent without a look after one was in vain: the disk is slow, or the processors are busy. */
const SENDS_WITHOUT_LOOK = 8;

/** A thread that ended may have said more than has arrived. */
const LAST_WORDS_MS = 20;

/** What to open. */
export interface EngineRequest {
  readonly path: string;
  readonly engine: EngineName;
  readonly options: EngineOptions;
  /** Entry of the thread. */
  readonly worker: URL | undefined;
}

/** What became of a transaction: its commit (0 when it changed nothing), or why it must run again. */
export type CommitOutcome = number | { readonly conflict: string };

type IngestMessage = ToEngine & { readonly kind: "rows" | "endOfRows" | "abortIngest" };

/** An ingest that runs. */
export interface IngestCalls {
  /** Sends a message of the ingest. */
  send(message: IngestMessage): void;
  /** Its result. */
  readonly result: Promise<IngestResult>;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  /** Told of progress. */
  readonly report?: (progress: Progress) => void;
  /** Why the engine was asked to give it up. */
  readonly abortReason?: () => unknown;
  /** Bytes of a transaction. */
  readonly bytes?: number;
}

interface Waiting {
  readonly bytes: number;
  readonly room: PromiseWithResolvers<void>;
}

/** The engine's thread, as this thread uses it. */
export class EngineClient {
  /** What other threads need to read the database. */
  readonly handle: unknown;
  /** Ids for transactions. */
  readonly leases: IdLeases;
  /** Called with changes in commit order, once `observe` was called. */
  onChanges: (changes: Change[]) => void = () => {};
  /** Called with vector indexes that are in memory from now on. */
  onVectorIndexes: (news: VectorNews) => void = () => {};
  /** Called once, when the thread ends by itself. */
  onDeath: (error: ClosedError) => void = () => {};
  readonly #path: string;
  readonly #thread: WorkerThread;
  readonly #mailbox: CallerMailbox;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: Waiting[] = [];
  #outbox: NumberedBatch[] = [];
  #outboxBytes = 0;
  #batchesUnderWay = 0;
  #bytesUnderWay = 0;
  #isLooking = false;
  #looksSince = 0;
  #sendsWithoutLook = 0;
  #lastId = 0;
  /** What keeps the process alive. */
  #holds = 0;
  #onRows: ((report: ChunkReport) => void) | undefined;
  #hasClosed = false;
  #death: ClosedError | undefined;

  /** Starts the thread and opens the database in it. @throws what opening it threw */
  static async start({ path, engine, options, worker }: EngineRequest): Promise<EngineClient> {
    const { port1, port2 } = new MessageChannel();
    const memory = mailboxMemory();
    const data: EngineStart = { path, engine, options, port: port2, memory, firstLease: FIRST_LEASE };
    const opening = Promise.withResolvers<EngineOpening>();
    let receive = (messages: unknown) => opening.resolve((messages as [EngineOpening])[0]);
    const mailbox = new CallerMailbox(port1, memory, (messages) => receive(messages));
    try {
      const thread = await startThread("engine", data, { worker, transfer: [port2] as unknown as Transferable[] });
      thread.ref();
      thread.onExit = (error) => {
        const death = died(path, error);
        setTimeout(() => opening.reject(death), LAST_WORDS_MS);
      };
      const opened = await opening.promise;
      if (opened.kind !== "opened") throw decodeError(opened.error);
      thread.unref();
      const client = new EngineClient(path, thread, mailbox, opened);
      receive = (messages) => client.#receive(messages as FromEngine[]);
      return client;
    } catch (error) {
      mailbox.abandon();
      throw error;
    }
  }

  private constructor(
    path: string,
    thread: WorkerThread,
    mailbox: CallerMailbox,
    { handle, lease }: EngineOpening & { kind: "opened" },
  ) {
    this.#path = path;
    this.#thread = thread;
    this.#mailbox = mailbox;
    this.handle = handle;
    this.leases = new IdLeases(mailbox, lease);
    thread.onExit = (error) => setTimeout(() => this.#die(error), LAST_WORDS_MS);
  }

  /** Why nothing can be sent any more: the thread died. */
  get death(): ClosedError | undefined {
    return this.#death;
  }

  /** Sends a call. Aborted by its signal, it is undone in the engine before it rejects with the signal's reason. */
  call<N extends keyof EngineCalls>(
    name: N,
    args: Parameters<EngineCalls[N]>,
    { onProgress, signal }: LongCallOptions = {},
  ): Promise<ReturnType<EngineCalls[N]>> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const isLong = onProgress !== undefined || signal !== undefined;
    const cancel = isLong ? new Int32Array(new SharedArrayBuffer(4)) : undefined;
    const id = ++this.#lastId;
    this.#sendBatches();
    try {
      this.#mailbox.send({ kind: "call", id, name, args, cancel, wantsProgress: onProgress !== undefined });
    } catch (cause) {
      const message = `${name}: an argument cannot be sent to the engine's thread; give plain values`;
      return Promise.reject(new InvalidArgumentError(message, { code: "invalid-argument", cause }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<EngineCalls[N]>>();
    if (cancel === undefined) {
      this.#await(id, { resolve, reject });
      return promise;
    }
    let reason: unknown;
    const abort = (why: unknown) => {
      reason = why;
      Atomics.store(cancel, 0, 1);
    };
    const onAbort = () => abort(signal?.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    const report = (progress: Progress) => {
      try {
        onProgress?.(progress);
      } catch (error) {
        abort(error);
      }
    };
    this.#await(id, { resolve, reject, report, abortReason: () => reason });
    return promise.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  #await(id: number, pending: Pending): void {
    this.#pending.set(id, pending);
    this.#hold();
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#letGo();
    return pending;
  }

  /** Keeps the process alive. On Deno a port whose other end is gone does not: then the thread's end must be waited for. */
  #hold(): void {
    if (this.#holds++ > 0) return;
    this.#mailbox.ref();
    this.#thread.ref();
  }

  #letGo(): void {
    if (--this.#holds > 0) return;
    this.#mailbox.unref();
    this.#thread.unref();
  }

  /**
   * Sends a transaction, together with others of the same moment. Waits while too much is under way.
   *
   * @param signal ends the wait; what is under way is not ended
   */
  async commit(batch: TransactionBatch, mustSync: boolean, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    const bytes = batchSize(batch);
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) await this.#waitForRoom(bytes, signal);
    else this.#takeRoom(bytes);
    if (this.#death !== undefined) throw this.#death;
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<CommitOutcome>();
    this.#await(id, { resolve, reject, bytes });
    this.#outbox.push({ id, batch, mustSync });
    this.#outboxBytes += bytes;
    if (this.#outboxBytes >= SEND_BYTES) this.#sendBatches();
    else if (this.#outbox.length === 1) this.#gather(GATHER_TURNS);
    return promise;
  }

  #hasRoom(bytes: number): boolean {
    if (this.#batchesUnderWay === 0) return true;
    return this.#batchesUnderWay < MAX_BATCHES_UNDER_WAY && this.#bytesUnderWay + bytes <= MAX_BYTES_UNDER_WAY;
  }

  #takeRoom(bytes: number): void {
    this.#batchesUnderWay++;
    this.#bytesUnderWay += bytes;
  }

  async #waitForRoom(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const waiting = { bytes, room: Promise.withResolvers<void>() };
    const leave = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      waiting.room.reject(signal?.reason);
    };
    this.#waiting.push(waiting);
    signal?.addEventListener("abort", leave);
    this.#hold();
    try {
      await waiting.room.promise;
    } finally {
      this.#letGo();
      signal?.removeEventListener("abort", leave);
    }
  }

  #gather(turns: number): void {
    queueMicrotask(() => {
      if (turns > 1) this.#gather(turns - 1);
      else this.#sendBatches();
    });
  }

  #sendBatches(): void {
    if (this.#outbox.length === 0 || this.#death !== undefined) return;
    const bytes = encodeBatches(this.#outbox);
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#mailbox.send({ kind: "batches", bytes }, [bytes]);
    this.#lookForOutcomes();
  }

  #lookForOutcomes(): void {
    if (this.#sendsWithoutLook > 0) {
      this.#sendsWithoutLook--;
      return;
    }
    if (this.#batchesUnderWay > MAX_LOOKED_FOR) return;
    this.#looksSince = performance.now();
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#mailbox.setLooking(true);
    setImmediate(this.#look);
  }

  readonly #look = (): void => {
    this.#mailbox.takeOutcomes(this.#settleOutcome);
    const mustWait = this.#batchesUnderWay > 0;
    const looked = performance.now() - this.#looksSince;
    if (mustWait && looked < LOOK_MS && (looked < LOOK_FOR_RECEIPT_MS || this.#mailbox.isReceived)) {
      setImmediate(this.#look);
      return;
    }
    if (mustWait) this.#sendsWithoutLook = SENDS_WITHOUT_LOOK;
    this.#isLooking = false;
    this.#mailbox.setLooking(false);
    this.#mailbox.takeOutcomes(this.#settleOutcome);
    this.#admitWaiting();
  };

  readonly #settleOutcome = (id: number, lsn: number): void => {
    this.#settleBatch(id)?.resolve(lsn as never);
  };

  /** Begins an ingest; `onRows` is told what became of rows. One at a time. */
  ingest(options: EngineIngestOptions, onRows: (report: ChunkReport) => void): IngestCalls {
    if (this.#death !== undefined) throw this.#death;
    this.#onRows = onRows;
    this.leases.isEngineBusy = true;
    const id = ++this.#lastId;
    this.#sendBatches();
    this.#mailbox.send({ kind: "ingest", id, options });
    const { promise, resolve, reject } = Promise.withResolvers<IngestResult>();
    this.#await(id, { resolve, reject });
    const result = promise.finally(() => {
      this.#onRows = undefined;
      this.leases.isEngineBusy = false;
    });
    return {
      result,
      send: (message) => {
        if (this.#death !== undefined) throw this.#death;
        if (message.kind === "rows" && message.chunk instanceof ArrayBuffer) {
          this.#mailbox.send(message, [message.chunk]);
        } else this.#mailbox.send(message);
      },
    };
  }

  /** Resolves when a transaction that found no ids may run again. */
  async moreIds(): Promise<void> {
    if (this.#death !== undefined) throw this.#death;
    this.#hold();
    try {
      await this.leases.more();
    } finally {
      this.#letGo();
    }
  }

  #receive(messages: readonly FromEngine[]): void {
    for (const message of messages) this.#take(message);
    this.#admitWaiting();
  }

  #take(message: FromEngine): void {
    switch (message.kind) {
      case "committed":
        for (let at = 0; at < message.results.length; at += 2) {
          this.#settleOutcome(message.results[at] as number, message.results[at + 1] as number);
        }
        break;
      case "conflict":
        this.#settleBatch(message.id)?.resolve({ conflict: message.message } as never);
        break;
      case "failed":
        this.#settleBatch(message.id)?.reject(decodeError(message.error));
        break;
      case "answer":
        this.#settle(message.id)?.resolve(message.value as never);
        break;
      case "aborted": {
        const pending = this.#settle(message.id);
        pending?.reject(pending.abortReason?.());
        break;
      }
      case "progress":
        this.#pending.get(message.id)?.report?.(message.progress);
        break;
      case "granted":
        this.leases.granted();
        break;
      case "leaseFailed":
        this.leases.failed(decodeError(message.error));
        break;
      case "changes":
        this.onChanges([...message.changes]);
        break;
      case "vectorIndexes":
        this.onVectorIndexes(message);
        break;
      case "rowsTaken":
        this.#onRows?.(message.report);
        break;
      case "died":
        this.#die(decodeError(message.error));
    }
  }

  #settleBatch(id: number): Pending | undefined {
    const pending = this.#settle(id);
    if (pending?.bytes !== undefined) {
      this.#batchesUnderWay--;
      this.#bytesUnderWay -= pending.bytes;
    }
    return pending;
  }

  #admitWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#hasRoom(first.bytes)) return;
      this.#takeRoom(first.bytes);
      this.#waiting.shift();
      first.room.resolve();
    }
  }

  #die(cause: unknown): void {
    if (this.#hasClosed || this.#death !== undefined) return;
    // What it gave before it died is done.
    this.#mailbox.takeOutcomes(this.#settleOutcome);
    const death = died(this.#path, cause);
    this.#death = death;
    this.#outbox = [];
    this.onDeath(death);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(death);
    for (const { room } of this.#waiting.splice(0)) room.reject(death);
    this.leases.failed(death);
    this.#mailbox.abandon();
    void this.#thread.terminate();
  }

  /** Closes the database and ends the thread, after everything that was sent before. */
  async close(): Promise<void> {
    try {
      await this.call("close", []);
    } catch (error) {
      // One that died meanwhile has nothing left to close.
      if (this.#death === undefined) throw error;
    } finally {
      if (!this.#hasClosed && this.#death === undefined) {
        this.#hasClosed = true;
        this.#mailbox.abandon();
        await this.#thread.terminate();
      }
    }
  }
}

function died(path: string, cause: unknown): ClosedError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new ClosedError(
    `the engine's thread of ${path} ended unexpectedly${why}; what was acknowledged is safe: open the graph again`,
    { code: "engine-died", ...(cause === undefined ? undefined : { cause }) },
  );
}
