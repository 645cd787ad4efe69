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
  P_TOUCHED,
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
  limitTies,
  MAX_TIES,
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
/** The same where they do: the nearest of them may be in any part of the graph. */
const FAR_SEEDS: u32 = 512;
/** Walks that need as many candidates are not widened. */
const WIDEST: u32 = 4096;
/** Allowed links to expect around the query before their absence says anything. */
const EVIDENCE: u64 = 6;
/** Bytes of slots whose lists are read at once. */
const TOUCHED: usize = 8 << 2;

/** Says how many bits of the filter of a place are set. */
export function setAllowed(placeIndex: u32, count: u32): void {
  store<u32>(placeAt(placeIndex), count, P_ALLOWED);
}

/**
 * Whether comparing so many slots one after the other costs less than a walk: four of them as much as one that a walk meets
 * somewhere in memory. Walks with a filter read half as much again: the lists behind what is not allowed.
 */
export function isScanCheaper(ef: u32, count: u32, isFiltered: bool): bool {
  return <u64>count <= 256 + <u64>ef * M * (isFiltered ? 6 : 4);
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
export function searchAllowed(place: usize, k: u32, ef: u32, lsn: f64): void {
  const bits = bitsOf(place);
  const epoch = newEpoch(place);
  clearPool(place, ef);
  addPendingSlots(place, bits, lsn);
  const aside = putAside(place, ef);
  const entry = atomic.load<u32>(H_ENTRY);
  if (entry != NONE) {
    const nearest = descend(place, entry, 0, false);
    const isFar = isShutOut(place, bits, nearest);
    if (isFar) clearPool(place, max(ef, min(widened(ef), WIDEST)));
    limitTies(max(k, MAX_TIES));
    addStarts(place, bits, nearest, isFar ? FAR_SEEDS : SEEDS, epoch, lsn);
  }
  walkAllowed(place, bits, epoch, lsn);
  limitTies(ef);
  takeBack(place, aside, epoch);
}

/**
 * Candidates of a walk far from the query, where neighbours of a slot are hardly nearer than others: the walk ends beside the
 * nearest ones unless it looks around more.
 */
@inline
function widened(ef: u32): u32 {
  return (ef << 1) + 64;
}

/** Whether less than half as many slots are allowed around a slot, the nearest on the way to the query, as anywhere. */
function isShutOut(place: usize, bits: usize, nearest: u32): bool {
  if (isAllowed(bits, nearest)) return false;
  const most = M << 1;
  const slots = <u64>atomic.load<u32>(H_SLOTS);
  const allowed = <u64>load<u32>(place, P_ALLOWED);
  const links = slotAt(nearest) + S_COUNT;
  const seen = min(atomic.load<u32>(links), most);
  const from = links + 4;
  const end = from + (<usize>seen << 2);
  const good = countAllowed(bits, from, end);
  const expected = allowed * seen;
  if (expected >= EVIDENCE * slots) return 2 * good * slots < expected;
  if (good != 0) return false;
  touchLists(place, from, end);
  let seenBehind: u64 = 0;
  let goodBehind: u64 = 0;
  for (let at = from; at < end; at += 4) {
    const list = slotAt(load<u32>(at)) + S_COUNT;
    const length = min(atomic.load<u32>(list), most);
    seenBehind += length;
    goodBehind += countAllowed(bits, list + 4, list + 4 + (<usize>length << 2));
  }
  return 2 * goodBehind * slots < allowed * seenBehind;
}

@inline
function countAllowed(bits: usize, from: usize, end: usize): u64 {
  let count: u64 = 0;
  for (let at = from; at < end; at += 4) count += <u64>isAllowed(bits, load<u32>(at));
  return count;
}

/**
 * Reads the lists of the slots from one address up to another without looking at them: memory delivers several at once, which
 * it does not where what is read decides what is read next. Walks at 10 % take half the time with it.
 */
@inline
function touchLists(place: usize, from: usize, end: usize): void {
  const size: usize = 4 + (<usize>M << 3);
  let sum: u32 = 0;
  for (let at = from; at < end; at += 4) {
    const list = slotAt(load<u32>(at)) + S_COUNT;
    for (let line: usize = 0; line < size; line += 64) sum ^= load<u32>(list + line);
  }
  store<u32>(place, sum, P_TOUCHED);
}

/** Adds where the walk starts: where an unfiltered one would, and allowed slots here and there. */
function addStarts(place: usize, bits: usize, nearest: u32, seeds: u32, epoch: u32, lsn: f64): void {
  const visited = place + P_VISITED;
  const ids = place + P_IDS;
  let count: u32 = 1;
  store<u8>(visited + nearest, <u8>epoch);
  store<u32>(ids, nearest);
  const slots = <u64>atomic.load<u32>(H_SLOTS);
  for (let i: u32 = 0; i < seeds; i++) {
    const slot = firstAllowed(bits, <u32>((slots * i) / seeds), <u32>((slots * (i + 1)) / seeds));
    if (slot == NONE || load<u8>(visited + slot) == <u8>epoch || stateOf(slotAt(slot)) != LINKED) continue;
    store<u8>(visited + slot, <u8>epoch);
    store<u32>(ids + (<usize>count << 2), slot);
    count++;
  }
  addMeasured(place, bits, count, lsn);
}

/** The first allowed slot of a range, or NONE. */
@inline
function firstAllowed(bits: usize, from: u32, end: u32): u32 {
  let mask: u32 = <u32>-1 << (from & 31);
  for (let word = from & ~31; word < end; word += 32) {
    const set = load<u32>(bits + (<usize>(word >> 5) << 2)) & mask;
    if (set != 0) return word + ctz(set) < end ? word + ctz(set) : NONE;
    mask = <u32>-1;
  }
  return NONE;
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
      if ((i & (TOUCHED - 1)) == 0) touchLists(place, others + i, others + min(i + TOUCHED, bad));
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
