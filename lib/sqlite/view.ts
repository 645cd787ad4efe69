/** Views of one state of a database, which snapshots and iterators hold. */

import { ClosedError } from "../backend/errors.ts";
import type { Connection } from "./connection.ts";
import type { PageSource } from "./paged_iterator.ts";

/** A view of one state for a snapshot or an iterator. */
export interface View extends PageSource {
  /** Whether the view was given up or the database closed. */
  readonly isReleased: boolean;
}

/** What snapshots of a database in memory share until the next change: the connection itself, then a copy. */
export interface MemoryState {
  connection: Connection;
  isCopy: boolean;
  views: number;
}

/** A view that knows when it was given up. */
export class SessionView implements View {
  readonly #connection: () => Connection;
  readonly #onRelease: (view: SessionView) => void;
  #isReleased = false;

  constructor(connection: () => Connection, onRelease: (view: SessionView) => void) {
    this.#connection = connection;
    this.#onRelease = onRelease;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get connection(): Connection {
    if (this.#isReleased) {
      throw new ClosedError("the view was released or its database closed; take a new one", {
        code: "snapshot-released",
      });
    }
    return this.#connection();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease(this);
  }
}
