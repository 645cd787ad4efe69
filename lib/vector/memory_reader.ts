/** Searches an index in memory. */

import type { VectorMetric } from "../backend/vector.ts";
import { distanceBy } from "./distance.ts";
import type { SlotSet, VectorHits, VectorQuery, VectorReader } from "./memory.ts";
import { MemoryLinker } from "./memory_linker.ts";
import type { MemoryView } from "./memory_view.ts";

/** Slots of a scan between two looks at whether it is cancelled. */
const SCAN_PIECE = 65_536;

/** One thread's reader. */
export class MemoryReader extends MemoryLinker implements VectorReader {
  readonly #queryAt: number;
  readonly #slotsAt: number;
  readonly #distancesAt: number;
  readonly #filterAt: number;
  readonly #toDistance: (measured: number) => number;
  readonly #toMeasured: (distance: number) => number;
  /** The filter that lies in the place of this reader, and for how many slots. */
  #copied: SlotSet | undefined;
  #copiedSlots = 0;

  constructor(view: MemoryView, place: number) {
    super(view, place);
    const { kernel } = view;
    this.#queryAt = kernel.queryAddress(place) >>> 0;
    this.#slotsAt = kernel.resultAddress(place) >>> 0;
    this.#distancesAt = kernel.distanceAddress(place) >>> 0;
    this.#filterAt = kernel.filterAddress(place) >>> 0;
    this.#toDistance = TO_DISTANCE[view.options.metric];
    this.#toMeasured = TO_MEASURED[view.options.metric];
  }

  search(query: VectorQuery): VectorHits {
    const { k, ef, lsn, maxDistance = Infinity, allowed, checkCancelled } = query;
    const { kernel } = this.view;
    const { place } = this;
    this.#setQuery(query.query);
    const isFiltered = allowed !== undefined;
    if (isFiltered) this.#setFilter(allowed);
    const limit = Math.max(k, ef);
    const total = isFiltered ? allowed.count : this.view.counter("slots");
    let count = -1;
    if (query.isExact !== true && kernel.isScanCheaper(limit, total, isFiltered ? 1 : 0) === 0) {
      count = isFiltered ? kernel.searchFiltered(place, k, limit, lsn) : kernel.search(place, k, limit, lsn);
    }
    // Fewer than there are: the walk found no way to enough of them.
    if (count < k && count < total) count = this.#scan(k, lsn, isFiltered, checkCancelled);
    return this.#hits(count, query, maxDistance);
  }

  range(query: Omit<VectorQuery, "k" | "maxDistance"> & { readonly maxDistance: number }): VectorHits {
    const { ef, lsn, maxDistance, allowed, checkCancelled } = query;
    const { kernel } = this.view;
    const { place } = this;
    this.#setQuery(query.query);
    const isFiltered = allowed !== undefined;
    if (isFiltered) this.#setFilter(allowed);
    const radius = this.#toMeasured(maxDistance);
    const total = isFiltered ? allowed.count : this.view.counter("slots");
    let limit = query.isExact === true ? Infinity : 2 * ef;
    for (; limit <= MAX_WALK && kernel.isScanCheaper(limit, total, isFiltered ? 1 : 0) === 0; limit *= 4) {
      const count = isFiltered
        ? kernel.searchFiltered(place, limit, limit, lsn)
        : kernel.search(place, limit, limit, lsn);
      const from = this.#distancesAt / 4;
      const inside = this.view.floatsTo(0).subarray(from, from + count).findLastIndex((measured) =>
        measured <= radius
      ) + 1;
      // The walk has left the radius, and looked around.
      if (inside + ef <= limit) return this.#hits(inside, query, maxDistance);
    }
    const parts: VectorHits[] = [];
    const slots = this.view.counter("slots");
    for (let from = 0; from < slots; from += RANGE_PIECE) {
      if (from % SCAN_PIECE === 0) checkCancelled?.();
      const count = kernel.scanRange(place, lsn, from, from + RANGE_PIECE, radius, isFiltered ? 1 : 0);
      if (count > 0) parts.push(this.#hits(count, query, maxDistance));
    }
    return sorted(joined(parts));
  }

  #setQuery(query: Float32Array): void {
    this.view.floatsTo(0).set(query, this.#queryAt / 4);
    this.view.kernel.prepareQuery(this.place);
  }

  /** Copies a filter unless it is the last one. Slots that came later are not in it. */
  #setFilter(allowed: SlotSet): void {
    const slots = this.view.counter("slots");
    if (this.#copied === allowed && this.#copiedSlots === slots) return;
    const { bits } = allowed;
    const words = this.view.wordsTo(0);
    const from = this.#filterAt / 4;
    const length = (slots + 31) >>> 5;
    words.set(bits.length > length ? bits.subarray(0, length) : bits, from);
    if (bits.length < length) words.fill(0, from + bits.length, from + length);
    this.view.kernel.setAllowed(this.place, allowed.count);
    this.#copied = allowed;
    this.#copiedSlots = slots;
  }

  #scan(k: number, lsn: number, isFiltered: boolean, checkCancelled: (() => void) | undefined): number {
    const { kernel } = this.view;
    const slots = this.view.counter("slots");
    kernel.beginScan(this.place, k);
    for (let from = 0; from < slots; from += SCAN_PIECE) {
      checkCancelled?.();
      kernel.scan(this.place, lsn, from, from + SCAN_PIECE, isFiltered ? 1 : 0);
    }
    return kernel.results(this.place, k);
  }

