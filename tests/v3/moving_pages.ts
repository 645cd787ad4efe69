/**
 * Pages that keep to the letter of what `Pages` promises: an address is valid for 64 calls, then the frame gets other bytes;
 * a freed page is overwritten at once. Ids and births have all their bits.
 */

import { assert } from "@std/assert";
import { PAGE_BIRTH_AT, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE_AT, type PageType } from "../../lib/v3/page.ts";
import type { MutablePages } from "../../lib/v3/pages.ts";

const ADDRESS_LIFE = 64;
const FRAMES = 80;
const GARBAGE = 0xee;

/** Pages for tests of one tree that find addresses which are kept for too long. */
export class MovingPages implements MutablePages {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  birth: number = 2 ** 40 + 2 ** 32 - 3;
  /** Pages that are in no frame. */
  readonly #stored = new Map<number, Uint8Array>();
  readonly #frameOf = new Map<number, number>();
  readonly #pageOf: number[] = new Array(FRAMES).fill(0);
  readonly #usedAt: number[] = new Array(FRAMES).fill(0);
  readonly #live = new Set<number>();
  readonly #changeable = new Set<number>();
  readonly #frozen = new Map<number, Uint8Array>();
  #next = 0xffff_0000;
  #tick = 0;

  constructor() {
    const buffer = new SharedArrayBuffer(FRAMES * PAGE_SIZE);
    this.bytes = new Uint8Array(buffer).fill(GARBAGE);
    this.view = new DataView(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /** Ids of pages that were allocated and not freed. */
  get live(): ReadonlySet<number> {
    return this.#live;
  }

  /** Begins the next commit: from now on no page of before may change. */
  commit(): void {
    this.verify();
    for (const pageId of this.#changeable) this.#frozen.set(pageId, (this.#stored.get(pageId) as Uint8Array).slice());
    this.#changeable.clear();
    this.birth++;
  }

  /** Takes every page out of its frame; asserts that none of an earlier commit was changed. */
  verify(): void {
    for (const pageId of this.#frameOf.keys()) this.#evict(pageId);
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  fetch(pageId: number, birth: number): number {
    this.#tick++;
    for (const [other, frame] of this.#frameOf) {
      if ((this.#usedAt[frame] as number) < this.#tick - ADDRESS_LIFE) this.#evict(other);
    }
    const address = this.#frame(pageId) * PAGE_SIZE;
    assert(this.view.getFloat64(address + PAGE_BIRTH_AT, true) >>> 0 === birth, `birth of page ${pageId}`);
    return address;
  }

  #frame(pageId: number): number {
    let frame = this.#frameOf.get(pageId);
    if (frame === undefined) {
      const page = this.#stored.get(pageId);
      assert(page !== undefined, `fetch of page ${pageId}, which does not exist`);
      // Round robin: a page seldom comes back to where it was.
      frame = pageId % FRAMES;
      while (this.#pageOf[frame] !== 0) frame = (frame + 7) % FRAMES;
      this.bytes.set(page, frame * PAGE_SIZE);
      this.#frameOf.set(pageId, frame);
      this.#pageOf[frame] = pageId;
    }
    this.#usedAt[frame] = this.#tick;
    return frame;
  }

  #evict(pageId: number): void {
    const frame = this.#frameOf.get(pageId);
    if (frame === undefined) return;
    const page = this.bytes.slice(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    const frozen = this.#frozen.get(pageId);
    assert(
      frozen === undefined || frozen.every((byte, at) => byte === page[at]),
      `page ${pageId} of an earlier commit was changed`,
    );
    this.#stored.set(pageId, page);
    this.bytes.fill(GARBAGE, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    this.#frameOf.delete(pageId);
    this.#pageOf[frame] = 0;
  }

  allocate(type: PageType, level: number): number {
    const pageId = this.#next++;
    const page = new Uint8Array(PAGE_SIZE);
    page[PAGE_TYPE_AT] = type;
    page[PAGE_LEVEL_AT] = level;
    new DataView(page.buffer).setFloat64(PAGE_BIRTH_AT, this.birth, true);
    this.#stored.set(pageId, page);
    this.#live.add(pageId);
    this.#changeable.add(pageId);
    return this.fetch(pageId, this.birth >>> 0);
  }

  edit(pageId: number, birth: number): number {
    const from = this.fetch(pageId, birth);
    assert(this.#live.has(pageId), `edit of page ${pageId}, which was freed`);
    if (this.#changeable.has(pageId)) return from;
    const to = this.allocate(this.view.getUint8(from + PAGE_TYPE_AT) as PageType, 0);
    this.bytes.copyWithin(to, from, from + PAGE_SIZE);
    this.view.setFloat64(to + PAGE_BIRTH_AT, this.birth, true);
    this.free(pageId, birth);
    return to;
  }

  pageIdAt(address: number): number {
    return this.#pageOf[address / PAGE_SIZE] as number;
  }

  free(pageId: number, birth: number): void {
    this.fetch(pageId, birth);
    assert(this.#live.delete(pageId), `page ${pageId} was freed twice`);
    this.#evict(pageId);
    if (this.#changeable.delete(pageId)) this.#stored.delete(pageId);
  }
}
