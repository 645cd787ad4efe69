/** Pages whose addresses live exactly as long as is said: a page that was not used in the last calls moves elsewhere. */

import { assert } from "@std/assert";
import { PAGE_BIRTH_AT, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE_AT, type PageType } from "../../lib/v3/page.ts";
import type { MutablePages } from "../../lib/v3/pages.ts";

const FRAMES = 256;
/** What a frame is filled with when its page has left. */
const GARBAGE = 0xee;

/** Pages for tests of how long trees hold on to addresses. Every page of before the last `commit` is copied before changes. */
export class ShortLivedPages implements MutablePages {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  birth = 1;
  readonly #stored = new Map<number, Uint8Array>();
  readonly #frameOf = new Map<number, number>();
  readonly #pageOf = new Map<number, number>();
  readonly #usedAt = new Map<number, number>();
  readonly #live = new Set<number>();
  #changeable = new Set<number>();
  #nextPage = 1;
  #nextFrame = 0;
  #tick = 0;
  readonly #addressLife: number;

  /** `addressLife`: number of calls for which an address stays valid. Shorter than promised, it shows mistakes sooner. */
  constructor(addressLife: number) {
    this.#addressLife = addressLife;
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

  /** Begins the next commit. */
  commit(): void {
    for (const [pageId, frame] of this.#frameOf) this.#leave(pageId, frame);
    this.#changeable = new Set();
    this.birth++;
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  fetch(pageId: number, birth: number): number {
    const address = this.#enter(pageId);
    assert(this.view.getFloat64(address + PAGE_BIRTH_AT, true) >>> 0 === birth, `birth of page ${pageId}`);
    return address;
  }

  allocate(type: PageType, level: number): number {
    const pageId = this.#nextPage++;
    this.#stored.set(pageId, new Uint8Array(PAGE_SIZE));
    this.#live.add(pageId);
    this.#changeable.add(pageId);
    const address = this.#enter(pageId);
    this.view.setUint8(address + PAGE_TYPE_AT, type);
    this.view.setUint8(address + PAGE_LEVEL_AT, level);
    this.view.setFloat64(address + PAGE_BIRTH_AT, this.birth, true);
    return address;
  }

  edit(pageId: number, birth: number): number {
    const from = this.fetch(pageId, birth);
    assert(this.#live.has(pageId), `edit of page ${pageId}, which was freed`);
    if (this.#changeable.has(pageId)) return from;
    const copy = this.bytes.slice(from, from + PAGE_SIZE);
    this.#tick--;
    const to = this.allocate(0 as PageType, 0);
    this.bytes.set(copy, to);
    this.view.setFloat64(to + PAGE_BIRTH_AT, this.birth, true);
    this.free(pageId, birth);
    return to;
  }

  pageIdAt(address: number): number {
    const pageId = this.#pageOf.get(address / PAGE_SIZE);
    assert(pageId !== undefined, "the address is stale");
    return pageId;
  }

  free(pageId: number, _birth: number): void {
    assert(this.#live.delete(pageId), `page ${pageId} was freed twice`);
    this.#changeable.delete(pageId);
  }

  #enter(pageId: number): number {
    this.#tick++;
    for (const [used, frame] of this.#frameOf) {
      if ((this.#usedAt.get(used) as number) < this.#tick - this.#addressLife) this.#leave(used, frame);
    }
    let frame = this.#frameOf.get(pageId);
    if (frame === undefined) {
      const content = this.#stored.get(pageId);
      assert(content !== undefined, `page ${pageId} does not exist`);
      while (this.#pageOf.has(this.#nextFrame)) this.#nextFrame = (this.#nextFrame + 1) % FRAMES;
      frame = this.#nextFrame;
      this.#nextFrame = (frame + 1) % FRAMES;
      this.bytes.set(content, frame * PAGE_SIZE);
      this.#frameOf.set(pageId, frame);
      this.#pageOf.set(frame, pageId);
    }
    this.#usedAt.set(pageId, this.#tick);
    return frame * PAGE_SIZE;
  }

  #leave(pageId: number, frame: number): void {
    const address = frame * PAGE_SIZE;
    const content = this.#stored.get(pageId) as Uint8Array;
    const now = this.bytes.subarray(address, address + PAGE_SIZE);
    const isChanged = now.some((byte, at) => byte !== content[at]);
    assert(!isChanged || this.#changeable.has(pageId) || !this.#live.has(pageId), `late change of page ${pageId}`);
    content.set(now);
    now.fill(GARBAGE);
    this.#frameOf.delete(pageId);
    this.#pageOf.delete(frame);
  }
}
