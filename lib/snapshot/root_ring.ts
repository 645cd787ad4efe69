/** Publishing of states: a ring of immutable entries and one index that says which is the newest. */

import { CONTROL, ROOT_NUMBERS, ROOT_RING, type SharedMemory } from "./shared_memory.ts";

/** Publishes an entry: every thread that looks from now on sees it. */
export function publishRoot(memory: SharedMemory, entry: Float64Array): void {
  const { control, roots } = memory;
  const index = (control[CONTROL.rootIndex] as number) + 1 | 0;
  roots.set(entry, (index & (ROOT_RING - 1)) * ROOT_NUMBERS);
  Atomics.store(control, CONTROL.rootIndex, index);
}

/** Number of the newest entry. */
export function rootIndex(memory: SharedMemory): number {
  return Atomics.load(memory.control, CONTROL.rootIndex);
}

/** Copies the newest entry; returns its number. */
export function readRoot(memory: SharedMemory, into: Float64Array): number {
  for (;;) {
    const index = rootIndex(memory);
    const at = (index & (ROOT_RING - 1)) * ROOT_NUMBERS;
    for (let number = 0; number < ROOT_NUMBERS; number++) into[number] = memory.roots[at + number] as number;
    // The writer fills the entry behind the newest one: this one is overwritten when it has gone all the way round.
    if ((rootIndex(memory) - index | 0) < ROOT_RING - 1) return index;
  }
}
