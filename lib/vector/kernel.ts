/** The compiled kernel: one module a thread, one instance for each index in it. */

import { KERNEL, RELAXED_KERNEL } from "./kernel_code.ts";

/** What the kernel offers (kernel/index.ts). Addresses are bytes in the memory; LSNs and node ids are floats. */
export interface Kernel {
  /** Reads the header. */
  attach(): void;
  /** Initialises the header of a new memory. */
  create(): void;
  /** Takes a free place among so many, or `NO_SLOT`. */
  takePlace(places: number): number;
  /** Gives a place back, also for a thread that ended in the middle of something. */
  freePlace(place: number): void;
  /** Where a place's query is written. */
  queryAddress(place: number): number;
  /** Where a place's results are: slots. */
  resultAddress(place: number): number;
  /** Where their distances are. */
  distanceAddress(place: number): number;
  /** Where the filter of a place is written. */
  filterAddress(place: number): number;
  /** Where a slot begins. */
  slotAddress(slot: number): number;
  /** Where the number of links of a slot on a layer is, the links behind it; 0 where it has none. */
  linksAddress(slot: number, layer: number): number;
  /** Brings the query of a place into the form in which it is compared. */
  prepareQuery(place: number): void;
  /** Nearest slots by a walk through the graph; how many results. */
  search(place: number, k: number, ef: number, lsn: number): number;
  /** Nearest allowed slots by a walk through the graph; how many results. */
  searchFiltered(place: number, k: number, ef: number, lsn: number): number;
  /** Begins a scan for the k nearest slots. */
  beginScan(place: number, k: number): void;
  /** Goes on with it over slots from one number up to another. */
  scan(place: number, lsn: number, from: number, to: number, isFiltered: number): void;
  /** Slots of such a piece that are within a distance; how many. */
  scanRange(place: number, lsn: number, from: number, to: number, radius: number, isFiltered: number): number;
  /** Writes what a scan found as results; how many. */
  results(place: number, k: number): number;
  /** Says how many bits of a filter are set. */
  setAllowed(place: number, count: number): void;
  /** Whether comparing so many slots costs less than a walk. */
  isScanCheaper(ef: number, count: number, isFiltered: number): number;
  /** Whether so many slots can be added; makes the memory large enough for them. */
  reserve(count: number, oldestPin: number): number;
  /** Writes the query of a place into a new slot; its number, or `NO_SLOT`. */
  addPending(place: number, nodeId: number, birthLsn: number, oldestPin: number): number;
  /** Links pending slots; how many. */
  linkPending(place: number, limit: number): number;
  /** Ends the life of a slot; false when it has ended. */
  kill(slot: number, lsn: number): number;
  /** One step of the sweep; slots that it unlinked, or `NO_SLOT` while it is not complete. */
  consolidate(place: number, oldestPin: number, currentLsn: number, budget: number): number;
  /** Writes the query of a place into a slot of an empty memory. */
  restore(place: number, slot: number, nodeId: number, birthLsn: number, level: number, isLinked: number): number;
  /** Ends restoring; the slot of the highest layer, or `NO_SLOT`. */
  finishRestore(): number;
  /** Sets the slot where searches start. */
  setEntry(slot: number): void;
  /** Adds a slot where searches start on layer 0; false when there are too many, or it is not linked. */
  addSeed(slot: number): number;
  /** Layer of a node. */
  levelFor(nodeId: number): number;
}

/** What the kernel returns instead of a slot or a count. */
export const NO_SLOT = 0xffffffff;

// A function that multiplies and adds in one instruction.
const RELAXED_PROBE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b], // type: three vectors to one
  ...[0x03, 0x02, 0x01, 0x00], // one function of it
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd
]);

let compiled: WebAssembly.Module | undefined;

/** Whether this engine has relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** An instance of the kernel over a memory. */
export function instantiateKernel(memory: WebAssembly.Memory): Kernel {
  compiled ??= new WebAssembly.Module(fromBase64(hasRelaxedSimd() ? RELAXED_KERNEL : KERNEL));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;
}

/** An instance of a variant, for tests. */
export function instantiateVariant(code: string, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(new WebAssembly.Module(fromBase64(code)), { env: { memory } })
    .exports as unknown as Kernel;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
