// All slots within a radius, by comparing every slot.

import { exactDistances } from "./distance";
import {
  bitsOf,
  H_SLOTS,
  isVisible,
  P_DISTANCES,
  P_IDS,
  P_OUT_DISTANCES,
  P_OUT_SLOTS,
  P_QUERY,
  placeAt,
  slotAt,
} from "./header";

/** The slots of a piece that are within a radius, as results: at most as many as the piece has slots. */
export function scanRange(placeIndex: u32, lsn: f64, from: u32, to: u32, radius: f32, isFiltered: bool): u32 {
  const place = placeAt(placeIndex);
  const bits = bitsOf(place);
  const end = min(to, atomic.load<u32>(H_SLOTS));
  let found: u32 = 0;
  for (let slot = from; slot < end; ) {
    let count: u32 = 0;
    for (; slot < end && count < 256; slot++) {
      if (isFiltered && ((load<u32>(bits + (<usize>(slot >> 5) << 2)) >> (slot & 31)) & 1) == 0) continue;
      if (!isVisible(slotAt(slot), lsn)) continue;
      store<u32>(place + P_IDS + (<usize>count << 2), slot);
      count++;
    }
    exactDistances(place + P_QUERY, place + P_IDS, count, place + P_DISTANCES);
    for (let i: usize = 0, to: usize = <usize>count << 2; i < to; i += 4) {
      const distance = load<f32>(place + P_DISTANCES + i);
      if (!(distance <= radius)) continue;
      store<u32>(place + P_OUT_SLOTS + (<usize>found << 2), load<u32>(place + P_IDS + i));
      store<f32>(place + P_OUT_DISTANCES + (<usize>found << 2), distance);
      found++;
    }
  }
  return found;
}
