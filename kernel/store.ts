// Slots: how vectors get into them.

import {
  ALIVE,
  CAPACITY,
  COSINE,
  DIMENSION,
  exactAt,
  F16,
  FREE,
  FREE_RING,
  giveUpper,
  hasRoom,
  H_ALIVE,
  H_DEAD,
  H_FREE_BASE,
  H_FREE_END,
  H_PENDING_BASE,
  H_PENDING_END,
  H_SLOTS,
  I8,
  levelOf,
  LINKED,
  linksAt,
  M,
  markDirty,
  MARKS,
  METRIC,
  NONE,
  P_CODES,
  P_QUERY,
  P_QUERY_SCALE,
  P_QUERY_SUM,
  PADDED,
  PENDING,
  PENDING_RING,
  placeAt,
  ringAt,
  S_BIRTH,
  S_COUNT,
  S_DEAD,
  S_LOCK,
  S_NODE,
  S_SCALE,
  S_STATE,
  S_SUM,
  SEED,
  setLinked,
  slotAt,
  stateOf,
  STORAGE,
  takeUpper,
  vectorAt,
} from "./header";
import { lock, lockFor, unlock } from "./lock";

const HIGHEST_LEVEL: u32 = 16;

/** Layer of a node: from a hash of seed and id, each layer with the share 1/M of the one below. */
export function levelFor(nodeId: f64): u32 {
  let hash = reinterpret<u64>(nodeId) ^ (<u64>SEED * 0x9e3779b97f4a7c15);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  hash ^= hash >> 31;
  const share = <f64>(hash >> 11) / 9007199254740992.0;
  let level: u32 = 0;
  let part: f64 = 1.0 / <f64>M;
  while (share < part && level < HIGHEST_LEVEL) {
    level++;
    part /= <f64>M;
  }
  return level;
}

/** Brings the query of a place into the form that distances are measured with. The floats behind it are 0. */
export function prepareQuery(placeIndex: u32): void {
  const place = placeAt(placeIndex);
  const q = place + P_QUERY;
  for (let i = DIMENSION; i < PADDED; i++) store<f32>(q + (<usize>i << 2), 0);
  if (METRIC == COSINE) normalize(q);
  if (STORAGE != I8) return;
  const most = <f32>min<i64>(32767, 0x7fffffff / (127 * <i64>PADDED) - 1);
  const largest = largestOf(q);
  const scale: f32 = largest == 0 ? 1 : largest / most;
  let sum: f64 = 0;
  for (let i: u32 = 0; i < PADDED; i++) {
    const value = load<f32>(q + (<usize>i << 2));
    sum += <f64>value * <f64>value;
    store<i16>(place + P_CODES + (<usize>i << 1), <i16>nearest(value / scale));
  }
  store<f32>(place, scale, P_QUERY_SCALE);
  store<f32>(place, <f32>sum, P_QUERY_SUM);
}

function largestOf(at: usize): f32 {
  let most: f32 = 0;
  for (let i: usize = 0, end = <usize>PADDED << 2; i < end; i += 4) most = max(most, abs(load<f32>(at + i)));
  return most;
}

function normalize(at: usize): void {
  let sum: f64 = 0;
  const end = <usize>PADDED << 2;
  for (let i: usize = 0; i < end; i += 4) sum += <f64>load<f32>(at + i) * <f64>load<f32>(at + i);
  if (sum == 0) return;
  const factor = 1.0 / sqrt(sum);
  for (let i: usize = 0; i < end; i += 4) store<f32>(at + i, <f32>(<f64>load<f32>(at + i) * factor));
}