  /** Reads what the kernel found, sorts equal distances by node id, and leaves out what is too far. */
  #hits(found: number, query: Pick<VectorQuery, "query" | "vectorOf">, maxDistance: number): VectorHits {
    const { view } = this;
    const at = this.#slotsAt / 4;
    const slots = view.wordsTo(0).slice(at, at + found) as Uint32Array;
    const measured = view.floatsTo(0);
    const from = this.#distancesAt / 4;
    const nodeIds = new Float64Array(found);
    const distances = new Float64Array(found);
    const { vectorOf } = query;
    if (vectorOf === undefined || view.options.storage !== "f16") {
      for (let i = 0; i < found; i++) {
        nodeIds[i] = view.nodeIdOf(slots[i] as number);
        distances[i] = this.#toDistance(measured[from + i] as number);
      }
    } else {
      const distance = distanceBy(view.options.metric);
      for (let i = 0; i < found; i++) {
        const slot = slots[i] as number;
        const nodeId = nodeIds[i] = view.nodeIdOf(slot);
        distances[i] = distance(query.query, vectorOf(slot, nodeId));
      }
    }
    const hits = { slots, nodeIds, distances };
    return withinOf(found <= MAX_NEARLY_SORTED ? nearlySorted(hits) : sorted(hits), maxDistance);
  }
}

/** Results of a walk are nearly sorted, but few enough that it does not matter. */
const MAX_NEARLY_SORTED = 128;

/** Most candidates of a walk. */
const MAX_WALK = 12_000;

/** Slots of a piece of a range scan: all of them fit into the results of a place. */
const RANGE_PIECE = 8_192;

const TO_DISTANCE: Readonly<Record<VectorMetric, (measured: number) => number>> = {
  euclidean: (measured) => Math.sqrt(measured > 0 ? measured : 0),
  // Rounding must not take a distance out of its range.
  cosine: (measured) => Math.min(2, Math.max(0, 1 + measured)),
  dot: (measured) => measured,
  manhattan: (measured) => measured,
};

/** A little beyond the given distance, so that rounding loses nothing: results are compared again. */
const TO_MEASURED: Readonly<Record<VectorMetric, (distance: number) => number>> = {
  euclidean: (distance) => distance < 0 ? -1 : (distance * SLACK) ** 2,
  cosine: (distance) => distance - 1 + (SLACK - 1),
  dot: (distance) => distance + Math.abs(distance) * (SLACK - 1),
  manhattan: (distance) => distance * SLACK,
};

/** Half floats are 2^-11 of themselves off at most. */
const SLACK = 1.001;

/** Sorts by distance, then node id, in place: quick where little is to be moved. */
function nearlySorted(hits: VectorHits): VectorHits {
  const { slots, nodeIds, distances } = hits;
  for (let from = 1; from < slots.length; from++) {
    const slot = slots[from] as number;
    const nodeId = nodeIds[from] as number;
    const distance = distances[from] as number;
    let at = from;
    for (; at > 0; at--) {
      const before = distances[at - 1] as number;
      if (before < distance || (before === distance && (nodeIds[at - 1] as number) <= nodeId)) break;
      slots[at] = slots[at - 1] as number;
      nodeIds[at] = nodeIds[at - 1] as number;
      distances[at] = before;
    }
    slots[at] = slot;
    nodeIds[at] = nodeId;
    distances[at] = distance;
  }
  return hits;
}

/** The same in O(n log n). */
function sorted({ slots, nodeIds, distances }: VectorHits): VectorHits {
  const order = Uint32Array.from(slots, (_, index) => index).sort((a, b) =>
    (distances[a] as number) - (distances[b] as number) || (nodeIds[a] as number) - (nodeIds[b] as number)
  );
  return {
    slots: Uint32Array.from(order, (index) => slots[index] as number),
    nodeIds: Float64Array.from(order, (index) => nodeIds[index] as number),
    distances: Float64Array.from(order, (index) => distances[index] as number),
  };
}

/** Leaves out what is too far. */
function withinOf(hits: VectorHits, maxDistance: number): VectorHits {
  const { slots, nodeIds, distances } = hits;
  let count = slots.length;
  while (count > 0 && !((distances[count - 1] as number) <= maxDistance)) count--;
  if (count === slots.length) return hits;
  return { slots: slots.slice(0, count), nodeIds: nodeIds.slice(0, count), distances: distances.slice(0, count) };
}

/** Lists of hits one after the other. */
function joined(parts: readonly VectorHits[]): VectorHits {
  let length = 0;
  for (const { slots } of parts) length += slots.length;
  const all = {
    slots: new Uint32Array(length),
    nodeIds: new Float64Array(length),
    distances: new Float64Array(length),
  };
  let at = 0;
  for (const { slots, nodeIds, distances } of parts) {
    all.slots.set(slots, at);
    all.nodeIds.set(nodeIds, at);
    all.distances.set(distances, at);
    at += slots.length;
  }
  return all;
}
