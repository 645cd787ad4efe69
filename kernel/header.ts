// What is where in the memory. lib/vector/layout.ts writes the words below 64; everything else here is written by the kernel.

// Words of the header that never change.
const W_DIMENSION: usize = 2 * 4;
const W_PADDED: usize = 3 * 4;
const W_METRIC: usize = 4 * 4;
const W_STORAGE: usize = 5 * 4;
const W_M: usize = 6 * 4;
const W_EF_CONSTRUCTION: usize = 7 * 4;
const W_SEED: usize = 8 * 4;
const W_CAPACITY: usize = 9 * 4;
const W_WORKERS: usize = 10 * 4;
const W_PLACES: usize = 11 * 4;
const W_PLACE_STRIDE: usize = 12 * 4;
const W_UPPER: usize = 13 * 4;
const W_UPPER_CAPACITY: usize = 14 * 4;
const W_UPPER_STRIDE: usize = 15 * 4;
const W_PENDING: usize = 16 * 4;
const W_FREE: usize = 17 * 4;
const W_DIRTY: usize = 18 * 4;
const W_SLOTS: usize = 19 * 4;
const W_SLOT_STRIDE: usize = 20 * 4;
const W_VECTOR: usize = 21 * 4;
const W_COLD_STRIDE: usize = 22 * 4;
const W_BITS: usize = 23 * 4;
const W_RING_MASK: usize = 24 * 4;
const W_MARKS: usize = 26 * 4;

// State.
/** Slot where searches start, or NONE. */
export const H_ENTRY: usize = 256;
/** Lock of the entry and the top layer. */
export const H_ENTRY_LOCK: usize = 260;
/** Slots below this number were used at some time. */
export const H_SLOTS: usize = 264;
/** Sequence numbers of the ring of pending slots: everything before BASE is linked, before CLAIMED is some linker's. */
export const H_PENDING_BASE: usize = 268;
export const H_PENDING_CLAIMED: usize = 272;
export const H_PENDING_END: usize = 276;
/** Sequence numbers of the ring of free slots, oldest first. */
export const H_FREE_BASE: usize = 280;
export const H_FREE_END: usize = 284;
/** Blocks of upper links: ever used, list of free ones (number + 1). The writer's alone. */
export const H_UPPER_COUNT: usize = 288;
export const H_UPPER_FREE: usize = 292;
export const H_ALIVE: usize = 300;
export const H_DEAD: usize = 304;
export const H_SEEDS: usize = 308;
/** No slot from this number on was ever linked. */
export const H_LINKED_END: usize = 344;
// The sweep of `consolidate`.
export const H_SWEEP_PHASE: usize = 312;
export const H_SWEEP_AT: usize = 316;
export const H_SWEEP_PIN: usize = 320; // f64
export const H_SWEEP_END: usize = 328;
export const H_SWEEP_GONE: usize = 332;
export const H_SWEEP_TOP: usize = 336;
export const H_SWEEP_CHANGED: usize = 340;
export const H_SWEEP_LOST: usize = 348;
export const H_SWEEP_FOUND: usize = 352;
/** What each place is: a word for each. */
export const H_OWNERS: usize = 512;
export const MAX_PLACES: u32 = 256;
/** Slots where searches of graphs with one layer start. */
export const H_SEED_LIST: usize = 2048;
export const MAX_SEEDS: u32 = 1024;

export const NONE: u32 = 0xffffffff;

// A place.
export const VACANT: u32 = 0;
export const TAKEN: u32 = 1;
/** Whoever had it ended within the kernel, or is about to: what it was linking is anybody's. */
export const GIVEN_UP: u32 = 2;

export const ALIVE: f64 = 9007199254740991.0;
/** No commit is that new: what is visible now is alive. */
export const NOW: f64 = ALIVE - 1.0;

