// Searches that may return some slots only. The walk compares allowed slots, and looks through the others at the slots
// behind them where a list holds few that are allowed (L. Patel et al., *ACORN: Performant and Predicate-Agnostic Search Over
// Vector Embeddings and Structured Data*, 2024; G. Sehgal and S. Salihoğlu, *NaviX*, 2025).

import { searchDistances } from "./distance";
import {
  bitsOf,
  H_ENTRY,
  H_PENDING_BASE,
  H_PENDING_END,
  H_SLOTS,
  isVisible,
  LINKED,
  M,
  MAX_BATCH,
  NONE,
  P_ALLOWED,
  P_DISTANCES,
  P_IDS,
  P_OUT_SLOTS,
  P_VISITED,
  PENDING,
  PENDING_RING,
  placeAt,
  ringAt,
  S_COUNT,
  slotAt,
  stateOf,
} from "./header";
import {
  addToPool,
  clearPool,
  EXPANDED,
  HIDDEN,
  keyOf,
  markExpanded,
  poolBound,
  poolKey,
  poolNext,
  poolSize,
  setNext,
  slotOf,
} from "./pool";
import { descend, newEpoch, putAside, takeBack } from "./search";

/** Allowed slots, spread over all, where a walk starts: the allowed ones may lie far from the way to the query. */
const SEEDS: u32 = 128;

/** Says how many bits of the filter of a place are set. */
export function setAllowed(placeIndex: u32, count: u32): void {
  store<u32>(placeAt(placeIndex), count, P_ALLOWED);
}

/**
 * Whether comparing so many slots one after the other costs less than a walk: four of them as much as one that a walk meets
 * somewhere in memory. Walks with a filter read twice as much: the lists behind what is not allowed.
 */
export function isScanCheaper(ef: u32, count: u32, isFiltered: bool): bool {
  return <u64>count <= 256 + <u64>ef * M * (isFiltered ? 8 : 4);
}

@inline
function isAllowed(bits: usize, slot: u32): bool {
  return ((load<u32>(bits + (<usize>(slot >> 5) << 2)) >> (slot & 31)) & 1) != 0;
}

/** Adds the measured slots of a batch; those that may not be returned as ways only. */
@inline
function addMeasured(place: usize, bits: usize, count: u32, lsn: f64): void {
  searchDistances(place, place + P_IDS, count, place + P_DISTANCES);
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
    const distance = load<f32>(place + P_DISTANCES + i);
    if (distance < poolBound) {
      const slot = load<u32>(place + P_IDS + i);
      const key = keyOf(distance, slot);
      addToPool(isAllowed(bits, slot) && isVisible(slotAt(slot), lsn) ? key : key | HIDDEN);
    }
  }
}

/** The allowed candidates nearest to the query of a place, in the pool. */
export function searchAllowed(place: usize, ef: u32, lsn: f64): void {
  const bits = bitsOf(place);
  const epoch = newEpoch(place);
  clearPool(place, ef);
  addPendingSlots(place, bits, lsn);
  const aside = putAside(place, ef);
  const entry = atomic.load<u32>(H_ENTRY);
  if (entry != NONE) addStarts(place, bits, entry, epoch, lsn);
  walkAllowed(place, bits, epoch, lsn);
  takeBack(place, aside, epoch);
}

/** Adds where the walk starts: where an unfiltered one would, and allowed slots here and there. */
function addStarts(place: usize, bits: usize, entry: u32, epoch: u32, lsn: f64): void {
  const visited = place + P_VISITED;
  const ids = place + P_IDS;
  let count: u32 = 0;
  const nearest = descend(place, entry, 0, false);
  store<u8>(visited + nearest, <u8>epoch);
  store<u32>(ids, nearest);
  count++;
  const words = (atomic.load<u32>(H_SLOTS) + 31) >> 5;
  for (let i: u32 = 0; i < SEEDS; i++) {
    for (let word = <u32>((<u64>words * i) / SEEDS), end = <u32>((<u64>words * (i + 1)) / SEEDS); word < end; word++) {
      const set = load<u32>(bits + (<usize>word << 2));
      if (set == 0) continue;
      const slot = (word << 5) + ctz(set);
      if (load<u8>(visited + slot) != <u8>epoch && stateOf(slotAt(slot)) == LINKED) {
        store<u8>(visited + slot, <u8>epoch);
        store<u32>(ids + (<usize>count << 2), slot);
        count++;
      }
      break;
    }
  }
  addMeasured(place, bits, count, lsn);
}

function addPendingSlots(place: usize, bits: usize, lsn: f64): void {
  let at = atomic.load<u32>(H_PENDING_BASE);
  const end = atomic.load<u32>(H_PENDING_END);
  while (at != end) {
    let count: u32 = 0;
    for (; at != end && count < MAX_BATCH - 8; at++) {
      const slot = load<u32>(ringAt(PENDING_RING, at));
      const address = slotAt(slot);
      if (!isAllowed(bits, slot) || stateOf(address) != PENDING || !isVisible(address, lsn)) continue;
      store<u32>(place + P_IDS + (<usize>count << 2), slot);
      count++;
    }
    addMeasured(place, bits, count, lsn);
  }
}

/** Expands candidates until none is left. Hot. */
function walkAllowed(place: usize, bits: usize, epoch: u32, lsn: f64): void {
  const visited = place + P_VISITED;
  const ids = place + P_IDS;
  const others = place + P_OUT_SLOTS;
  const enough = M - (M >> 2);
  const most = M << 1;
  while (true) {
    let next = poolNext;
    while (next < poolSize && poolKey(next) & EXPANDED) next++;
    if (next == poolSize) return;
    markExpanded(next);
    setNext(next + 1);
    const links = slotAt(slotOf(poolKey(next))) + S_COUNT;
    const length = min(atomic.load<u32>(links), most);
    let count: u32 = 0;
    let good: u32 = 0;
    let bad: usize = 0;
    for (let at = links + 4, end = at + (<usize>length << 2); at < end; at += 4) {
      const id = load<u32>(at);
      const isGood = isAllowed(bits, id);
      good += <u32>isGood;
      if (load<u8>(visited + id) == <u8>epoch) continue;
      if (isGood) {
        store<u8>(visited + id, <u8>epoch);
        store<u32>(ids + (<usize>count << 2), id);
        count++;
      } else {
        store<u32>(others + bad, id);
        bad += 4;
      }
    }
    // About as many as an unfiltered list holds that are new are enough to find the way.
    for (let i: usize = 0; i < bad && good < enough; i += 4) {
      const id = load<u32>(others + i);
      store<u8>(visited + id, <u8>epoch);
      const list = slotAt(id) + S_COUNT;
      for (let at = list + 4, end = at + (<usize>min(atomic.load<u32>(list), most) << 2); at < end; at += 4) {
        const behind = load<u32>(at);
        if (!isAllowed(bits, behind) || load<u8>(visited + behind) == <u8>epoch) continue;
        store<u8>(visited + behind, <u8>epoch);
        store<u32>(ids + (<usize>count << 2), behind);
        count++;
        good++;
      }
    }
    addMeasured(place, bits, count, lsn);
  }
}
