/** Changes an index in memory. */

import { UnsupportedError } from "../backend/errors.ts";
import { NO_SLOT } from "./kernel.ts";
import { COUNTER, MAX_SEEDS, WORD } from "./layout.ts";
import type { ConsolidateStep, SlotLinks, VectorWriter } from "./memory.ts";
import { MemoryLinker } from "./memory_linker.ts";
import type { MemoryView } from "./memory_view.ts";

/** The one writer of an index. */
export class MemoryWriter extends MemoryLinker implements VectorWriter {
  readonly #queryAt: number;
  readonly #dirtyAt: number;

  constructor(view: MemoryView, place: number) {
    super(view, place);
    this.#queryAt = view.kernel.queryAddress(place) >>> 0;
    this.#dirtyAt = view.wordsTo(0)[WORD.dirty] as number;
  }

  addPending(nodeId: number, vector: Float32Array, birthLsn: number, oldestPin: number): number {
    this.view.floatsTo(0).set(vector, this.#queryAt / 4);
    const slot = this.view.kernel.addPending(this.place, nodeId, birthLsn, oldestPin) >>> 0;
    if (slot === NO_SLOT) throw this.#full();
    return slot;
  }

  reserve(count: number, oldestPin: number): void {
    if (this.view.kernel.reserve(count, oldestPin) === 0) throw this.#full();
  }

  #full(): UnsupportedError {
    const { capacity } = this.view.options;
    return new UnsupportedError(
      `a vector index is full: it has room for ${capacity} vectors, those included that were deleted or replaced lately; ` +
        "close snapshots that are no longer needed, or split it into several indexes",
      { code: "vector-index-full", value: capacity },
    );
  }

  kill(slot: number, deadLsn: number): void {
    this.view.kernel.kill(slot, deadLsn);
  }

  consolidate(oldestPin: number, currentLsn: number, budget: number): ConsolidateStep {
    const unlinked = this.view.kernel.consolidate(this.place, oldestPin, currentLsn, budget) >>> 0;
    return unlinked === NO_SLOT ? { isDone: false, unlinked: 0 } : { isDone: true, unlinked };
  }

  get isDirty(): boolean {
    const from = this.#dirtyAt / 4;
    return this.view.wordsTo(0).subarray(from, from + Math.ceil(this.view.counter("slots") / 32)).some((word) =>
      word !== 0
    );
  }

  takeDirty(): Uint32Array {
    const slots = this.view.counter("slots");
    const words = this.view.wordsTo(0);
    const from = this.#dirtyAt / 4;
    const found: number[] = [];
    for (let at = 0; at < slots; at += 32) {
      if (words[from + at / 32] === 0) continue;
      // Other threads link meanwhile: what they mark after this is found the next time.
      let word = Atomics.exchange(words, from + at / 32, 0);
      while (word !== 0) {
        found.push(at + 31 - Math.clz32(word & -word));
        word &= word - 1;
      }
    }
    return Uint32Array.from(found);
  }

  entryPoints(): Uint32Array {
    const entry = this.view.counter("entry");
    if (entry === NO_SLOT) return new Uint32Array(0);
    const seeds = this.view.wordsTo(0).slice(COUNTER.seedList, COUNTER.seedList + this.view.counter("seeds"));
    return Uint32Array.from(new Set([entry, ...seeds]));
  }

  restoreSlot(slot: number, nodeId: number, birthLsn: number, vector: Float32Array, links?: SlotLinks): void {
    const { view } = this;
    view.floatsTo(0).set(vector, this.#queryAt / 4);
    const level = links === undefined ? 0 : links.length - 1;
    this.#restore(slot, nodeId, birthLsn, level, links !== undefined);
    links?.forEach((list, layer) => {
      const at = view.kernel.linksAddress(slot, layer) >>> 0;
      if (at === 0) return;
      const words = view.wordsTo(at + 4 + 4 * list.length);
      const most = layer === 0 ? 2 * view.options.m : view.options.m;
      const kept = list.length > most ? list.subarray(0, most) : list;
      words.set(kept, at / 4 + 1);
      words[at / 4] = kept.length;
    });
  }

  restoreBytes(
    slot: number,
    nodeId: number,
    birthLsn: number,
    vector: Uint8Array,
    vectorAt: number,
    links: Uint8Array,
    linksAt: number,
  ): void {
    const { view } = this;
    const { kernel } = view;
    view.bytesTo(0).set(vector.subarray(vectorAt, vectorAt + 4 * view.options.dimension), this.#queryAt);
    const level = links[linksAt] as number;
    this.#restore(slot, nodeId, birthLsn, level, true);
    let from = linksAt + 1;
    for (let layer = 0; layer <= level; layer++) {
      const count = links[from++] as number;
      const kept = Math.min(count, layer === 0 ? 2 * view.options.m : view.options.m);
      const at = kernel.linksAddress(slot, layer) >>> 0;
      if (at !== 0) {
        view.bytesTo(at + 4 + 4 * kept).set(links.subarray(from, from + 4 * kept), at + 4);
        view.wordsTo(0)[at / 4] = kept;
      }
      from += 4 * count;
    }
  }

  #restore(slot: number, nodeId: number, birthLsn: number, level: number, isLinked: boolean): void {
    if (this.view.kernel.restore(this.place, slot, nodeId, birthLsn, level, isLinked ? 1 : 0) === 0) throw this.#full();
  }

  finishRestore(entryPoints: readonly number[] = [], samples = 0): void {
    const { kernel } = this.view;
    const seeds = new Set(entryPoints);
    const highest = kernel.finishRestore() >>> 0;
    if (highest === NO_SLOT) return;
    kernel.setEntry(highest);
    const slots = this.view.counter("slots");
    const step = Math.max(1, slots / samples);
    for (let at = step / 2; at < slots && samples > 0; at += step) seeds.add(Math.floor(at));
    let count = 0;
    for (const slot of seeds) {
      if (count === MAX_SEEDS) break;
      if (kernel.addSeed(slot) !== 0) count++;
    }
  }
}
