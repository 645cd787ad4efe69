/** Links pending slots: one thread of several. */

import { ClosedError } from "../backend/errors.ts";
import type { VectorLinker } from "./memory.ts";
import type { MemoryView } from "./memory_view.ts";

/** A place in the memory of an index, and what links slots with it. */
export class MemoryLinker implements VectorLinker {
  /** The memory as this thread sees it. */
  protected readonly view: MemoryView;
  readonly #place: number;
  readonly #isBorrowed: boolean;
  #isReleased = false;

  /** @param isBorrowed another thread gives the place back */
  constructor(view: MemoryView, place: number, isBorrowed = false) {
    this.view = view;
    this.#place = place;
    this.#isBorrowed = isBorrowed;
  }

  /** Number of the place. */
  get place(): number {
    if (this.#isReleased) {
      throw new ClosedError("this part of a vector index was released", { code: "vector-reader-released" });
    }
    return this.#place;
  }

  linkPending(limit: number): number {
    return this.view.kernel.linkPending(this.place, limit);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (!this.#isBorrowed) this.view.kernel.freePlace(this.#place);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
