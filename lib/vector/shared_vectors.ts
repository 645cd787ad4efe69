/** Makes the memory of an index, and attaches to it from other threads. */

import { UnsupportedError } from "../backend/errors.ts";
import { NO_SLOT } from "./kernel.ts";
import { layoutOf, SLOT } from "./layout.ts";
import type {
  SlotInfo,
  SlotLinks,
  SlotSet,
  VectorLinker,
  VectorMemory,
  VectorMemoryHandle,
  VectorMemoryOptions,
  VectorMemoryStats,
  VectorReader,
  VectorWriter,
} from "./memory.ts";
import { MemoryLinker } from "./memory_linker.ts";
import { MemoryReader } from "./memory_reader.ts";
import { MemoryView } from "./memory_view.ts";
import { MemoryWriter } from "./memory_writer.ts";

/**
 * Makes the memory of an empty index.
 *
 * @throws {UnsupportedError} `vector-index-too-large` when the capacity does not fit into memory, `vector-memory-refused` when the
 * system has no room for it
 */
export function createVectorMemory(options: VectorMemoryOptions): VectorMemory {
  const { words, initialPages, maxPages } = layoutOf(options);
  const memory = allocate(initialPages, maxPages);
  new Uint32Array(memory.buffer).set(words);
  const view = new MemoryView(memory);
  view.kernel.create();
  return new SharedVectors(view);
}

function allocate(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum, shared: true });
  } catch (cause) {
    throw new UnsupportedError(
      `the system has no room for the memory of a vector index (${
        maximum * WASM_PAGE_BYTES
      } bytes of address space); ` +
        "close what is not needed, or raise the limit of the process",
      { code: "vector-memory-refused", cause },
    );
  }
}

/** The index in a memory that another thread made. */
export function attachVectorMemory(handle: VectorMemoryHandle): VectorMemory {
  return new SharedVectors(new MemoryView(handle.memory));
}

const WASM_PAGE_BYTES = 65_536;

const STATES = ["free", "pending", "linked"] as const;

class SharedVectors implements VectorMemory {
  readonly handle: VectorMemoryHandle;
  readonly options: Required<VectorMemoryOptions>;
  readonly #view: MemoryView;

  constructor(view: MemoryView) {
    this.#view = view;
    this.handle = { memory: view.memory };
    this.options = view.options;
  }

  reader(): VectorReader {
    return new MemoryReader(this.#view, this.#takePlace());
  }

  writer(): VectorWriter {
    return new MemoryWriter(this.#view, this.#takePlace());
  }

  linker(): VectorLinker {
    return new MemoryLinker(this.#view, this.#takePlace());
  }

  #takePlace(): number {
    const workers: number = this.options.workers as number;
    const place = (this.#view.kernel.takePlace(workers) as number) >>> 0;
    if (place !== NO_SLOT) return place;
    throw new UnsupportedError(
      `${workers} readers and writers use this vector index already; release some, or make it with more workers`,
      { code: "too-many-vector-readers", field: "workers", value: workers },
    );
  }

  linkerAt(place: number): VectorLinker {
    return new MemoryLinker(this.#view, place, true);
  }

  slot(slot: number): SlotInfo {
    const view = this.#view;
    const at = view.slotAddress(slot);
    const doubles = view.doublesTo(at + SLOT.count);
    const state = view.wordsTo(at + SLOT.count)[(at + SLOT.state) / 4] as number;
    return {
      state: STATES[(state >>> 8) & 255] as SlotInfo["state"],
      nodeId: doubles[(at + SLOT.node) / 8] as number,
      birthLsn: doubles[(at + SLOT.birth) / 8] as number,
      deadLsn: doubles[(at + SLOT.dead) / 8] as number,
      level: state & 255,
    };
  }

  nodeIdOf(slot: number): number {
    return this.#view.nodeIdOf(slot);
  }

  slotSet(passes: (nodeId: number) => boolean): SlotSet {
    const view = this.#view;
    const slots = view.counter("slots");
    const bits = new Uint32Array((slots + 31) >>> 5);
    let count = 0;
    const words = view.wordsTo(view.slotAddress(slots));
    for (let slot = 0; slot < slots; slot++) {
      if (((words[(view.slotAddress(slot) + SLOT.state) / 4] as number) & 0xff00) === 0) continue;
      if (!passes(view.nodeIdOf(slot))) continue;
      bits[slot >>> 5] = (bits[slot >>> 5] as number) | (1 << (slot & 31));
      count++;
    }
    return { bits, count };
  }

  links(slot: number): SlotLinks {
    const lists: Uint32Array[] = [];
    for (let layer = 0; layer <= this.slot(slot).level; layer++) {
      const at = this.#view.kernel.linksAddress(slot, layer) >>> 0;
      const words = this.#view.wordsTo(at + 4);
      lists.push(new Uint32Array(words.subarray(at / 4 + 1, at / 4 + 1 + (words[at / 4] as number))));
    }
    return lists;
  }

  writeLinks(slot: number, target: Uint8Array, at: number): number {
    const view = this.#view;
    const slotAt = view.slotAddress(slot);
    const words = view.wordsTo(slotAt + SLOT.count + 4);
    const bytes = view.bytesTo(0);
    const level = (words[(slotAt + SLOT.state) / 4] as number) & 255;
    target[at++] = level;
    for (let layer = 0; layer <= level; layer++) {
      const from = layer === 0 ? slotAt + SLOT.count : view.kernel.linksAddress(slot, layer) >>> 0;
      const count = words[from / 4] as number;
      target[at++] = count;
      target.set(bytes.subarray(from + 4, from + 4 + 4 * count), at);
      at += 4 * count;
    }
    return at;
  }

  maxLinkBytes(level: number): number {
    return 2 + 8 * this.options.m + level * (1 + 4 * this.options.m);
  }

  stats(): VectorMemoryStats {
    const view = this.#view;
    const entry = view.counter("entry");
    const alive = view.counter("alive");
    return {
      slots: view.counter("slots"),
      alive,
      pending: (view.counter("pendingEnd") - view.counter("pendingBase")) >>> 0,
      dead: view.counter("dead"),
      free: (view.counter("freeEnd") - view.counter("freeBase")) >>> 0,
      capacity: this.options.capacity as number,
      topLayer: entry === NO_SLOT ? -1 : this.slot(entry).level,
      bytes: view.usedBytes,
    };
  }
}
