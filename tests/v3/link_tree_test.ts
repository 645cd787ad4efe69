import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { LinkCursor } from "../../lib/v3/link_tree.ts";
import { LinkTreeWriter } from "../../lib/v3/link_tree_writer.ts";
import { keyIndex } from "../../lib/v3/number_branch.ts";
import { EMPTY_ROOT } from "../../lib/v3/pages.ts";
import { test } from "../support/test.ts";
import {
  contentOf,
  deleteSorted,
  groupOf,
  insertSorted,
  type Link,
  MAX_ID,
  Model,
  random,
  randomLinks,
  sorted,
} from "./link_model.ts";
import { MovingPages } from "./moving_pages.ts";
import { assertPages } from "./number_tree.ts";
import { TestPages } from "./test_pages.ts";

const someNumber = fc.oneof(
  { weight: 6, arbitrary: fc.nat(6) },
  { weight: 3, arbitrary: fc.nat(1000) },
  { weight: 1, arbitrary: fc.nat(100).map((number) => MAX_ID - number) },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 52 }).map((bits) => 2 ** bits + bits) },
  { weight: 1, arbitrary: fc.maxSafeNat() },
);
const someType = fc.oneof({ weight: 5, arbitrary: fc.nat(2) }, fc.nat(70_000), fc.constant(0xffff_ffff));
const someLink: fc.Arbitrary<Link> = fc.tuple(someNumber, someNumber, someNumber, someType);
/** Many links of one shape: a hub, a random graph, parallel links, far apart. */
const someBatch: fc.Arbitrary<readonly Link[]> = fc.oneof(
  fc.array(someLink, { maxLength: 40 }),
  fc.tuple(someNumber, fc.nat(3), fc.integer({ min: 1, max: 2500 }), fc.nat(5000)).map(([a, step, count, from]) =>
    Array.from({ length: count }, (_, at): Link => [a, from + at * step, at, at % 3])
  ),
  fc.tuple(fc.integer({ min: 1, max: 2500 }), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 1000 })).map(
    (
      [count, nodes, seed],
    ) => randomLinks(count, nodes, seed),
  ),
  fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1000 })).map(([count, seed]) => {
    const next = random(seed);
    const far = () => Math.floor(next() * MAX_ID);
    return Array.from({ length: count }, (): Link => [far(), far(), far(), Math.floor(next() * 2 ** 32)]);
  }),
);
const someSlice = fc.record({ from: fc.nat(4000), count: fc.nat(3000), every: fc.nat(3) });
const someStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("insert" as const), link: someLink }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("insertSorted" as const), links: someBatch }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("insertOneByOne" as const), links: someBatch }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), link: someLink }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deleteSorted" as const), slice: someSlice, links: someBatch }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deleteOneByOne" as const), slice: someSlice }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("setType" as const), at: fc.nat(), type: someType }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);

function slice(links: readonly Link[], { from, count, every }: { from: number; count: number; every: number }): Link[] {
  return links.slice(from, from + count).filter((_, at) => at % (every + 1) === 0);
}

test("random work leaves a link tree as it leaves a sorted list, and old roots read what they held", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 16 }), (steps) => {
      const model = new Model();
      for (const step of steps) {
        if (step.do === "insert") model.insert(step.link);
        else if (step.do === "insertSorted") model.insertSorted(step.links);
        else if (step.do === "delete") model.delete(step.link);
        else if (step.do === "commit") model.commit();
        else if (step.do === "clear") model.clear();
        else if (step.do === "deleteSorted") {
          model.deleteSorted([...slice(model.links, step.slice), ...step.links.slice(0, 20)]);
        } else if (step.do === "insertOneByOne") {
          const before = sorted(model.links);
          for (const link of step.links) model.tree.insert(...link);
          model.links = sorted([...before, ...step.links]);
        } else if (step.do === "deleteOneByOne") {
          const going = new Set(slice(model.links, step.slice));
          for (const [a, b, c] of going) assert(model.tree.delete(a, b, c));
          model.links = model.links.filter((link) => !going.has(link));
        } else {
          const link = model.links[step.at % model.links.length] ?? [1, 2, 3, 0];
          model.setType(link, step.type);
        }
        model.check();
      }
      model.finish();
    }),
    { numRuns: 60 },
  );
});

