import { assert, assertEquals, assertFalse, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { childIndex } from "../../lib/v3/number_branch.ts";
import { PAGE_SIZE } from "../../lib/v3/page.ts";
import { EMPTY_ROOT, type TreeRoot } from "../../lib/v3/pages.ts";
import { checkRecordLeaf, MAX_RECORD_SIZE, RECORD_SLOTS_AT, RECORD_WIDTH_AT } from "../../lib/v3/record_leaf.ts";
import { RecordCursor, RecordTree } from "../../lib/v3/record_tree.ts";
import { RecordTreeWriter } from "../../lib/v3/record_tree_writer.ts";
import { test } from "../support/test.ts";
import { MovingPages } from "./moving_pages.ts";
import { assertPages, pagesOf, type WatchedPages } from "./number_tree.ts";
import { TestPages } from "./test_pages.ts";

const MAX_ID = Number.MAX_SAFE_INTEGER;

/** Bytes that tell of their id and length, so that a wrong record shows. */
function recordOf(id: number, length: number): Uint8Array {
  const record = new Uint8Array(length);
  for (let at = 0; at < length; at++) record[at] = (id % 251) * 7 + length + at;
  return record;
}

function put(tree: RecordTreeWriter, id: number, record: Uint8Array): boolean {
  const source = new Uint8Array(record.length + 5);
  source.set(record, 3);
  return tree.put(id, source, 3, 3 + record.length);
}

function get(pages: WatchedPages, tree: RecordTree, id: number): Uint8Array | undefined {
  return tree.find(id) ? pages.bytes.slice(tree.at, tree.end) : undefined;
}

function contentOf(pages: WatchedPages, root: TreeRoot, after = -1): [number, Uint8Array][] {
  const cursor = new RecordCursor(pages, root);
  cursor.seek(after);
  const content: [number, Uint8Array][] = [];
  while (cursor.next()) content.push([cursor.id, cursor.bytes.slice(cursor.at, cursor.end)]);
  return content;
}

/** A tree with the ids 1 to `count`, each with a record of `length` bytes. */
function filled(pages: TestPages, count: number, length: number): RecordTreeWriter {
  const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
  for (let id = 1; id <= count; id++) assert(put(tree, id, recordOf(id, length)));
  return tree;
}

/** A writer next to a map that says what must be in the tree, and next to the states of earlier commits. */
class Model {
  readonly pages: WatchedPages;
  readonly tree: RecordTreeWriter;
  readonly records = new Map<number, Uint8Array>();
  readonly #commits: { root: TreeRoot; content: [number, Uint8Array][] }[] = [];

  constructor(pages: WatchedPages = new TestPages(6000)) {
    this.pages = pages;
    this.tree = new RecordTreeWriter(pages, EMPTY_ROOT);
  }

  put(id: number, length: number): void {
    const record = recordOf(id, length);
    assertEquals(put(this.tree, id, record), !this.records.has(id));
    this.records.set(id, record);
  }

  delete(id: number): void {
    assertEquals(this.tree.delete(id), this.records.delete(id));
  }

  clear(): void {
    this.tree.clear();
    this.records.clear();
  }

  commit(): void {
    this.check();
    this.#commits.push({ root: this.tree.root, content: this.#content() });
    this.pages.commit();
  }

  #content(): [number, Uint8Array][] {
    return [...this.records].sort(([a], [b]) => a - b);
  }

  check(): void {
    const content = this.#content();
    assertEquals(contentOf(this.pages, this.tree.root), content);
    assertPages(this.pages, this.tree.root, 1);
    assertEquals(this.tree.lastId(), content.at(-1)?.[0] ?? 0);
    const [middle] = content[content.length >>> 1] ?? [0];
    assertEquals(contentOf(this.pages, this.tree.root, middle), content.filter(([id]) => id > middle));
    for (const [id, record] of content) {
      assertEquals(get(this.pages, this.tree, id), record);
      assertEquals(this.tree.find(id + 1), this.records.has(id + 1));
    }
  }

  finish(): void {
    this.check();
    for (const { root, content } of this.#commits) assertEquals(contentOf(this.pages, root), content);
  }
}

const someLength = fc.oneof(fc.nat(40), fc.constantFrom(0, 300, MAX_RECORD_SIZE - 1, MAX_RECORD_SIZE));
const someId = fc.oneof(
  fc.nat(300),
  fc.nat(300).map((id) => 1000 + 7 * id),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.integer({ min: 10, max: 52 }).map((bits) => 2 ** bits + bits),
  fc.nat(200).map((id) => MAX_ID - id),
  fc.maxSafeNat(),
);
const someStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), id: someId, length: someLength }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 300 }),
      gap: fc.oneof(fc.constant(1), fc.nat(3).map((gap) => gap + 1), fc.nat(1000).map((gap) => gap + 1)),
      length: someLength,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), id: someId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("deleteSome" as const),
      from: fc.nat(1000),
      count: fc.nat(400),
      every: fc.nat(4),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);

