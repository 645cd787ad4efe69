/** An immutable view of one commit of a SQLite database. */

import { ClosedError } from "../backend/errors.ts";
import type { Connection } from "./connection.ts";
import { SqliteKeyValueReader, SqliteReader } from "./reader.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

/** Reads over a view; released by `release`, `using`, the database's `close`, or when it is collected. */
export class SqliteSnapshot extends SqliteReader {
  /** The key-value store as of the snapshot; expiries are judged by the time at which it was taken. */
  readonly kv: SqliteKeyValueReader;
  readonly #view: View;

  constructor(session: Session) {
    const view = session.view("snapshot");
    const takenAt = session.now();
    const holder: { snapshot?: SqliteSnapshot } = {};
    const scope = {
      connection(call: string): Connection {
        if (!view.isReleased) return view.connection;
        throw new ClosedError(`${call}: the snapshot was released or its database closed; take a new one`, {
          code: "snapshot-released",
        });
      },
      now: () => takenAt,
      consistently: <R>(read: () => R) => read(),
      // The view does not change: an iterator reads it until the snapshot is released, and keeps the snapshot alive.
      beginIteration: () => ({
        holder,
        get connection(): Connection {
          return view.connection;
        },
        release() {},
      }),
    };
    super(scope);
    this.kv = new SqliteKeyValueReader(scope);
    this.#view = view;
    holder.snapshot = this;
    session.releaseWithHolder(this, view);
  }

  release(): void {
    this.#view.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