// A slot: what is said about it, its links on layer 0, its vector.
export const S_BIRTH: usize = 0;
export const S_DEAD: usize = 8;
export const S_NODE: usize = 16;
export const S_STATE: usize = 24; // level + state << 8 + checked << 16
/** u8: of so many first links on layer 0 it is known that none stands behind another. */
export const S_CHECKED: usize = 26;
export const S_LOCK: usize = 28; // who changes its links: number of a place + 1
export const S_UPPER: usize = 32; // number + 1 of the block of layer 1
export const S_SCALE: usize = 36; // of the codes of i8
export const S_SUM: usize = 40; // squared length of the vector that the codes stand for
export const S_COUNT: usize = 44; // number of links, and the links behind it

export const FREE: u32 = 0;
export const PENDING: u32 = 1;
export const LINKED: u32 = 2;

// A block of upper links.
export const U_NEXT: usize = 0; // number + 1 of the block of the layer above
export const U_COUNT: usize = 4; // number of links, and the links behind it

// A place: what one worker needs to search and to link.
export const P_EPOCH: usize = 0;
export const P_VISIBLE: usize = 4;
export const P_QUERY_SCALE: usize = 8;
export const P_QUERY_SUM: usize = 12;
/** Bits that are set in the filter. */
export const P_ALLOWED: usize = 16;
/** Written only so that reads ahead of their use are not left out. */
export const P_TOUCHED: usize = 20;
/** Slot + 1 that is being linked. */
export const P_CLAIMED: usize = 24;
/** Address of the lock of a slot that was taken last, or is about to be. */
export const P_HELD: usize = 28;
export const P_QUERY: usize = 256; // f32 of the query
export const P_CODES: usize = 16640; // i16 of the query
export const P_WIDE: usize = 24832; // f32 of a vector that is stored narrower
export const P_IDS: usize = 41216; // slots of a batch
export const P_DISTANCES: usize = 49408; // their distances
export const P_CHOSEN: usize = 57600; // slots that the heuristic chose
export const P_ADDED: usize = 58624; // those of them that it had not chosen before
export const P_SORT: usize = 59648; // keys of a list that is chosen from
export const P_POOL: usize = 77824; // keys of a search, ascending
export const P_OUT_SLOTS: usize = 208896;
export const P_OUT_DISTANCES: usize = 274432;
export const P_ASIDE: usize = 339968; // keys that wait while others are looked at
export const P_VISITED: usize = 524288;
export const MAX_BATCH: u32 = 2000;
export const MAX_SORT: u32 = 2200;
export const POOL_SIZE: u32 = 16000;

export const EUCLIDEAN: u32 = 0;
export const COSINE: u32 = 1;
export const DOT: u32 = 2;
export const MANHATTAN: u32 = 3;

export const F32: u32 = 0;
export const F16: u32 = 1;
export const I8: u32 = 2;

/** Slots of which the exact vectors lie together, behind what searches walk over. */
const CHUNK_SHIFT: u32 = 10;

export let DIMENSION: u32 = 0;
export let PADDED: u32 = 0;
export let METRIC: u32 = 0;
export let STORAGE: u32 = 0;
export let M: u32 = 0;
export let EF_CONSTRUCTION: u32 = 0;
export let SEED: u32 = 0;
export let CAPACITY: u32 = 0;
export let WORKERS: u32 = 0;
let PLACES: usize = 0;
let PLACE_STRIDE: usize = 0;
let UPPER: usize = 0;
let UPPER_CAPACITY: u32 = 0;
let UPPER_STRIDE: usize = 0;
export let PENDING_RING: usize = 0;
export let FREE_RING: usize = 0;
export let DIRTY: usize = 0;
let SLOTS: usize = 0;
let SLOT_STRIDE: usize = 0;
export let VECTOR: usize = 0;
let COLD_STRIDE: usize = 0;
let CHUNK: usize = 0;
let BITS: usize = 0;
/** Size of the rings - 1: a power of two, so that sequence numbers may wrap. */
let RING_MASK: u32 = 0;
export let MARKS: usize = 0;

