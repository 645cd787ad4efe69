/** Read transactions of one thread, each on a connection of its own. */

import { readCommit } from "./commit_counter.ts";
import { Connection } from "./connection.ts";
import { SqliteReadStore } from "./read_store.ts";
import { databaseClosed, isDead, type SqliteHandle } from "./shared_handle.ts";
import type { SharedVectors } from "./shared_vectors.ts";
import { readVectorTime } from "./vector_time.ts";

/** Connections that are kept for the next state. */
const MAX_IDLE = 4;

/** A state of the database: a read transaction that has begun. */
export class ReadTransaction {
  /** Reads of the state. */
  readonly store: SqliteReadStore;
  /** Number of its commit. */
  readonly lsn: number;
  /** Time of its commit, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Time of its vectors. */
  readonly vectorTime: number;
  readonly #onEnd: (store: SqliteReadStore) => void;

  /** Begins the transaction; `onEnd` gets the connection back. */
  constructor(store: SqliteReadStore, onEnd: (store: SqliteReadStore) => void) {
    const { connection } = store;
    connection.statement("BEGIN").run();
    // The state is fixed by the first read, not by BEGIN.
    const { lsn, timeMs } = readCommit(connection);
    this.store = store;
    this.lsn = lsn;
    this.timeMs = timeMs;
    this.vectorTime = readVectorTime(connection);
    this.#onEnd = onEnd;
  }

  /** Gives the state up. */
  end(): void {
    const { connection } = this.store;
    try {
      connection.statement("COMMIT").run();
    } catch {
      // After an I/O error SQLite may have ended it itself. Whatever it is: closing the connection ends it.
      connection.close();
      return;
    }
    this.#onEnd(this.store);
  }
}

/** The connections of one thread. */
export class SharedReaders {
  readonly #handle: SqliteHandle;
  readonly #vectors: SharedVectors;
  readonly #idle: SqliteReadStore[] = [];
  #isClosed = false;

  constructor(handle: SqliteHandle, vectors: SharedVectors) {
    this.#handle = handle;
    this.#vectors = vectors;
  }

  /** A connection that is in no transaction. Whoever asks for it closes it. */
  connect(): Connection {
    try {
      return Connection.open(this.#handle.file, this.#handle.options);
    } catch (error) {
      // The file of a database "in memory" goes with it.
      throw isDead(this.#handle) ? databaseClosed("snapshot", this.#handle) : error;
    }
  }

  /** The newest state. */
  begin(): ReadTransaction {
    const store = this.#idle.pop() ?? new SqliteReadStore(this.connect(), this.#vectors);
    return begin(store, (ended) => {
      if (this.#isClosed || this.#idle.length >= MAX_IDLE) ended.connection.close();
      else this.#idle.push(ended);
    });
  }

  /** The state that a copy of the database holds. While it is read, nobody else can lock the copy. */
  beginCopy(path: string): ReadTransaction {
    const store = new SqliteReadStore(Connection.open(path, this.#handle.options), this.#vectors);
    return begin(store, ({ connection }) => connection.close());
  }

  /** Closes the connections, those of running transactions when they end. */
  close(): void {
    this.#isClosed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }
}

function begin(store: SqliteReadStore, onEnd: (store: SqliteReadStore) => void): ReadTransaction {
  try {
    return new ReadTransaction(store, onEnd);
  } catch (error) {
    store.connection.close();
    throw error;
  }
}
