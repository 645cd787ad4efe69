/** The states of a V3 graph as the thread that opened it reads them: taken, held, shared with further threads. */

import type { SnapshotAt } from "../backend/care.ts";
import type { HeldState, StateSource, VectorNews } from "../backend/state_source.ts";
import { pin, returnPinSlot, takePinSlot, unpin } from "../snapshot/pin_table.ts";
import { readRoot, rootIndex } from "../snapshot/root_ring.ts";
import { CONTROL, ROOT_NUMBERS, type SharedMemory } from "../snapshot/shared_memory.ts";
import { readCatalog } from "./catalog.ts";
import { checkAt, type CheckedAt } from "./past_state.ts";
import { findKept } from "./published_past.ts";
import { decodeRoot, type PublishedRoot } from "./root_entry.ts";
import { SharedAccess, SharedHeldState } from "./shared_access.ts";
import type { V3Handle } from "./shared_handle.ts";
import { repeatRead } from "./shared_pages.ts";
import type { SharedReadStore } from "./shared_store.ts";
import type { GraphState } from "./state.ts";

/** The states as the thread of `openGraph` reads them. `handle` is that of `serveV3`. */
export function attachV3(handle: unknown): StateSource {
  return new V3Source(handle as V3Handle);
}

/** A state that this thread reads; several holders may share it. */
interface SharedState {
  /** Number of its entry in the ring; -1 for a state that was not taken from there. */
  readonly index: number;
  readonly state: GraphState;
  readonly store: SharedReadStore;
  /** Slot of its pin, or -1. */
  slot: number;
  holders: number;
}

class V3Source implements StateSource {
  readonly #access: SharedAccess;
  readonly #memory: SharedMemory;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #entry = new Float64Array(ROOT_NUMBERS);
  /** The state that was taken last: it keeps its slot, but a pin only while somebody holds it. */
  #newest: SharedState | undefined;
  /** States with a pin of this thread that somebody holds. */
  readonly #held = new Set<SharedState>();

  constructor(handle: V3Handle) {
    this.#access = new SharedAccess(handle);
    this.#memory = this.#access.memory;
    this.#control = this.#memory.control;
  }

  get onMissingVectors(): (index: number) => void {
    return this.#access.vectors.onMissing;
  }

  set onMissingVectors(tell: (index: number) => void) {
    this.#access.vectors.onMissing = tell;
  }

  vectorsOf(index: number): unknown {
    return this.#access.vectors.handleOf(index);
  }

  noteVectors(news: VectorNews): void {
    this.#access.vectors.note(news);
  }

  get lsn(): number {
    readRoot(this.#memory, this.#entry);
    return this.#entry[0] as number;
  }

  hold(at: SnapshotAt | undefined, call: string): HeldState {
    this.#access.requireAlive();
    if (at === undefined) return this.#give(this.#takeNewest(), false);
    const checked = checkAt(at, call);
    if (checked.lsn === 0) return this.#give(this.#takeNewest(), false);
    return this.#give(this.#takeKept(checked, call), true);
  }

  #give(taken: SharedState, isPast: boolean): HeldState {
    const { state, store } = taken;
    return new SharedHeldState(this.#access, state, store, isPast, { release: () => this.#release(taken) });
  }

  /** Pins the newest state. Hot: without a commit since the last one, three words are written. */
  #takeNewest(): SharedState {
    for (;;) {
      let newest = this.#newest;
      if (newest === undefined || newest.index !== rootIndex(this.#memory)) newest = this.#readNewest(newest);
      if (newest.holders > 0) {
        newest.holders++;
        return newest;
      }
      pin(this.#control, newest.slot, newest.state.lsn);
      if (newest.index === rootIndex(this.#memory)) {
        newest.holders = 1;
        this.#held.add(newest);
        return newest;
      }
      unpin(this.#control, newest.slot);
    }
  }

  #readNewest(before: SharedState | undefined): SharedState {
    const index = readRoot(this.#memory, this.#entry);
    let slot = -1;
    if (before !== undefined && before.holders === 0) {
      slot = before.slot;
      before.slot = -1;
    }
    if (slot < 0) slot = takePinSlot(this.#control);
    const { state } = decodeRoot(this.#entry);
    return this.#newest = { index, state, store: this.#access.storeOf(state, false), slot, holders: 0 };
  }

  /** Finds and pins a kept state. */
  #takeKept(at: CheckedAt, call: string): SharedState {
    const control = this.#control;
    for (;;) {
      const epoch = this.#settledEpoch();
      const newest = this.#takeNewest();
      try {
        readRoot(this.#memory, this.#entry);
        const root = decodeRoot(this.#entry);
        const { lsn, timeMs } = at;
        if (lsn === newest.state.lsn || (timeMs !== undefined && newest.state.timeMs <= timeMs)) {
          newest.holders++;
          return newest;
        }
        const own = this.#findHeld(at);
        if (own !== undefined) return own;
        const slot = takePinSlot(control);
        let isKept = false;
        try {
          const state = this.#readKept(root, at, slot, epoch, call);
          if (state === undefined) continue;
          isKept = true;
          const taken = { index: -1, state, store: this.#access.storeOf(state, true), slot, holders: 1 };
          this.#held.add(taken);
          return taken;
        } finally {
          if (!isKept) this.#dropSlot(slot);
        }
      } finally {
        this.#release(newest);
      }
    }
  }

  /** A state that this thread holds already: it need not be kept for others. */
  #findHeld({ lsn }: CheckedAt): SharedState | undefined {
    for (const taken of this.#held) {
      if (taken.state.lsn !== lsn) continue;
      taken.holders++;
      return taken;
    }
    return undefined;
  }

  /** The state of a kept commit, pinned; undefined when commits may have been dropped before the pin was seen. */
  #readKept(root: PublishedRoot, at: CheckedAt, slot: number, epoch: number, call: string): GraphState | undefined {
    const control = this.#control;
    const { pages } = this.#access;
    const isSame = () => Atomics.load(control, CONTROL.historyEpoch) === epoch;
    try {
      const kept = repeatRead(pages, () => findKept(pages, this.#memory, root, at, call));
      pin(control, slot, kept.lsn);
      if (!isSame()) return undefined;
      return repeatRead(pages, () => readCatalog(pages, kept.catalog));
    } catch (error) {
      // Pages of the history may be free already when it was changed meanwhile.
      if (isSame()) throw error;
      return undefined;
    }
  }

  /** Waits until no kept commits are being dropped; the number of times that this was done. */
  #settledEpoch(): number {
    const control = this.#control;
    for (;;) {
      const epoch = Atomics.load(control, CONTROL.historyEpoch);
      if ((epoch & 1) === 0) return epoch;
      Atomics.wait(control, CONTROL.historyEpoch, epoch, 100);
      this.#access.requireAlive();
    }
  }

  /** One holder less. */
  #release(taken: SharedState): void {
    if (--taken.holders > 0 || taken.slot < 0) return;
    this.#held.delete(taken);
    unpin(this.#control, taken.slot);
    if (taken === this.#newest) return;
    this.#dropSlot(taken.slot);
    taken.slot = -1;
  }

  #dropSlot(slot: number): void {
    unpin(this.#control, slot);
    returnPinSlot(this.#control, slot);
  }

  close(): void {
    if (!this.#access.close()) return;
    const newest = this.#newest;
    if (newest !== undefined && newest.slot >= 0) this.#dropSlot(newest.slot);
    this.#newest = undefined;
  }
}
