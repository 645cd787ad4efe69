/** The parts of a salvage that stand by themselves: the seed from pages, the newest of overlapping leaves, what a leaf is. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BYTE_SHAPE, RECORD_SHAPE } from "../../lib/v3/salvage_shape.ts";
import { byteTreeOf, recordTreeOf } from "../../lib/v3/salvage_classify.ts";
import { PageSet } from "../../lib/v3/check_page_set.ts";
import { PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "../../lib/v3/page.ts";
import type { TreeRoot } from "../../lib/v3/pages.ts";
import { type FoundLeaf, isWithin, newestPieces } from "../../lib/v3/salvage_range.ts";
import { SeedVotes } from "../../lib/v3/salvage_seed.ts";
import { treeParts } from "../../lib/v3/salvage_walk.ts";
import { TREE_KINDS, TREE_NAMES } from "../../lib/v3/state.ts";
import { Rng } from "../crash/rng.ts";
import { test } from "../support/test.ts";
import { seal } from "./damage.ts";
import { setKey, TestDatabase } from "./test_database.ts";

function randomPage(rng: Rng): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  for (let at = 0; at < PAGE_SIZE; at++) page[at] = rng.between(0, 255);
  page[PAGE_TYPE_AT] = PAGE_TYPE.linkLeaf;
  new DataView(page.buffer).setFloat64(8, rng.between(1, 1e6), true);
  return page;
}

test("pages tell the seed of their checksums, whatever it is and whatever else lies between them", () => {
  const rng = new Rng(5);
  for (let round = 0; round < 50; round++) {
    const seed = rng.uint32();
    const votes = new SeedVotes();
    let told = 0;
    for (let pageId = 1; told < 3; pageId++) {
      const page = randomPage(rng);
      const isSound = rng.chance(0.3);
      if (isSound) seal(page, pageId, seed);
      assertEquals(votes.add(page, pageId), isSound && ++told === 3);
    }
    assertEquals(votes.seed, seed);
  }
});

test("one page alone tells a seed, pages that do not agree tell none", () => {
  const rng = new Rng(6);
  const page = randomPage(rng);
  seal(page, 4_000_000_000, 77);
  const one = new SeedVotes();
  one.add(page, 4_000_000_000);
  assertEquals(one.seed, 77);
  const none = new SeedVotes();
  assertEquals(none.seed, undefined);
  none.add(new Uint8Array(PAGE_SIZE), 1);
  assertEquals(none.seed, undefined, "a page that was never written");
  for (let pageId = 1; pageId < 20; pageId++) none.add(randomPage(rng), pageId);
  assertEquals(none.seed, undefined);
});

test("each key belongs to the youngest leaf whose range it lies in", () => {
  const leaf = fc.record({
    pageId: fc.integer({ min: 1, max: 1000 }),
    bornAt: fc.integer({ min: 1, max: 6 }),
    first: fc.integer({ min: 0, max: 40 }),
    size: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(fc.property(fc.uniqueArray(leaf, { selector: ({ pageId }) => pageId, maxLength: 12 }), (drawn) => {
    const leaves: FoundLeaf<number>[] = drawn.map(({ size, ...rest }) => ({ ...rest, last: rest.first + size }));
    const pieces = newestPieces(leaves, RECORD_SHAPE.compare);
    for (let key = -1; key <= 62; key++) {
      const holders = leaves.filter(({ first, last }) => key >= first && key <= last);
      const expected = holders.sort((one, other) => other.bornAt - one.bornAt || other.pageId - one.pageId)[0];
      const found = pieces.filter((piece) => isWithin(key, piece, RECORD_SHAPE.compare)).map((piece) => piece.leaf);
      assertEquals(found, expected === undefined ? [] : [expected], `key ${key}`);
    }
  }));
});

/** Texts that could be mistaken for something else: short ones, JSON, control characters. */
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }),
  fc.constantFrom("{", "{}", '{"e":1}', "\u0001", "\u0001\u0001a", "\u0000", "K", "é", "x".repeat(1100)),
);
const data = fc.oneof(
  fc.constant("{}"),
  fc.constantFrom('{"e":1}', '{"n":12}', "[]", "1", '"text"', "null"),
  fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
  fc.constant(`{"long":"${"d".repeat(2000)}"}`),
);

test("what is in a leaf tells the tree that it belongs to", () => {
  const node = fc.record({
    kind: text,
    name: text,
    filePath: fc.option(text),
    labels: fc.uniqueArray(text, { maxLength: 3 }),
    data,
  });
  const edge = fc.record({ from: fc.nat(), to: fc.nat(), type: text, data });
  const nodes = fc.array(node, { minLength: 1, maxLength: 60 });
  const edges = fc.array(edge, { minLength: 1, maxLength: 200 });
  const entries = fc.array(fc.tuple(text, fc.oneof(text, fc.integer(), fc.double())), { minLength: 1, maxLength: 20 });
  const found = new Set<string>();
  fc.assert(
    fc.property(nodes, edges, entries, (nodes, edges, entries) => {
      using db = new TestDatabase();
      db.commit((store) => {
        for (const { labels, kind, ...rest } of nodes) {
          store.insertNode({ kind, labels: labels.filter((label) => label !== kind), ...rest });
        }
        for (const { from, to, ...rest } of edges) {
          store.insertEdge({ from: 1 + from % nodes.length, to: 1 + to % nodes.length, ...rest });
        }
        for (const [key, value] of entries) setKey(store, key, value, db.nowMs, 1000);
      });
      db.checkpoint();
      db.tag("kept");
      const { engine, state } = db;
      const { pager, header } = engine;
      const tell = (name: string, root: TreeRoot, isByteTree: boolean): void => {
        const reached = new PageSet(header.pageCount);
        const parts = isByteTree
          ? treeParts(pager, BYTE_SHAPE, root, reached, header.pageCount)
          : treeParts(pager, RECORD_SHAPE, root, reached, header.pageCount);
        for (const { pageId, birth } of parts) {
          const address = pager.fetch(pageId, birth);
          const tree = isByteTree ? byteTreeOf(pager, address) : recordTreeOf(pager, address, header.pageCount);
          const isCopied = ["nodes", "edges", "strings", "keyValues", "texts", "catalog"].includes(name);
          assertEquals(tree, isCopied ? name : undefined, name);
          found.add(name);
        }
      };
      TREE_NAMES.forEach((name, tree) => {
        if (TREE_KINDS[tree] !== "link") tell(name, state.roots[tree] as TreeRoot, TREE_KINDS[tree] === "byte");
      });
      tell("catalog", state.catalog, true);
      tell("history", header.history, false);
      tell("tags", header.tags, true);
    }),
    { numRuns: 40 },
  );
  assertEquals(
    [...found].sort(),
    ["catalog", "edges", "expiries", "history", "keyValues", "names", "nodes", "strings", "tags", "texts"],
  );
});