/** Writes the query of a place, prepared but for codes, as the vector of a slot. */
function writeVector(place: usize, slot: u32): void {
  const q = place + P_QUERY;
  const at = slotAt(slot);
  for (let i = DIMENSION; i < PADDED; i++) store<f32>(q + (<usize>i << 2), 0);
  if (METRIC == COSINE) normalize(q);
  if (STORAGE == F16) {
    const to = vectorAt(slot);
    for (let i: usize = 0, end = <usize>PADDED << 1; i < end; i += 8) {
      v128.store64_lane(to + i, narrowed(v128.load(q + (i << 1))), 0);
    }
    return;
  }
  memory.copy(exactAt(slot), q, <usize>PADDED << 2);
  if (STORAGE != I8) return;
  const largest = largestOf(q);
  const scale: f32 = largest == 0 ? 1 : largest / 127;
  const inverse: f32 = 1 / scale;
  const codes = vectorAt(slot);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < PADDED; i++) {
    const code = nearest(load<f32>(q + (<usize>i << 2)) * inverse);
    sum += <f64>code * <f64>code;
    store<i8>(codes + i, <i8>max(-127, min(127, <i32>code)));
  }
  store<f32>(at, scale, S_SCALE);
  store<f32>(at, <f32>(sum * <f64>scale * <f64>scale), S_SUM);
}

/** Four floats as half floats in the lower half, rounded to the nearest, ties to even. */
function narrowed(floats: v128): v128 {
  const sign = v128.and(floats, i32x4.splat(0x80000000));
  const small = f32x4.mul(f32x4.abs(floats), f32x4.splat(1.925929944387236e-34));
  const odd = v128.and(i32x4.shr_u(small, 13), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(small, i32x4.splat(0xfff)), odd), 13);
  const halves = v128.or(i32x4.min_s(rounded, i32x4.splat(0x7bff)), i32x4.shr_u(sign, 16));
  return i16x8.narrow_i32x4_u(halves, halves);
}

/** Makes room for a slot that was never used. */
function grow(slot: u32): bool {
  const end = slotAt((slot | 1023) + 1);
  const pages = <i32>((end + 65535) >> 16);
  const have = memory.size();
  if (pages <= have) return true;
  // In large steps: growing is slow on some engines.
  const wanted = max(pages, have + min(have >> 3, 1024));
  if (memory.grow(wanted - have) >= 0) return true;
  return memory.grow(pages - have) >= 0;
}

/** Whether so many slots can be added; makes the memory large enough for them. */
export function reserve(count: u32, oldestPin: f64): bool {
  // Slots may be used again while a slow worker links one that came before them.
  if (!hasRoom(atomic.load<u32>(H_PENDING_BASE), load<u32>(H_PENDING_END), count)) return false;
  let free: u32 = 0;
  const end = load<u32>(H_FREE_END);
  for (let at = load<u32>(H_FREE_BASE); at != end && free < count; at++) {
    if (load<f64>(slotAt(load<u32>(ringAt(FREE_RING, at))), S_BIRTH) >= oldestPin) break;
    free++;
  }
  const needed = count - free;
  if (needed == 0) return true;
  const slots = load<u32>(H_SLOTS);
  return needed <= CAPACITY - slots && grow(slots + needed - 1);
}

/** Writes the floats at the query of a place into a slot that waits to be linked; NONE when there is no room. */
export function addPending(placeIndex: u32, nodeId: f64, birth: f64, oldestPin: f64): u32 {
  const place = placeAt(placeIndex);
  lockFor(placeIndex);
  let slot = NONE;
  const base = load<u32>(H_FREE_BASE);
  if (base != load<u32>(H_FREE_END)) {
    const oldest = load<u32>(ringAt(FREE_RING, base));
    if (load<f64>(slotAt(oldest), S_BIRTH) < oldestPin) {
      slot = oldest;
      atomic.store<u32>(H_FREE_BASE, base + 1);
    }
  }
  if (slot == NONE) {
    slot = load<u32>(H_SLOTS);
    if (slot == CAPACITY || !grow(slot)) return NONE;
    atomic.store<u32>(H_SLOTS, slot + 1);
  }
  writeSlot(place, slot, nodeId, birth, levelFor(nodeId));
  const end = load<u32>(H_PENDING_END);
  store<u32>(ringAt(PENDING_RING, end), slot);
  atomic.store<u32>(H_PENDING_END, end + 1);
  return slot;
}

