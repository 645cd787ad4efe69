/** Pins: which states readers hold. Each pin is a slot in shared memory that its thread writes and the writer scans. */

import { UnsupportedError } from "../backend/errors.ts";
import { CONTROL, MAX_PINS, PIN_WORDS } from "./shared_memory.ts";

const LOW = 0;
const HIGH = 1;
const TAKEN = 2;
const TWO_32 = 2 ** 32;

/**
 * Takes a slot for this thread.
 *
 * @throws {UnsupportedError} when all slots are taken
 */
export function takePinSlot(control: Int32Array<SharedArrayBuffer>): number {
  for (let slot = 0; slot < MAX_PINS; slot++) {
    const at = CONTROL.pins + slot * PIN_WORDS;
    if (control[at + TAKEN] !== 0 || Atomics.compareExchange(control, at + TAKEN, 0, 1) !== 0) continue;
    for (;;) {
      const used = Atomics.load(control, CONTROL.pinsUsed);
      if (used > slot || Atomics.compareExchange(control, CONTROL.pinsUsed, used, slot + 1) === used) return slot;
    }
  }
  throw new UnsupportedError(
    `snapshot: ${MAX_PINS} different states are held at once, which is the limit; release snapshots that are not needed`,
    { code: "too-many-snapshots", value: MAX_PINS },
  );
}

/** Gives a slot back, which holds no pin any more. */
export function returnPinSlot(control: Int32Array<SharedArrayBuffer>, slot: number): void {
  Atomics.store(control, CONTROL.pins + slot * PIN_WORDS + TAKEN, 0);
}

/**
 * Puts a pin up. It counts from the moment at which its owner has seen that the state was still the newest one (or still kept)
 * after the pin was up: the writer publishes first, scans pins second and frees pages third.
 */
export function pin(control: Int32Array<SharedArrayBuffer>, slot: number, lsn: number): void {
  const at = CONTROL.pins + slot * PIN_WORDS;
  // LSN 0 is a state too: the words hold one more.
  Atomics.store(control, at + HIGH, Math.floor((lsn + 1) / TWO_32));
  Atomics.store(control, at + LOW, (lsn + 1) | 0);
}

/** Takes a pin down. */
export function unpin(control: Int32Array<SharedArrayBuffer>, slot: number): void {
  const at = CONTROL.pins + slot * PIN_WORDS;
  Atomics.store(control, at + LOW, 0);
  Atomics.store(control, at + HIGH, 0);
}

/** The LSNs that are pinned now, in no order, maybe twice; one that is being put up may be missing or wrong. */
export function pinnedLsns(control: Int32Array<SharedArrayBuffer>): number[] {
  const lsns: number[] = [];
  const used = Atomics.load(control, CONTROL.pinsUsed);
  for (let slot = 0; slot < used; slot++) {
    const at = CONTROL.pins + slot * PIN_WORDS;
    const low = Atomics.load(control, at + LOW);
    const high = Atomics.load(control, at + HIGH);
    if (low !== 0 || high !== 0) lsns.push((high >>> 0) * TWO_32 + (low >>> 0) - 1);
  }
  return lsns;
}
