/** A snapshot over a view of any engine. */

import type { ReadAccess, View } from "./access.ts";
import { CheckedKeyValueReader } from "./checked_key_value.ts";
import { CheckedReader } from "./checked_reader.ts";
import { ClosedError } from "./errors.ts";
import type { ReadStore } from "./store.ts";

/**
 * Reads over a view; released by `release`, `using`, or the database's `close`. The engine also releases the view when the
 * snapshot is collected.
 */
export class CheckedSnapshot extends CheckedReader {
  /** The key-value store as of the snapshot; expiries are judged by the time at which it was taken. */
  readonly kv: CheckedKeyValueReader;
  readonly #view: View;

  constructor(view: View, takenAt: number) {
    const holder: { snapshot?: CheckedSnapshot } = {};
    const access: ReadAccess = {
      store(call: string): ReadStore {
        if (!view.isReleased) return view.store;
        throw new ClosedError(`${call}: the snapshot was released or its database closed; take a new one`, {
          code: "snapshot-released",
        });
      },
      now: () => takenAt,
      consistently: <R>(read: () => R) => read(),
      // The view does not change: an iterator reads it until the snapshot is released, and keeps the snapshot alive.
      beginIteration: () => ({
        holder,
        get store(): ReadStore {
          return view.store;
        },
        release() {},
      }),
      fixedState: () => view,
    };
    super(access);
    this.kv = new CheckedKeyValueReader(access);
    this.#view = view;
    holder.snapshot = this;
  }

  release(): void {
    this.#view.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
