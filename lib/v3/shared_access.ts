/** One thread's way into the memory of a V3 graph, and the states that it reads there. */

import { ClosedError } from "../backend/errors.ts";
import type { HeldState } from "../backend/state_source.ts";
import { CONTROL, ROOT_NUMBERS, SharedMemory } from "../snapshot/shared_memory.ts";
import type { OpenFile } from "./file_system.ts";
import { openRealFile } from "./real_file.ts";
import { AttachedVectors } from "../vector/attached_vectors.ts";
import type { IndexHandle } from "../vector/vector_engine.ts";
import { encodeRoot } from "./root_entry.ts";
import { DEAD, type V3Handle } from "./shared_handle.ts";
import { SharedPages } from "./shared_pages.ts";
import { SharedReadStore, SharedStrings } from "./shared_store.ts";
import type { GraphState } from "./state.ts";

/** The pages of a graph as one thread reads them. */
export class SharedAccess {
  /** The memory. */
  readonly memory: SharedMemory;
  /** The pages. */
  readonly pages: SharedPages;
  /** The vector indexes that the writer has in memory. */
  readonly vectors: AttachedVectors = new AttachedVectors();
  readonly #name: string;
  readonly #file: OpenFile | undefined;
  readonly #strings: SharedStrings;
  #isClosed = false;

  /** Opens the file for this thread. */
  constructor({ memory, path, name, fileSeed }: V3Handle) {
    this.#name = name;
    this.memory = new SharedMemory(memory);
    this.#file = path === undefined ? undefined : openRealFile(path, "read");
    this.pages = new SharedPages(this.memory, { file: this.#file, name, fileSeed });
    this.#strings = new SharedStrings(this.pages);
  }

  /** Throws when nothing can be read any more. Hot. */
  requireAlive(): void {
    const dead = this.memory.control[CONTROL.dead];
    if (dead === 0 && !this.#isClosed) return;
    throw dead === DEAD.died
      ? new ClosedError(`the engine of ${this.#name} has ended unexpectedly; open the graph again`, {
        code: "engine-died",
      })
      : new ClosedError(`the graph ${this.#name} is closed; open it again`, { code: "database-closed" });
  }

  /** The reads of a state. Of past ones the writer may have given up what it had in memory. */
  storeOf(state: GraphState, isPast: boolean): SharedReadStore {
    return new SharedReadStore(this.pages, this.#strings, state, isPast ? undefined : this.vectors);
  }

  /** Closes the file. Whether it was open: the first call. */
  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.vectors.release();
    this.#file?.close();
    return true;
  }
}

/** A state as it travels to another thread. */
export interface SharedV3State {
  /** Its entry in the ring of published states. */
  readonly entry: Float64Array;
  /** Whether it was asked for by LSN, time or tag. */
  readonly isPast: boolean;
  /** The vector indexes that are in memory. */
  readonly vectors: readonly IndexHandle[];
}

/** What becomes of a state that is held. */
export interface Holding {
  /** Asked in every call: whether somebody else took it back. */
  readonly isRevoked?: () => boolean;
  /** Called once, when it is released. */
  readonly release?: () => void;
}

const NO_ROOT = { pageId: 0, birth: 0, level: 0 };
const NOTHING_ELSE = { history: NO_ROOT, tags: NO_ROOT, recentFirst: 0, recentEnd: 0 };

/** A state that this thread holds. */
export class SharedHeldState implements HeldState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly isPast: boolean;
  readonly #access: SharedAccess;
  readonly #state: GraphState;
  readonly #store: SharedReadStore;
  readonly #holding: Holding;
  #isReleased = false;

  constructor(access: SharedAccess, state: GraphState, store: SharedReadStore, isPast: boolean, holding: Holding) {
    this.lsn = state.lsn;
    this.timeMs = state.timeMs;
    this.isPast = isPast;
    this.#access = access;
    this.#state = state;
    this.#store = store;
    this.#holding = holding;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get store(): SharedReadStore {
    if (this.#isReleased || this.#holding.isRevoked?.() === true) {
      throw new ClosedError("the snapshot was released; take a new one", { code: "snapshot-released" });
    }
    this.#access.requireAlive();
    return this.#store;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#holding.release?.();
  }

  share(): Promise<SharedV3State> {
    const entry = new Float64Array(ROOT_NUMBERS);
    encodeRoot(this.#state, NOTHING_ELSE, entry);
    return Promise.resolve({ entry, isPast: this.isPast, vectors: this.#access.vectors.handles });
  }
}