const someTallStep = fc.oneof(
  fc.record({ do: fc.constant("insert" as const), count: fc.nat(2500), seed: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ do: fc.constant("delete" as const), slice: someTallSlice(0, 40_000) }),
  fc.record({ do: fc.constant("deleteOneByOne" as const), slice: someTallSlice(0, 8000) }),
  fc.record({ do: fc.constant("retype" as const), slice: someTallSlice(30, 3000) }),
  fc.record({ do: fc.constant("commit" as const) }),
);

function someTallSlice(least: number, most: number): fc.Arbitrary<{ from: number; count: number; every: number }> {
  return fc.record({ from: fc.nat(40_000), count: fc.integer({ min: least, max: most }), every: fc.nat(60) });
}

/** Links whose numbers need all widths, so that few of them fill a leaf. */
function farLinks(count: number, seed: number): Link[] {
  const next = random(seed);
  const far = () => Math.floor(next() * 2 ** 26) * 2 ** 27;
  return sorted(Array.from({ length: count }, (): Link => [Math.floor(next() * 2000), far(), far(), 0]));
}

test("random batches leave a tree of three levels as they leave a sorted list", () => {
  fc.assert(
    fc.property(fc.array(someTallStep, { minLength: 1, maxLength: 8 }), fc.boolean(), (steps, isGrown) => {
      const model = new Model();
      const start = farLinks(40_000, 1);
      if (!isGrown) model.insertSorted(start);
      else {
        for (let n = 0; n < start.length; n++) model.tree.insert(...start[(n * 7919) % start.length] as Link);
        model.links = [...start];
      }
      assertEquals(model.tree.root.level, 2);
      for (const step of steps) {
        if (step.do === "insert") model.insertSorted(farLinks(step.count, step.seed));
        else if (step.do === "delete") model.deleteSorted(slice(model.links, step.slice));
        else if (step.do === "retype") {
          model.insertSorted(slice(model.links, step.slice).map(([a, b, c]): Link => [a, b, c, step.slice.every]));
        } else if (step.do === "deleteOneByOne") {
          const going = new Set(slice(model.links, step.slice));
          for (const [a, b, c] of going) assert(model.tree.delete(a, b, c));
          model.links = model.links.filter((link) => !going.has(link));
        } else {
          model.pages.commit();
        }
        assertPages(model.pages, model.tree.root, 3);
      }
      model.finish();
    }),
    { numRuns: 6 },
  );
});

test("trees of links keep no address longer than it is valid", () => {
  const model = new Model(new MovingPages());
  for (let a = 0; a < 50; a++) model.insert([a, 1, 1, 0]);
  model.commit();
  model.delete([7, 1, 1, 0]);
  model.commit();
  model.clear();
  const links = farLinks(36_000, 2);
  model.insertSorted(links);
  model.commit();
  for (let n = 0; n < 3000; n++) model.tree.insert(...links[(n * 7919) % 36_000] as Link);
  const more = farLinks(6000, 3);
  for (const link of more.slice(0, 3000)) model.tree.insert(...link);
  model.links = sorted([...links, ...more.slice(0, 3000)]);
  model.insertSorted(more);
  model.commit();
  const going = model.links.filter((_, at) => at % 16 !== 0);
  for (const [a, b, c] of going.slice(0, 20_000)) assert(model.tree.delete(a, b, c));
  model.links = model.links.filter((_, at) => at % 16 === 0 || at >= Math.ceil(20_000 * 16 / 15));
  model.deleteSorted(going);
  model.finish();
});

test("one entry with far numbers splits a leaf of many small entries into as many as it takes", () => {
  const pages = new TestPages(100);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links: Link[] = Array.from({ length: 1990 }, (_, at) => [1, Math.floor(at / 10), at % 10, 0]);
  insertSorted(tree, links);
  assertEquals(pages.live.size, 1);
  tree.insert(1, 100, MAX_ID, 0xffff_ffff);
  assertEquals(contentOf(pages, tree.root), sorted([...links, [1, 100, MAX_ID, 0xffff_ffff]]));
  assertPages(pages, tree.root, 3);
});