test("random work leaves a record tree as it leaves a map, and old roots read what they held", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 30 }), (steps) => {
      const model = new Model();
      for (const step of steps) {
        if (step.do === "put") model.put(step.id, step.length);
        else if (step.do === "delete") model.delete(step.id);
        else if (step.do === "commit") model.commit();
        else if (step.do === "clear") model.clear();
        else if (step.do === "append") {
          let id = model.tree.lastId();
          for (let n = 0; n < step.count && id + step.gap <= MAX_ID; n++) model.put(id += step.gap, step.length);
        } else {
          const ids = [...model.records.keys()].sort((a, b) => a - b);
          const end = Math.min(ids.length, step.from + step.count);
          for (let at = step.from; at < end; at += step.every + 1) model.delete(ids[at] as number);
        }
      }
      model.finish();
    }),
    { numRuns: 80 },
  );
});

test("records of every size that random ids get are found after splits in the middle", () => {
  const model = new Model();
  let seed = 1;
  for (let n = 0; n < 3000; n++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 1;
    model.put(seed % 5000, n % 50 === 0 ? MAX_RECORD_SIZE - n % 7 : seed % 97);
    if (n % 1000 === 0) model.commit();
  }
  model.finish();
});

test("a tree of three levels that grew at random places stays sound while ranges of it go", () => {
  const pages = new TestPages(4000);
  const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
  const record = recordOf(1, MAX_RECORD_SIZE);
  const left = new Set<number>();
  for (let n = 0; n < 2003; n++) {
    const id = (n * 1237) % 2003;
    put(tree, id, record);
    left.add(id);
  }
  assertEquals(tree.root.level, 2);
  assertPages(pages, tree.root, 1);
  pages.commit();
  const ranges = [[500, 900], [0, 100], [1900, 2003], [901, 1300], [1301, 1890], [100, 499], [1895, 1900]] as const;
  for (const [from, end] of ranges) {
    for (let id = from; id < end; id++) {
      assert(tree.delete(id));
      left.delete(id);
    }
    assertPages(pages, tree.root, 1);
    assertEquals(contentOf(pages, tree.root).map(([id]) => id), [...left].sort((a, b) => a - b));
  }
  assertEquals(tree.root.level, 1);
});

test("random ranges of a tree of three levels go and come back", () => {
  const range = fc.record({ from: fc.nat(2000), count: fc.integer({ min: 1, max: 700 }), isPut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(range, { minLength: 5, maxLength: 25 }), (ranges) => {
      const pages = new TestPages(3000);
      const tree = filled(pages, 2000, MAX_RECORD_SIZE);
      const left = new Set(Array.from({ length: 2000 }, (_, at) => at + 1));
      const record = recordOf(1, MAX_RECORD_SIZE);
      for (const { from, count, isPut } of ranges) {
        for (let id = from; id < from + count; id++) {
          if (isPut) assertEquals(put(tree, id, record), !left.has(id));
          else assertEquals(tree.delete(id), left.has(id));
          if (isPut) left.add(id);
          else left.delete(id);
        }
      }
      for (let id = 0; id < 2800; id++) assertEquals(tree.find(id), left.has(id));
      assertPages(pages, tree.root, 1);
    }),
    { numRuns: 20 },
  );
});

test("appending goes to the end after a record elsewhere was deleted or replaced", () => {
  const pages = new TestPages(100);
  const tree = filled(pages, 300, 100);
  tree.delete(5);
  put(tree, 301, recordOf(301, 100));
  put(tree, 7, recordOf(7, 50));
  put(tree, 302, recordOf(302, 100));
  tree.delete(302);
  put(tree, 303, recordOf(303, 100));
  assertEquals(contentOf(pages, tree.root, 299).map(([id]) => id), [300, 301, 303]);
  assert(tree.find(303));
});

