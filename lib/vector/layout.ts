/**
 * Where everything lies in the memory of an index. All addresses follow from the options, so that threads that attach need
 * nothing but the memory, and it grows at its end only:
 *
 *   0         header: words (WORD), counters, places, entry points           (kernel/header.ts)
 *   places    for each worker: query, candidates, results, marks, filter
 *   upper     blocks of links above layer 0
 *   rings     pending slots, free slots
 *   dirty     a bit for each slot; marks: a byte for each, for the sweep
 *   slots     chunks of 1,024 slots: record, links of layer 0, vector; with i8 the exact vectors behind them
 */

import { UnsupportedError } from "../backend/errors.ts";
import type { VectorMetric, VectorStorage } from "../backend/vector.ts";
import type { VectorMemoryOptions } from "./memory.ts";

/** Numbers of the words at the start of the header. */
export const WORD = {
  magic: 0,
  version: 1,
  dimension: 2,
  padded: 3,
  metric: 4,
  storage: 5,
  m: 6,
  efConstruction: 7,
  seed: 8,
  capacity: 9,
  workers: 10,
  places: 11,
  placeStride: 12,
  upper: 13,
  upperCapacity: 14,
  upperStride: 15,
  pending: 16,
  free: 17,
  dirty: 18,
  slots: 19,
  slotStride: 20,
  vector: 21,
  coldStride: 22,
  bits: 23,
  ringMask: 24,
  maxPages: 25,
  marks: 26,
} as const;

/** Numbers of the words that the kernel counts in (kernel/header.ts has their addresses). */
export const COUNTER = {
  entry: 64,
  slots: 66,
  pendingBase: 67,
  pendingEnd: 69,
  freeBase: 70,
  freeEnd: 71,
  upperCount: 72,
  alive: 75,
  dead: 76,
  seeds: 77,
  seedList: 512,
} as const;

/** Bytes of a slot's record before its links. */
export const SLOT = { birth: 0, dead: 8, node: 16, state: 24, count: 44 } as const;

/** First word of a memory: "VMEM". */
export const MAGIC = 0x4d454d56;
/** Changes with the layout. */
export const LAYOUT_VERSION = 1;

/** Metrics in the order of their numbers. */
export const METRICS: readonly VectorMetric[] = ["euclidean", "cosine", "dot", "manhattan"];
/** Storages in the order of their numbers. */
export const STORAGES: readonly VectorStorage[] = ["f32", "f16", "i8"];

/** Most slots from which searches of graphs with one layer start. */
export const MAX_SEEDS = 1_024;
/** Slots of a chunk. */
export const CHUNK_SLOTS = 1_024;

const PAGE = 65_536;
const MAX_BYTES = 65_535 * PAGE; // the address behind it must be a number of 32 bits
const HEADER_BYTES = 8_192;
const DEFAULT_WORKERS = 32;
const MAX_WORKERS = 256;
const PLACE_BYTES = 524_288; // before the marks
const LINKS_AT = 48;

/** The words of a header, and the sizes of the memory in pages. */
export interface Layout {
  /** Words of the header, by `WORD`. */
  readonly words: Uint32Array;
  /** Pages before the first slot. */
  readonly initialPages: number;
  /** Pages with all slots. */
  readonly maxPages: number;
}

/** @throws {UnsupportedError} `vector-index-too-large` when the capacity does not fit into `maxBytes` */
export function layoutOf(options: VectorMemoryOptions): Layout {
  const maxBytes = Math.min(options.maxBytes ?? MAX_BYTES, MAX_BYTES);
  const workers = Math.min(options.workers ?? DEFAULT_WORKERS, MAX_WORKERS);
  let capacity = options.capacity;
  if (capacity === undefined) {
    // The largest number of chunks that fits.
    let low = 0;
    for (let high = Math.ceil(maxBytes / CHUNK_SLOTS); low < high;) {
      const middle = Math.ceil((low + high) / 2);
      if (place(options, middle * CHUNK_SLOTS, workers).end <= maxBytes) low = middle;
      else high = middle - 1;
    }
    capacity = low * CHUNK_SLOTS;
  }
  const { words, slots, end } = place(options, capacity, workers);
  if (end > maxBytes || capacity < 1) {
    throw new UnsupportedError(
      `a vector index of ${capacity} vectors with ${options.dimension} numbers takes ${end} bytes of memory; at most ` +
        `${maxBytes} can be used: store it as f16, or split it into several indexes`,
      { code: "vector-index-too-large", field: "capacity", value: capacity },
    );
  }
  const maxPages = Math.ceil(end / PAGE);
  words[WORD.maxPages] = maxPages;
  return { words, initialPages: Math.ceil(slots / PAGE), maxPages };
}

function place(options: VectorMemoryOptions, capacity: number, workers: number) {
  const { dimension, metric, storage, m, efConstruction, seed } = options;
  const padded = roundUp(dimension, storage === "i8" ? 16 : 8);
  const visitedBytes = roundUp(capacity, 64);
  const placeStride = roundUp(PLACE_BYTES + visitedBytes + roundUp(Math.ceil(capacity / 8), 64) + 64, PAGE);
  const upper = HEADER_BYTES + workers * placeStride;
  // A share of 1/m of the slots is on layer 1, of those on layer 2, and so on; random numbers may exceed that a little.
  const upperCapacity = Math.ceil(capacity / (m - 1) * 1.05 + 8 * Math.sqrt(capacity) + 64);
  const upperStride = 8 + 4 * m;
  const ringSize = 2 ** Math.ceil(Math.log2(capacity + 1));
  const pending = roundUp(upper + upperCapacity * upperStride, 64);
  const free = pending + ringSize * 4;
  const dirty = free + ringSize * 4;
  const marks = dirty + Math.ceil(capacity / 32) * 4;
  const slots = roundUp(marks + capacity, PAGE);
  const vector = roundUp(LINKS_AT + 8 * m, padded * 4 >= 256 ? 64 : 16);
  const hotBytes = padded * (storage === "f32" ? 4 : storage === "f16" ? 2 : 1);
  const slotStride = roundUp(vector + hotBytes, hotBytes >= 256 ? 64 : 16);
  const coldStride = storage === "i8" ? padded * 4 : 0;
  const end = slots + Math.ceil(capacity / CHUNK_SLOTS) * CHUNK_SLOTS * (slotStride + coldStride);
  const words = new Uint32Array(Object.keys(WORD).length);
  words[WORD.magic] = MAGIC;
  words[WORD.version] = LAYOUT_VERSION;
  words[WORD.dimension] = dimension;
  words[WORD.padded] = padded;
  words[WORD.metric] = METRICS.indexOf(metric);
  words[WORD.storage] = STORAGES.indexOf(storage);
  words[WORD.m] = m;
  words[WORD.efConstruction] = efConstruction;
  words[WORD.seed] = seed;
  words[WORD.capacity] = capacity;
  words[WORD.workers] = workers;
  words[WORD.places] = HEADER_BYTES;
  words[WORD.placeStride] = placeStride;
  words[WORD.upper] = upper;
  words[WORD.upperCapacity] = upperCapacity;
  words[WORD.upperStride] = upperStride;
  words[WORD.pending] = pending;
  words[WORD.free] = free;
  words[WORD.dirty] = dirty;
  words[WORD.slots] = slots;
  words[WORD.slotStride] = slotStride;
  words[WORD.vector] = vector;
  words[WORD.coldStride] = coldStride;
  words[WORD.bits] = PLACE_BYTES + visitedBytes;
  words[WORD.marks] = marks;
  words[WORD.ringMask] = ringSize - 1;
  return { words, slots, end };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