test("a far entry splits a leaf into three under a full branch", () => {
  const links: Link[] = Array.from({ length: 127 * 2023 }, (_, at) => [1, Math.floor(at / 10), at % 10, 0]);
  for (const b of [500, 19_900]) {
    const pages = new TestPages(500);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    insertSorted(tree, links);
    assertEquals([tree.root.level, pages.live.size], [1, 128]);
    tree.insert(1, b, MAX_ID, 0xffff_ffff);
    assertEquals(tree.root.level, 2);
    assertEquals([tree.countAll(), tree.has(1, b, MAX_ID)], [links.length + 1, true]);
    assertEquals(groupOf(tree, 1, b, 9).slice(0, 3), [[1, b, 9, 0], [1, b, MAX_ID, 0xffff_ffff], [1, b + 1, 0, 0]]);
    assertPages(pages, tree.root, 3);
  }
});

test("a branch that lost its first leaf keeps what belonged there apart from the branch before it", () => {
  for (const isBatch of [false, true]) {
    const pages = new TestPages(1000);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    const links = farLinks(45_000, 1);
    insertSorted(tree, links);
    const root = pages.fetch(tree.root.pageId, tree.root.birth);
    const first = pages.f64.slice(keyIndex(root, 3, 1), keyIndex(root, 3, 2));
    const from = links.findIndex(([a, b, c]) => a === first[0] && b === first[1] && c === first[2]);
    const link = links[from] as Link;
    // A leaf goes, then its first entry comes back: it is below the key that the next leaf came with.
    for (const [a, b, c] of links.slice(from, from + 400)) assert(tree.delete(a, b, c));
    tree.insert(...link);
    const others = links.filter((_, at) => at % 40 !== 0 && (at < from - 1000 || at > from + 10_000));
    if (isBatch) deleteSorted(tree, others);
    else for (const [a, b, c] of others) tree.delete(a, b, c);
    assert(tree.has(link[0], link[1], link[2]));
    assertPages(pages, tree.root, 3);
  }
});

test("entries that are there already get the new type and are not counted", () => {
  for (const count of [5, 3000]) {
    const pages = new TestPages(100);
    const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
    const links = sorted(randomLinks(count, 100));
    assertEquals(insertSorted(tree, links), count);
    const again = links.map(([a, b, c]): Link => [a, b, c, 1000]);
    assertEquals(insertSorted(tree, again), 0);
    assertEquals(contentOf(pages, tree.root), again);
  }
});

test("a few entries of one leaf get another type in place", () => {
  const pages = new TestPages(100);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links = sorted(randomLinks(200, 20)).map(([a, b, c], at): Link => [a, b, c, at % 5]);
  insertSorted(tree, links);
  const { root } = tree;
  for (let at = 50; at < 65; at++) {
    const [a, b, c] = links[at] as Link;
    links[at] = [a, b, c, 3];
  }
  assertEquals(insertSorted(tree, links.slice(50, 65)), 0);
  assertEquals(contentOf(pages, tree.root), links);
  assertEquals(tree.root.pageId, root.pageId);
});

test("columns that do not strictly ascend are refused before anything changes", () => {
  const pages = new TestPages(100);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links: Link[] = Array.from({ length: 20 }, (_, at) => [1, at, 1, 0]);
  for (const bad of [[1, 18, 1, 0], [1, 18, 0, 0], [0, 30, 0, 0]] as Link[]) {
    assertThrows(() => insertSorted(tree, [...links.slice(0, 19), bad]), InvalidArgumentError);
    assertThrows(() => deleteSorted(tree, [...links.slice(0, 19), bad]), InvalidArgumentError);
  }
  assertEquals(tree.root, EMPTY_ROOT);
});

test("an empty tree has no runs and no entries", () => {
  const pages = new TestPages(10);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  assertEquals([tree.count(1), tree.countAll(), tree.has(1, 1, 1)], [0, 0, false]);
  assertFalse(new LinkCursor(pages, EMPTY_ROOT).nextRun());
  assertFalse(tree.delete(1, 1, 1));
  assertFalse(tree.setType(1, 1, 1, 1));
  assertEquals(insertSorted(tree, []), 0);
});

test("a writer goes on from an earlier root after reset", () => {
  const pages = new TestPages(500);
  const tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  const links = sorted(randomLinks(5000, 300));
  insertSorted(tree, links);
  const { root } = tree;
  pages.commit();
  tree.insert(1, 2, 1_000_000, 0);
  tree.reset(root);
  assertEquals(contentOf(pages, tree.root), links);
});
