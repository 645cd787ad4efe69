/** The state behind a snapshot: held by the snapshot and by the runs that read it, until the last of them gives it up. */

import type { View } from "../backend/access.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { ReadStore } from "../backend/store.ts";

/** What a snapshot holds. */
export class SnapshotHold implements View {
  /** Time that expiries are judged by, in milliseconds since 1970. */
  readonly takenAt: number;
  readonly #state: HeldState;
  #isReleased = false;
  #holders = 1;

  constructor(state: HeldState) {
    this.#state = state;
    this.takenAt = state.isPast ? state.timeMs : Date.now();
  }

  get isReleased(): boolean {
    return this.#isReleased || this.#state.isReleased;
  }

  get store(): ReadStore {
    return this.#state.store;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#letGo();
  }

  /** The state for somebody who releases it by himself. */
  lend(): HeldState {
    return new LentState(this.#state, this.#borrow());
  }

  #borrow(): () => void {
    this.#holders++;
    return () => this.#letGo();
  }

  #letGo(): void {
    if (--this.#holders === 0) this.#state.release();
  }
}

class LentState implements HeldState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly isPast: boolean;
  readonly #state: HeldState;
  readonly #giveBack: () => void;
  #isReleased = false;

  constructor(state: HeldState, giveBack: () => void) {
    this.lsn = state.lsn;
    this.timeMs = state.timeMs;
    this.isPast = state.isPast;
    this.#state = state;
    this.#giveBack = giveBack;
  }

  get isReleased(): boolean {
    return this.#isReleased || this.#state.isReleased;
  }

  get store(): ReadStore {
    return this.#state.store;
  }

  share(): Promise<unknown> {
    return this.#state.share();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#giveBack();
  }
}
