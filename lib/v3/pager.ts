/**
 * Making, copying and freeing of pages within transactions and savepoints. A page that an earlier commit or an open savepoint
 * can reach is never changed; what a rolled-back savepoint made is free again.
 */

import { IoError } from "../backend/errors.ts";
import type { FreePages } from "./free_pages.ts";
import { MAX_PAGE_ID, PAGE_BIRTH_AT, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE_AT, type PageType } from "./page.ts";
import { type CachedFile, type CacheFrames, PageCache } from "./page_cache.ts";
import type { MutablePages } from "./pages.ts";

/** What an open savepoint (the outermost: the transaction) did with pages. */
interface Level {
  /** Pages with this stamp or a later one may be changed in place. */
  epoch: number;
  /** Whether somebody reads a state of within it. */
  isFrozen: boolean;
  /** Pages taken from the free ones. */
  readonly allocated: number[];
  /** Pages of before that it freed, each followed by its birth. */
  readonly freed: number[];
  /** Pages that it made and gave up again: they may be used again within it. */
  readonly recycled: number[];
}

/** The page layer of one database. */
export class Pager extends PageCache implements MutablePages {
  /** Which pages are free. */
  readonly freePages: FreePages;
  #birth = 0;
  #epoch = 0;
  #levels: Level[] = [];
  /** Epoch in which the page of a frame was made; 0 for pages that were read. */
  readonly #stampOf: Float64Array;
  #allocations = 0;

  constructor(source: CachedFile, cacheBytes: number, freePages: FreePages, frames?: CacheFrames) {
    super(source, cacheBytes, frames);
    this.freePages = freePages;
    this.#stampOf = new Float64Array(this.frameCount);
  }

  get birth(): number {
    return this.#birth;
  }

  /** Pages that the running transaction made so far. */
  get allocations(): number {
    return this.#allocations;
  }

  /** Number of open savepoints, the transaction included. */
  get depth(): number {
    return this.#levels.length;
  }

  /** Begins a transaction whose pages get this birth. */
  begin(birth: number): void {
    this.#birth = birth;
    this.#allocations = 0;
    this.savepoint();
  }

  /** The pages made from now on get this birth: one transaction may hold several commits. */
  advance(birth: number): void {
    this.#birth = birth;
  }

  /** Begins a savepoint. */
  savepoint(): void {
    this.#levels.push({ epoch: ++this.#epoch, isFrozen: false, allocated: [], freed: [], recycled: [] });
  }

  /** From now on every page so far is copied before it changes: somebody reads the state of this moment. */
  freeze(): void {
    const level = this.#top();
    level.epoch = ++this.#epoch;
    level.isFrozen = true;
  }

  #top(): Level {
    return this.#levels.at(-1) as Level;
  }

  /** Ends the newest savepoint (not the transaction) and keeps what it did. */
  release(): void {
    const level = this.#levels.pop() as Level;
    const parent = this.#top();
    append(parent.allocated, level.allocated);
    append(parent.recycled, level.recycled);
    // Who reads a state of within the savepoint may go on doing so after its end.
    if (level.isFrozen) this.freeze();
    const { freed } = level;
    for (let at = 0; at < freed.length; at += 2) {
      if (this.#isOwn(freed[at + 1] as number)) this.#recycle(freed[at] as number);
      else parent.freed.push(freed[at] as number, freed[at + 1] as number);
    }
  }

  /** Ends the newest savepoint or the transaction and undoes what it did. */
  rollback(): void {
    const { allocated } = this.#levels.pop() as Level;
    for (let at = 0; at < allocated.length; at++) this.reclaim(allocated[at] as number);
  }

  /**
   * Ends the transaction and keeps what it did.
   *
   * @param onFreed told of every page that it freed and that might be needed by somebody
   */
  commit(onFreed: (pageId: number, birth: number) => void): void {
    const { freed, recycled } = this.#levels.pop() as Level;
    for (let at = 0; at < recycled.length; at++) this.reclaim(recycled[at] as number);
    for (let at = 0; at < freed.length; at += 2) onFreed(freed[at] as number, freed[at + 1] as number);
  }

  /** Takes over the pages that the newest savepoint freed so far, each followed by its birth. */
  takeFreed(): number[] {
    return this.#top().freed.splice(0);
  }

  /** Pages that the transaction made and gave up again. */
  recycled(): number[] {
    return this.#levels.flatMap((level) => level.recycled);
  }

  /** Makes a page free that nobody can reach any more. */
  reclaim(pageId: number): void {
    this.drop(pageId);
    this.freePages.add(pageId);
  }

  allocate(type: PageType, level: number): number {
    const address = this.#make();
    this.bytes.fill(0, address, address + PAGE_SIZE);
    this.view.setUint8(address + PAGE_TYPE_AT, type);
    this.view.setUint8(address + PAGE_LEVEL_AT, level);
    this.view.setFloat64(address + PAGE_BIRTH_AT, this.#birth, true);
    this.showFrame(address / PAGE_SIZE);
    return address;
  }

  /** Address of a new page with undefined content, which is not shown yet. */
  #make(): number {
    const level = this.#top();
    let pageId = level.recycled.pop();
    if (pageId === undefined) {
      // What the transaction gave up serves its savepoints as well; a rollback makes it free.
      pageId = (this.#levels[0] as Level).recycled.pop() ?? this.freePages.take();
      if (pageId > MAX_PAGE_ID) {
        throw new IoError(`the database file has reached its largest size of ${MAX_PAGE_ID} pages (16 TiB)`, {
          code: "file-too-large",
        });
      }
      level.allocated.push(pageId);
    }
    this.#allocations++;
    const frame = this.claim(pageId);
    this.#stampOf[frame] = this.#epoch;
    this.markDirty(frame);
    return frame * PAGE_SIZE;
  }

  edit(pageId: number, birth: number): number {
    const from = this.fetch(pageId, birth);
    if ((this.#stampOf[from / PAGE_SIZE] as number) >= this.#top().epoch) {
      this.markDirty(from / PAGE_SIZE);
      return from;
    }
    const to = this.#make();
    this.bytes.copyWithin(to, from, from + PAGE_SIZE);
    this.view.setFloat64(to + PAGE_BIRTH_AT, this.#birth, true);
    this.showFrame(to / PAGE_SIZE);
    this.free(pageId, birth);
    return to;
  }

  pageIdAt(address: number): number {
    return this.pageOfFrame(address / PAGE_SIZE);
  }

  free(pageId: number, birth: number): void {
    const level = this.#top();
    const frame = this.frameOf(pageId);
    // Births are at most the running transaction's: the low 32 bits tell the rest.
    const fullBirth = this.#birth - (((this.#birth >>> 0) - birth) >>> 0);
    if ((frame >= 0 && (this.#stampOf[frame] as number) >= level.epoch) || this.#isOwn(fullBirth)) {
      this.#recycle(pageId);
    } else level.freed.push(pageId, fullBirth);
  }

  /** Whether a page was made by the running transaction and nobody can go back to it: no savepoint is open, nobody reads it. */
  #isOwn(birth: number): boolean {
    return birth === this.#birth && this.#levels.length === 1 && !this.#top().isFrozen;
  }

  #recycle(pageId: number): void {
    this.drop(pageId);
    this.#top().recycled.push(pageId);
  }

  protected override forgetFrame(frame: number): void {
    this.#stampOf[frame] = 0;
  }
}

function append(to: number[], from: readonly number[]): void {
  for (let at = 0; at < from.length; at++) to.push(from[at] as number);
}
