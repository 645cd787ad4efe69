// Linking: a slot gets links to the nearest slots that do not stand behind one another, and they get links back. Several
// threads may link at once: each list is changed under the lock of its slot.

import { exactDistances, floatsOf, isAnyNearer } from "./distance";
import {
  COSINE,
  DOT,
  EF_CONSTRUCTION,
  EUCLIDEAN,
  GIVEN_UP,
  H_ENTRY,
  H_ENTRY_LOCK,
  H_PENDING_BASE,
  H_PENDING_CLAIMED,
  H_PENDING_END,
  holds,
  isGone,
  levelOf,
  linksAt,
  M,
  MANHATTAN,
  markDirty,
  METRIC,
  mostLinks,
  NONE,
  ownerAt,
  PADDED,
  NOW,
  P_ADDED,
  P_CHOSEN,
  P_CLAIMED,
  P_DISTANCES,
  P_IDS,
  P_OUT_SLOTS,
  P_QUERY,
  P_SORT,
  P_VISITED,
  P_WIDE,
  PENDING,
  PENDING_RING,
  placeAt,
  ringAt,
  S_CHECKED,
  S_COUNT,
  S_LOCK,
  setLinked,
  slotAt,
  stateOf,
  WORKERS,
} from "./header";
import { lock, lockFor, releaseLocks, unlock } from "./lock";
import {
  clearPool,
  distanceOf,
  EXPANDED,
  HIDDEN,
  keyOf,
  limitAll,
  limitTies,
  MAX_TIES,
  poolKey,
  poolSize,
  poolVisible,
  slotOf,
} from "./pool";
import { scanLinked } from "./scan";
import { addSeed, addSeeds, descend, newEpoch, walk } from "./search";

const SHARE: f32 = 0.91;
const SQUARED_SHARE: f32 = 0.83;

/** Cosines of vectors that are equal but for rounding differ by so much at most. */
const ROUNDING: f32 = 1e-6;

/** Longest way through equal vectors. */
const MAX_STEPS: u32 = 64;

/** Flag of a key: it was chosen before, together with the others that have it. */
const CHECKED: u64 = 1;

/** Links up to `limit` pending slots; how many. */
export function linkPending(placeIndex: u32, limit: u32): u32 {
  const place = placeAt(placeIndex);
  lockFor(placeIndex);
  // This worker was interrupted in the middle of it.
  const left = load<u32>(place, P_CLAIMED);
  if (left != 0) {
    releaseLocks(placeIndex);
    link(place, left - 1);
  }
  let done: u32 = 0;
  while (done < limit) {
    const sequence = atomic.load<u32>(H_PENDING_CLAIMED);
    if (sequence == atomic.load<u32>(H_PENDING_END)) break;
    const slot = load<u32>(ringAt(PENDING_RING, sequence));
    // Noted before it is claimed, so that it is never lost: that two link a slot does no harm.
    atomic.store<u32>(place, slot + 1, P_CLAIMED);
    if (atomic.cmpxchg<u32>(H_PENDING_CLAIMED, sequence, sequence + 1) != sequence) continue;
    link(place, slot);
    passLinked();
    done++;
  }
  if (done < limit) done += linkGivenUp(place, limit - done);
  passLinked();
  atomic.store<u32>(place, 0, P_CLAIMED);
  return done;
}

/** Links what workers that have ended had claimed. */
function linkGivenUp(place: usize, limit: u32): u32 {
  let done: u32 = 0;
  for (let other: u32 = 0; other < WORKERS && done < limit; other++) {
    if (atomic.load<u32>(ownerAt(other)) != GIVEN_UP) continue;
    const claimed = atomic.load<u32>(placeAt(other), P_CLAIMED);
    if (claimed == 0 || stateOf(slotAt(claimed - 1)) != PENDING) continue;
    atomic.store<u32>(place, claimed, P_CLAIMED);
    link(place, claimed - 1);
    done++;
  }
  return done;
}

