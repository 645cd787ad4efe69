// Exact searches: every slot is compared.

import { exactDistances, rowDistances } from "./distance";
import { isScanCheaper } from "./filter";
import {
  bitsOf,
  EF_CONSTRUCTION,
  H_LINKED_END,
  H_SLOTS,
  isVisible,
  LINKED,
  M,
  MAX_BATCH,
  NOW,
  P_DISTANCES,
  P_IDS,
  P_OUT_DISTANCES,
  P_QUERY,
  placeAt,
  POOL_SIZE,
  S_NODE,
  slotAt,
  stateOf,
} from "./header";
import {
  addToPool,
  clearPool,
  insertAt,
  keyOf,
  limitTies,
  MAX_TIES,
  placeOf,
  poolBound,
  poolKey,
  poolSize,
  poolVisible,
  slotOf,
} from "./pool";

/** Slots that are compared at once: a part of a chunk. */
const ROW: u32 = 256;

/** About so many groups of four measured distances say how far the others are. */
const SAMPLE: u32 = 160;

/** Begins a scan for the `k` nearest slots. */
export function beginScan(placeIndex: u32, k: u32): void {
  clearPool(placeAt(placeIndex), k);
}

/** Compares the visible slots from `from` (where a row begins) up to `to`, or those of them that the filter allows. */
export function scan(placeIndex: u32, lsn: f64, from: u32, to: u32, isFiltered: bool): void {
  const place = placeAt(placeIndex);
  const end = min(to, atomic.load<u32>(H_SLOTS));
  let count: u32 = 0;
  if (isFiltered) {
    const bits = bitsOf(place);
    for (let slot = from & ~31; slot < end; slot += 32) {
      let word = load<u32>(bits + (<usize>(slot >> 5) << 2));
      while (word != 0) {
        const id = slot + ctz(word);
        word &= word - 1;
        if (id < end && isVisible(slotAt(id), lsn)) {
          store<u32>(place + P_IDS + (<usize>count << 2), id);
          count++;
        }
      }
      if (count > MAX_BATCH - 40) {
        compare(place, count);
        count = 0;
      }
    }
    compare(place, count);
    return;
  }
  // Whoever may not be seen is seldom near enough to be looked at.
  for (let slot = from; slot < end; slot += ROW) {
    const size = min(ROW, (end - slot + 3) & ~3);
    rowDistances(place + P_QUERY, slot, size, place + P_DISTANCES);
    for (let i: u32 = 0; i < size; i += 4) {
      const distances = v128.load(place + P_DISTANCES + (<usize>i << 2));
      let near = i32x4.bitmask(f32x4.le(distances, f32x4.splat(poolBound)));
      for (; near != 0; near &= near - 1) {
        const lane = <u32>ctz(near);
        const id = slot + i + lane;
        // Slots that were never used are nobody's.
        if (isVisible(slotAt(id), lsn)) add(load<f32>(place + P_DISTANCES + (<usize>(i + lane) << 2)), id);
      }
    }
  }
}

/**
 * Puts the linked slots nearest to the query of a place into the pool, all but `self`, when that costs less than a walk;
 * false when it does not, or too few are alive.
 */
export function scanLinked(place: usize, self: u32): bool {
  const total = (atomic.load<u32>(H_LINKED_END) + 3) & ~3;
  if (total > POOL_SIZE || !isScanCheaper(EF_CONSTRUCTION, total, false)) return false;
  for (let slot: u32 = 0; slot < total; slot += ROW) {
    const out = place + P_OUT_DISTANCES + (<usize>slot << 2);
    rowDistances(place + P_QUERY, slot, min(ROW, total - slot), out);
  }
  let bound = likelyBound(place, total);
  takeLinked(place, self, total, bound);
  if (poolVisible < EF_CONSTRUCTION >> 1 && bound != Infinity) takeLinked(place, self, total, Infinity);
  return poolVisible >= M;
}

/** A distance that is probably a little farther than enough of the measured ones: what is beyond need not be sorted. */
function likelyBound(place: usize, total: u32): f32 {
  const step = total / SAMPLE & ~3;
  if (step < 8) return Infinity;
  clearPool(place, EF_CONSTRUCTION / (step >> 2) + 4);
  for (let i: u32 = 0; i < total; i += step) {
    for (let at = place + P_OUT_DISTANCES + (<usize>i << 2), end = at + 16; at < end; at += 4) {
      const distance = load<f32>(at);
      if (distance < poolBound) addToPool(keyOf(distance, 0));
    }
  }
  return poolBound;
}

/** Puts the nearest of the measured slots that are linked and alive into the pool. */
function takeLinked(place: usize, self: u32, total: u32, bound: f32): void {
  clearPool(place, EF_CONSTRUCTION);
  limitTies(MAX_TIES);
  // From another slot on for each: else all of many equal vectors would be linked with the same few.
  let slot = <u32>((<u64>(self * 0x9e3779b1) * total) >> 32) & ~3;
  for (let left = total; left != 0; left -= 4) {
    const distances = v128.load(place + P_OUT_DISTANCES + (<usize>slot << 2));
    let near = i32x4.bitmask(f32x4.le(distances, f32x4.splat(min(bound, poolBound))));
    for (; near != 0; near &= near - 1) {
      const id = slot + <u32>ctz(near);
      const at = slotAt(id);
      if (id == self || stateOf(at) != LINKED || !isVisible(at, NOW)) continue;
      const distance = load<f32>(place + P_OUT_DISTANCES + (<usize>id << 2));
      if (distance < poolBound) addToPool(keyOf(distance, id));
    }
    slot += 4;
    if (slot == total) slot = 0;
  }
}

/** Compares a batch of slots. */
function compare(place: usize, count: u32): void {
  exactDistances(place + P_QUERY, place + P_IDS, count, place + P_DISTANCES);
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
    const distance = load<f32>(place + P_DISTANCES + i);
    if (distance <= poolBound) add(distance, load<u32>(place + P_IDS + i));
  }
}

/** Adds a slot that may be near enough: slots at the same distance count by their node ids. */
function add(distance: f32, slot: u32): void {
  if (distance > poolBound) return;
  const key = keyOf(distance, slot);
  const node = load<f64>(slotAt(slot), S_NODE);
  let index = placeOf(key & 0xffffffff00000000);
  while (index < poolSize) {
    const other = poolKey(index);
    if (other >> 32 != key >> 32 || load<f64>(slotAt(slotOf(other)), S_NODE) > node) break;
    index++;
  }
  if (distance == poolBound && index == poolSize) return;
  insertAt(index, key);
}
