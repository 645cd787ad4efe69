// Searches of the layers. Yu. A. Malkov and D. A. Yashunin, *Efficient and robust approximate nearest neighbor search using
// Hierarchical Navigable Small World graphs* (2018). Readers take no locks: a list of links holds numbers of slots at any
// time, and its length is written after them.

import { exactDistances, searchDistances } from "./distance";
import {
  CAPACITY,
  H_ENTRY,
  H_PENDING_BASE,
  H_PENDING_END,
  H_SEEDS,
  H_SEED_LIST,
  I8,
  isVisible,
  levelOf,
  linksAt,
  M,
  MAX_BATCH,
  mostLinks,
  NONE,
  P_DISTANCES,
  P_EPOCH,
  P_IDS,
  P_QUERY,
  P_ASIDE,
  P_POOL,
  P_VISITED,
  PENDING,
  PENDING_RING,
  ringAt,
  P_OUT_SLOTS,
  S_COUNT,
  slotAt,
  stateOf,
  STORAGE,
} from "./header";
import {
  addToPool,
  clearPool,
  distanceOf,
  HIDDEN,
  keyOf,
  limitTies,
  markExpanded,
  MAX_TIES,
  poolBound,
  poolKey,
  poolNext,
  poolSize,
  setNext,
  slotOf,
  EXPANDED,
} from "./pool";

/** A mark for slots that this search met: marks of earlier ones are other numbers. */
export function newEpoch(place: usize): u32 {
  let epoch = load<u32>(place, P_EPOCH) + 1;
  if (epoch == 256) {
    memory.fill(place + P_VISITED, 0, CAPACITY);
    epoch = 1;
  }
  store<u32>(place, epoch, P_EPOCH);
  return epoch;
}

/** Distances of the batch at P_IDS, as searches measure or exactly. */
@inline
function measure(place: usize, count: u32, isExact: bool): void {
  if (isExact) exactDistances(place + P_QUERY, place + P_IDS, count, place + P_DISTANCES);
  else searchDistances(place, place + P_IDS, count, place + P_DISTANCES);
}

/** Walks down to the slot of `layer` that is nearest to the query, as far as steps to nearer slots lead. */
export function descend(place: usize, entry: u32, layer: u32, isExact: bool): u32 {
  let best = entry;
  store<u32>(place + P_IDS, entry);
  measure(place, 1, isExact);
  let nearest = load<f32>(place + P_DISTANCES);
  for (let at = levelOf(slotAt(entry)); at > layer; at--) {
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      const links = linksAt(best, at);
      if (links == 0) break;
      const count = min(atomic.load<u32>(links), M);
      if (count == 0) break;
      memory.copy(place + P_IDS, links + 4, <usize>count << 2);
      measure(place, count, isExact);
      for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
        const distance = load<f32>(place + P_DISTANCES + i);
        if (distance < nearest) {
          nearest = distance;
          best = load<u32>(place + P_IDS + i);
          hasMoved = true;
        }
      }
    }
  }
  return best;
}

/** Adds a slot to the candidates. */
export function addSeed(place: usize, slot: u32, epoch: u32, lsn: f64, isExact: bool): void {
  if (load<u8>(place + P_VISITED + slot) == <u8>epoch) return;
  store<u8>(place + P_VISITED + slot, <u8>epoch);
  store<u32>(place + P_IDS, slot);
  measure(place, 1, isExact);
  addMeasured(place, 1, lsn);
}

/** Adds the measured slots of a batch that are near enough. Hot. */
@inline
export function addMeasured(place: usize, count: u32, lsn: f64): void {
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
    const distance = load<f32>(place + P_DISTANCES + i);
    if (distance < poolBound) {
      const slot = load<u32>(place + P_IDS + i);
      const key = keyOf(distance, slot);
      addToPool(isVisible(slotAt(slot), lsn) ? key : key | HIDDEN);
    }
  }
}

/** Expands candidates of a layer until none is left. Hot. */
export function walk(place: usize, layer: u32, epoch: u32, lsn: f64, isExact: bool): void {
  const visited = place + P_VISITED;
  const ids = place + P_IDS;
  const most = mostLinks(layer);
  while (true) {
    let next = poolNext;
    while (next < poolSize && poolKey(next) & EXPANDED) next++;
    if (next == poolSize) break;
    markExpanded(next);
    setNext(next + 1);
    const slot = slotOf(poolKey(next));
    const links = layer == 0 ? slotAt(slot) + S_COUNT : linksAt(slot, layer);
    if (links == 0) continue;
    let count: u32 = 0;
    for (let at = links + 4, end = at + (<usize>min(atomic.load<u32>(links), most) << 2); at < end; at += 4) {
      const id = load<u32>(at);
      if (load<u8>(visited + id) == <u8>epoch) continue;
      store<u8>(visited + id, <u8>epoch);
      store<u32>(ids + (<usize>count << 2), id);
      count++;
    }
    measure(place, count, isExact);
    addMeasured(place, count, lsn);
  }
}

