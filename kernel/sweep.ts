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
  H_SWEEP_FOUND,
  H_SWEEP_GONE,
  H_SWEEP_LOST,
  H_SWEEP_PHASE,
  H_SWEEP_PIN,
  H_SWEEP_TOP,
  holds,
  isGone,
  levelOf,
  LINKED,
  linksAt,
  M,
  markDirty,
  MARKS,
  MAX_BATCH,
  mostLinks,
  NONE,
  P_CHOSEN,
  P_DISTANCES,
  P_IDS,
  P_OUT_SLOTS,
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
} from "./header";
import { choose, connect, equalsIn, writeList } from "./link";
import { lock, lockFor, unlock } from "./lock";
import { addToPool, clearPool, keyOf, poolBound, poolKey, poolSize } from "./pool";
import { newEpoch } from "./search";

const IDLE: u32 = 0;
const MARK: u32 = 1;
const REPAIR: u32 = 2;
const REACH: u32 = 3;
const LOST: u32 = 4;
const RELEASE: u32 = 5;

// Marks besides GONE: nothing is known of a slot; a way leads to it; its links were followed.
const UNKNOWN: u8 = 0;
const REACHED: u8 = 2;
const EXPANDED: u8 = 3;

/** Fewer links than this after a repair, and the slot is linked anew. */
const FEW: u32 = 4;

// What steps cost, measured by looking at a mark. A slot of the budget is worth looking at its record.
const RECORD: i32 = 16;
const BRIDGE: i32 = 128;
const MOST_BUDGET: u32 = 1 << 24;

/** Slots that are followed at once behind one that was lost: with 128 links each, as many as there is room for. */
const BEHIND: u32 = 100;

/** What is left of the budget of a step. */
let left: i32 = 0;

/** A step that costs about as much as a look at `budget` slots; slots that were unlinked when the sweep is complete, else NONE. */
export function consolidate(placeIndex: u32, oldestPin: f64, currentLsn: f64, budget: u32): u32 {
  const place = placeAt(placeIndex);
  lockFor(placeIndex);
  if (load<u32>(H_SWEEP_PHASE) == IDLE) {
    if (atomic.load<u32>(H_DEAD) == 0) return 0;
    store<f64>(H_SWEEP_PIN, oldestPin);
    store<u32>(H_SWEEP_END, load<u32>(H_SLOTS));
    store<u32>(H_SWEEP_GONE, 0);
    store<u32>(H_SWEEP_TOP, NONE);
    store<u32>(H_SWEEP_LOST, 0);
    store<u32>(H_SWEEP_FOUND, 0);
    begin(MARK, 0);
  }
  const last = load<u32>(H_SWEEP_END);
  const phase = load<u32>(H_SWEEP_PHASE);
  left = <i32>min(budget, MOST_BUDGET) * RECORD;
  if (phase == LOST) {
    if (connectLost(place, last)) end(phase, last);
    return NONE;
  }
  let slot = load<u32>(H_SWEEP_AT);
  if (phase == MARK) {
    for (; slot < last && left > 0; slot++) mark(slot);
  } else if (phase == REPAIR) {
    for (; slot < last && left > 0; slot++) repair(place, slot);
  } else if (phase == REACH) {
    for (; slot < last && left > 0; slot++) reach(slot, last);
  } else {
    for (; slot < last && left > 0; slot++) release(slot, currentLsn);
  }
  store<u32>(H_SWEEP_AT, slot);
  if (slot < last) return NONE;
  end(phase, last);
  return load<u32>(H_SWEEP_PHASE) == IDLE ? load<u32>(H_SWEEP_GONE) : NONE;
}

function begin(phase: u32, slot: u32): void {
  store<u32>(H_SWEEP_PHASE, phase);
  store<u32>(H_SWEEP_AT, slot);
  store<u32>(H_SWEEP_CHANGED, 0);
}

/** Goes from a phase that is complete to the next one. */
function end(phase: u32, last: u32): void {
  if (phase == MARK) {
    if (load<u32>(H_SWEEP_GONE) == 0) {
      begin(IDLE, 0);
      return;
    }
    moveEntry();
    begin(REPAIR, 0);
  } else if (phase == REPAIR) {
    const entry = load<u32>(H_ENTRY);
    if (entry != NONE && entry < last) store<u8>(MARKS + entry, REACHED);
    // Entries beyond the end came during the sweep, and are linked to what is alive.
    else if (entry != NONE) reachFrom(entry, last);
    begin(entry == NONE ? RELEASE : REACH, 0);
  } else if (phase == REACH) {
    if (load<u32>(H_SWEEP_CHANGED) != 0) begin(REACH, 0);
    else begin(LOST, load<u32>(H_SWEEP_LOST));
  } else if (phase == LOST) {
    const hasFound = load<u32>(H_SWEEP_FOUND) != 0;
    store<u32>(H_SWEEP_LOST, 0);
    store<u32>(H_SWEEP_FOUND, 0);
    begin(hasFound ? REACH : RELEASE, 0);
  } else begin(IDLE, 0);
}

