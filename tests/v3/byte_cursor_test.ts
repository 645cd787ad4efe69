import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { ByteCursor } from "../../lib/v3/byte_cursor.ts";
import { PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "../../lib/v3/page.ts";
import { test } from "../support/test.ts";
import { type Entry, filled, numbered, numberedEntries, padded, scan, textOf, treeOf } from "./byte_model.ts";
import { TestPages } from "./test_pages.ts";

const NOTHING = new Uint8Array(0);

test("a cursor begins at the first key that is not below the one sought", () => {
  const tree = treeOf(new TestPages(400), numberedEntries(0, 20_000, 2));
  const cursor = new ByteCursor(tree);
  for (const [sought, found] of [[0, 0], [1, 2], [2, 2], [9_999, 10_000], [19_998, 19_998]] as const) {
    cursor.seek(numbered(sought));
    assert(cursor.next());
    assertEquals(cursor.key(), numbered(found));
    assertEquals(cursor.next(), found < 19_998);
  }
  cursor.seek(numbered(19_999));
  assertFalse(cursor.next());
  assertFalse(cursor.next());
  assertThrows(() => cursor.key(), Error, "no entry");
  cursor.seek(NOTHING);
  let count = 0;
  while (cursor.next()) assertEquals(cursor.key(), numbered(2 * count++));
  assertEquals(count, 10_000);
});

/** Pages that nobody can read once they were freed in the transaction that made them. */
class ForgettingPages extends TestPages {
  override free(pageId: number, birth: number): void {
    super.free(pageId, birth);
    if (birth === this.birth) this.bytes.fill(0, pageId * PAGE_SIZE, (pageId + 1) * PAGE_SIZE);
  }
}

test("a cursor keeps its place while entries around it are deleted and added", () => {
  const pages = new ForgettingPages(4_000);
  const long = (index: number): Uint8Array => padded(index % 3 === 0 ? 600 : 0, numbered(index));
  const entries = numberedEntries(0, 600).map((_, index): Entry => [long(index), NOTHING]);
  const tree = treeOf(pages, entries);
  const expected = scan(tree).map(([key]) => textOf(key));
  const cursor = new ByteCursor(tree);
  const seen: string[] = [];
  while (cursor.next()) {
    const key = cursor.key();
    seen.push(textOf(key));
    if (seen.length % 50 === 0) pages.commit();
    assert(tree.delete(key));
    tree.put(Uint8Array.of(0, seen.length % 50), filled(500, 1));
  }
  assertEquals(seen, expected);
  assertFalse(cursor.next());
  tree.put(Uint8Array.of(255), NOTHING);
  assert(cursor.next(), "it goes on when entries came behind it");
  assertEquals(cursor.key(), Uint8Array.of(255));
});

test("a cursor does not skip what it could not read", () => {
  const pages = new TestPages(400);
  const tree = treeOf(pages, numberedEntries(0, 2_000));
  const cursor = new ByteCursor(tree);
  const type = PAGE_SIZE * 2 + PAGE_TYPE_AT;
  assertEquals(pages.bytes[type], PAGE_TYPE.byteLeaf);
  pages.bytes[type] = PAGE_TYPE.linkLeaf;
  let count = 0;
  assertThrows(() => {
    while (cursor.next()) count++;
  }, CorruptionError);
  assert(count > 0);
  assertThrows(() => cursor.next(), CorruptionError);
  pages.bytes[type] = PAGE_TYPE.byteLeaf;
  while (cursor.next()) assertEquals(cursor.key(), numbered(count++));
  assertEquals(count, 2_000);
});