test("trees of records keep no address longer than it is valid", () => {
  const model = new Model(new MovingPages());
  for (let id = 1; id <= 900; id++) model.put(id, MAX_RECORD_SIZE);
  model.commit();
  for (let id = 1; id <= 900; id += 2) model.delete(id);
  for (let id = 1000; id < 3000; id += 7) model.put(id * 619 % 4000, id % 1000);
  model.commit();
  for (let id = 1; id <= 4000; id++) if (id % 9 > 0) model.delete(id);
  model.finish();
});

test("a branch whose only leaf becomes empty goes, too", () => {
  const pages = new TestPages(1000);
  const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
  let id = 0;
  while (tree.root.level < 2) put(tree, ++id, recordOf(id, MAX_RECORD_SIZE));
  assert(tree.delete(id));
  assertEquals(tree.root.level, 1);
  assertPages(pages, tree.root, 1);
  assertEquals(tree.lastId(), id - 1);
});

test("ascending ids leave full pages behind", () => {
  for (const length of [2, 30, 100]) {
    const pages = new TestPages(600);
    const count = 400_000 / (length + 20);
    const tree = filled(pages, count, length);
    const bytes = pagesOf(pages, tree.root, 1).length * PAGE_SIZE;
    assertLess(bytes, (count * (length + 2)) / 0.97 + 3 * PAGE_SIZE);
  }
});

test("an id is dense, left out or stored, whichever takes least", () => {
  const bytesPerRecord = (step: number): number => {
    const pages = new TestPages(3000);
    const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
    for (let n = 0; n < 20_000; n++) put(tree, 10 + n * step, recordOf(n, 20));
    return pagesOf(pages, tree.root, 1).length * PAGE_SIZE / 20_000;
  };
  assertLess(bytesPerRecord(1), 22.8);
  assertLess(bytesPerRecord(2), 24.8);
  assertLess(bytesPerRecord(100), 24.8);
});

test("a deleted id in the middle of a full dense leaf needs no room, and can come back", () => {
  const pages = new TestPages(100);
  const tree = filled(pages, 1000, 30);
  for (let id = 1; id <= 1000; id += 3) assert(tree.delete(id));
  for (let id = 1; id <= 1000; id++) assertEquals(tree.find(id), id % 3 !== 1);
  for (let id = 1; id <= 1000; id += 3) assert(put(tree, id, recordOf(id, 30)));
  assertEquals(contentOf(pages, tree.root).length, 1000);
  assertPages(pages, tree.root, 1);
});

test("deleting everything gives back every page, from the front, the back and at random", () => {
  const orders: ((id: number) => number)[] = [(n) => n, (n) => 3001 - n, (n) => (n * 1543) % 3001];
  for (const order of orders) {
    const pages = new TestPages(600);
    const tree = filled(pages, 3000, 200);
    for (let n = 1; n <= 3000; n++) {
      assert(tree.delete(order(n)));
      if (n % 500 === 0) assertPages(pages, tree.root, 1);
    }
    assertEquals(tree.root, EMPTY_ROOT);
    assertEquals(pages.live.size, 0);
  }
});

test("leaves that became small are merged, and the tree gets lower again", () => {
  const pages = new TestPages(2000);
  const tree = filled(pages, 10_000, 200);
  assertEquals(tree.root.level, 2);
  for (let id = 1; id <= 10_000; id++) if (id % 20 !== 0) tree.delete(id);
  assertPages(pages, tree.root, 1);
  assertLess(pages.live.size, 100);
  assertEquals(tree.root.level, 1);
});

test("appending in the same transaction changes no root and makes no page but new leaves", () => {
  const pages = new TestPages(100);
  const tree = filled(pages, 500, 30);
  const { root } = tree;
  const before = pages.live.size;
  put(tree, 501, recordOf(501, 30));
  assertEquals(tree.root === root, true);
  assertEquals(pages.live.size, before);
});

test("a commit makes the next append copy one page per level, once", () => {
  const pages = new TestPages(100);
  const tree = filled(pages, 500, 30);
  const { root } = tree;
  pages.commit();
  put(tree, 501, recordOf(501, 30));
  const after = tree.root;
  put(tree, 502, recordOf(502, 30));
  assertEquals(tree.root === after, true);
  assertEquals(root.pageId === after.pageId, false);
  assertPages(pages, after, 1);
  assertEquals(contentOf(pages, root).length, 500);
});

test("a writer goes on from an earlier root after reset", () => {
  const pages = new TestPages(200);
  const tree = filled(pages, 500, 30);
  const { root } = tree;
  pages.commit();
  for (let id = 501; id < 900; id++) put(tree, id, recordOf(id, 30));
  tree.reset(root);
  assertEquals(tree.lastId(), 500);
  assertEquals(contentOf(pages, tree.root).length, 500);
});