/** Moves the base of the ring over what is linked. */
function passLinked(): void {
  while (true) {
    const base = atomic.load<u32>(H_PENDING_BASE);
    if (base == atomic.load<u32>(H_PENDING_CLAIMED)) return;
    if (stateOf(slotAt(load<u32>(ringAt(PENDING_RING, base)))) == PENDING) return;
    atomic.cmpxchg<u32>(H_PENDING_BASE, base, base + 1);
  }
}

/** Links a slot on all its layers. */
function link(place: usize, slot: u32): void {
  const at = slotAt(slot);
  if (stateOf(at) != PENDING) return;
  const level = levelOf(at);
  let entry = atomic.load<u32>(H_ENTRY);
  let isTop = false;
  if (entry == NONE || level > levelOf(slotAt(entry))) {
    lock(H_ENTRY_LOCK);
    entry = atomic.load<u32>(H_ENTRY);
    isTop = entry == NONE || level > levelOf(slotAt(entry));
    if (!isTop) unlock(H_ENTRY_LOCK);
  }
  if (entry != NONE) connect(place, slot, level, entry);
  const isOurs = setLinked(slot);
  markDirty(slot);
  if (isTop) {
    if (isOurs) atomic.store<u32>(H_ENTRY, slot);
    unlock(H_ENTRY_LOCK);
  }
}

/** Finds neighbours of a slot from an entry on, and links both ways. */
export function connect(place: usize, slot: u32, level: u32, entry: u32): void {
  memory.copy(place + P_QUERY, floatsOf(slot, place + P_WIDE), <usize>PADDED << 2);
  const top = min(level, levelOf(slotAt(entry)));
  let nearest = NONE;
  for (let layer: i32 = top; layer >= 0; layer--) {
    if (layer != 0 || !scanLinked(place, slot)) {
      if (nearest == NONE) nearest = descend(place, entry, layer, true);
      const epoch = newEpoch(place);
      store<u8>(place + P_VISITED + slot, <u8>epoch);
      clearPool(place, EF_CONSTRUCTION);
      limitTies(MAX_TIES);
      // Where most of an index was replaced, nearly all that is met is dead.
      limitAll(EF_CONSTRUCTION << 1);
      if (layer == 0) addSeeds(place, epoch, NOW, true);
      addSeed(place, nearest == slot ? entry : nearest, epoch, NOW, true);
      walk(place, layer, epoch, NOW, true);
    }
    if (poolSize == 0) continue;
    nearest = slotOf(poolKey(0));
    const candidates = takeCandidates(place);
    const hasEqual = candidates != 0 && isEqual(distanceOf(<u32>(load<u64>(place + P_SORT) >> 32)));
    let chosen = choose(place, candidates, M, 1, 0);
    memory.copy(place + P_OUT_SLOTS, place + P_CHOSEN, <usize>chosen << 2);
    let back: usize = 0;
    if (hasEqual && layer == 0) {
      const first = load<u32>(place + P_OUT_SLOTS);
      const parent = findRoom(place, slot, first);
      if (parent != first) {
        if (chosen == M) chosen--;
        store<u32>(place + P_OUT_SLOTS + (<usize>chosen << 2), parent);
        chosen++;
        back = 4;
      }
    }
    setLinks(slot, layer, place + P_OUT_SLOTS, chosen);
    for (let i: usize = back, end = <usize>chosen << 2; i < end; i += 4) {
      addLink(place, load<u32>(place + P_OUT_SLOTS + i), slot, layer);
    }
  }
}

/** Copies the candidates that are alive to where they are chosen from; dead ones as well when there are too few. */
function takeCandidates(place: usize): u32 {
  const isAny = poolVisible < M;
  let count: u32 = 0;
  for (let i: u32 = 0; i < poolSize && count < EF_CONSTRUCTION; i++) {
    const key = poolKey(i);
    if (key & HIDDEN && (!isAny || isGone(slotOf(key)))) continue;
    store<u64>(place + P_SORT + (<usize>count << 3), key & ~(EXPANDED | HIDDEN));
    count++;
  }
  return count;
}

/** Equal vectors that a list leads to at most: its other links are for what lies elsewhere. */
@inline
export function equalsIn(most: u32): u32 {
  return max(most >> 2, 3);
}