/** Reads the header: to be called once in each thread. */
export function attach(): void {
  DIMENSION = load<u32>(W_DIMENSION);
  PADDED = load<u32>(W_PADDED);
  METRIC = load<u32>(W_METRIC);
  STORAGE = load<u32>(W_STORAGE);
  M = load<u32>(W_M);
  EF_CONSTRUCTION = load<u32>(W_EF_CONSTRUCTION);
  SEED = load<u32>(W_SEED);
  CAPACITY = load<u32>(W_CAPACITY);
  WORKERS = load<u32>(W_WORKERS);
  PLACES = load<u32>(W_PLACES);
  PLACE_STRIDE = load<u32>(W_PLACE_STRIDE);
  UPPER = load<u32>(W_UPPER);
  UPPER_CAPACITY = load<u32>(W_UPPER_CAPACITY);
  UPPER_STRIDE = load<u32>(W_UPPER_STRIDE);
  PENDING_RING = load<u32>(W_PENDING);
  FREE_RING = load<u32>(W_FREE);
  DIRTY = load<u32>(W_DIRTY);
  SLOTS = load<u32>(W_SLOTS);
  SLOT_STRIDE = load<u32>(W_SLOT_STRIDE);
  VECTOR = load<u32>(W_VECTOR);
  COLD_STRIDE = load<u32>(W_COLD_STRIDE);
  CHUNK = COLD_STRIDE << CHUNK_SHIFT;
  BITS = load<u32>(W_BITS);
  RING_MASK = load<u32>(W_RING_MASK);
  MARKS = load<u32>(W_MARKS);
}

/** Whether a ring has room for so many more entries between two sequence numbers. */
@inline
export function hasRoom(base: u32, end: u32, count: u32): bool {
  return <u64>(end - base) + count <= <u64>RING_MASK + 1;
}

/** Address of the entry of a ring with a sequence number. */
@inline
export function ringAt(ring: usize, sequence: u32): usize {
  return ring + (<usize>(sequence & RING_MASK) << 2);
}

@inline
export function placeAt(place: u32): usize {
  return PLACES + <usize>place * PLACE_STRIDE;
}

@inline
export function bitsOf(at: usize): usize {
  return at + BITS;
}

@inline
export function slotAt(slot: u32): usize {
  return SLOTS + <usize>slot * SLOT_STRIDE + <usize>(slot >> CHUNK_SHIFT) * CHUNK;
}

/** The slot at an address. */
export function slotOfAddress(at: usize): u32 {
  const chunk = (SLOT_STRIDE << CHUNK_SHIFT) + CHUNK;
  const offset = at - SLOTS;
  return ((offset / chunk) << CHUNK_SHIFT) + (offset % chunk) / SLOT_STRIDE;
}

/** What searches walk over. */
@inline
export function vectorAt(slot: u32): usize {
  return slotAt(slot) + VECTOR;
}

