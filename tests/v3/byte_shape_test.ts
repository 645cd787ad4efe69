import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import { CorruptionError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { ByteCursor } from "../../lib/v3/byte_cursor.ts";
import { BYTE_PAGE_CAPACITY } from "../../lib/v3/byte_page.ts";
import { ByteTree } from "../../lib/v3/byte_tree.ts";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "../../lib/v3/page.ts";
import { EMPTY_ROOT } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import {
  batchOf,
  bytes,
  type Entry,
  filled,
  numbered,
  numberedEntries,
  padded,
  scan,
  shapeOf,
  treeOf,
} from "./byte_model.ts";
import { TestPages } from "./test_pages.ts";

const NOTHING = new Uint8Array(0);

function fillOf(pages: readonly number[]): number {
  return pages.reduce((sum, used) => sum + used, 0) / pages.length / BYTE_PAGE_CAPACITY;
}

test("an empty tree has nothing", () => {
  const tree = new ByteTreeWriter(new TestPages(1), EMPTY_ROOT);
  assertStrictEquals(tree.get(NOTHING), undefined);
  assertStrictEquals(tree.getHead(NOTHING), undefined);
  assertFalse(tree.has(NOTHING));
  assertFalse(tree.delete(NOTHING));
  assertEquals(tree.putSorted(batchOf([])), 0);
  assertEquals(scan(tree), []);
  tree.clear();
  assertEquals(tree.root, EMPTY_ROOT);
});

test("the empty key and the empty value are a key and a value", () => {
  const tree = new ByteTreeWriter(new TestPages(8), EMPTY_ROOT);
  assert(tree.put(bytes("a"), NOTHING));
  assert(tree.put(NOTHING, bytes("x")));
  assertFalse(tree.put(NOTHING, NOTHING));
  assertEquals(scan(tree), [[NOTHING, NOTHING], [bytes("a"), NOTHING]]);
  assertEquals(tree.get(NOTHING), NOTHING);
  assert(tree.delete(NOTHING));
  assertFalse(tree.has(NOTHING));
});

test("keys are ordered by unsigned bytes, and a prefix comes before what it begins", () => {
  const tree = new ByteTreeWriter(new TestPages(8), EMPTY_ROOT);
  const keys = [[], [0], [0, 0], [0, 255], [1], [127], [128], [128, 0], [255], [255, 255]].map((key) =>
    Uint8Array.from(key)
  );
  for (const key of keys.toReversed()) tree.put(key, NOTHING);
  assertEquals(scan(tree).map(([key]) => key), keys);
});

test("keys of more than 65,536 bytes are told apart by their last byte", () => {
  const pages = new TestPages(400);
  const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  const keys = [0, 1, 2, 3].map((last) => padded(70_000, Uint8Array.of(last)));
  for (const key of keys) assert(tree.put(key, key.slice(-1)));
  for (const key of keys) assertEquals(tree.get(key), key.slice(-1));
  assertFalse(tree.has(padded(70_000, NOTHING)));
  assertFalse(tree.has(padded(70_000, Uint8Array.of(4))));
  for (const key of keys) assert(tree.delete(key));
  assertEquals(pages.live.size, 0);
});

test("what a call returns is a copy", () => {
  const tree = treeOf(new TestPages(8), [[bytes("a"), bytes("b")]]);
  const cursor = new ByteCursor(tree);
  cursor.next();
  for (const copy of [tree.get(bytes("a")), tree.getHead(bytes("a")), cursor.key(), cursor.value()]) copy?.fill(0);
  assertEquals(scan(tree), [[bytes("a"), bytes("b")]]);
});

test("a bulk load into an empty tree fills its pages", () => {
  const pages = new TestPages(500);
  const tree = treeOf(pages, numberedEntries(0, 60_000));
  const { leaves, branches, reached } = shapeOf(pages, tree.root);
  assert(fillOf(leaves) > 0.98, `leaves are ${fillOf(leaves)} full`);
  assert(branches.length > 2 && fillOf(branches.slice(1, -1)) > 0.98);
  assertEquals(reached.size, pages.live.size);
});

test("keys that come in ascending order leave full pages behind, one by one and in batches", () => {
  const pages = new TestPages(800);
  const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  const entries = numberedEntries(0, 70_000);
  for (const [key, value] of entries.slice(0, 3_000)) tree.put(key, value);
  assert(fillOf(shapeOf(pages, tree.root).leaves.slice(0, -1)) > 0.98);
  for (let at = 3_000; at < 6_000; at += 6) tree.putSorted(batchOf(entries.slice(at, at + 6)));
  assert(fillOf(shapeOf(pages, tree.root).leaves.slice(0, -1)) > 0.98);
  for (let at = 6_000; at < 70_000; at += 1_000) tree.putSorted(batchOf(entries.slice(at, at + 1_000)));
  const { leaves, branches } = shapeOf(pages, tree.root);
  assert(fillOf(leaves.slice(0, -1)) > 0.98);
  assertEquals(tree.root.level, 2);
  assert(branches.length > 2 && fillOf(branches.slice(1, -1)) > 0.98);
  assertEquals(scan(tree).length, 70_000);
});

test("an insert into the middle of a full page splits it evenly", () => {
  const pages = new TestPages(100);
  const tree = treeOf(pages, numberedEntries(0, 400, 2));
  const before = shapeOf(pages, tree.root).leaves;
  assert(before.length > 1 && (before[0] as number) > BYTE_PAGE_CAPACITY - 40);
  tree.put(numbered(61), bytes("value"));
  const [left, right, ...others] = shapeOf(pages, tree.root).leaves;
  assertEquals(others, before.slice(1));
  assert(Math.abs((left as number) - (right as number)) < 60, `${left} and ${right} bytes`);
});

test("separators are no longer than it takes to tell two pages apart", () => {
  const pages = new TestPages(100);
  const entries = Array.from({ length: 26 }, (_, at): Entry => [filled(400, 97 + at), filled(500, 1)]);
  const tree = treeOf(pages, entries);
  const { separators, leaves } = shapeOf(pages, tree.root);
  assertEquals(separators.length, leaves.length - 1);
  for (const separator of separators) assertEquals(separator.length, 1);
});

test("a batch copies every page that it touches once", () => {
  class CountingPages extends TestPages {
    edits = 0;
    override edit(pageId: number, birth: number): number {
      this.edits++;
      return super.edit(pageId, birth);
    }
  }
  const pages = new CountingPages(2_000);
  const tree = treeOf(pages, numberedEntries(0, 40_000));
  pages.commit();
  const before = shapeOf(pages, tree.root);
  pages.edits = 0;
  // The same size as before: nothing splits.
  assertEquals(tree.putSorted(batchOf(numberedEntries(0, 40_000, 20).map(([key]) => [key, bytes("other")]))), 0);
  assertEquals(pages.edits, before.reached.size);
  assertEquals(shapeOf(pages, tree.root).leaves, before.leaves);
  pages.edits = 0;
  tree.putSorted(batchOf(numberedEntries(5, 6)));
  assertEquals(pages.edits, 1, "pages of this transaction are changed in place, and what is above them is left alone");
});

test("a batch whose keys do not ascend is refused and changes nothing", () => {
  const pages = new TestPages(100);
  const tree = treeOf(pages, numberedEntries(0, 10));
  const { root } = tree;
  const sorted = batchOf(numberedEntries(0, 3));
  for (const order of [[0, 2, 1], [1, 0, 2], [0, 0, 1]]) {
    const batch = { ...sorted, order: Uint32Array.from(order) };
    assertThrows(() => tree.putSorted(batch), InvalidArgumentError, "must ascend");
  }
  assertStrictEquals(tree.root, root);
  assertEquals(scan(tree), numberedEntries(0, 10));
});

test("pages that became small are merged, and the tree loses its levels again", () => {
  const pages = new TestPages(4_000);
  const tree = treeOf(pages, numberedEntries(0, 60_000));
  assertEquals(tree.root.level, 2);
  for (let index = 0; index < 60_000; index++) {
    if (index % 40 !== 0) assert(tree.delete(numbered(index)));
  }
  const { leaves } = shapeOf(pages, tree.root);
  assert(fillOf(leaves) > 1 / 3, `${leaves.length} leaves are ${fillOf(leaves)} full`);
  assertEquals(tree.root.level, 1);
  assertEquals(scan(tree), numberedEntries(0, 60_000, 40));
  for (let index = 0; index < 60_000; index += 40) assert(tree.delete(numbered(index)));
  assertEquals(tree.root, EMPTY_ROOT);
  assertEquals(pages.live.size, 0);
});

test("an empty first page goes, and its range falls to the page behind it", () => {
  // Two entries a page. Separators are longer than 512 bytes: each has a chain.
  const keys = Array.from({ length: 12 }, (_, at) => padded(600, numbered(at)));
  for (const indexes of [[0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4], [3, 2, 1, 0, 11, 10], [9, 8, 0, 1, 2, 3]]) {
    const pages = new TestPages(300);
    const tree = treeOf(pages, keys.map((key) => [key, filled(1_000, 1)]));
    assertEquals(shapeOf(pages, tree.root).leaves.length, 6);
    for (const index of indexes) {
      assert(tree.delete(keys[index] as Uint8Array));
      assertEquals(shapeOf(pages, tree.root).reached.size, pages.live.size);
    }
    assertEquals(shapeOf(pages, tree.root).leaves.length, 3);
    for (const index of indexes) assert(tree.put(keys[index] as Uint8Array, filled(1_000, 2)));
    assertEquals(scan(tree).map(([key]) => key), keys);
    assertEquals(shapeOf(pages, tree.root).reached.size, pages.live.size);
  }
});

test("a tree is cleared with all its chains, and what was committed stays readable", () => {
  const pages = new TestPages(2_000);
  const entries = numberedEntries(0, 3_000).map(([key], at): Entry =>
    at % 100 === 0 ? [padded(900, key), filled(9_000, 1)] : [key, NOTHING]
  );
  const tree = treeOf(pages, entries);
  const { root } = tree;
  const before = scan(tree);
  pages.commit();
  tree.clear();
  assertEquals(tree.root, EMPTY_ROOT);
  assertEquals(pages.live.size, 0);
  pages.verify();
  assertEquals(scan(new ByteTree(pages, root)), before);
});

test("the root is another object after each change and the same after what changes nothing", () => {
  const tree = treeOf(new TestPages(100), numberedEntries(0, 10));
  let { root } = tree;
  const changes = (change: () => void): boolean => {
    change();
    const isOther = tree.root !== root;
    root = tree.root;
    return isOther;
  };
  assert(changes(() => tree.put(numbered(3), NOTHING)));
  assert(changes(() => tree.put(numbered(11), NOTHING)));
  assert(changes(() => tree.delete(numbered(3))));
  assert(changes(() => tree.putSorted(batchOf(numberedEntries(3, 4)))));
  assert(changes(() => tree.clear()));
  assertFalse(changes(() => tree.delete(numbered(3))));
  assertFalse(changes(() => tree.putSorted(batchOf([]))));
  assertFalse(changes(() => tree.clear()));
});

test("the head of a value is read without a page of its chain", () => {
  class WatchedPages extends TestPages {
    overflowFetches = 0;
    override fetch(pageId: number, birth: number): number {
      const address = super.fetch(pageId, birth);
      if (this.bytes[address + PAGE_TYPE_AT] === PAGE_TYPE.overflow) this.overflowFetches++;
      return address;
    }
  }
  const pages = new WatchedPages(100);
  const long = Uint8Array.from({ length: 1_001 }, (_, at) => at);
  const tree = treeOf(pages, [[bytes("a"), long.slice(0, 1_000)], [bytes("b"), long]]);
  const cursor = new ByteCursor(tree);
  pages.overflowFetches = 0;
  assertEquals(tree.getHead(bytes("a")), long.slice(0, 1_000));
  assertEquals(tree.getHead(bytes("b")), long.slice(0, 64));
  assert(cursor.next());
  assertEquals(cursor.valueHead(), long.slice(0, 1_000));
  assert(cursor.next());
  assertEquals(cursor.valueHead(), long.slice(0, 64));
  assert(tree.has(bytes("b")));
  assertEquals(pages.overflowFetches, 0);
  assertEquals(tree.get(bytes("b")), long);
  assertEquals(cursor.value(), long);
  assert(pages.overflowFetches > 0);
});

test("a page of another type or level than its parent says is corrupt", () => {
  const pages = new TestPages(400);
  const tree = treeOf(pages, numberedEntries(0, 2_000));
  assertEquals(tree.root.level, 1);
  const wrongLevel = new ByteTreeWriter(pages, { ...tree.root, level: 0 });
  const absurdLevel = new ByteTreeWriter(pages, { ...tree.root, level: 2 ** 31 });
  for (const wrong of [wrongLevel, absurdLevel]) {
    assertThrows(() => wrong.get(numbered(1)), CorruptionError, "level");
    assertThrows(() => wrong.put(numbered(1), NOTHING), CorruptionError, "level");
    assertThrows(() => wrong.delete(numbered(1)), CorruptionError, "level");
    assertThrows(() => wrong.putSorted(batchOf(numberedEntries(0, 2))), CorruptionError, "level");
    assertThrows(() => wrong.clear(), CorruptionError, "level");
    assertThrows(() => scan(wrong), CorruptionError, "level");
  }
  pages.bytes[tree.root.pageId * PAGE_SIZE + PAGE_LEVEL_AT] = 2;
  assertThrows(() => tree.get(numbered(1)), CorruptionError, "level");
});
