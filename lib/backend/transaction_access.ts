/** A transaction as its function sees it: unusable once the function has ended. */

import type { Detachable, PageSource, WriteAccess } from "./access.ts";
import { ClosedError, InvalidArgumentError } from "./errors.ts";
import { MAX_TRANSACTION_DEPTH } from "./limits.ts";
import { isPromiseLike } from "./promise_like.ts";
import type { ReadStore, WriteStore } from "./store.ts";

/**
 * The database's access while the function of a transaction runs. The engine makes one per transaction:
 *
 *     const access = new TransactionAccess(this);
 *     try {
 *       return refusePromise(run(access), call);
 *     } finally {
 *       access.end();
 *     }
 *
 * No function of its own holds these lines: transactions may nest 1,000 levels deep, and each frame per level counts.
 */
export class TransactionAccess implements WriteAccess {
  readonly #database: WriteAccess;
  #hasEnded = false;

  constructor(database: WriteAccess) {
    this.#database = database;
  }

  /** Makes every later call throw. */
  end(): void {
    this.#hasEnded = true;
  }

  #live(call: string): WriteAccess {
    if (!this.#hasEnded) return this.#database;
    throw new ClosedError(`${call}: the transaction has ended; use the database or begin a new one`, {
      code: "transaction-ended",
    });
  }

  store(call: string): ReadStore {
    return this.#live(call).store(call);
  }

  now(): number {
    return this.#database.now();
  }

  consistently<R>(read: () => R): R {
    return this.#live("read").consistently(read);
  }

  beginIteration(iterator: Detachable): PageSource {
    return this.#live("next").beginIteration(iterator);
  }

  fixedState(): undefined {
    return undefined;
  }

  write<R>(call: string, run: (store: WriteStore) => R): R {
    return this.#live(call).write(call, run);
  }

  writeMany<R>(call: string, run: (store: WriteStore) => R): R {
    return this.#live(call).writeMany(call, run);
  }

  transaction<R>(call: string, run: (access: WriteAccess) => R): R {
    return this.#live(call).transaction(call, run);
  }
}

/**
 * The result of a transaction's function.
 *
 * @throws {InvalidArgumentError} when it is a promise; the transaction is to be rolled back
 */
export function refusePromise<R>(result: R, call: string): R {
  if (!isPromiseLike(result)) return result;
  // What becomes of it is nobody's business any more: it must not end the process as an unhandled rejection.
  result.then(undefined, () => {});
  throw new InvalidArgumentError(
    `${call}: the function returned a promise, but this transaction is synchronous and was rolled back; await before it`,
    { code: "async-transaction", field: "run" },
  );
}

/** Throws when transactions are nested as deep as they may be. */
export function refuseDeepNesting(depth: number): void {
  if (depth < MAX_TRANSACTION_DEPTH) return;
  throw new InvalidArgumentError(
    `transaction: nested ${depth} levels deep; the limit is ${MAX_TRANSACTION_DEPTH}: check for a recursion`,
    { code: "transaction-too-deep", value: depth },
  );
}
