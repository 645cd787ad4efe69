// Exact searches: every slot is compared.

import { exactDistances } from "./distance";
import { bitsOf, H_SLOTS, isVisible, MAX_BATCH, P_DISTANCES, P_IDS, P_QUERY, placeAt, S_NODE, slotAt } from "./header";
import { clearPool, insertAt, keyOf, placeOf, poolBound, poolKey, poolSize, slotOf } from "./pool";

/** Begins a scan for the `k` nearest slots. */
export function beginScan(placeIndex: u32, k: u32): void {
  clearPool(placeAt(placeIndex), k);
}

/** Compares the visible slots from `from` up to `to`, or those of them that the filter allows. */
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
  } else {
    for (let slot = from; slot < end; slot++) {
      if (!isVisible(slotAt(slot), lsn)) continue;
      store<u32>(place + P_IDS + (<usize>count << 2), slot);
      if (++count > 256) {
        compare(place, count);
        count = 0;
      }
    }
  }
  compare(place, count);
}

/** Slots at the same distance count by their node ids. */
function compare(place: usize, count: u32): void {
  exactDistances(place + P_QUERY, place + P_IDS, count, place + P_DISTANCES);
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
    const distance = load<f32>(place + P_DISTANCES + i);
    if (!(distance <= poolBound)) continue;
    const slot = load<u32>(place + P_IDS + i);
    const key = keyOf(distance, slot);
    const node = load<f64>(slotAt(slot), S_NODE);
    let index = placeOf(key & 0xffffffff00000000);
    while (index < poolSize) {
      const other = poolKey(index);
      if (other >> 32 != key >> 32 || load<f64>(slotAt(slotOf(other)), S_NODE) > node) break;
      index++;
    }
    if (distance == poolBound && index == poolSize) continue;
    insertAt(index, key);
  }
}