/** The exact vector: of i8 it lies behind the chunk of its slot. */
@inline
export function exactAt(slot: u32): usize {
  if (COLD_STRIDE == 0) return slotAt(slot) + VECTOR;
  return (
    SLOTS + (<usize>((slot >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT) * SLOT_STRIDE + <usize>(slot >> CHUNK_SHIFT) * CHUNK +
    <usize>(slot & ((1 << CHUNK_SHIFT) - 1)) * COLD_STRIDE
  );
}

/** From one exact vector to the next of the same chunk. */
@inline
export function strideOfExact(): usize {
  return COLD_STRIDE == 0 ? SLOT_STRIDE : COLD_STRIDE;
}

@inline
export function levelOf(at: usize): u32 {
  return load<u32>(at, S_STATE) & 255;
}

@inline
export function stateOf(at: usize): u32 {
  return atomic.load<u8>(at, S_STATE + 1);
}

/** Its death is read first: of a slot that is used again, whoever sees the new one must not see the old birth. */
@inline
export function isVisible(at: usize, lsn: f64): bool {
  return lsn < reinterpret<f64>(atomic.load<u64>(at, S_DEAD)) && load<f64>(at, S_BIRTH) <= lsn;
}

/** Address of what a place is. */
@inline
export function ownerAt(place: u32): usize {
  return H_OWNERS + (<usize>place << 2);
}

/** Address of the number of links of a slot on a layer that it has; 0 where it has no such layer. */
export function linksAt(slot: u32, layer: u32): usize {
  const at = slotAt(slot);
  if (layer == 0) return at + S_COUNT;
  let block = atomic.load<u32>(at, S_UPPER);
  while (block != 0) {
    const upper = UPPER + <usize>(block - 1) * UPPER_STRIDE;
    if (--layer == 0) return upper + U_COUNT;
    block = load<u32>(upper, U_NEXT);
  }
  return 0;
}

/** Most links of a slot on a layer. */
@inline
export function mostLinks(layer: u32): u32 {
  return layer == 0 ? M << 1 : M;
}

/** Whether one of the first links of a list leads to a slot. */
@inline
export function holds(links: usize, count: u32, id: u32): bool {
  for (let i: usize = 4, end: usize = 4 + (<usize>count << 2); i < end; i += 4) {
    if (load<u32>(links + i) == id) return true;
  }
  return false;
}

/** Gives a slot blocks for as many layers as it wants and there is room; the level that it got. */
export function takeUpper(at: usize, level: u32): u32 {
  if (level == 0) return 0;
  let got: u32 = 0;
  let first: u32 = 0;
  for (; got < level; got++) {
    let block = load<u32>(H_UPPER_FREE);
    if (block != 0) {
      store<u32>(H_UPPER_FREE, load<u32>(UPPER + <usize>(block - 1) * UPPER_STRIDE, U_NEXT));
    } else {
      if (load<u32>(H_UPPER_COUNT) == UPPER_CAPACITY) break;
      block = load<u32>(H_UPPER_COUNT) + 1;
      store<u32>(H_UPPER_COUNT, block);
    }
    const upper = UPPER + <usize>(block - 1) * UPPER_STRIDE;
    store<u32>(upper, first, U_NEXT);
    store<u32>(upper, 0, U_COUNT);
    first = block;
  }
  atomic.store<u32>(at, first, S_UPPER);
  return got;
}

/** Takes the blocks of a slot back. */
export function giveUpper(at: usize): void {
  let block = load<u32>(at, S_UPPER);
  if (block == 0) return;
  atomic.store<u32>(at, 0, S_UPPER);
  while (block != 0) {
    const upper = UPPER + <usize>(block - 1) * UPPER_STRIDE;
    const next = load<u32>(upper, U_NEXT);
    store<u32>(upper, load<u32>(H_UPPER_FREE), U_NEXT);
    store<u32>(H_UPPER_FREE, block);
    block = next;
  }
}

/** Notes that a slot is linked; false when it was not pending: another worker may have linked it too, and it may be gone by now. */
export function setLinked(slot: u32): bool {
  if (atomic.cmpxchg<u8>(slotAt(slot), <u8>PENDING, <u8>LINKED, S_STATE + 1) != PENDING) return false;
  while (true) {
    const end = atomic.load<u32>(H_LINKED_END);
    if (end > slot || atomic.cmpxchg<u32>(H_LINKED_END, end, slot + 1) == end) return true;
  }
}

/** Notes that what persistence writes of a slot has changed. */
@inline
export function markDirty(slot: u32): void {
  const word = DIRTY + ((<usize>slot >> 5) << 2);
  const bit: u32 = 1 << (slot & 31);
  if ((load<u32>(word) & bit) == 0) atomic.or<u32>(word, bit);
}

/** The mark of slots that the sweep takes out of the graph. */
export const GONE: u8 = 1;

/** Whether the sweep takes a slot out of the graph now: nothing may be linked to it any more. */
@inline
export function isGone(slot: u32): bool {
  return load<u8>(MARKS + slot) == GONE;
}
