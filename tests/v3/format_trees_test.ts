import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { encodeHeader } from "../../lib/v3/header.ts";
import { LinkTreeWriter } from "../../lib/v3/link_tree_writer.ts";
import { firstHeader } from "../../lib/v3/open_database.ts";
import { PAGE_SIZE, V3_HEADER_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT, type TreeRoot } from "../../lib/v3/pages.ts";
import { RecordTreeWriter } from "../../lib/v3/record_tree_writer.ts";
import { test } from "../support/test.ts";
import { hex } from "./format_graph.ts";
import { crc32, FormatPages, type Root } from "./format_pages.ts";
import { TestPages } from "./test_pages.ts";

const START_MS = 1_700_000_000_000;

/** A file that holds the pages of a test, without a header's trees. */
function fileOf(test: TestPages): Uint8Array {
  const count = Math.max(0, ...test.live);
  const file = new Uint8Array(V3_HEADER_SIZE + count * PAGE_SIZE);
  const header = firstHeader(START_MS);
  const slot = encodeHeader({ ...header, pageCount: count });
  file.set(slot, 0);
  file.set(slot, PAGE_SIZE);
  for (let pageId = 1; pageId <= count; pageId++) {
    const page = file.subarray(V3_HEADER_SIZE + (pageId - 1) * PAGE_SIZE, V3_HEADER_SIZE + pageId * PAGE_SIZE);
    page.set(test.bytes.subarray(pageId * PAGE_SIZE, (pageId + 1) * PAGE_SIZE));
    const sum = crc32(page.subarray(4), (pageId ^ header.fileSeed) >>> 0);
    new DataView(page.buffer, page.byteOffset).setUint32(0, sum, true);
  }
  return file;
}

function rootOf({ pageId, birth, level }: TreeRoot): Root {
  return { page: pageId, birth, level };
}

const ANY_ID = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 70_000 }), fc.maxSafeNat());
const RUNS = { numRuns: 60 };

test("the reader finds the records of any record tree", () => {
  const entries = fc.array(fc.tuple(ANY_ID, fc.uint8Array({ maxLength: 300 }), fc.boolean()), { maxLength: 120 });
  fc.assert(
    fc.property(entries, (changes) => {
      const pages = new TestPages(400);
      const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
      const model = new Map<number, string>();
      for (const [id, record, isKept] of changes) {
        tree.put(id, record, 0, record.length);
        model.set(id, hex(record));
        if (isKept) continue;
        tree.delete(id);
        model.delete(id);
      }
      const found = [...new FormatPages(fileOf(pages)).records(rootOf(tree.root))];
      const expected = [...model].sort(([one], [other]) => one - other);
      assertEquals(found.map(({ id, record }) => [id, hex(record)]), expected);
    }),
    RUNS,
  );
});

test("the reader finds the entries of any link tree", () => {
  const type = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 0xffff_ffff }));
  const entries = fc.array(fc.tuple(fc.oneof(fc.nat({ max: 3 }), ANY_ID), ANY_ID, ANY_ID, type), { maxLength: 250 });
  fc.assert(
    fc.property(entries, (links) => {
      const pages = new TestPages(400);
      const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
      const model = new Map<string, number[]>();
      for (const [a, b, c, type] of links) {
        if (tree.insert(a, b, c, type)) model.set(`${a} ${b} ${c}`, [a, b, c, type]);
      }
      const found = [...new FormatPages(fileOf(pages)).links(rootOf(tree.root))].map(({ a, b, c, type }) => {
        return [a, b, c, type];
      });
      const order = (one: number[], other: number[]): number => {
        const at = one.findIndex((part, index) => part !== other[index]);
        return (one[at] as number) - (other[at] as number);
      };
      assertEquals(found, [...model.values()].sort(order));
    }),
    RUNS,
  );
});

test("the reader finds the entries of any byte tree", () => {
  const long = fc.tuple(fc.constantFrom(500, 511, 512, 513, 5_000), fc.uint8Array({ maxLength: 3 })).map(
    ([size, end]) => {
      const bytes = new Uint8Array(size + end.length);
      bytes.set(end, size);
      return bytes;
    },
  );
  const bytes = fc.oneof({ weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }) }, { weight: 1, arbitrary: long });
  const value = fc.oneof(bytes, fc.constantFrom(999, 1_000, 1_001, 9_000).map((size) => new Uint8Array(size).fill(7)));
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, value), { maxLength: 60 }), (pairs) => {
      const pages = new TestPages(1_000);
      const tree = new ByteTreeWriter(pages, EMPTY_ROOT);
      const model = new Map<string, string>();
      for (const [key, bytes] of pairs) {
        tree.put(key, bytes);
        model.set(hex(key), hex(bytes));
      }
      const found = [...new FormatPages(fileOf(pages)).pairs(rootOf(tree.root))];
      assertEquals(found.map(({ key, value }) => [hex(key), hex(value)]), [...model].sort());
    }),
    RUNS,
  );
});

test("the reader finds its way through trees of three levels", () => {
  const records = new TestPages(1_000);
  const recordTree = new RecordTreeWriter(records, EMPTY_ROOT);
  for (let id = 1; id <= 1_000; id++) recordTree.put(3 * id, new Uint8Array(1_100).fill(id), 0, 1_100);
  assertEquals(recordTree.root.level, 2);
  const ids = [...new FormatPages(fileOf(records)).records(rootOf(recordTree.root))].map(({ id }) => id);
  assertEquals(ids, Array.from({ length: 1_000 }, (_, index) => 3 * index + 3));

  const links = new TestPages(1_000);
  const linkTree = new LinkTreeWriter(links, EMPTY_ROOT);
  const count = 32_000;
  const a = Float64Array.from({ length: count }, (_, index) => index * 2 ** 38);
  linkTree.insertSorted(a, a.toReversed(), a, new Uint32Array(count), count);
  assertEquals(linkTree.root.level, 2);
  const found = [...new FormatPages(fileOf(links)).links(rootOf(linkTree.root))];
  assertEquals(found.length, count);
  assertEquals(found.findIndex((link, index) => link.a !== a[index] || link.b !== a[count - 1 - index]), -1);

  const pairs = new TestPages(1_000);
  const byteTree = new ByteTreeWriter(pairs, EMPTY_ROOT);
  const key = new Uint8Array(505);
  for (let last = 0; last < 256; last++) {
    key[504] = last;
    byteTree.put(key, key.subarray(0, 400));
  }
  assertEquals(byteTree.root.level >= 2, true);
  const lasts = [...new FormatPages(fileOf(pairs)).pairs(rootOf(byteTree.root))].map(({ key }) => key[504]);
  assertEquals(lasts, Array.from({ length: 256 }, (_, last) => last));
});
