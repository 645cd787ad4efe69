/** Pages in plain memory that watch how trees use them: no page is changed that must not be, none is lost or freed twice. */

import { assert } from "@std/assert";
import { PAGE_BIRTH_AT, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE_AT, type PageType } from "../../lib/v3/page.ts";
import type { MutablePages } from "../../lib/v3/pages.ts";

/** Pages for tests of one tree. Frame number = page id; every page that is not changeable is compared with a copy. */
export class TestPages implements MutablePages {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  birth = 1;
  readonly #live = new Set<number>();
  readonly #changeable = new Set<number>();
  readonly #frozen = new Map<number, Uint8Array>();
  #next = 1;

  constructor(pageCount: number) {
    const buffer = new ArrayBuffer((pageCount + 1) * PAGE_SIZE);
    this.bytes = new Uint8Array(buffer);
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
    for (const pageId of this.#changeable) {
      if (this.#live.has(pageId)) {
        this.#frozen.set(pageId, this.bytes.slice(pageId * PAGE_SIZE, (pageId + 1) * PAGE_SIZE));
      }
    }
    this.#changeable.clear();
    this.birth++;
  }

  /** Asserts that no page of an earlier commit was changed (also freed ones: snapshots may read them). */
  verify(): void {
    for (const [pageId, copy] of this.#frozen) {
      const now = this.bytes.subarray(pageId * PAGE_SIZE, (pageId + 1) * PAGE_SIZE);
      assert(copy.every((byte, at) => byte === now[at]), `page ${pageId} of an earlier commit was changed`);
    }
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  fetch(pageId: number, birth: number): number {
    assert(pageId > 0 && pageId < this.#next, `fetch of page ${pageId}, which does not exist`);
    const address = pageId * PAGE_SIZE;
    assert(this.view.getFloat64(address + PAGE_BIRTH_AT, true) >>> 0 === birth, `birth of page ${pageId}`);
    return address;
  }

  allocate(type: PageType, level: number): number {
    const pageId = this.#next++;
    const address = pageId * PAGE_SIZE;
    assert(address < this.bytes.length, "TestPages is full; give it more pages");
    this.#live.add(pageId);
    this.#changeable.add(pageId);
    this.view.setUint8(address + PAGE_TYPE_AT, type);
    this.view.setUint8(address + PAGE_LEVEL_AT, level);
    this.view.setFloat64(address + PAGE_BIRTH_AT, this.birth, true);
    return address;
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
    return address / PAGE_SIZE;
  }

  free(pageId: number, birth: number): void {
    this.fetch(pageId, birth);
    assert(this.#live.delete(pageId), `page ${pageId} was freed twice`);
    this.#changeable.delete(pageId);
  }
}
