// The candidates of a search, ascending: a key is the distance (as an integer of the same order) above slot << 2 and two
// flags. Candidates that may not be returned stand among the others, so that the search goes on behind them, but do not
// count. For the sizes of usual searches a sorted array beats heaps.

import { P_POOL, POOL_SIZE } from "./header";

/** Of candidates at the same distance a walk keeps so many: many equal vectors must not crowd out all others. */
export const MAX_TIES: u32 = 32;

/** The search has looked at its links. */
export const EXPANDED: u64 = 1;
/** It is walked through, but not returned. */
export const HIDDEN: u64 = 2;

/** Candidates. */
export let poolSize: u32 = 0;
/** Those that may be returned: never more than the limit. */
export let poolVisible: u32 = 0;
/** No candidate before this one waits to be expanded. */
export let poolNext: u32 = 0;
/** Distances from here on are no use: the limit is reached. */
export let poolBound: f32 = Infinity;
let poolLimit: u32 = 0;
/** Candidates of both kinds. */
let poolMost: u32 = 0;
let poolTies: u32 = 0;
/** A candidate that had no room among those at its distance: the next ones have none either. */
let poolCrowded: u64 = u64.MAX_VALUE;
let pool: usize = 0;

/** Starts with no candidates, at most `limit` of them. */
export function clearPool(place: usize, limit: u32): void {
  pool = place + P_POOL;
  poolLimit = limit;
  poolMost = POOL_SIZE;
  poolTies = limit;
  poolCrowded = u64.MAX_VALUE;
  poolSize = 0;
  poolVisible = 0;
  poolNext = 0;
  poolBound = Infinity;
}

/** Of candidates at the same distance those with the lowest slots are kept from here on, so many. */
export function limitTies(ties: u32): void {
  poolTies = ties;
  poolCrowded = u64.MAX_VALUE;
}

/** Keeps so many candidates from here on, those that may not be returned among them. */
export function limitAll(most: u32): void {
  poolMost = min(most, POOL_SIZE);
}

/** Looks at all candidates again (on another layer). */
export function rewindPool(): void {
  for (let at = pool, end = pool + (<usize>poolSize << 3); at < end; at += 8) {
    store<u64>(at, load<u64>(at) & ~EXPANDED);
  }
  poolNext = 0;
}

/** Integer of the same order as a float. */
@inline
export function orderOf(distance: f32): u32 {
  const bits = reinterpret<i32>(distance);
  return <u32>(bits ^ ((bits >> 31) | <i32>0x80000000));
}

@inline
export function distanceOf(order: u32): f32 {
  const bits = <i32>order;
  return reinterpret<f32>(bits ^ (~(bits >> 31) | <i32>0x80000000));
}

@inline
export function keyOf(distance: f32, slot: u32): u64 {
  return (<u64>orderOf(distance) << 32) | (<u64>slot << 2);
}

@inline
export function slotOf(key: u64): u32 {
  return <u32>key >> 2;
}

@inline
export function poolKey(index: u32): u64 {
  return load<u64>(pool + (<usize>index << 3));
}

@inline
export function markExpanded(index: u32): void {
  const at = pool + (<usize>index << 3);
  store<u64>(at, load<u64>(at) | EXPANDED);
}

@inline
export function setNext(index: u32): void {
  poolNext = index;
}

/** Where a key belongs: the number of keys below it. */
export function placeOf(key: u64): u32 {
  let base = pool;
  let count = poolSize;
  // Without branches that depend on keys: they could not be predicted.
  while (count > 1) {
    const step = count >> 1;
    const middle = base + (<usize>step << 3);
    base = select(middle, base, load<u64>(middle) < key);
    count -= step;
  }
  let index = <u32>((base - pool) >> 3);
  if (count != 0 && load<u64>(base) < key) index++;
  return index;
}

/** Adds a candidate whose distance is below the bound. Hot. */
@inline
export function addToPool(key: u64): void {
  if (key >= poolCrowded && (key ^ poolCrowded) >> 32 == 0) return;
  const index = placeOf(key);
  const isTie = (index != 0 && (poolKey(index - 1) ^ key) >> 32 == 0) ||
    (index < poolSize && (poolKey(index) ^ key) >> 32 == 0);
  if (isTie && isCrowded(key, index)) {
    poolCrowded = key;
    return;
  }
  insertAt(index, key);
}

/** Whether as many others at the distance of a candidate as are kept have lower slots; else the last of so many makes room. */
function isCrowded(key: u64, index: u32): bool {
  if (key & HIDDEN) return false;
  const first = placeOf(key & 0xffffffff00000000);
  if (index - first >= poolTies + (poolSize - poolVisible)) return true;
  let left = poolTies;
  for (let at = first; at < poolSize; at++) {
    const other = poolKey(at);
    if ((other ^ key) >> 32 != 0) break;
    if (other & HIDDEN || --left != 0) continue;
    if (other < key) return true;
    remove(at);
    break;
  }
  return false;
}

/** Takes a candidate that counts out. */
function remove(index: u32): void {
  const at = pool + (<usize>index << 3);
  poolSize--;
  poolVisible--;
  memory.copy(at, at + 8, <usize>(poolSize - index) << 3);
  if (index < poolNext) poolNext--;
}

/** Puts a key at its place. */
export function insertAt(index: u32, key: u64): void {
  if (poolSize == poolMost) {
    if (index == poolMost) return;
    dropLast();
  }
  const to = pool + (<usize>index << 3);
  let at = pool + (<usize>poolSize << 3);
  for (; at >= to + 16; at -= 16) v128.store(at - 8, v128.load(at - 16));
  if (at > to) store<u64>(at, load<u64>(at - 8));
  store<u64>(to, key);
  poolSize++;
  if (index < poolNext) poolNext = index;
  if (poolSize == poolMost) poolBound = distanceOf(<u32>(poolKey(poolSize - 1) >> 32));
  if (key & HIDDEN) return;
  if (++poolVisible < poolLimit) return;
  if (poolVisible > poolLimit) dropLast();
  // The farthest candidate is always one that counts.
  while (poolKey(poolSize - 1) & HIDDEN) poolSize--;
  poolBound = distanceOf(<u32>(poolKey(poolSize - 1) >> 32));
}

function dropLast(): void {
  poolSize--;
  if (!(poolKey(poolSize) & HIDDEN)) poolVisible--;
}
