import { assert, assertEquals, assertLess } from "@std/assert";
import { LINK_LEAF_SPACE, LinkLeaf } from "../../lib/v3/link_leaf.ts";
import { LinkTreeWriter } from "../../lib/v3/link_tree_writer.ts";
import { numberChildren } from "../../lib/v3/number_branch.ts";
import { PAGE_COUNT_AT, PAGE_LEVEL_AT, PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import {
  contentOf,
  deleteSorted,
  groupOf,
  insertSorted,
  type Link,
  random,
  randomLinks,
  sorted,
} from "./link_model.ts";
import { assertPages, pagesOf } from "./number_tree.ts";
import { TestPages } from "./test_pages.ts";

test("a random graph takes at most 6 bytes an entry and 5 a group after a bulk load", () => {
  const pages = new TestPages(1000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  // Every tenth number of a graph with 1,000,000 nodes and 10,000,000 edges.
  const links = sorted(randomLinks(200_000, 20_000).map(([a, b, c]) => [a, b * 50, c * 50, 0]));
  insertSorted(tree, links);
  const groups = new Set(links.map(([a]) => a)).size;
  const leaves = pagesOf(pages, tree.root, 3).length;
  assertLess(leaves * PAGE_SIZE, 6 * links.length + 5 * groups);
});

test("a bulk load in one or in several sorted parts leaves pages at least 97 % full", () => {
  for (const parts of [1, 3]) {
    const pages = new TestPages(2000);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    const links = randomLinks(130_000, 5000);
    for (let part = 0; part < parts; part++) {
      insertSorted(tree, sorted(links.filter((_, at) => at % parts === part)));
    }
    assertEquals(tree.countAll(), links.length);
    // 2 + 3 bytes an entry, 1 + 2 a group; the branches are 1 in 127.
    assertLess(pages.live.size * PAGE_SIZE, (links.length * 5 + 5000 * 3) / 0.96);
    assertPages(pages, tree.root, 3);
  }
});

test("links that ascend one by one leave full pages behind", () => {
  const pages = new TestPages(1000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  for (let n = 0; n < 100_000; n++) tree.insert(1, n, 10 * n, 0);
  assertLess(pages.live.size * PAGE_SIZE, (100_000 * 4) / 0.96);
  assertPages(pages, tree.root, 3);
});

test("a hub in the middle that grows in ascending order has pages nearly full", () => {
  const pages = new TestPages(1000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  for (let n = 0; n < 300; n++) tree.insert(n % 2 === 0 ? 1 : 3, n, 1, 0);
  for (let n = 0; n < 100_000; n++) tree.insert(2, n, 10 * n, 0);
  assertLess(pages.live.size * PAGE_SIZE, (100_000 * 4) / 0.8);
  assertEquals(tree.count(2), 100_000);
});

test("a hub in the middle that grows by batches has pages nearly full", () => {
  const pages = new TestPages(4000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  for (let n = 0; n < 300; n++) tree.insert(n % 2 === 0 ? 1 : 3, n, 1, 0);
  for (let from = 0; from < 100_000; from += 200) {
    insertSorted(tree, Array.from({ length: 200 }, (_, at): Link => [2, from + at, 10 * (from + at), 0]));
  }
  assertLess(pages.live.size * PAGE_SIZE, (100_000 * 4) / 0.8);
  assertPages(pages, tree.root, 3);
});

test("a hub that grows at random places keeps its order", () => {
  const pages = new TestPages(1000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links = randomLinks(50_000, 1_000_000).map(([, b, c]): Link => [7, b, c, c % 5]);
  for (const link of links) assert(tree.insert(...link));
  assertEquals(groupOf(tree, 7), sorted(links));
  assertPages(pages, tree.root, 3);
});

test("a few changes far apart leave the leaves between them alone", () => {
  const pages = new TestPages(3000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links = sorted(randomLinks(100_000, 10_000));
  insertSorted(tree, links);
  const before = new Set(pagesOf(pages, tree.root, 3));
  pages.commit();
  insertSorted(tree, Array.from({ length: 10 }, (_, at) => [1000 * at, 500, 200_000 + at, 0]));
  deleteSorted(tree, Array.from({ length: 10 }, (_, at) => links[9000 * at + 4500] as Link));
  const after = pagesOf(pages, tree.root, 3);
  assertLess(after.filter((page) => !before.has(page)).length, 40);
  assertEquals(tree.countAll(), links.length);
  assertPages(pages, tree.root, 3);
});

test("deleting everything gives back every page, in one pass and one by one from either end and at random", () => {
  const links = sorted(randomLinks(20_000, 1000));
  const next = random(5);
  const orders: Link[][] = [
    links,
    links.toReversed(),
    links.map((link) => [next(), link] as const).sort(([x], [y]) => x - y).map(([, link]) => link),
  ];
  for (const order of orders) {
    const pages = new TestPages(600);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    insertSorted(tree, links);
    order.forEach(([a, b, c], at) => {
      assert(tree.delete(a, b, c));
      if (at % 5000 === 0) assertPages(pages, tree.root, 3);
    });
    assertEquals(tree.root, EMPTY_ROOT);
    assertEquals(pages.live.size, 0);
  }
  const pages = new TestPages(600);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  insertSorted(tree, links);
  assertEquals(deleteSorted(tree, links), links.length);
  assertEquals([tree.root, pages.live.size], [EMPTY_ROOT, 0]);
});

/** Leaves of a tree that are less than a third full. */
function smallLeaves(pages: TestPages, { root }: LinkTreeWriter): number[] {
  const leaf = new LinkLeaf();
  return pagesOf(pages, root, 3).filter((pageId) => {
    if (pages.view.getUint8(pageId * PAGE_SIZE + PAGE_LEVEL_AT) > 0) return false;
    leaf.read(pages.view, pageId * PAGE_SIZE);
    return 3 * leaf.usedBytes < LINK_LEAF_SPACE;
  });
}

test("a batch leaves no small page beside pages that it does not touch", () => {
  const pages = new TestPages(3000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links = sorted(randomLinks(200_000, 5000));
  insertSorted(tree, links);
  // Of the first branch, most leaves go, and most of one leaf.
  deleteSorted(tree, [...links.slice(1000, 90_000), ...links.slice(92_000, 92_500)]);
  assertPages(pages, tree.root, 3);
  const children = { pageIds: [] as number[], births: [] as number[] };
  numberChildren(pages, pages.fetch(tree.root.pageId, tree.root.birth), 3, children);
  const counts = children.pageIds.map((pageId) => pages.view.getUint16(pageId * PAGE_SIZE + PAGE_COUNT_AT, true));
  assertEquals(counts.slice(0, -1).filter((count) => 3 * count < 127), []);
  assertEquals(smallLeaves(pages, tree), []);
});

test("a few deletes that make a leaf small merge it", () => {
  const pages = new TestPages(100);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links: Link[] = Array.from({ length: 10_000 }, (_, at) => [1, at, 7 * at, 0]);
  insertSorted(tree, links);
  deleteSorted(tree, links.slice(2100, 2760));
  deleteSorted(tree, links.slice(2760, 2780));
  assertEquals(smallLeaves(pages, tree), []);
});

test("what remains after most was deleted takes few pages and a lower tree", () => {
  const links = sorted(randomLinks(130_000, 5000));
  const gone = links.filter((_, at) => at % 50 !== 0);
  for (const isBatch of [true, false]) {
    const pages = new TestPages(2000);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    insertSorted(tree, links);
    assertEquals(tree.root.level, 2);
    if (isBatch) deleteSorted(tree, gone);
    else for (const [a, b, c] of gone) tree.delete(a, b, c);
    assertPages(pages, tree.root, 3);
    assertLess(pages.live.size, 20);
    assertEquals(tree.root.level, 1);
  }
});

test("a tree of which one leaf remains is that leaf", () => {
  const pages = new TestPages(1000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links: Link[] = [];
  for (let n = 0; tree.root.level < 2; n++) {
    const link: Link = [n, 2 ** 52 + n * 2 ** 30, (n * 7919) % 2 ** 13 * 2 ** 40, 0];
    tree.insert(...link);
    links.push(link);
  }
  assertEquals(deleteSorted(tree, links.slice(0, -1)), links.length - 1);
  assertEquals(tree.root.level, 0);
  assertEquals(contentOf(pages, tree.root), links.slice(-1));
  assertPages(pages, tree.root, 3);
});