/** Whether vectors at this distance are equal but for rounding. By products the nearest vector is another one. */
@inline
function isEqual(distance: f32): bool {
  if (METRIC == COSINE) return distance <= -1 + ROUNDING;
  return METRIC != DOT && distance == 0;
}

/**
 * A slot with room for a link to `slot` on the lowest layer, found through vectors equal to its own from `root` on. So equal
 * vectors are a tree: a link leads to each of them, all of them lead to the root, and the root to what lies elsewhere.
 */
function findRoom(place: usize, slot: u32, root: u32): u32 {
  const most = M << 1;
  const ids = place + P_IDS;
  let at = root;
  let above = root;
  let random = slot;
  let steps: u32 = 0;
  while (true) {
    const links = slotAt(at) + S_COUNT;
    const count = min(atomic.load<u32>(links), most);
    memory.copy(ids, links + 4, <usize>count << 2);
    exactDistances(place + P_QUERY, ids, count, place + P_DISTANCES);
    let equals: u32 = 0;
    let below: u32 = 0;
    for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
      const near = load<u32>(ids + i);
      if (near == slot || !isEqual(load<f32>(place + P_DISTANCES + i))) continue;
      equals++;
      if (near == root || near == above) continue;
      store<u32>(ids + (<usize>below << 2), near);
      below++;
    }
    if (equals < equalsIn(most) || below == 0 || steps == MAX_STEPS) return at;
    steps++;
    random = random * 0x9e3779b1 + 1;
    above = at;
    at = load<u32>(ids + (<usize>((random >> 16) % below) << 2));
  }
}

/**
 * Chooses at most `most` of the ascending keys at P_SORT (slots mixed with `mask`), to P_CHOSEN, up to `equals` of them equal
 * to the centre: a slot that is nearer to a chosen one than to the centre can be reached through that one. Algorithm 4 of the paper, but a way around must be shorter by a tenth (as in S. J.
 * Subramanya et al., *DiskANN*, 2019): with a third more links, searches need a third fewer candidates. Keys that were chosen
 * together before are not compared with one another again. Hot.
 */
export function choose(place: usize, count: u32, most: u32, equals: u32, mask: u32): u32 {
  const chosen = place + P_CHOSEN;
  const added = place + P_ADDED;
  let size: u32 = 0;
  let addedSize: u32 = 0;
  for (let i: u32 = 0; i < count && size < most; i++) {
    const key = load<u64>(place + P_SORT + (<usize>i << 3));
    if (size >= equals && isEqual(distanceOf(<u32>(key >> 32)))) continue;
    const slot = slotOf(key) ^ mask;
    const isChecked = (key & CHECKED) != 0;
    const compared = isChecked ? addedSize : size;
    if (compared != 0) {
      const floats = floatsOf(slot, place + P_WIDE);
      const limit = shortened(distanceOf(<u32>(key >> 32)));
      if (isAnyNearer(floats, isChecked ? added : chosen, compared, limit, place + P_DISTANCES)) continue;
    }
    store<u32>(chosen + (<usize>size << 2), slot);
    size++;
    if (isChecked) continue;
    store<u32>(added + (<usize>addedSize << 2), slot);
    addedSize++;
  }
  return size;
}

/** A tenth off a distance, as it is measured: squared, or beside its place on a scale. */
@inline
function shortened(distance: f32): f32 {
  if (METRIC == EUCLIDEAN) return distance * SQUARED_SHARE;
  if (METRIC == COSINE) return (distance + 1) * SQUARED_SHARE - 1;
  if (METRIC == MANHATTAN) return distance * SHARE;
  return distance; // products are no lengths
}

/** Writes the first links of a slot; those that others added meanwhile stay, as far as there is room. */
function setLinks(slot: u32, layer: u32, from: usize, size: u32): void {
  const at = slotAt(slot);
  const links = linksAt(slot, layer);
  if (links == 0) return;
  const most = mostLinks(layer);
  lock(at + S_LOCK);
  let count = load<u32>(links);
  if (layer == 0 && count == 0) store<u8>(at, <u8>size, S_CHECKED);
  for (let i: u32 = 0; i < size && count < most; i++) {
    const id = load<u32>(from + (<usize>i << 2));
    if (holds(links, count, id)) continue;
    store<u32>(links + 4 + (<usize>count << 2), id);
    count++;
  }
  atomic.store<u32>(links, count);
  markDirty(slot);
  unlock(at + S_LOCK);
}

