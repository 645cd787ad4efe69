// What the wrapper calls. One memory is one index; every thread has its own instance of this code over it.

import {
  bitsOf,
  GIVEN_UP,
  H_ENTRY,
  H_SEED_LIST,
  H_SEEDS,
  H_SLOTS,
  LINKED,
  linksAt,
  MAX_SEEDS,
  NONE,
  ownerAt,
  P_CLAIMED,
  P_OUT_DISTANCES,
  P_OUT_SLOTS,
  P_QUERY,
  PENDING,
  placeAt,
  slotAt,
  stateOf,
  TAKEN,
  VACANT,
} from "./header";
import { distanceOf, HIDDEN, poolKey, poolSize, slotOf } from "./pool";
import { searchAllowed } from "./filter";
import { releaseLocks } from "./lock";
import { rank, searchNearest } from "./search";

export { isScanCheaper, setAllowed } from "./filter";
export { attach } from "./header";
export { linkPending } from "./link";
export { scanRange } from "./range";
export { beginScan, scan } from "./scan";
export { addPending, finishRestore, kill, levelFor, prepareQuery, reserve, restore } from "./store";
export { consolidate } from "./sweep";

/** Initialises the header of a new memory. */
export function create(): void {
  store<u32>(H_ENTRY, NONE);
}

/** Takes a place that is free; NONE when all are taken. */
export function takePlace(places: u32): u32 {
  for (let place: u32 = 0; place < places; place++) {
    if (atomic.cmpxchg<u32>(ownerAt(place), VACANT, TAKEN) == VACANT) return place;
  }
  // Last, because whoever was there may be on its way to its end.
  for (let place: u32 = 0; place < places; place++) {
    const claimed = atomic.load<u32>(placeAt(place), P_CLAIMED);
    if (claimed != 0 && stateOf(slotAt(claimed - 1)) == PENDING) continue;
    if (atomic.cmpxchg<u32>(ownerAt(place), GIVEN_UP, TAKEN) != GIVEN_UP) continue;
    store<u32>(placeAt(place), 0, P_CLAIMED);
    return place;
  }
  return NONE;
}

/** Gives a place back, also for a worker that ended in the middle of something. */
export function freePlace(place: u32): void {
  releaseLocks(place);
  const isWithin = atomic.load<u32>(placeAt(place), P_CLAIMED) != 0;
  atomic.store<u32>(ownerAt(place), isWithin ? GIVEN_UP : VACANT);
}

/** Where a place's query is written. */
export function queryAddress(place: u32): usize {
  return placeAt(place) + P_QUERY;
}

/** Where the slots of its results are, and their distances. */
export function resultAddress(place: u32): usize {
  return placeAt(place) + P_OUT_SLOTS;
}

export function distanceAddress(place: u32): usize {
  return placeAt(place) + P_OUT_DISTANCES;
}

export function slotAddress(slot: u32): usize {
  return slotAt(slot);
}

/** Where the number of links of a slot on a layer is, or 0. */
export function linksAddress(slot: u32, layer: u32): usize {
  return linksAt(slot, layer);
}

/** The nearest slots by a walk through the graph; how many there are, as results. */
export function search(placeIndex: u32, k: u32, ef: u32, lsn: f64): u32 {
  const place = placeAt(placeIndex);
  const limit = max(k, ef);
  searchNearest(place, k, limit, lsn);
  rank(place, limit);
  return results(placeIndex, k);
}

/** The nearest slots that the filter of a place allows. */
export function searchFiltered(placeIndex: u32, k: u32, ef: u32, lsn: f64): u32 {
  const place = placeAt(placeIndex);
  const limit = max(k, ef);
  searchAllowed(place, k, limit, lsn);
  rank(place, limit);
  return results(placeIndex, k);
}

/** Writes the candidates that count as results; how many. */
export function results(placeIndex: u32, k: u32): u32 {
  const place = placeAt(placeIndex);
  let count: u32 = 0;
  for (let i: u32 = 0; i < poolSize && count < k; i++) {
    const key = poolKey(i);
    if (key & HIDDEN) continue;
    store<u32>(place + P_OUT_SLOTS + (<usize>count << 2), slotOf(key));
    store<f32>(place + P_OUT_DISTANCES + (<usize>count << 2), distanceOf(<u32>(key >> 32)));
    count++;
  }
  return count;
}

/** Sets where searches start. */
export function setEntry(slot: u32): void {
  atomic.store<u32>(H_ENTRY, slot);
}

/** Adds a slot where searches start on layer 0; false when there are too many, or it is not linked. */
export function addSeed(slot: u32): bool {
  const count = load<u32>(H_SEEDS);
  if (count == MAX_SEEDS || slot >= load<u32>(H_SLOTS) || stateOf(slotAt(slot)) != LINKED) return false;
  store<u32>(H_SEED_LIST + (<usize>count << 2), slot);
  atomic.store<u32>(H_SEEDS, count + 1);
  return true;
}

/** Where the filter of a place is written. */
export function filterAddress(place: u32): usize {
  return bitsOf(placeAt(place));
}
