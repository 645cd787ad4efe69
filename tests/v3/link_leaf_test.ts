import { assert, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { checkLinkLeaf } from "../../lib/v3/link_leaf.ts";
import { LinkCursor } from "../../lib/v3/link_tree.ts";
import { LinkTreeWriter } from "../../lib/v3/link_tree_writer.ts";
import { checkNumberBranch, childIndex, keyIndex } from "../../lib/v3/number_branch.ts";
import { PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import { contentOf, insertSorted, type Link, randomLinks, sorted } from "./link_model.ts";
import { pagesOf } from "./number_tree.ts";
import { TestPages } from "./test_pages.ts";

test("the check finds a leaf with any field out of bounds", () => {
  const pages = new TestPages(10);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  insertSorted(tree, sorted(randomLinks(200, 20)));
  const address = pages.fetch(tree.root.pageId, tree.root.birth);
  const damages: [at: number, value: number][] = [
    [4, 1], // page type
    [6, 201], // entry count
    [7, 0xff],
    [20, 0], // group count
    [20, 21],
    [22, 0xf1], // widths
    [22, 0x21],
    [23, 0xf1],
    [23, 0x03],
    [24 + 7, 0xff], // base of a
    [32 + 7, 0xc0], // base of b
    [40 + 7, 0xff],
    [48, 0xff], // first group
    [48 + 2, 0xff], // its end
    [48 + 1, 0],
    [PAGE_SIZE - 2, 0xff], // b of the first entry
  ];
  checkLinkLeaf(pages, address);
  for (const [at, value] of damages) {
    const byte = pages.bytes[address + at] as number;
    pages.bytes[address + at] = value;
    assertThrows(() => checkLinkLeaf(pages, address), CorruptionError, undefined, `byte ${at} = ${value}`);
    pages.bytes[address + at] = byte;
  }
});

test("the check finds a leaf whose entries reach into its groups", () => {
  const pages = new TestPages(10);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  insertSorted(tree, Array.from({ length: 2023 }, (_, at): Link => [1, Math.floor(at / 10), at % 10, 0]));
  const address = pages.fetch(tree.root.pageId, tree.root.birth);
  checkLinkLeaf(pages, address);
  // One entry more: its two bytes are those of the group's end, which happen to be in order.
  pages.view.setUint16(address + 6, 2024, true);
  pages.view.setUint16(address + 48, 2024, true);
  assertThrows(() => checkLinkLeaf(pages, address), CorruptionError);
});

test("the check finds a branch with any field out of bounds", () => {
  const pages = new TestPages(50);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  insertSorted(tree, sorted(randomLinks(5000, 300)));
  const address = pages.fetch(tree.root.pageId, tree.root.birth);
  const damages: [at: number, value: number][] = [
    [4, 3], // page type
    [5, 0], // level
    [5, 16],
    [6, 0], // child count
    [6, 128],
    [24 + 24, 0], // page of the first child
    [24 + 32 + 7, 0xff], // key of the second child
    [24 + 32 + 7, 0x7f],
    [24 + 64 + 7, 0], // key of the third child
  ];
  checkNumberBranch(pages, address);
  for (const [at, value] of damages) {
    const byte = pages.bytes[address + at] as number;
    pages.bytes[address + at] = value;
    assertThrows(() => checkNumberBranch(pages, address), CorruptionError, undefined, `byte ${at} = ${value}`);
    pages.bytes[address + at] = byte;
  }
});

test("the check finds a branch whose keys do not ascend", () => {
  const pages = new TestPages(50);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  insertSorted(tree, sorted(randomLinks(5000, 300)));
  const address = pages.fetch(tree.root.pageId, tree.root.birth);
  const [second, third] = [keyIndex(address, 3, 1), keyIndex(address, 3, 2)];
  pages.f64.copyWithin(third, second, second + 3);
  assertThrows(() => checkNumberBranch(pages, address), CorruptionError);
  pages.f64[third + 2] = (pages.f64[second + 2] as number) + 1;
  checkNumberBranch(pages, address);
});

test("readers of a tree whose branches hang in the wrong order throw instead of going round", () => {
  const pages = new TestPages(2000);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links: Link[] = Array.from({ length: 150_000 }, (_, at) => [7, at * 1000, 5 * at, 0]);
  insertSorted(tree, links);
  const root = pages.fetch(tree.root.pageId, tree.root.birth);
  const [first, second] = [childIndex(root, 3, 0), childIndex(root, 3, 1)];
  const child = pages.u32.slice(first, first + 2);
  pages.u32.copyWithin(first, second, second + 2);
  pages.u32.set(child, second);
  pagesOf(pages, tree.root, 3);
  assertThrows(() => contentOf(pages, tree.root), CorruptionError);
  assertThrows(() => tree.count(7), CorruptionError);
  assertThrows(() => tree.countAll(), CorruptionError);
});

test("readers end or throw on any damage that the check lets pass or that nobody checked", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ page: fc.nat(), at: fc.nat(PAGE_SIZE - 1), value: fc.nat(255) }), {
        minLength: 1,
        maxLength: 8,
      }),
      (damages) => {
        const pages = new TestPages(60);
        const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
        insertSorted(tree, sorted(randomLinks(10_000, 300)));
        const pageIds = pagesOf(pages, tree.root, 3);
        // The first bytes of a page matter most.
        for (const { page, at, value } of damages) {
          const address = (pageIds[page % pageIds.length] as number) * PAGE_SIZE;
          pages.bytes[address + (at % 3 === 0 ? at : at % 128)] = value;
        }
        let steps = 0;
        try {
          const cursor = new LinkCursor(pages, tree.root);
          while (cursor.nextRun()) steps++;
          for (let a = 0; a < 300; a++) {
            tree.open(a);
            while (tree.nextRun()) steps++;
          }
        } catch (error) {
          assert(error instanceof Error);
        }
        assertLess(steps, 1_000_000);
      },
    ),
    { numRuns: 100 },
  );
});
