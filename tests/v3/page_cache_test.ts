import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { FreePages } from "../../lib/v3/free_pages.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { PAGE_HEADER_SIZE, PAGE_SIZE, PAGE_TYPE, pageOffset } from "../../lib/v3/page.ts";
import { Pager } from "../../lib/v3/pager.ts";
import { test } from "../support/test.ts";

const FRAMES = 256;
const VALUE_AT = PAGE_HEADER_SIZE;

/** Overflow pages, because their content may be anything. */
function pagerOf(file = new MemoryFileSystem().open("/f", "create")): Pager {
  return new Pager({ file, name: "f.graph", fileSeed: 77 }, FRAMES * PAGE_SIZE, new FreePages(0));
}

function make(pager: Pager, value: number): number {
  const address = pager.allocate(PAGE_TYPE.overflow, 0);
  pager.view.setUint16(address + 6, 1, true);
  pager.view.setUint32(address + VALUE_AT, value, true);
  return pager.pageIdAt(address);
}

function valueOf(pager: Pager, pageId: number, birth: number): number {
  return pager.view.getUint32(pager.fetch(pageId, birth) + VALUE_AT, true);
}

test("a cache that is much smaller than the file keeps every page", () => {
  const pager = pagerOf();
  pager.begin(1);
  const pageIds = Array.from({ length: 5_000 }, (_, value) => make(pager, value));
  pager.commit(() => {});
  for (let at = 0; at < pageIds.length; at += 7) assertEquals(valueOf(pager, pageIds[at] as number, 1), at);
  assertGreater(FRAMES + 1, pager.dirtyCount);
});

test("what is written through an address that is still valid is not lost when pages beside it are written", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 199 }), { minLength: 20, maxLength: 60 }), (picks) => {
      const pager = pagerOf();
      pager.begin(1);
      const pageIds = Array.from({ length: 200 }, (_, value) => make(pager, value));
      const expected = pageIds.map((_, value) => value);
      picks.forEach((pick, round) => {
        // Edited pages that were written early are copied: the id may be another one.
        const address = pager.edit(pageIds[pick] as number, 1);
        pageIds[pick] = pager.pageIdAt(address);
        for (let n = 0; n < 60; n++) make(pager, 0);
        pager.view.setUint32(address + VALUE_AT, 10_000 + round, true);
        expected[pick] = 10_000 + round;
        if (round % 4 === 3) { for (let n = 0; n < 2 * FRAMES; n++) make(pager, 0); }
      });
      for (let n = 0; n < 2 * FRAMES; n++) make(pager, 0);
      assertEquals(pageIds.map((pageId) => valueOf(pager, pageId, 1)), expected);
    }),
    { numRuns: 30 },
  );
});

test("a page with a flipped bit, of another birth or from behind the end is CorruptionError", () => {
  const file = new MemoryFileSystem().open("/f", "create");
  const pager = pagerOf(file);
  pager.begin(3);
  const pageId = make(pager, 1);
  pager.commit(() => {});
  pager.writeDirty();
  const codeOf = (birth: number): string =>
    assertThrows(() => pagerOf(file).fetch(pageId, birth), CorruptionError, `page ${pageId}`).code;
  assertEquals(valueOf(pagerOf(file), pageId, 3), 1);
  assertEquals(codeOf(4), "page-stale");
  const byte = new Uint8Array(1);
  for (const at of [0, 4, 9, 100, PAGE_SIZE - 1]) {
    file.read(byte, pageOffset(pageId) + at);
    const damaged = Uint8Array.of((byte[0] as number) ^ 4);
    file.write(damaged, pageOffset(pageId) + at);
    assertEquals(codeOf(3), "page-corrupt");
    file.write(byte, pageOffset(pageId) + at);
  }
  file.truncate(pageOffset(pageId));
  assertEquals(codeOf(3), "page-missing");
});

test("a page that lies in another one's place is CorruptionError", () => {
  const file = new MemoryFileSystem().open("/f", "create");
  const pager = pagerOf(file);
  pager.begin(3);
  const [one, other] = [make(pager, 1), make(pager, 2)];
  pager.commit(() => {});
  pager.writeDirty();
  const page = new Uint8Array(PAGE_SIZE);
  file.read(page, pageOffset(one));
  file.write(page, pageOffset(other));
  assertThrows(() => pagerOf(file).fetch(other, 3), CorruptionError, "damaged");
});

test("a page of before a savepoint is copied, one of after it is changed in place, and a rollback frees what was made", () => {
  const pager = pagerOf();
  pager.begin(1);
  const before = make(pager, 1);
  pager.savepoint();
  const copy = pager.edit(before, 1);
  assert(pager.pageIdAt(copy) !== before);
  assertEquals(pager.edit(pager.pageIdAt(copy), 1), copy);
  pager.rollback();
  assertEquals([valueOf(pager, before, 1), pager.freePages.count], [1, 1]);
  assertEquals(pager.pageIdAt(pager.edit(before, 1)), before);
  pager.freeze();
  assert(pager.pageIdAt(pager.edit(before, 1)) !== before);
  pager.commit((pageId) => pager.reclaim(pageId));
  assertEquals(pager.freePages.count, 1);
});

test("a state that somebody reads stays as it is when the savepoint in which that began is released", () => {
  const pager = pagerOf();
  pager.begin(1);
  pager.savepoint();
  const pageId = make(pager, 1);
  pager.freeze();
  pager.release();
  assert(pager.pageIdAt(pager.edit(pageId, 1)) !== pageId);
  assertEquals(valueOf(pager, pageId, 1), 1);
});

test("savepoints that change the same pages over and over do not make the file grow", () => {
  const pager = pagerOf();
  pager.begin(1);
  let pageId = make(pager, 0);
  for (let round = 1; round <= 500; round++) {
    pager.savepoint();
    const address = pager.edit(pageId, 1);
    pager.view.setUint32(address + VALUE_AT, round, true);
    if (round % 3 === 0) pager.rollback();
    else {
      pageId = pager.pageIdAt(address);
      pager.release();
    }
  }
  assertEquals(valueOf(pager, pageId, 1), 500);
  assertLess(pager.freePages.pageCount, 10);
  pager.commit(() => {});
  assertEquals(pager.freePages.pageCount - pager.freePages.count, 1);
});