/** Finds out whether a slot goes, and the highest one that stays. */
function mark(slot: u32): void {
  left -= RECORD;
  const at = slotAt(slot);
  const isLinked = stateOf(at) == LINKED;
  const goes = isLinked && load<f64>(at, S_DEAD) <= load<f64>(H_SWEEP_PIN);
  store<u8>(MARKS + slot, goes ? GONE : UNKNOWN);
  if (goes) store<u32>(H_SWEEP_GONE, load<u32>(H_SWEEP_GONE) + 1);
  if (!isLinked || goes) return;
  const top = load<u32>(H_SWEEP_TOP);
  if (top == NONE || levelOf(at) > levelOf(slotAt(top))) store<u32>(H_SWEEP_TOP, slot);
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
  left -= RECORD;
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
  if (!isWeak || entry == NONE || entry == slot) return;
  connect(place, slot, levelOf(at), entry);
  // That takes as long as a step may.
  left = 0;
}

/** Chooses the links of a slot from its neighbours that stay, and from theirs that go; how many it has then. */
function bridge(place: usize, slot: u32, layer: u32, links: usize): u32 {
  left -= BRIDGE;
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
    if (count == MAX_BATCH) break;
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
  const most = mostLinks(layer);
  const size = choose(place, poolSize, most, equalsIn(most), 0);
  writeList(links, place + P_CHOSEN, size);
  if (layer == 0) store<u8>(slotAt(slot), <u8>size, S_CHECKED);
  markDirty(slot);
  unlock(slotAt(slot) + S_LOCK);
  return size;
}

/** Marks the neighbours of a slot that is reached. */
function reach(slot: u32, last: u32): void {
  left--;
  if (load<u8>(MARKS + slot) != REACHED) return;
  left -= RECORD;
  store<u8>(MARKS + slot, EXPANDED);
  if (reachFrom(slot, last)) store<u32>(H_SWEEP_CHANGED, 1);
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

/** Links slots that no way leads to, each after what lies behind those before it is reached; true when none is left. */
function connectLost(place: usize, last: u32): bool {
  let slot = load<u32>(H_SWEEP_AT);
  for (; slot < last && left > 0; slot++) {
    left--;
    if (load<u8>(MARKS + slot) != UNKNOWN) continue;
    left -= RECORD;
    if (stateOf(slotAt(slot)) != LINKED) continue;
    connect(place, slot, levelOf(slotAt(slot)), load<u32>(H_ENTRY));
    lead(place, slot, last);
    store<u8>(MARKS + slot, REACHED);
    store<u32>(H_SWEEP_FOUND, 1);
    left = 0;
    if (reachBehind(place, slot, last)) continue;
    // It goes on with the next one when the rest is reached.
    store<u32>(H_SWEEP_LOST, slot + 1);
    begin(REACH, 0);
    return false;
  }
  store<u32>(H_SWEEP_AT, slot);
  return slot == last;
}

/** Marks what can be reached from a slot that was lost; false when that is much, and some is not followed yet. */
function reachBehind(place: usize, slot: u32, last: u32): bool {
  const waiting = place + P_OUT_SLOTS;
  store<u32>(waiting, slot);
  let count: usize = 1;
  for (let followed: u32 = 0; count != 0; followed++) {
    if (followed == BEHIND) return false;
    left -= RECORD;
    count--;
    const next = load<u32>(waiting + (count << 2));
    store<u8>(MARKS + next, EXPANDED);
    const links = slotAt(next) + S_COUNT;
    for (let i: usize = 4, to: usize = 4 + (<usize>atomic.load<u32>(links) << 2); i < to; i += 4) {
      const near = load<u32>(links + i);
      if (near >= last || load<u8>(MARKS + near) != UNKNOWN) continue;
      store<u8>(MARKS + near, REACHED);
      store<u32>(waiting + (count << 2), near);
      count++;
    }
  }
  return true;
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

/** A slot that goes is free once readers of now are gone. */
function release(slot: u32, lsn: f64): void {
  left--;
  if (!isGone(slot)) return;
  left -= RECORD;
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
