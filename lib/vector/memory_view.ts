/** The memory of an index as typed arrays, and what its header says. */

import { CorruptionError } from "../backend/errors.ts";
import { instantiateKernel, type Kernel } from "./kernel.ts";
import { CHUNK_SLOTS, COUNTER, LAYOUT_VERSION, MAGIC, METRICS, SLOT, STORAGES, WORD } from "./layout.ts";
import type { VectorMemoryOptions } from "./memory.ts";

/** What reader, linker and writer of one thread share. */
export class MemoryView {
  /** The shared memory. */
  readonly memory: WebAssembly.Memory;
  /** The kernel over it. */
  readonly kernel: Kernel;
  /** What the index is like. */
  readonly options: Required<VectorMemoryOptions>;
  /** Numbers of a vector with the zeros behind it. */
  readonly padded: number;
  readonly #slotsAt: number;
  readonly #slotStride: number;
  readonly #chunkExtra: number;
  #bytes: Uint8Array<SharedArrayBuffer>;
  #words: Uint32Array<SharedArrayBuffer>;
  #floats: Float32Array<SharedArrayBuffer>;
  #doubles: Float64Array<SharedArrayBuffer>;

  /** Over a memory whose header is written. */
  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#floats = new Float32Array(buffer);
    this.#doubles = new Float64Array(buffer);
    const words = this.#words;
    if (words[WORD.magic] !== MAGIC || words[WORD.version] !== LAYOUT_VERSION) {
      throw new CorruptionError("this memory holds no vector index of this version of the package", {
        code: "vector-memory-mismatch",
      });
    }
    const word = (name: keyof typeof WORD): number => words[WORD[name]] as number;
    this.options = {
      dimension: word("dimension"),
      metric: METRICS[word("metric")] as VectorMemoryOptions["metric"],
      storage: STORAGES[word("storage")] as VectorMemoryOptions["storage"],
      m: word("m"),
      efConstruction: word("efConstruction"),
      seed: word("seed"),
      capacity: word("capacity"),
      maxBytes: word("maxPages") * 65_536,
      workers: word("workers"),
    };
    this.padded = word("padded");
    this.#slotsAt = word("slots");
    this.#slotStride = word("slotStride");
    this.#chunkExtra = word("coldStride") * CHUNK_SLOTS;
    this.kernel = instantiateKernel(memory);
    this.kernel.attach();
  }

  /** The bytes up to an address at least. Views are made anew when the memory has grown beyond them. */
  bytesTo(end: number): Uint8Array<SharedArrayBuffer> {
    if (end > this.#bytes.length) this.#renew();
    return this.#bytes;
  }

  /** The same as 32-bit integers. */
  wordsTo(end: number): Uint32Array<SharedArrayBuffer> {
    if (end > this.#bytes.length) this.#renew();
    return this.#words;
  }

  /** The same as 32-bit floats. */
  floatsTo(end: number): Float32Array<SharedArrayBuffer> {
    if (end > this.#bytes.length) this.#renew();
    return this.#floats;
  }

  /** The same as 64-bit floats. */
  doublesTo(end: number): Float64Array<SharedArrayBuffer> {
    if (end > this.#bytes.length) this.#renew();
    return this.#doubles;
  }

  #renew(): void {
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#floats = new Float32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  /** A counter of the header. */
  counter(name: keyof typeof COUNTER): number {
    return Atomics.load(this.#words, COUNTER[name]);
  }

  /** Address of a slot. */
  slotAddress(slot: number): number {
    return this.#slotsAt + slot * this.#slotStride + Math.floor(slot / CHUNK_SLOTS) * this.#chunkExtra;
  }

  /** Node of a slot. */
  nodeIdOf(slot: number): number {
    const at = this.slotAddress(slot) + SLOT.node;
    return this.doublesTo(at + 8)[at / 8] as number;
  }

  /** Bytes of memory in use: what lies before the slots is mostly untouched address space. */
  get usedBytes(): number {
    const slots = this.counter("slots");
    const upper = this.counter("upperCount") * (this.#words[WORD.upperStride] as number);
    return this.slotAddress(slots) - this.#slotsAt + upper + slots * BYTES_BESIDES;
  }
}

/** Bytes of a slot outside of its record: entries in two rings, marks of the sweep and of one reader, a bit for changes. */
const BYTES_BESIDES = 11;
