/**
 * Which states the indexes in memory answer for, as every thread sees it. All numbers are times of vectors.
 *
 *   known    newest time whose vectors are in memory. A commit is visible a moment before its vectors are: until then its state
 *            is searched without memory
 *   since    indexes that were loaded before this do not know what another program wrote
 *   floor    what died before this may have been given up, unless a pin protected it; and what came since is known
 *
 * A thread that holds a state pins its time first and reads the floor second; the writer raises the floor first and reads the
 * pins second. So either the thread sees that its pin came too late, or the writer sees the pin.
 */

import { pinnedLsns } from "../snapshot/pin_table.ts";
import { CONTROL, MAX_PINS, PIN_WORDS } from "../snapshot/shared_memory.ts";

const KNOWN = 0;
const SINCE = 1;
const FLOOR = 2;

/** What travels to other threads. */
export interface HorizonHandle {
  /** The numbers. */
  readonly words: BigInt64Array<SharedArrayBuffer>;
  /** Pins of other threads (see `pin_table.ts`); none where there are no other threads. */
  readonly pins: Int32Array<SharedArrayBuffer> | undefined;
}

/** The horizon. Only the thread that has the indexes sets its numbers. */
export class VectorHorizon {
  /** What other threads make theirs of. */
  readonly handle: HorizonHandle;
  readonly #words: BigInt64Array<SharedArrayBuffer>;

  constructor(handle: HorizonHandle) {
    this.handle = handle;
    this.#words = handle.words;
  }

  /** Makes one, for other threads too or for this one alone. */
  static make(isShared: boolean): VectorHorizon {
    const pinBytes = 4 * (CONTROL.pins + MAX_PINS * PIN_WORDS);
    return new VectorHorizon({
      words: new BigInt64Array(new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)),
      pins: isShared ? new Int32Array(new SharedArrayBuffer(pinBytes)) : undefined,
    });
  }

  /** Newest time whose vectors are in memory. */
  get known(): number {
    return this.#get(KNOWN);
  }

  set known(time: number) {
    this.#set(KNOWN, time);
  }

  /** Time from which on all changes are in memory. */
  get since(): number {
    return this.#get(SINCE);
  }

  set since(time: number) {
    this.#set(SINCE, time);
  }

  /** Memory has what is new at a time, but not when it came: states before that time are searched without it. */
  leapTo(time: number): void {
    // In this order: a thread with a state in between must not take it for one that memory knows.
    this.#set(FLOOR, time);
    this.known = time;
  }

  /** Whether memory answers for a time, as far as an index is loaded that knows it. */
  covers(time: number): boolean {
    return time <= this.known && time >= this.#get(FLOOR);
  }

  /** The oldest of some times and of those that other threads pinned: what died before it can be given up from now on. */
  raiseFloor(oldest: number): number {
    const { pins } = this.handle;
    const candidate = pins === undefined ? oldest : Math.min(oldest, ...pinnedLsns(pins));
    if (candidate > this.#get(FLOOR)) this.#set(FLOOR, candidate);
    // Whoever pinned meanwhile may not have seen the floor.
    return pins === undefined ? candidate : Math.min(candidate, ...pinnedLsns(pins));
  }

  #get(at: number): number {
    return Number(Atomics.load(this.#words, at));
  }

  #set(at: number, time: number): void {
    Atomics.store(this.#words, at, BigInt(time));
  }
}
