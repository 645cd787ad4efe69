// Locks: each is a word with the number of the place whose worker holds it, plus 1. A worker may end at any moment: its thread
// is ended, or runs out of stack. What it held is released when that becomes known (`releaseLocks`), and until then, or where
// nobody can say so, whoever waits takes the lock over in the end. That does no harm where the holder was only very slow: all
// that locks guard are lists whose entries are slots and whose length comes last, so two that write one may lose links, or
// have one twice, no more.

import {
  H_ENTRY_LOCK,
  holds,
  levelOf,
  linksAt,
  markDirty,
  mostLinks,
  P_HELD,
  placeAt,
  S_CHECKED,
  S_LOCK,
  slotAt,
  slotOfAddress,
} from "./header";

/** So often a worker looks at once; locks are held for microseconds. */
const SPINS: u32 = 1000;
/** Nanoseconds that it sleeps then between two looks. */
const NAP: i64 = 100_000;
/** After so many naps with the same holder, half a second and more, the lock is taken over. */
const MOST_NAPS: u32 = 5_000;

/** Number of the worker that this thread is at the moment. */
let worker: u32 = 0;
/** Where it notes which lock it takes, before it does. */
let noteAt: usize = 0;

/** Says for which place this thread takes locks from now on. */
export function lockFor(placeIndex: u32): void {
  worker = placeIndex + 1;
  noteAt = placeAt(placeIndex) + P_HELD;
}

/** Takes a lock: of the lists of a slot, one at a time, or of the entry. */
@inline
export function lock(address: usize): void {
  // The lock of the entry is looked at in any case.
  if (address != H_ENTRY_LOCK) store<usize>(noteAt, address);
  if (atomic.cmpxchg<u32>(address, 0, worker) != 0) waitFor(address);
}

@inline
export function unlock(address: usize): void {
  atomic.cmpxchg<u32>(address, worker, 0);
}

/** Waits until a lock is given back, or has been held for longer than any worker needs it. */
function waitFor(address: usize): void {
  let spins: u32 = 0;
  let naps: u32 = 0;
  let last: u32 = 0;
  while (true) {
    const holder = atomic.cmpxchg<u32>(address, 0, worker);
    if (holder == 0) return;
    // Its own, when it was interrupted and works again.
    if (holder == worker) break;
    if (++spins < SPINS) continue;
    if (holder != last) naps = 0;
    last = holder;
    if (++naps > MOST_NAPS && atomic.cmpxchg<u32>(address, holder, worker) == holder) break;
    atomic.wait<i32>(address, holder, NAP);
  }
  if (address != H_ENTRY_LOCK) mend(address);
}

/** Releases what a worker holds that has ended. */
export function releaseLocks(placeIndex: u32): void {
  const number = placeIndex + 1;
  const noted = load<usize>(placeAt(placeIndex), P_HELD);
  if (noted != 0 && atomic.load<u32>(noted) == number) {
    mend(noted);
    atomic.cmpxchg<u32>(noted, number, 0);
  }
  atomic.cmpxchg<u32>(H_ENTRY_LOCK, number, 0);
}

/** Under a lock that was not given back: the list that was being replaced may lead to a slot twice. */
function mend(address: usize): void {
  const slot = slotOfAddress(address - S_LOCK);
  for (let layer: u32 = 0, top = levelOf(slotAt(slot)); layer <= top; layer++) {
    const links = linksAt(slot, layer);
    if (links == 0) break;
    const count = min(load<u32>(links), mostLinks(layer));
    let kept: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const id = load<u32>(links + 4 + (<usize>i << 2));
      if (holds(links, kept, id)) continue;
      store<u32>(links + 4 + (<usize>kept << 2), id);
      kept++;
    }
    atomic.store<u32>(links, kept);
  }
  store<u8>(slotAt(slot), 0, S_CHECKED);
  markDirty(slot);
}
