/** Decoders of the main file's header and pages, on the worked example of the format. */

import { assertEquals, assertThrows } from "@std/assert";
import { CorruptionError, UnsupportedError } from "../../lib/backend/errors.ts";
import { MemoryBytes } from "../../lib/reference/byte_source.ts";
import { HEADER_BYTES, isReferenceFile, readHeader } from "../../lib/reference/header.ts";
import { IndexPage } from "../../lib/reference/index_page.ts";
import { NodePage } from "../../lib/reference/node_page.ts";
import { pageChecksum } from "../../lib/reference/page_checksum.ts";
import { PAGE_USE, PageFile } from "../../lib/reference/page_file.ts";
import { readTree } from "../../lib/reference/tree_entries.ts";
import { test } from "../support/test.ts";
import { bytesOf, pageOf, workedExample } from "./worked_example.ts";

test("the header's fields are read", () => {
  const file = workedExample();
  const { nodeCount, edgeCount, nodeRoot, edgeRoot, totalPages, pageSize, nodeTreeHeight, problems } = readHeader(file);
  assertEquals({ nodeCount, edgeCount, nodeRoot, edgeRoot, totalPages, pageSize, nodeTreeHeight, problems }, {
    nodeCount: 3,
    edgeCount: 2,
    nodeRoot: 3,
    edgeRoot: 8,
    totalPages: 9,
    pageSize: 4096,
    nodeTreeHeight: 1,
    problems: [],
  });
  assertEquals([isReferenceFile(file), isReferenceFile(file.subarray(0, 7)), HEADER_BYTES], [true, false, 112]);
});

test("a header of another program, another version or too few bytes is refused", () => {
  const changed = (at: number, byte: number) => {
    const file = workedExample();
    file[at] = byte;
    return file;
  };
  assertThrows(() => readHeader(changed(0, 0)), CorruptionError);
  assertThrows(() => readHeader(workedExample().subarray(0, 111)), CorruptionError);
  assertThrows(() => readHeader(changed(7, 0)), UnsupportedError, "version 2");
  assertThrows(() => readHeader(changed(11, 5)), UnsupportedError, "version 5");
});

test("header fields that no version writes are told, and do not end the reading", () => {
  for (const [at, byte] of [[15, 3], [106, 0x11], [111, 5]] as const) {
    const file = workedExample();
    file[at] = byte;
    assertEquals(readHeader(file).problems.map(({ offset }) => offset), [at - 3 - (at === 106 ? -1 : 0)]);
  }
});

test("numbers of 64 bits that no number can hold become Infinity", () => {
  const file = workedExample();
  file.fill(0xff, 48, 56);
  assertEquals(readHeader(file).edgeRoot, Infinity);
});

test("the checksum is that of the format, whatever the length", () => {
  for (let length = 1; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 37);
    let expected = 0x5a5a_5a5a;
    bytes.forEach((byte, at) => expected ^= byte ^ at);
    assertEquals(pageChecksum(bytes, length, 0, 0), expected >>> 0);
  }
});

test("an index page's entries are read, and damage is told", () => {
  const page = new IndexPage();
  const bytes = pageOf(workedExample(), 8);
  assertEquals(page.open(bytes, 8), undefined);
  assertEquals([page.isLeaf, page.count, page.nextLeaf], [true, 3, 0]);
  assertEquals([...page.keyHigh.subarray(0, 3)], [0, 0x40000000, 0x40000000]);
  assertEquals([[...page.keyLow.subarray(0, 3)], [...page.values.subarray(0, 3)]], [[2, 4, 6], [5, 6, 7]]);
  const damage = (change: (bytes: Uint8Array) => void, id = 8) => {
    const damaged = bytes.slice();
    change(damaged);
    return page.open(damaged, id);
  };
  assertEquals(damage(() => {}, 9), "it says that it is page 8");
  assertEquals(damage((copy) => copy[40]! ^= 1), "its checksum does not fit");
  assertEquals(damage((copy) => copy[10] = 255), "it cannot hold 65283 keys");
  assertEquals(page.open(bytes.subarray(0, 4095), 8), "it ends after 4095 bytes");
  // The parity does not see that two keys changed places.
  assertEquals(
    damage((copy) => (copy[39] = 4, copy[32] = 0x40, copy[55] = 2, copy[48] = 0)),
    "its keys are out of order",
  );
  assertEquals(page.count, 0);
});

test("a node page's records are read, and damage is told", () => {
  const page = new NodePage();
  const bytes = pageOf(workedExample(), 2);
  assertEquals(page.open(bytes, 2), undefined);
  assertEquals([page.count, page.isAscending, [...page.idLow.subarray(0, 3)]], [3, true, [1, 2, 3]]);
  assertEquals([[...page.length.subarray(0, 3)], [...page.isExternal.subarray(0, 3)]], [[7, 12, 86], [0, 0, 1]]);
  assertEquals(page.payloadAt[2], 0x3070);
  assertEquals([page.find(0, 2, 0), page.find(0, 3, 2), page.find(0, 4, 0), page.find(1, 2, 0)], [1, 2, -1, -1]);
  for (const at of [0, 17, 19, 33, 60]) {
    const damaged = bytes.slice();
    damaged[at]! ^= 0x10;
    assertEquals([typeof page.open(damaged, 2), page.count], ["string", 0]);
  }
});

test("a record that is not deleted is found before a deleted one with its id", () => {
  const bytes = new Uint8Array(4096);
  const record = "00 00 00 00 01 00 00 00 00 00 00 00";
  const live = "00 00 00 00 00 00 00 00 00 00 00 00";
  const records = bytesOf(`${record} ${live}`);
  bytes.set(records, 32);
  bytes.set([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, records.length, 0, 0, 0, 0, 0, 0, 0, 9]);
  new DataView(bytes.buffer).setUint32(28, pageChecksum(bytes, 32 + records.length, 28, 32));
  const page = new NodePage();
  assertEquals(page.open(bytes, 2), undefined);
  assertEquals([page.isAscending, page.find(0, 9, 0)], [false, 1]);
});

test("a tree's entries are read in order, and its pages are marked", () => {
  const file = workedExample();
  const pages = new PageFile(new MemoryBytes(file, "example"), readHeader(file));
  const problems: string[] = [];
  const entries = readTree(pages, 8, PAGE_USE.edgeTree, (page, message) => problems.push(`${page}: ${message}`));
  assertEquals([entries.count, [...entries.page.subarray(0, 3)], problems], [3, [5, 6, 7], []]);
  assertEquals([entries.find(0x40000000, 4), entries.find(0, 4)], [1, -1]);
  assertEquals([pages.isUsed(8, PAGE_USE.edgeTree), pages.isUsed(5, PAGE_USE.edgeTree)], [true, false]);
  assertEquals(readTree(pages, 8, PAGE_USE.nodeTree, (page, message) => problems.push(`${page}: ${message}`)).count, 0);
  assertEquals(problems, ["8: it belongs to the other tree"]);
  assertEquals([pages.has(1), pages.has(2), pages.has(8), pages.has(9)], [false, true, true, false]);
});
