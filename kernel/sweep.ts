// The sweep: takes slots that nobody can see out of the graph. After A. Singh et al., *FreshDiskANN: A Fast and Accurate
// Graph-Based ANN Index for Streaming Similarity Search* (2021). It does a little at a time: its state is in the header and,
// for each slot, at MARKS.

import { exactDistances, floatsOf } from "./distance";
import {
  FREE,
  FREE_RING,
  GONE,
  EF_CONSTRUCTION,
  H_DEAD,
  H_ENTRY,
  H_ENTRY_LOCK,
  H_FREE_END,
  H_SEED_LIST,
  H_SEEDS,
  H_SLOTS,
  H_SWEEP_AT,
  H_SWEEP_CHANGED,
  H_SWEEP_END,
  H_SWEEP_GONE,
  H_SWEEP_PHASE,
  H_SWEEP_PIN,
  H_SWEEP_TOP,
  isGone,
  levelOf,
  LINKED,
  linksAt,
  lock,
  M,
  markDirty,
  MARKS,
  MAX_BATCH,
  NONE,
  P_CHOSEN,
  P_DISTANCES,
  P_IDS,
  P_SORT,
  P_VISITED,
  P_WIDE,
  placeAt,
  ringAt,
  S_BIRTH,
  S_CHECKED,
  S_COUNT,
  S_DEAD,
  S_LOCK,
  S_STATE,
  slotAt,
  stateOf,
  unlock,
} from "./header";
import { choose, connect, holds, writeList } from "./link";
import { addToPool, clearPool, keyOf, poolBound, poolKey, poolSize } from "./pool";
import { newEpoch } from "./search";

const IDLE: u32 = 0;
const MARK: u32 = 1;
const REPAIR: u32 = 2;
const REACH: u32 = 3;
const RELEASE: u32 = 4;

// Marks besides GONE: nothing is known of a slot; a way leads to it; its links were followed.
const UNKNOWN: u8 = 0;
const REACHED: u8 = 2;
const EXPANDED: u8 = 3;

/** Fewer links than this after a repair, and the slot is linked anew. */
const FEW: u32 = 4;

/** A step over about `budget` slots; slots that were unlinked when the sweep is complete, NONE while it is not. */
export function consolidate(placeIndex: u32, oldestPin: f64, currentLsn: f64, budget: u32): u32 {
  const place = placeAt(placeIndex);
  if (load<u32>(H_SWEEP_PHASE) == IDLE) {
    if (atomic.load<u32>(H_DEAD) == 0) return 0;
    store<f64>(H_SWEEP_PIN, oldestPin);
    store<u32>(H_SWEEP_END, load<u32>(H_SLOTS));
    store<u32>(H_SWEEP_GONE, 0);
    store<u32>(H_SWEEP_TOP, NONE);
    begin(MARK);
  }
  const from = load<u32>(H_SWEEP_AT);
  const last = load<u32>(H_SWEEP_END);
  const end = budget < last - from ? from + budget : last;
  store<u32>(H_SWEEP_AT, end);
  const phase = load<u32>(H_SWEEP_PHASE);
  if (phase == MARK) {
    mark(from, end);
    if (end == last) {
      if (load<u32>(H_SWEEP_GONE) == 0) {
        begin(IDLE);
        return 0;
      }
      moveEntry();
      begin(REPAIR);
    }
  } else if (phase == REPAIR) {
    for (let slot = from; slot < end; slot++) repair(place, slot);
    if (end == last) {
      const entry = load<u32>(H_ENTRY);
      if (entry != NONE && entry < last) store<u8>(MARKS + entry, REACHED);
      // Entries beyond the end came during the sweep, and are linked to what is alive.
      else if (entry != NONE) reachFrom(entry, last);
      begin(entry == NONE ? RELEASE : REACH);
    }
  } else if (phase == REACH) {
    reach(from, end, last);
    if (end == last) {
      if (load<u32>(H_SWEEP_CHANGED) != 0 || connectLost(place, last)) begin(REACH);
      else begin(RELEASE);
    }
  } else {
    release(from, end, currentLsn);
    if (end == last) {
      begin(IDLE);
      return load<u32>(H_SWEEP_GONE);
    }
  }
  return NONE;
}

function begin(phase: u32): void {
  store<u32>(H_SWEEP_PHASE, phase);
  store<u32>(H_SWEEP_AT, 0);
  store<u32>(H_SWEEP_CHANGED, 0);
}