/** What a slot is, without links. It is visible from the last line on. */
function writeSlot(place: usize, slot: u32, nodeId: f64, birth: f64, level: u32): void {
  const at = slotAt(slot);
  store<f64>(at, 0, S_DEAD);
  // A linker that met the slot when it was still linked may be about to add a link to the old list.
  lock(at + S_LOCK);
  giveUpper(at);
  atomic.store<u32>(at, 0, S_COUNT);
  unlock(at + S_LOCK);
  writeVector(place, slot);
  store<f64>(at, nodeId, S_NODE);
  store<f64>(at, birth, S_BIRTH);
  const got = takeUpper(at, level);
  atomic.store<u32>(at, got | (PENDING << 8), S_STATE);
  atomic.store<u64>(at, reinterpret<u64>(ALIVE), S_DEAD);
  atomic.add<u32>(H_ALIVE, 1);
  markDirty(slot);
}

/** Ends the life of a slot. */
export function kill(slot: u32, lsn: f64): bool {
  const at = slotAt(slot);
  if (stateOf(at) == FREE || load<f64>(at, S_DEAD) != ALIVE) return false;
  store<f64>(at, lsn, S_DEAD);
  atomic.sub<u32>(H_ALIVE, 1);
  atomic.add<u32>(H_DEAD, 1);
  markDirty(slot);
  return true;
}

/** Puts a slot with a number into an empty memory, linked (links follow) or pending. False when there is no room. */
export function restore(placeIndex: u32, slot: u32, nodeId: f64, birth: f64, level: u32, isLinked: bool): bool {
  if (slot >= CAPACITY || !grow(slot)) return false;
  const place = placeAt(placeIndex);
  lockFor(placeIndex);
  if (slot >= load<u32>(H_SLOTS)) atomic.store<u32>(H_SLOTS, slot + 1);
  writeSlot(place, slot, nodeId, birth, isLinked ? level : levelFor(nodeId));
  if (isLinked) {
    setLinked(slot);
  } else {
    const end = load<u32>(H_PENDING_END);
    store<u32>(ringAt(PENDING_RING, end), slot);
    atomic.store<u32>(H_PENDING_END, end + 1);
  }
  return true;
}

/** Ends restoring: the gaps are free, no link leads to one, the entry is the first of the highest slots. */
export function finishRestore(): u32 {
  let entry = NONE;
  const slots = load<u32>(H_SLOTS);
  dropDangling(slots);
  for (let slot: u32 = 0; slot < slots; slot++) {
    const at = slotAt(slot);
    const state = stateOf(at);
    if (state == FREE) {
      const end = load<u32>(H_FREE_END);
      store<u32>(ringAt(FREE_RING, end), slot);
      store<u32>(H_FREE_END, end + 1);
    } else if (state == LINKED && (entry == NONE || levelOf(at) > levelOf(slotAt(entry)))) entry = slot;
  }
  return entry;
}

/** Leaves out links to what is not linked on their layer: it was not stored, or what was stored is wrong. */
function dropDangling(slots: u32): void {
  // How many layers each slot is on, side by side: looking at the slots themselves would take far longer.
  for (let slot: u32 = 0; slot < slots; slot++) {
    const at = slotAt(slot);
    store<u8>(MARKS + slot, stateOf(at) == LINKED ? <u8>min<u32>(levelOf(at) + 1, 255) : 0);
  }
  for (let slot: u32 = 0; slot < slots; slot++) {
    const layers = load<u8>(MARKS + slot);
    for (let layer: u32 = 0; layer < layers; layer++) {
      const links = linksAt(slot, layer);
      const count = load<u32>(links);
      let kept: u32 = 0;
      for (let i: u32 = 0; i < count; i++) {
        const id = load<u32>(links + 4 + (<usize>i << 2));
        if (id >= slots || id == slot || load<u8>(MARKS + id) <= layer) continue;
        store<u32>(links + 4 + (<usize>kept << 2), id);
        kept++;
      }
      store<u32>(links, kept);
    }
  }
  memory.fill(MARKS, 0, slots);
}
