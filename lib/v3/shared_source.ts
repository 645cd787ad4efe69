/** States of a V3 graph in threads that do not write it: taken, held, shared with further threads, borrowed from them. */

import type { SnapshotAt } from "../backend/care.ts";
import { ClosedError } from "../backend/errors.ts";
import type { BorrowedSource, HeldState, StateSource } from "../backend/state_source.ts";
import {
  CONTROL,
  pin,
  readRoot,
  returnPinSlot,
  ROOT_NUMBERS,
  rootIndex,
  SharedMemory,
  type SharedMemoryHandle,
  takePinSlot,
  unpin,
} from "../snapshot/mod.ts";
import { readCatalog } from "./catalog.ts";
import type { OpenFile } from "./file_system.ts";
import { checkAt, type CheckedAt } from "./past_state.ts";
import { findKept } from "./published_past.ts";
import { realFileSystem } from "./real_file_system.ts";
import { decodeRoot, encodeRoot, type PublishedRoot } from "./root_entry.ts";
import { repeatRead, SharedPages } from "./shared_pages.ts";
import { SharedReadStore, SharedStrings } from "./shared_store.ts";
import type { GraphState } from "./state.ts";

/** What a thread needs to read a V3 graph: cloneable by `postMessage`. */
export interface V3Handle {
  readonly backend: "v3";
  /** The file as the user named it. */
  readonly name: string;
  /** Its real path; none in memory. */
  readonly path: string | undefined;
  /** Part of every checksum. */
  readonly fileSeed: number;
  readonly memory: SharedMemoryHandle;
}

/** Why nothing can be read any more. */
const CLOSED = 1;
const DIED = 2;

/** Makes every state of a graph unreadable, on all threads: its engine has ended. */
export function markDead(handle: unknown, how: "closed" | "died" = "died"): void {
  const control = new Int32Array((handle as V3Handle).memory.control);
  Atomics.compareExchange(control, CONTROL.dead, 0, how === "died" ? DIED : CLOSED);
  Atomics.notify(control, CONTROL.historyEpoch);
}

/** The states of a graph, for the thread that opened it. */
export function attachV3(handle: unknown): StateSource {
  return new V3Source(handle as V3Handle);
}

/** States that another thread holds, for a thread of the pool. */
export function borrowV3(handle: unknown): BorrowedSource {
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

/** One thread's access to the shared memory. */
class V3Source implements StateSource, BorrowedSource {
  readonly name: string;
  readonly #memory: SharedMemory;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #file: OpenFile | undefined;
  readonly #pages: SharedPages;
  readonly #strings: SharedStrings;
  readonly #entry = new Float64Array(ROOT_NUMBERS);
  /** The state that was taken last: it keeps its slot, but a pin only while somebody holds it. */
  #newest: SharedState | undefined;
  /** States with a pin of this thread that somebody holds. */
  readonly #held = new Set<SharedState>();
  #isClosed = false;

  constructor({ memory, path, name, fileSeed }: V3Handle) {
    this.name = name;
    this.#memory = new SharedMemory(memory);
    this.#control = this.#memory.control;
    this.#file = path === undefined ? undefined : realFileSystem.open(path, "read");
    this.#pages = new SharedPages(this.#memory, { file: this.#file, name, fileSeed });
    this.#strings = new SharedStrings(this.#pages);
  }

  get lsn(): number {
    readRoot(this.#memory, this.#entry);
    return this.#entry[0] as number;
  }

  /** Throws when nothing can be read any more. Hot. */
  requireAlive(): void {
    if (this.#control[CONTROL.dead] === 0 && !this.#isClosed) return;
    throw this.#control[CONTROL.dead] === DIED
      ? new ClosedError(`the engine of ${this.name} has ended unexpectedly; open the graph again`, {
        code: "engine-died",
      })
      : new ClosedError(`the graph ${this.name} is closed; open it again`, { code: "database-closed" });
  }

  hold(at: SnapshotAt | undefined, call: string): HeldState {
    this.requireAlive();
    if (at === undefined) return new Held(this, this.#takeNewest(), false);
    const checked = checkAt(at, call);
    if (checked.lsn === 0) return new Held(this, this.#takeNewest(), false);
    return new Held(this, this.#takeKept(checked, call), true);
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
    return this.#newest = { index, state, store: this.#storeOf(state), slot, holders: 0 };
  }

  #storeOf(state: GraphState): SharedReadStore {
    return new SharedReadStore(this.#pages, this.#strings, state);
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
          const taken = { index: -1, state, store: this.#storeOf(state), slot, holders: 1 };
          this.#held.add(taken);
          return taken;
        } finally {
          if (!isKept) this.#dropSlot(slot);
        }
      } finally {
        this.release(newest);
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
    const isSame = () => Atomics.load(control, CONTROL.historyEpoch) === epoch;
    try {
      const kept = repeatRead(this.#pages, () => findKept(this.#pages, this.#memory, root, at, call));
      pin(control, slot, kept.lsn);
      if (!isSame()) return undefined;
      return repeatRead(this.#pages, () => readCatalog(this.#pages, kept.catalog));
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
      this.requireAlive();
    }
  }

  borrow(shared: unknown, isRevoked: () => boolean): HeldState {
    this.requireAlive();
    const { state } = decodeRoot((shared as SharedV3State).entry);
    const taken: SharedState = { index: -1, state, store: this.#storeOf(state), slot: -1, holders: 1 };
    return new Held(this, taken, (shared as SharedV3State).isPast, isRevoked);
  }

  /** One holder less. */
  release(taken: SharedState): void {
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    const newest = this.#newest;
    if (newest !== undefined && newest.slot >= 0) this.#dropSlot(newest.slot);
    this.#newest = undefined;
    this.#file?.close();
  }
}

/** A state as it travels to another thread. */
interface SharedV3State {
  readonly entry: Float64Array;
  readonly isPast: boolean;
}

class Held implements HeldState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly isPast: boolean;
  readonly #source: V3Source;
  readonly #taken: SharedState;
  readonly #isRevoked: (() => boolean) | undefined;
  #isReleased = false;

  constructor(source: V3Source, taken: SharedState, isPast: boolean, isRevoked?: () => boolean) {
    this.#source = source;
    this.#taken = taken;
    this.lsn = taken.state.lsn;
    this.timeMs = taken.state.timeMs;
    this.isPast = isPast;
    this.#isRevoked = isRevoked;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get store(): SharedReadStore {
    if (this.#isReleased || this.#isRevoked?.() === true) {
      throw new ClosedError("the snapshot was released; take a new one", { code: "snapshot-released" });
    }
    this.#source.requireAlive();
    return this.#taken.store;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#source.release(this.#taken);
  }

  share(): Promise<SharedV3State> {
    const entry = new Float64Array(ROOT_NUMBERS);
    encodeRoot(this.#taken.state, NOTHING_ELSE, entry);
    return Promise.resolve({ entry, isPast: this.isPast });
  }
}

const NO_ROOT = { pageId: 0, birth: 0, level: 0 };
const NOTHING_ELSE = { history: NO_ROOT, tags: NO_ROOT, recentFirst: 0, recentEnd: 0 };