/** Finds what goes, and the highest slot that stays. */
function mark(from: u32, end: u32): void {
  const pin = load<f64>(H_SWEEP_PIN);
  let gone = load<u32>(H_SWEEP_GONE);
  let top = load<u32>(H_SWEEP_TOP);
  for (let slot = from; slot < end; slot++) {
    const at = slotAt(slot);
    const isLinked = stateOf(at) == LINKED;
    const goes = isLinked && load<f64>(at, S_DEAD) <= pin;
    store<u8>(MARKS + slot, goes ? GONE : UNKNOWN);
    gone += <u32>goes;
    if (isLinked && !goes && (top == NONE || levelOf(at) > levelOf(slotAt(top)))) top = slot;
  }
  store<u32>(H_SWEEP_GONE, gone);
  store<u32>(H_SWEEP_TOP, top);
}

/** Searches start elsewhere when the entry goes. */
function moveEntry(): void {
  lock(H_ENTRY_LOCK);
  if (isGone(load<u32>(H_ENTRY))) {
    let top = load<u32>(H_SWEEP_TOP);
    // Slots that were pending when the others were marked may be linked by now.
    for (let slot: u32 = top == NONE ? 0 : load<u32>(H_SWEEP_END), slots: u32 = load<u32>(H_SLOTS); slot < slots; slot++) {
      const at = slotAt(slot);
      if (stateOf(at) == LINKED && !isGone(slot) && (top == NONE || levelOf(at) > levelOf(slotAt(top)))) top = slot;
    }
    atomic.store<u32>(H_ENTRY, top);
  }
  unlock(H_ENTRY_LOCK);
  const seeds = load<u32>(H_SEEDS);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < seeds; i++) {
    const slot = load<u32>(H_SEED_LIST + (<usize>i << 2));
    if (isGone(slot)) continue;
    store<u32>(H_SEED_LIST + (<usize>kept << 2), slot);
    kept++;
  }
  atomic.store<u32>(H_SEEDS, kept);
}

/** Replaces the links of a slot that lead to what goes. */
function repair(place: usize, slot: u32): void {
  const at = slotAt(slot);
  if (stateOf(at) != LINKED || isGone(slot)) return;
  let isWeak = false;
  for (let layer: i32 = levelOf(at); layer >= 0; layer--) {
    const links = linksAt(slot, layer);
    if (links == 0) continue;
    let needs = false;
    for (let i: usize = 4, end: usize = 4 + (<usize>load<u32>(links) << 2); i < end; i += 4) {
      if (isGone(load<u32>(links + i))) {
        needs = true;
        break;
      }
    }
    if (needs && bridge(place, slot, layer, links) < FEW) isWeak = true;
  }
  const entry = load<u32>(H_ENTRY);
  if (isWeak && entry != NONE && entry != slot) connect(place, slot, levelOf(at), entry);
}

/** Chooses the links of a slot from its neighbours that stay, and from theirs that go; how many it has then. */
function bridge(place: usize, slot: u32, layer: u32, links: usize): u32 {
  const visited = place + P_VISITED;
  const ids = place + P_IDS;
  const epoch = newEpoch(place);
  store<u8>(visited + slot, <u8>epoch);
  lock(slotAt(slot) + S_LOCK);
  let count: u32 = 0;
  for (let i: usize = 4, end: usize = 4 + (<usize>load<u32>(links) << 2); i < end; i += 4) {
    const near = load<u32>(links + i);
    if (load<u8>(visited + near) == <u8>epoch) continue;
    store<u8>(visited + near, <u8>epoch);
    if (!isGone(near)) {
      store<u32>(ids + (<usize>count << 2), near);
      count++;
      continue;
    }
    const behind = linksAt(near, layer);
    if (behind == 0) continue;
    for (let j: usize = 4, to: usize = 4 + (<usize>load<u32>(behind) << 2); j < to && count < MAX_BATCH; j += 4) {
      const far = load<u32>(behind + j);
      if (load<u8>(visited + far) == <u8>epoch || isGone(far)) continue;
      store<u8>(visited + far, <u8>epoch);
      store<u32>(ids + (<usize>count << 2), far);
      count++;
    }
  }
  exactDistances(floatsOf(slot, place + P_WIDE), ids, count, place + P_DISTANCES);
  clearPool(place, EF_CONSTRUCTION);
  for (let i: usize = 0, end: usize = <usize>count << 2; i < end; i += 4) {
    const distance = load<f32>(place + P_DISTANCES + i);
    if (distance < poolBound) addToPool(keyOf(distance, load<u32>(ids + i)));
  }
  for (let i: u32 = 0; i < poolSize; i++) store<u64>(place + P_SORT + (<usize>i << 3), poolKey(i));
  const size = choose(place, poolSize, layer == 0 ? M << 1 : M, 0);
  writeList(links, place + P_CHOSEN, size);
  if (layer == 0) store<u8>(slotAt(slot), <u8>size, S_CHECKED);
  markDirty(slot);
  unlock(slotAt(slot) + S_LOCK);
  return size;
}

