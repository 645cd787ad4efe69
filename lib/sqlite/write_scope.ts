/** What a writer works with: the database itself, or a running transaction that ends with its function. */

import type { KeyValueChange } from "../backend/change.ts";
import { ClosedError } from "../backend/errors.ts";
import type { Connection } from "./connection.ts";
import type { PageSource } from "./paged_iterator.ts";
import type { ReadScope } from "./reader.ts";

/** What happened to a node or edge. */
export type RecordOperation = "insert" | "update" | "delete";

/** What a writer asks of the session, besides reading. */
export interface WriteScope extends ReadScope {
  /** Runs one call's writes: all of them or none. */
  write<R>(call: string, run: (connection: Connection) => R): R;
  /** The same for calls of many rows, which need a savepoint of their own inside a transaction. */
  writeMany<R>(call: string, run: (connection: Connection) => R): R;
  /** Runs a function in a transaction or savepoint. */
  transaction<R>(call: string, run: (scope: WriteScope) => R): R;
  /** Notes that a node changed. */
  noteNode(operation: RecordOperation, id: number): void;
  /** Notes that an edge changed. */
  noteEdge(operation: RecordOperation, id: number, from: number, to: number): void;
  /** Notes that a key changed; `operation` is asked for only while somebody listens. */
  noteKey(operation: () => KeyValueChange["operation"], key: Uint8Array): void;
  /** Whether the running transaction knows without asking that a node exists. */
  isKnownNode(id: number): boolean;
}

/** The session as a transaction's function sees it: unusable once the function has ended. */
export class TransactionScope implements WriteScope {
  readonly #session: WriteScope;
  #hasEnded = false;

  constructor(session: WriteScope) {
    this.#session = session;
  }

  /** Makes every later call throw. */
  end(): void {
    this.#hasEnded = true;
  }

  #live(call: string): WriteScope {
    if (!this.#hasEnded) return this.#session;
    throw new ClosedError(`${call}: the transaction has ended; use the database or begin a new one`, {
      code: "transaction-ended",
    });
  }

  connection(call: string): Connection {
    return this.#live(call).connection(call);
  }

  now(): number {
    return this.#session.now();
  }

  consistently<R>(read: () => R): R {
    return this.#live("read").consistently(read);
  }

  beginIteration(iterator: { detach(): void }): PageSource {
    return this.#live("next").beginIteration(iterator);
  }

  write<R>(call: string, run: (connection: Connection) => R): R {
    return this.#live(call).write(call, run);
  }

  writeMany<R>(call: string, run: (connection: Connection) => R): R {
    return this.#live(call).writeMany(call, run);
  }

  transaction<R>(call: string, run: (scope: WriteScope) => R): R {
    return this.#live(call).transaction(call, run);
  }

  noteNode(operation: RecordOperation, id: number): void {
    this.#session.noteNode(operation, id);
  }

  noteEdge(operation: RecordOperation, id: number, from: number, to: number): void {
    this.#session.noteEdge(operation, id, from, to);
  }

  noteKey(operation: () => KeyValueChange["operation"], key: Uint8Array): void {
    this.#session.noteKey(operation, key);
  }

  isKnownNode(id: number): boolean {
    return this.#session.isKnownNode(id);
  }
}