test("an empty tree has no last id and nothing to find", () => {
  const pages = new TestPages(10);
  const tree = new RecordTree(pages, EMPTY_ROOT);
  assertEquals(tree.lastId(), 0);
  assertFalse(tree.find(1));
  assertFalse(new RecordCursor(pages, EMPTY_ROOT).next());
  assertFalse(new RecordTreeWriter(pages, EMPTY_ROOT).delete(1));
});

test("a cursor seeks to any place, also before, between and behind all ids", () => {
  const pages = new TestPages(2000);
  const tree = new RecordTreeWriter(pages, EMPTY_ROOT);
  for (let id = 0; id < 3000; id += 3) put(tree, id, recordOf(id, 20));
  const cursor = new RecordCursor(pages, tree.root);
  for (let after = -1; after < 3010; after++) {
    cursor.seek(after);
    const next = 3 * Math.floor(after / 3) + 3;
    assertEquals(cursor.next() ? cursor.id : undefined, next < 3000 ? next : undefined);
  }
});

test("a record over the limit is refused", () => {
  const tree = new RecordTreeWriter(new TestPages(10), EMPTY_ROOT);
  assertThrows(() => tree.put(1, new Uint8Array(MAX_RECORD_SIZE + 1), 0, MAX_RECORD_SIZE + 1), InvalidArgumentError);
});

test("the check finds a leaf with any field out of bounds", () => {
  const pages = new TestPages(10);
  const dense = filled(pages, 20, 30);
  const sparse = new RecordTreeWriter(pages, EMPTY_ROOT);
  for (let id = 1; id < 20; id++) put(sparse, id * 100, recordOf(id, 30));
  const damages: [tree: RecordTree, at: number, value: number][] = [
    [dense, 6, 0xff], // slot count
    [dense, 6, 0],
    [dense, 16 + 7, 0xff], // base
    [dense, RECORD_WIDTH_AT, 1],
    [dense, RECORD_WIDTH_AT, 9],
    [dense, RECORD_SLOTS_AT + 1, 0xff],
    [dense, RECORD_SLOTS_AT + 1, 0x10], // first record longer than nothing allows
    [dense, RECORD_SLOTS_AT + 3, 0x00],
    [dense, RECORD_SLOTS_AT + 2 * 19 + 1, 0x8d], // last slot a hole
    [sparse, RECORD_SLOTS_AT, 0xff], // order of ids
    [sparse, RECORD_SLOTS_AT + 3, 0xff],
  ];
  for (const [{ root }, at, value] of damages) {
    const address = pages.fetch(root.pageId, root.birth);
    checkRecordLeaf(pages, address);
    const byte = pages.bytes[address + at] as number;
    pages.bytes[address + at] = value;
    assertThrows(() => checkRecordLeaf(pages, address), CorruptionError, undefined, `byte ${at} = ${value}`);
    pages.bytes[address + at] = byte;
  }
});

test("a cursor in a tree whose branches hang in the wrong order throws instead of going round", () => {
  const pages = new TestPages(2000);
  const tree = filled(pages, 1500, MAX_RECORD_SIZE);
  const root = pages.fetch(tree.root.pageId, tree.root.birth);
  const [first, second] = [childIndex(root, 1, 0), childIndex(root, 1, 1)];
  const child = pages.u32.slice(first, first + 2);
  pages.u32.copyWithin(first, second, second + 2);
  pages.u32.set(child, second);
  pagesOf(pages, tree.root, 1);
  const cursor = new RecordCursor(pages, tree.root);
  assertThrows(() => {
    while (cursor.next());
  }, CorruptionError);
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
        const tree = filled(pages, 2000, 40);
        const pageIds = pagesOf(pages, tree.root, 1);
        // The first bytes of a page matter most.
        for (const { page, at, value } of damages) {
          const address = (pageIds[page % pageIds.length] as number) * PAGE_SIZE;
          pages.bytes[address + (at % 3 === 0 ? at : at % 64)] = value;
        }
        try {
          const cursor = new RecordCursor(pages, tree.root);
          for (let n = 0; cursor.next(); n++) assertLess(n, 100 * 2048);
          for (let id = 0; id < 2000; id += 50) tree.find(id);
        } catch (error) {
          assert(!String(error).includes("100 * 2048"), String(error));
        }
      },
    ),
    { numRuns: 100 },
  );
});
