import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import {
  checkOverflowPage,
  compareOverflow,
  eachOverflowPage,
  freeOverflow,
  OVERFLOW_CAPACITY,
  readOverflow,
  writeOverflow,
} from "../../lib/v3/overflow.ts";
import { PAGE_COUNT_AT, PAGE_FIRST_AT, PAGE_SECOND_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "../../lib/v3/page.ts";
import { test } from "../support/test.ts";
import { TestPages } from "./test_pages.ts";

const PAGE = OVERFLOW_CAPACITY;

/** Bytes that differ from page to page. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + Math.floor(at / PAGE)) & 0xff);
}

function pageIdsOf(pages: TestPages, pageId: number, birth: number): number[] {
  const found: number[] = [];
  eachOverflowPage(pages, pageId, birth, (id) => found.push(id));
  return found;
}

test("bytes of any length come back from a chain as they were", () => {
  for (const length of [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE + 7]) {
    const pages = new TestPages(8);
    const source = bytesOf(length + 9);
    const { pageId, birth } = writeOverflow(pages, source, 4, 4 + length);
    assertEquals(readOverflow(pages, pageId, birth, length), source.slice(4, 4 + length));
    assertEquals(pages.live.size, Math.ceil(length / PAGE));
    for (const id of pages.live) checkOverflowPage(pages, id * PAGE_SIZE);
  }
});

test("a chain is read behind the room that its owner asks for", () => {
  const pages = new TestPages(8);
  const source = bytesOf(PAGE + 5);
  const { pageId, birth } = writeOverflow(pages, source, 0, source.length);
  const read = readOverflow(pages, pageId, birth, source.length, 3);
  assertEquals(read.slice(0, 3), new Uint8Array(3));
  assertEquals(read.slice(3), source);
});

test("a chain of 64 MiB is written, read, compared and freed", () => {
  const length = 64 * 1024 * 1024;
  const pages = new TestPages(Math.ceil(length / PAGE) + 1);
  const source = new Uint8Array(length);
  for (let at = 0; at < length; at += 997) source[at] = at >>> 5;
  const { pageId, birth } = writeOverflow(pages, source, 0, length);
  assertEquals(pages.live.size, Math.ceil(length / PAGE));
  assert(indexOfDifference(readOverflow(pages, pageId, birth, length), source) < 0);
  assertEquals(compareOverflow(pages, pageId, birth, length, source, 0, length), 0);
  freeOverflow(pages, pageId, birth);
  assertEquals(pages.live.size, 0);
});

function indexOfDifference(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return 0;
  return left.findIndex((byte, at) => byte !== right[at]);
}

test("pages of a chain are visited in order, and freeing frees them all", () => {
  const pages = new TestPages(16);
  const kept = writeOverflow(pages, bytesOf(10), 0, 10);
  const { pageId, birth } = writeOverflow(pages, bytesOf(5 * PAGE), 0, 5 * PAGE);
  pages.commit();
  const pageIds = pageIdsOf(pages, pageId, birth);
  assertEquals(pageIds, [pageId, pageId + 1, pageId + 2, pageId + 3, pageId + 4]);
  freeOverflow(pages, pageId, birth);
  assertEquals([...pages.live], [kept.pageId]);
  pages.verify();
});

test("a page of a chain is not touched again once 64 further pages were made", () => {
  // Pages that keep the addresses of their last calls only: an older page is sealed.
  class ForgetfulPages extends TestPages {
    readonly #recent: number[] = [];
    readonly sealed: Map<number, Uint8Array> = new Map();

    override allocate(...args: Parameters<TestPages["allocate"]>): number {
      const address = super.allocate(...args);
      this.#recent.push(address);
      const old = this.#recent.length > 64 ? this.#recent.shift() : undefined;
      if (old !== undefined) this.sealed.set(old, this.bytes.slice(old, old + PAGE_SIZE));
      return address;
    }
  }
  const pages = new ForgetfulPages(300);
  writeOverflow(pages, bytesOf(200 * PAGE), 0, 200 * PAGE);
  assert(pages.sealed.size > 100);
  for (const [address, copy] of pages.sealed) assertEquals(pages.bytes.slice(address, address + PAGE_SIZE), copy);
});

test("a chain compares with other bytes as their order is", () => {
  const near = fc.tuple(fc.nat({ max: 2 * PAGE + 20 }), fc.nat({ max: 2 * PAGE + 20 }), fc.nat({ max: 2 * PAGE }));
  fc.assert(
    fc.property(near, fc.nat({ max: 255 }), ([leftLength, rightLength, at], byte) => {
      const pages = new TestPages(8);
      const left = bytesOf(leftLength);
      const right = bytesOf(rightLength);
      if (at < leftLength) left[at] = byte;
      const { pageId, birth } = writeOverflow(pages, left, 0, leftLength);
      const shifted = new Uint8Array(rightLength + 3);
      shifted.set(right, 3);
      const order = compareOverflow(pages, pageId, birth, leftLength, shifted, 3, shifted.length);
      const different = left.findIndex((value, index) => index >= rightLength || value !== right[index]);
      const expected = different < 0
        ? leftLength - rightLength
        : different >= rightLength
        ? 1
        : (left[different] as number) - (right[different] as number);
      assertEquals(Math.sign(order), Math.sign(expected));
    }),
    { numRuns: 100 },
  );
});

test("a chain that ends early, is longer, or has another length is corrupt", () => {
  const pages = new TestPages(8);
  const length = 2 * PAGE + 10;
  const { pageId, birth } = writeOverflow(pages, bytesOf(length), 0, length);
  for (const wrong of [0, 1, PAGE, 2 * PAGE, length - 1, length + 1, 3 * PAGE, 4 * PAGE, 2 ** 32 - 1]) {
    assertThrows(() => readOverflow(pages, pageId, birth, wrong), CorruptionError, "damaged");
  }
  assertThrows(() => readOverflow(pages, 0, 0, 1), Error);
});

test("a chain with a page of another type is corrupt", () => {
  const pages = new TestPages(8);
  const { pageId, birth } = writeOverflow(pages, bytesOf(2 * PAGE), 0, 2 * PAGE);
  pages.view.setUint8((pageId + 1) * PAGE_SIZE + PAGE_TYPE_AT, PAGE_TYPE.byteLeaf);
  assertThrows(() => readOverflow(pages, pageId, birth, 2 * PAGE), CorruptionError, `overflow page ${pageId + 1}`);
  assertThrows(() => freeOverflow(pages, pageId, birth), CorruptionError, `overflow page ${pageId + 1}`);
});

test("a chain that runs in a circle ends with an error", () => {
  for (const [length, back] of [[1, 0], [2, 0], [2, 1], [7, 0], [7, 3], [7, 6]] as const) {
    const pages = new TestPages(16);
    const { pageId, birth } = writeOverflow(pages, bytesOf(length * PAGE), 0, length * PAGE);
    const last = (pageId + length - 1) * PAGE_SIZE;
    pages.view.setUint32(last + PAGE_FIRST_AT, pageId + back, true);
    pages.view.setUint32(last + PAGE_SECOND_AT, birth, true);
    assertThrows(() => pageIdsOf(pages, pageId, birth), CorruptionError, "circle");
    assertThrows(() => readOverflow(pages, pageId, birth, length * PAGE), CorruptionError, "longer");
  }
});

test("an overflow page with a wrong number of bytes does not pass its check", () => {
  const pages = new TestPages(8);
  const { pageId } = writeOverflow(pages, bytesOf(2 * PAGE), 0, 2 * PAGE);
  const address = pageId * PAGE_SIZE;
  checkOverflowPage(pages, address);
  for (const used of [0, PAGE - 1, PAGE + 1, 0xffff]) {
    pages.view.setUint16(address + PAGE_COUNT_AT, used, true);
    assertThrows(() => checkOverflowPage(pages, address), CorruptionError);
  }
});
