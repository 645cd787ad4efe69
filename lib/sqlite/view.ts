/** Views of one state of a database, which snapshots and iterators hold. */

import type { View } from "../backend/access.ts";
import { ClosedError } from "../backend/errors.ts";
import type { SqliteReadStore } from "./read_store.ts";

/** What snapshots of a database in memory share until the next change: the connection itself, then a copy. */
export interface MemoryState {
  store: SqliteReadStore;
  isCopy: boolean;
  views: number;
}

/** A view that knows when it was given up. */
export class SessionView implements View {
  readonly #store: () => SqliteReadStore;
  readonly #onRelease: (view: SessionView) => void;
  #isReleased = false;

  constructor(store: () => SqliteReadStore, onRelease: (view: SessionView) => void) {
    this.#store = store;
    this.#onRelease = onRelease;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get store(): SqliteReadStore {
    if (this.#isReleased) {
      throw new ClosedError("the view was released or its database closed; take a new one", {
        code: "snapshot-released",
      });
    }
    return this.#store();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease(this);
  }
}
