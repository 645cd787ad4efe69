/** Publish and subscribe: hands committed changes to listeners, in commit order, each stream with a bounded queue. */

import type { Change, ChangeFilter, ChangesOptions, Subscription } from "../backend/change.ts";
import { QueueOverflowError } from "../backend/errors.ts";
import { DEFAULT_CHANGE_QUEUE } from "../backend/limits.ts";
import { checkObject, checkQueueSize } from "../backend/validate.ts";

interface Listener {
  readonly accepts: (change: Change) => boolean;
  readonly deliver: (change: Change) => void;
}

/** The listeners of one database object. */
export class ChangeHub {
  readonly #listeners = new Set<Listener>();
  readonly #streams = new Set<ChangeStream>();
  readonly #due: Change[][] = [];
  #isDelivering = false;

  /** Whether anybody listens: without it nothing has to be collected. */
  get isActive(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls a function for every change that passes the filter. */
  subscribe(filter: ChangeFilter, deliver: (change: Change) => void): Subscription {
    checkObject(filter, "subscribe", "filter");
    const listener: Listener = { accepts: acceptor(filter), deliver };
    this.#listeners.add(listener);
    const unsubscribe = (): boolean => this.#listeners.delete(listener);
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  /** Changes from now on as an async iterator. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Change> {
    checkObject(options, "changes", "options");
    const queueSize = checkQueueSize(options.queueSize, DEFAULT_CHANGE_QUEUE, "changes");
    const stream = new ChangeStream(queueSize, options.signal, () => {
      subscription.unsubscribe();
      this.#streams.delete(stream);
    });
    const subscription = this.subscribe(options, (change) => stream.push(change));
    this.#streams.add(stream);
    stream.start();
    return stream;
  }

  /**
   * Delivers a commit. A listener that commits while it is called gets the new changes after the present ones. A listener
   * that throws is removed and its error reported as uncaught.
   */
  publish(changes: Change[]): void {
    this.#due.push(changes);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let commit = this.#due.shift(); commit !== undefined; commit = this.#due.shift()) {
        const listeners = [...this.#listeners];
        for (const change of commit) for (const listener of listeners) this.#deliver(listener, change);
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #deliver(listener: Listener, change: Change): void {
    if (!this.#listeners.has(listener) || !listener.accepts(change)) return;
    try {
      listener.deliver(change);
    } catch (error) {
      this.#listeners.delete(listener);
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Ends all streams, with a failure where there is one, and all subscriptions. */
  close(failure?: unknown): void {
    for (const stream of [...this.#streams]) stream.end(failure);
    this.#listeners.clear();
  }
}

function acceptor(filter: ChangeFilter): (change: Change) => boolean {
  const { nodes = false, edges = false, kv = false, commits = false } = filter;
  if (!nodes && !edges && !kv && !commits) return () => true;
  const wanted: Record<Change["type"], boolean> = { node: nodes, edge: edges, kv, commit: commits, bulk: true };
  return (change) => wanted[change.type];
}

/** One async iterator over changes. */
class ChangeStream implements AsyncIterableIterator<Change> {
  readonly #queueSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;
  readonly #queue: Change[] = [];
  readonly #waiting: PromiseWithResolvers<IteratorResult<Change>>[] = [];
  readonly #onAbort = (): void => this.end(this.#signal?.reason);
  #head = 0;
  #hasEnded = false;
  #failure: unknown;

  constructor(queueSize: number, signal: AbortSignal | undefined, onEnd: () => void) {
    this.#queueSize = queueSize;
    this.#signal = signal;
    this.#onEnd = onEnd;
  }

  start(): void {
    if (this.#signal?.aborted) this.#onAbort();
    else this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  push(change: Change): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: change });
    else if (this.#queue.length - this.#head < this.#queueSize) this.#queue.push(change);
    else {
      this.end(
        new QueueOverflowError(
          `changes: more than ${this.#queueSize} changes waited for the reader; the first lost ones are of commit ` +
            `${change.lsn}: read the graph again from there, and read faster or set queueSize`,
          { firstLostLsn: change.lsn },
        ),
      );
    }
  }

  /** Ends the stream: what is queued is still delivered after an overflow or close, not after an abort. */
  end(failure?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#failure = failure;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#onEnd();
    if (this.#signal?.aborted) this.#queue.length = this.#head = 0;
    for (const waiting of this.#waiting.splice(0)) {
      if (failure === undefined) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(this.#takeFailure());
    }
  }

  /** A failure is thrown once; afterwards the iterator is done. */
  #takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  next(): Promise<IteratorResult<Change>> {
    const value = this.#queue[this.#head];
    if (value !== undefined) {
      this.#head++;
      if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
        this.#queue.splice(0, this.#head);
        this.#head = 0;
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#takeFailure());
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    const waiting = Promise.withResolvers<IteratorResult<Change>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<Change>> {
    this.#queue.length = this.#head = 0;
    this.end();
    this.#failure = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Change> {
    return this;
  }
}