/** Adds a link from a slot to another; when its list is full, it is chosen anew. */
export function addLink(place: usize, from: u32, to: u32, layer: u32): void {
  const links = linksAt(from, layer);
  if (links == 0) return;
  const most = mostLinks(layer);
  const held = slotAt(from) + S_LOCK;
  lock(held);
  const count = load<u32>(links);
  let lost = NONE;
  if (!holds(links, count, to)) {
    if (count < most) {
      store<u32>(links + 4 + (<usize>count << 2), to);
      atomic.store<u32>(links, count + 1);
    } else {
      memory.copy(place + P_IDS, links + 4, <usize>count << 2);
      store<u32>(place + P_IDS + (<usize>count << 2), to);
      // Of those at the same distance the new one comes first, and which is last differs.
      const mask = to;
      const checked = layer == 0 ? <u32>load<u8>(slotAt(from), S_CHECKED) : 0;
      sortByDistance(place, from, count + 1, checked, mask);
      const size = choose(place, count + 1, most, equalsIn(most), mask);
      writeList(links, place + P_CHOSEN, size);
      if (layer == 0) store<u8>(slotAt(from), <u8>size, S_CHECKED);
      lost = lostAtTie(place, count, size, mask);
    }
    markDirty(from);
  }
  unlock(held);
  // The way to it leads through the new slot from now on: else ways to few of many equal vectors would be left.
  if (lost != NONE) append(to, lost, layer);
}

/** The last of `count` + 1 sorted slots when there was no room for it beside one as far away; else NONE. */
function lostAtTie(place: usize, count: u32, size: u32, mask: u32): u32 {
  const last = load<u64>(place + P_SORT + (<usize>count << 3));
  const before = load<u64>(place + P_SORT + (<usize>(count - 1) << 3));
  if (size < count || last >> 32 != before >> 32) return NONE;
  const slot = slotOf(last) ^ mask;
  return load<u32>(place + P_CHOSEN + (<usize>(size - 1) << 2)) == slot ? NONE : slot;
}

/** Adds a link where there is room. */
function append(from: u32, to: u32, layer: u32): void {
  const links = linksAt(from, layer);
  if (links == 0) return;
  const held = slotAt(from) + S_LOCK;
  lock(held);
  const count = load<u32>(links);
  if (count < mostLinks(layer) && !holds(links, count, to)) {
    store<u32>(links + 4 + (<usize>count << 2), to);
    atomic.store<u32>(links, count + 1);
    markDirty(from);
  }
  unlock(held);
}

/** Sorts the slots at P_IDS, the first of them checked, by their distance to a slot, to P_SORT, their numbers mixed with `mask`. */
function sortByDistance(place: usize, centre: u32, count: u32, checked: u32, mask: u32): void {
  exactDistances(floatsOf(centre, place + P_WIDE), place + P_IDS, count, place + P_DISTANCES);
  const keys = place + P_SORT;
  for (let i: u32 = 0; i < count; i++) {
    const offset = <usize>i << 2;
    let key = keyOf(load<f32>(place + P_DISTANCES + offset), load<u32>(place + P_IDS + offset) ^ mask);
    if (i < checked) key |= CHECKED;
    let at = keys + (<usize>i << 3);
    while (at > keys && load<u64>(at - 8) > key) {
      store<u64>(at, load<u64>(at - 8));
      at -= 8;
    }
    store<u64>(at, key);
  }
}

/** Replaces a list while others read it: entries are valid at any time, and the length comes last. */
export function writeList(links: usize, from: usize, size: u32): void {
  for (let i: usize = 0, end = <usize>size << 2; i < end; i += 4) store<u32>(links + 4 + i, load<u32>(from + i));
  atomic.store<u32>(links, size);
}
