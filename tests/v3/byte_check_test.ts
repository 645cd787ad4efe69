import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { cellSize, valuePartAt } from "../../lib/v3/byte_cell.ts";
import { checkByteBranch, checkByteLeaf } from "../../lib/v3/byte_check.ts";
import { ByteCursor } from "../../lib/v3/byte_cursor.ts";
import {
  BRANCH_SKIP,
  cellAt,
  cellCount,
  cellsStart,
  emptyPage,
  LEAF_SKIP,
  unusedBytes,
} from "../../lib/v3/byte_page.ts";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { PAGE_COUNT_AT, PAGE_FIRST_AT, PAGE_HEADER_SIZE, PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import { bytes } from "./byte_model.ts";
import { TestPages } from "./test_pages.ts";

interface Subject {
  readonly pages: TestPages;
  readonly tree: ByteTreeWriter;
  readonly leaf: number;
  readonly branch: number;
}

/** A tree of one branch and some leaves; the first leaf holds long and short keys and values, and unused bytes. */
function subject(): Subject {
  const pages = new TestPages(200);
  const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  for (let index = 0; index < 300; index++) {
    const key = bytes(`k${index * 7 % 300}${index % 20 === 5 ? "x".repeat(600) : ""}`);
    tree.put(key, new Uint8Array(index % 17 === 0 ? 1_100 : index % 5 === 0 ? 200 : 3));
  }
  for (let index = 0; index < 300; index += 9) tree.delete(bytes(`k${index}`));
  pages.commit();
  const branch = tree.root.pageId * PAGE_SIZE;
  const leaf = pages.view.getUint32(cellAt(pages.bytes, branch, 0), true) * PAGE_SIZE;
  return { pages, tree, leaf, branch };
}

function firstCell(pages: TestPages, address: number): number {
  return cellAt(pages.bytes, address, 0);
}

test("sound pages pass their checks, and neither check takes the other's pages", () => {
  const { pages, leaf, branch } = subject();
  checkByteLeaf(pages, leaf);
  checkByteBranch(pages, branch);
  assertThrows(() => checkByteLeaf(pages, branch), CorruptionError, "no leaf");
  assertThrows(() => checkByteBranch(pages, leaf), CorruptionError, "no branch");
});

test("a page with damaged structure does not pass its check", () => {
  const slot = (address: number, index: number): number => address + PAGE_HEADER_SIZE + 2 * index;
  const damages: Record<string, readonly [apply: (pages: TestPages, address: number) => void, message: string]> = {
    "no cells": [({ bytes }, at) => emptyPage(bytes, at), "it has 0 cells"],
    "another cell": [
      ({ bytes, view }, at) => view.setUint16(at + PAGE_COUNT_AT, cellCount(bytes, at) + 1, true),
      "cell",
    ],
    "65,535 cells": [({ view }, at) => view.setUint16(at + PAGE_COUNT_AT, 0xffff, true), "it has 65535 cells"],
    "cells from the header on": [({ view }, at) => view.setUint16(at + PAGE_FIRST_AT, 3, true), "which begin at 3"],
    "cells from behind the page on": [
      ({ view }, at) => view.setUint16(at + PAGE_FIRST_AT, 4_097, true),
      "which begin at 4097",
    ],
    "a wrong number of unused bytes": [
      ({ view }, at) => view.setUint16(at + PAGE_FIRST_AT + 2, 1, true),
      "its cells have",
    ],
    "a cell in the header": [({ view }, at) => view.setUint16(slot(at, 1), 8, true), "cell 1 begins at 8"],
    "a cell in the free space": [
      ({ bytes, view }, at) => {
        const cell = cellAt(bytes, at, 1);
        const below = cellsStart(bytes, at) - 20;
        bytes.copyWithin(at + below, cell, cell + 20);
        view.setUint16(slot(at, 1), below, true);
      },
      "cell 1 begins at",
    ],
    "a cell in the last byte": [({ view }, at) => view.setUint16(slot(at, 1), 4_095, true), "is no cell or leaves"],
    "a cell behind the page": [({ view }, at) => view.setUint16(slot(at, 1), 0xffff, true), "is no cell or leaves"],
    "keys in another order": [
      ({ view }, at) => {
        const first = view.getUint16(slot(at, 2), true);
        view.setUint16(slot(at, 2), view.getUint16(slot(at, 3), true), true);
        view.setUint16(slot(at, 3), first, true);
      },
      "is not above",
    ],
    "a key twice": [
      ({ view }, at) => view.setUint16(slot(at, 2), view.getUint16(slot(at, 3), true), true),
      "is not above",
    ],
  };
  for (const [damage, [apply, message]] of Object.entries(damages)) {
    for (const kind of ["leaf", "branch"] as const) {
      const { pages, [kind]: address } = subject();
      apply(pages, address);
      const check = kind === "leaf" ? checkByteLeaf : checkByteBranch;
      assertThrows(() => check(pages, address), CorruptionError, message, `${kind} with ${damage}`);
    }
  }
});

test("a cell that ends behind the page does not pass, whatever the header says of unused bytes", () => {
  const pages = new TestPages(2);
  const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
  for (const key of ["a", "b", "c"]) tree.put(bytes(key), new Uint8Array(10));
  tree.delete(bytes("b"));
  const { bytes: page, view } = pages;
  const leaf = tree.root.pageId * PAGE_SIZE;
  const last = cellAt(page, leaf, 0);
  assert(last + cellSize(page, last, LEAF_SKIP) === leaf + PAGE_SIZE);
  const unused = unusedBytes(page, leaf);
  checkByteLeaf(pages, leaf);
  page[valuePartAt(page, last)] = 11;
  view.setUint16(leaf + PAGE_FIRST_AT + 2, unused - 1, true);
  assertThrows(() => checkByteLeaf(pages, leaf), CorruptionError, "leaves the page");
});

test("a branch without a child in a cell, or with a first separator, does not pass its check", () => {
  const first = subject();
  first.pages.view.setUint32(firstCell(first.pages, first.branch), 0, true);
  assertThrows(() => checkByteBranch(first.pages, first.branch), CorruptionError, "no child");
  const second = subject();
  second.pages.view.setUint8(firstCell(second.pages, second.branch) + BRANCH_SKIP, 1);
  assertThrows(() => checkByteBranch(second.pages, second.branch), CorruptionError, "damaged");
});

test("lengths in another form than the shortest, or of more than 32 bits, do not pass", () => {
  const forms = [
    [0x80, 0x00],
    [0x81, 0x80, 0x00],
    [0x82, 0x80, 0x80, 0x80, 0x10],
    [0xff, 0xff, 0xff, 0xff, 0x1f],
    [0xff, 0xff, 0xff, 0xff, 0xff],
  ];
  for (const form of forms) {
    const { pages, leaf } = subject();
    pages.bytes.set(form, firstCell(pages, leaf));
    assertThrows(() => checkByteLeaf(pages, leaf), CorruptionError, "is no cell");
  }
});

const flips = fc.array(
  fc.record({
    at: fc.oneof(fc.integer({ min: 4, max: 400 }), fc.integer({ min: 4, max: PAGE_SIZE - 1 })),
    byte: fc.nat({ max: 255 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test("what passes its check after random damage has all its cells within the page", () => {
  const { pages, leaf, branch } = subject();
  const copies = new Map([leaf, branch].map((address) => [address, pages.bytes.slice(address, address + PAGE_SIZE)]));
  let passed = 0;
  fc.assert(
    fc.property(fc.boolean(), flips, (isLeaf, changes) => {
      const address = isLeaf ? leaf : branch;
      for (const { at, byte } of changes) pages.bytes[address + at] = byte;
      try {
        if (isLeaf) checkByteLeaf(pages, address);
        else checkByteBranch(pages, address);
        passed++;
        assertWithin(pages.bytes, address, isLeaf ? LEAF_SKIP : BRANCH_SKIP);
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
      } finally {
        pages.bytes.set(copies.get(address) as Uint8Array, address);
      }
    }),
    { numRuns: 3_000 },
  );
  assert(passed > 100);
});

function assertWithin(page: Uint8Array, address: number, keySkip: number): void {
  let size = 0;
  for (let index = 0; index < cellCount(page, address); index++) {
    const cell = cellAt(page, address, index);
    assert(cell >= address + cellsStart(page, address) && cell + cellSize(page, cell, keySkip) <= address + PAGE_SIZE);
    size += cellSize(page, cell, keySkip);
  }
  assert(size + unusedBytes(page, address) === PAGE_SIZE - cellsStart(page, address));
}

test("reading damaged pages that were never checked comes to an end", () => {
  const { pages, tree, leaf, branch } = subject();
  const copies = new Map([leaf, branch].map((address) => [address, pages.bytes.slice(address, address + PAGE_SIZE)]));
  const keys = [new Uint8Array(0), bytes("k1"), bytes("k7"), bytes(`k35${"x".repeat(600)}`)];
  fc.assert(
    fc.property(fc.boolean(), flips, (isLeaf, changes) => {
      const address = isLeaf ? leaf : branch;
      for (const { at, byte } of changes) if (at >= 16) pages.bytes[address + at] = byte;
      for (const key of keys) {
        endsSomehow(() => tree.get(key));
        endsSomehow(() => tree.getHead(key));
      }
      endsSomehow(() => {
        const cursor = new ByteCursor(tree);
        while (cursor.next()) cursor.key();
      });
      pages.bytes.set(copies.get(address) as Uint8Array, address);
    }),
    { numRuns: 300 },
  );
});

function endsSomehow(call: () => unknown): void {
  try {
    call();
  } catch {
    // Any error will do; what must not happen is that it does not return.
  }
}