/** Adds the slots that are not linked yet, without marks: a walk may meet them, when they are linked meanwhile. */
function addPendingSlots(place: usize, lsn: f64): void {
  let at = atomic.load<u32>(H_PENDING_BASE);
  const end = atomic.load<u32>(H_PENDING_END);
  while (at != end) {
    let count: u32 = 0;
    for (; at != end && count < MAX_BATCH - 8; at++) {
      const slot = load<u32>(ringAt(PENDING_RING, at));
      const address = slotAt(slot);
      if (stateOf(address) != PENDING || !isVisible(address, lsn)) continue;
      store<u32>(place + P_IDS + (<usize>count << 2), slot);
      count++;
    }
    measure(place, count, false);
    addMeasured(place, count, lsn);
  }
}

/** Adds the slots from which searches of graphs with one layer start. */
export function addSeeds(place: usize, epoch: u32, lsn: f64, isExact: bool): void {
  const seeds = load<u32>(H_SEEDS);
  if (seeds == 0) return;
  const visited = place + P_VISITED;
  let count: u32 = 0;
  for (let i: u32 = 0; i < seeds; i++) {
    const slot = load<u32>(H_SEED_LIST + (<usize>i << 2));
    if (load<u8>(visited + slot) == <u8>epoch) continue;
    store<u8>(visited + slot, <u8>epoch);
    store<u32>(place + P_IDS + (<usize>count << 2), slot);
    count++;
  }
  measure(place, count, isExact);
  addMeasured(place, count, lsn);
}

/** The candidates nearest to the query of a place, in the pool. */
export function searchNearest(place: usize, k: u32, ef: u32, lsn: f64): void {
  const epoch = newEpoch(place);
  clearPool(place, ef);
  addPendingSlots(place, lsn);
  // Pending slots would keep the way to the query out of the pool: they wait aside.
  const aside = putAside(place, ef);
  limitTies(max(k, MAX_TIES));
  addSeeds(place, epoch, lsn, false);
  const entry = atomic.load<u32>(H_ENTRY);
  if (entry != NONE) addSeed(place, descend(place, entry, 0, false), epoch, lsn, false);
  walk(place, 0, epoch, lsn, false);
  limitTies(ef);
  takeBack(place, aside, epoch);
}

/** Moves the candidates out of the pool; how many. */
export function putAside(place: usize, ef: u32): u32 {
  const count = poolSize;
  if (count == 0) return 0;
  memory.copy(place + P_ASIDE, place + P_POOL, <usize>count << 3);
  clearPool(place, ef);
  return count;
}

/** Adds what was put aside and the walk did not meet. */
export function takeBack(place: usize, count: u32, epoch: u32): void {
  for (let i: usize = 0, end: usize = <usize>count << 3; i < end; i += 8) {
    const key = load<u64>(place + P_ASIDE + i);
    const visited = place + P_VISITED + slotOf(key);
    if (load<u8>(visited) == <u8>epoch) continue;
    store<u8>(visited, <u8>epoch);
    if (distanceOf(<u32>(key >> 32)) < poolBound) addToPool(key);
  }
}

/** Measures the candidates again, by the exact vectors, where searches walk over codes. */
export function rank(place: usize, ef: u32): void {
  if (STORAGE != I8) return;
  const slots = place + P_OUT_SLOTS;
  let count: u32 = 0;
  for (let i: u32 = 0; i < poolSize; i++) {
    const key = poolKey(i);
    if (key & HIDDEN) continue;
    store<u32>(slots + (<usize>count << 2), slotOf(key));
    count++;
  }
  clearPool(place, ef);
  for (let i: u32 = 0; i < count; i += MAX_BATCH) {
    const size = min(count - i, MAX_BATCH);
    memory.copy(place + P_IDS, slots + (<usize>i << 2), <usize>size << 2);
    exactDistances(place + P_QUERY, place + P_IDS, size, place + P_DISTANCES);
    for (let at: usize = 0, end = <usize>size << 2; at < end; at += 4) {
      const distance = load<f32>(place + P_DISTANCES + at);
      if (distance < poolBound) addToPool(keyOf(distance, load<u32>(place + P_IDS + at)));
    }
  }
}