/** Marks the neighbours of reached slots. */
function reach(from: u32, end: u32, last: u32): void {
  for (let slot = from; slot < end; slot++) {
    if (load<u8>(MARKS + slot) != REACHED) continue;
    store<u8>(MARKS + slot, EXPANDED);
    if (reachFrom(slot, last)) store<u32>(H_SWEEP_CHANGED, 1);
  }
}

function reachFrom(slot: u32, last: u32): bool {
  const links = slotAt(slot) + S_COUNT;
  let hasChanged = false;
  for (let i: usize = 4, to: usize = 4 + (<usize>atomic.load<u32>(links) << 2); i < to; i += 4) {
    const near = load<u32>(links + i);
    if (near >= last || load<u8>(MARKS + near) != UNKNOWN) continue;
    store<u8>(MARKS + near, REACHED);
    hasChanged = true;
  }
  return hasChanged;
}

/** Links the first slots that no way leads to; false when there are none. */
function connectLost(place: usize, last: u32): bool {
  let isAny = false;
  for (let slot: u32 = 0; slot < last; slot++) {
    if (load<u8>(MARKS + slot) != UNKNOWN || stateOf(slotAt(slot)) != LINKED) continue;
    const entry = load<u32>(H_ENTRY);
    connect(place, slot, levelOf(slotAt(slot)), entry);
    lead(place, slot, last);
    store<u8>(MARKS + slot, REACHED);
    isAny = true;
    // What lies behind it is reached now: look again before the next one.
    reachAll(last);
  }
  return isAny;
}

/** Marks all that can be reached now. */
function reachAll(last: u32): void {
  while (true) {
    store<u32>(H_SWEEP_CHANGED, 0);
    reach(0, last, last);
    if (load<u32>(H_SWEEP_CHANGED) == 0) return;
  }
}

/** Makes sure that a link leads to a slot from one that is reached: the nearest one gives up its last link for it. */
function lead(place: usize, slot: u32, last: u32): void {
  const own = slotAt(slot) + S_COUNT;
  const count = load<u32>(own);
  let from = NONE;
  for (let i: usize = 4, end: usize = 4 + (<usize>count << 2); i < end; i += 4) {
    const near = load<u32>(own + i);
    if (near < last && load<u8>(MARKS + near) == UNKNOWN) continue;
    const links = slotAt(near) + S_COUNT;
    if (holds(links, load<u32>(links), slot)) return;
    if (from == NONE) from = near;
  }
  if (from == NONE) from = load<u32>(H_ENTRY);
  const at = slotAt(from);
  lock(at + S_LOCK);
  const links = at + S_COUNT;
  const size = load<u32>(links);
  let lost = NONE;
  if (size < M << 1) {
    store<u32>(links + 4 + (<usize>size << 2), slot);
    atomic.store<u32>(links, size + 1);
  } else {
    lost = load<u32>(links + (<usize>size << 2));
    store<u32>(links + (<usize>size << 2), slot);
    store<u8>(at, 0, S_CHECKED);
  }
  unlock(at + S_LOCK);
  markDirty(from);
  if (lost == NONE || lost == slot || holds(own, count, lost)) return;
  // The way to what lost its link leads through the slot from now on.
  lock(slotAt(slot) + S_LOCK);
  const now = load<u32>(own);
  const index = now < M << 1 ? now : now - 1;
  store<u32>(own + 4 + (<usize>index << 2), lost);
  atomic.store<u32>(own, index + 1);
  store<u8>(slotAt(slot), 0, S_CHECKED);
  unlock(slotAt(slot) + S_LOCK);
  markDirty(slot);
}

/** The slots are free once readers of now are gone. */
function release(from: u32, end: u32, lsn: f64): void {
  for (let slot = from; slot < end; slot++) {
    if (!isGone(slot)) continue;
    const at = slotAt(slot);
    store<f64>(at, lsn, S_BIRTH);
    atomic.store<u32>(at, levelOf(at) | (FREE << 8), S_STATE);
    store<u8>(MARKS + slot, UNKNOWN);
    const sequence = load<u32>(H_FREE_END);
    store<u32>(ringAt(FREE_RING, sequence), slot);
    atomic.store<u32>(H_FREE_END, sequence + 1);
    atomic.sub<u32>(H_DEAD, 1);
    markDirty(slot);
  }
}
