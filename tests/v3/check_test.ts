import { assert, assertEquals, assertGreater, assertStrictEquals, assertThrows } from "@std/assert";
import type { CheckResult } from "../../lib/backend/care.ts";
import { checkDatabase } from "../../lib/v3/check.ts";
import { encodeTag } from "../../lib/v3/history.ts";
import { ByteTreeWriter } from "../../lib/v3/byte_writer.ts";
import { expiryKey } from "../../lib/v3/expiry_key.ts";
import { HEADER_SLOT_SIZE } from "../../lib/v3/header.ts";
import type { TreeRoot } from "../../lib/v3/pages.ts";
import { PAGE_SIZE, PAGE_TYPE, pageOffset } from "../../lib/v3/page.ts";
import { TREE } from "../../lib/v3/state.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { Rng } from "../crash/rng.ts";
import { test } from "../support/test.ts";
import { fill, flipBit, forgetPages, pagesOf, readPage, seal, typeOf, writePage } from "./damage.ts";
import { KEEP_ALL, setKey, TestDatabase } from "./test_database.ts";

const CLEAN: CheckResult = { ok: true, findings: [] };
const UTF8 = new TextEncoder();

function codes({ findings }: CheckResult): string[] {
  return [...new Set(findings.map(({ code }) => code))].sort();
}

function check(db: TestDatabase): CheckResult {
  return checkDatabase(db.engine);
}

test("a database without damage has no findings: new, filled, after deletions, with tags, reopened", () => {
  using db = new TestDatabase();
  assertEquals(check(db), CLEAN);
  fill(db);
  assertEquals(check(db), CLEAN);
  db.tag("later");
  db.commit((store) => {
    for (let n = 100; n < 150; n++) store.deleteNode(n);
    store.addLabel(1, "Fresh");
    store.removeLabel(4, "Blue");
    store.deleteValue(UTF8.encode("key 3"), db.nowMs);
  });
  assertEquals(check(db), CLEAN, "changes that are in the log only");
  db.reopen();
  assertEquals(check(db), CLEAN);
  db.nowMs += 1e10;
  db.checkpoint();
  assertEquals(check(db), CLEAN, "expired keys are gone");
});

test("a database that keeps every commit has no findings", () => {
  using db = new TestDatabase(KEEP_ALL);
  fill(db);
  for (let n = 1; n < 40; n++) db.commit((store) => store.deleteNode(n));
  assertEquals(check(db), CLEAN);
  db.checkpoint();
  assertEquals(check(db), CLEAN);
  db.reopen();
  assertEquals(check(db), CLEAN);
});

test("a check within a transaction sees what the transaction did", () => {
  using db = new TestDatabase();
  fill(db);
  db.commit((store) => {
    for (let n = 1; n < 30; n++) store.deleteNode(n);
    db.engine.writer.flush();
    assertEquals(check(db), CLEAN);
    db.engine.trees.nodes.delete(40);
    assert(codes(check(db)).includes("node-count"));
    db.engine.trees.nodes.reset(db.engine.state.roots[TREE.nodes] as TreeRoot);
    assert(!check(db).ok);
  });
});

test("a flipped bit in any page that is needed is found, also when the page is in the cache", () => {
  using db = new TestDatabase();
  fill(db);
  const { fileSystem, path, engine } = db;
  assertEquals(check(db), CLEAN);
  const rng = new Rng(1);
  const types = new Set<number>();
  let found = 0;
  for (let pageId = 1; pageId <= engine.header.pageCount; pageId++) {
    const isFree = engine.pager.freePages.has(pageId);
    const bit = rng.between(0, PAGE_SIZE * 8 - 1);
    flipBit(fileSystem, path, pageId, bit);
    if (pageId % 4 === 0) forgetPages(engine);
    const result = check(db);
    flipBit(fileSystem, path, pageId, bit);
    if (isFree) {
      assertEquals(result, CLEAN, `free page ${pageId}`);
      continue;
    }
    types.add(typeOf(fileSystem, path, pageId));
    found++;
    assert(!result.ok, `page ${pageId}, bit ${bit}`);
    assert(codes(result).includes("page-corrupt"), `page ${pageId}: ${JSON.stringify(result)}`);
    assert(JSON.stringify(result).includes(`page ${pageId} `), `names page ${pageId}`);
    forgetPages(engine);
  }
  assertEquals([...types].sort(), Object.values(PAGE_TYPE).sort(), "the database has pages of all types");
  assertGreater(found, 50);
  assertEquals(check(db), CLEAN);
});

test("a page with the content of another one, of an earlier moment or of nothing is found", () => {
  using db = new TestDatabase();
  fill(db);
  const { fileSystem, path, engine } = db;
  const { pageId } = db.state.roots[TREE.names] as TreeRoot;
  const { pageId: other } = db.state.roots[TREE.terms] as TreeRoot;
  const page = readPage(fileSystem, path, pageId);
  for (
    const [what, content] of [["nothing", new Uint8Array(PAGE_SIZE)], [
      "another",
      readPage(fileSystem, path, other),
    ]] as const
  ) {
    writePage(fileSystem, path, pageId, content);
    assertEquals(codes(check(db)), ["not-checked", "page-corrupt"], what);
  }
  // An earlier write of the same page, of which nothing but its birth tells.
  const earlier = page.slice();
  new DataView(earlier.buffer).setFloat64(8, 1, true);
  seal(earlier, pageId, engine.fileSeed);
  writePage(fileSystem, path, pageId, earlier);
  assertEquals(codes(check(db)), ["not-checked", "page-stale"], "in the cache");
  forgetPages(engine);
  assertEquals(codes(check(db)), ["not-checked", "page-stale"], "not in the cache");
  writePage(fileSystem, path, pageId, page);
  forgetPages(engine);
  assertEquals(check(db), CLEAN);
});

test("a file that was cut is found", () => {
  using db = new TestDatabase();
  fill(db);
  const { fileSystem, path } = db;
  const file = fileSystem.open(path, "write");
  const { pageId } = db.state.roots[TREE.edges] as TreeRoot;
  const rest = new Uint8Array(file.size() - pageOffset(pageId));
  file.read(rest, pageOffset(pageId));
  file.truncate(pageOffset(pageId));
  const result = check(db);
  assert(!result.ok);
  assert(codes(result).includes("page-missing"), JSON.stringify(result));
  file.write(rest, pageOffset(pageId));
  file.close();
  assertEquals(check(db), CLEAN);
});

test("damaged copies of the header: one is a warning, two are an error", () => {
  using db = new TestDatabase();
  fill(db);
  const file = db.fileSystem.open(db.path, "write");
  file.write(new Uint8Array(100), 0);
  const one = check(db);
  assertEquals([one.ok, codes(one)], [true, ["header-slot-damaged"]]);
  file.write(new Uint8Array(100), HEADER_SLOT_SIZE + 200);
  const two = check(db);
  assertEquals([two.ok, codes(two)], [false, ["header-corrupt"]]);
  file.close();
  db.commit((store) => store.deleteNode(1));
  db.checkpoint();
  assertEquals(check(db), CLEAN, "a checkpoint repairs both");
});

test("a check beside a living writer, and one of a database that is only read, find nothing", () => {
  using db = new TestDatabase();
  fill(db);
  const { fileSystem, path } = db;
  db.commit((store) => store.deleteNode(1));
  using beside = V3Backend.open(path, { fileSystem, readonly: true, cacheBytes: 1024 * 1024 });
  assertEquals(beside.check(), CLEAN);
  for (let n = 2; n < 10; n++) {
    db.commit((store) => store.deleteNode(n));
    db.checkpoint();
    assertEquals(beside.check(), CLEAN, "what the reader sees is kept for it");
    assertEquals(check(db), CLEAN);
  }
  beside.close();
  db.checkpoint();
  assertEquals(check(db), CLEAN);
  db.reopen();
  assertEquals(check(db), CLEAN);
});

test("a check of a database in memory finds nothing", () => {
  using db = V3Backend.open(":memory:", { cacheBytes: 1024 * 1024 });
  assertEquals(db.check(), CLEAN);
  db.insertNodes(Array.from({ length: 1000 }, (_, n) => ({ kind: "N", name: `n${n}`, data: { n } })));
  db.tag("t");
  for (let n = 1; n < 100; n++) db.deleteNode(n);
  assertEquals(db.check(), CLEAN);
});

/** Breaks a filled database below everything that keeps it consistent, in one commit; returns what check finds then. */
function afterChange(change: (db: TestDatabase) => void): CheckResult {
  using db = new TestDatabase();
  fill(db);
  db.commit(() => {
    db.engine.writer.flush();
    change(db);
    db.engine.writer.changes++;
  });
  const before = check(db);
  db.checkpoint();
  forgetPages(db.engine);
  assertEquals(codes(check(db)), codes(before), "the same from the file");
  return before;
}

function seeded(name: string, expected: readonly string[], change: (db: TestDatabase) => void): void {
  test(`check finds ${name}`, () => {
    const result = afterChange(change);
    assertEquals(codes(result), [...expected].sort(), JSON.stringify(result));
    assertEquals(result.ok, result.findings.every(({ severity }) => severity === "warning"));
  });
}

function putRecord(db: TestDatabase, tree: "nodes" | "edges" | "strings", id: number, bytes: Uint8Array): void {
  db.engine.trees[tree].put(id, bytes, 0, bytes.length);
}

/** Ends and type of an edge, as stored. */
function edgeOf(db: TestDatabase, id: number): { from: number; to: number; type: number } {
  const { edges } = db.engine.trees;
  assert(edges.find(id));
  const { from, to, type } = {
    from: 1 + id * 31 % 500,
    to: 1 + id * 17 % 500,
    type: db.engine.strings.number(`TYPE${id % 4}`),
  };
  return { from, to, type: type as number };
}

seeded("an edge that its outgoing node lacks", ["link-missing"], (db) => {
  const { from, to } = edgeOf(db, 2);
  assert(db.engine.trees.outgoing.delete(from, to, 2));
});

seeded("an edge that its incoming node lacks", ["link-missing"], (db) => {
  const { from, to } = edgeOf(db, 2);
  assert(db.engine.trees.incoming.delete(to, from, 2));
});

seeded("an adjacency entry of no edge", ["link-excess"], (db) => {
  db.engine.trees.outgoing.insert(3, 4, 999_999, 1);
});

seeded("an adjacency entry with another type", ["link-type"], (db) => {
  const { from, to, type } = edgeOf(db, 2);
  db.engine.trees.incoming.setType(to, from, 2, type + 1);
});

seeded("an edge that is missing", ["edge-count", "link-excess"], (db) => {
  db.engine.trees.edges.delete(2);
});

seeded(
  "an edge between nodes that do not exist",
  ["dangling-edge", "node-count", "term-excess", "name-excess"],
  (db) => {
    const { from } = edgeOf(db, 2);
    db.engine.trees.nodes.delete(from);
  },
);

seeded(
  "a node that the index of kinds lacks, and one that it holds in excess",
  ["term-excess", "term-missing"],
  (db) => {
    const { terms } = db.engine.trees;
    const kind = db.engine.strings.number("Kind1") as number;
    assert(terms.delete(kind * 2, 1, 0));
    terms.insert(kind * 2 + 1, 2, 0, 0);
  },
);

seeded(
  "a node that the index of names lacks, and one that it holds in excess",
  ["name-excess", "name-missing"],
  (db) => {
    const { names } = db.engine.trees;
    let first: Uint8Array | undefined;
    db.engine.pager.savepoint();
    db.engine.pager.release();
    names.put(UTF8.encode("a\0\x01\x01\x01\x09\x04"), new Uint8Array(0));
    for (let kind = 1; kind < 20 && first === undefined; kind++) {
      const key = Uint8Array.of(...UTF8.encode("name 419 of a node"), 0, 1, kind, 1, 1, 4);
      if (names.has(key)) first = key;
    }
    assert(first !== undefined && names.delete(first));
  },
);

seeded(
  "a wrong number of nodes, edges and keys",
  ["edge-count", "key-count", "node-count"],
  ({ engine: { writer } }) => {
    writer.nodeCount++;
    writer.edgeCount--;
    writer.keyCount++;
  },
);

seeded("a string that is missing", ["string-mismatch", "string-missing"], (db) => {
  db.engine.trees.strings.delete(db.engine.strings.number("Blue") as number);
});

seeded("a text with the number of another string", ["string-mismatch"], (db) => {
  db.engine.trees.texts.put(UTF8.encode("Blue"), Uint8Array.of(db.engine.strings.number("Green") as number));
});

seeded("a string with a number that was never given", ["invalid-string", "string-mismatch"], (db) => {
  putRecord(db, "strings", 1000, UTF8.encode("\0odd"));
});

seeded("labels that do not ascend", ["label-order"], (db) => {
  const { strings } = db.engine;
  const [blue, green] = [strings.number("Blue") as number, strings.number("Green") as number];
  const kind = strings.number("Kind1") as number;
  // Node 4 with its labels the other way round.
  const name = `name ${4 * 7919 % 500} of a node`;
  putRecord(db, "nodes", 4, Uint8Array.of(2, kind, name.length, ...UTF8.encode(name), 2, green, blue));
});

seeded("records that are no records", ["record-corrupt", "varint"], (db) => {
  putRecord(db, "nodes", 4, Uint8Array.of(0, 1, 100, 65));
  putRecord(db, "edges", 2, Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255));
});

seeded("data that is no JSON", ["corrupt-data"], (db) => {
  const { from, to, type } = edgeOf(db, 2);
  putRecord(db, "edges", 2, Uint8Array.of(type * 2, ...varint(from), ...varint(to), ...UTF8.encode("{]")));
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, value >>> 7];
}

seeded("ids that were never given", ["invalid-id"], ({ engine: { writer } }) => {
  writer.nextNodeId = 400;
  writer.nextEdgeId = 1000;
});

seeded("a value in no known form", ["corrupt-value"], (db) => {
  const key = UTF8.encode("key 1");
  const record = (db.engine.trees.keyValues.get(key) as Uint8Array).slice();
  record[0] = 77;
  db.engine.trees.keyValues.put(key, record);
});

seeded("a value that is too short", ["corrupt-value"], (db) => {
  db.engine.trees.keyValues.put(UTF8.encode("key 1"), Uint8Array.of(1, 2, 3));
});

seeded("an expiry that is missing, and one in excess", ["expiry-excess", "expiry-missing"], (db) => {
  const { expiries } = db.engine.trees;
  assert(expiries.delete(expiryKey(db.nowMs + 1e9, UTF8.encode("key 3"))));
  expiries.put(expiryKey(5, UTF8.encode("key 1")), new Uint8Array(0));
});

seeded("two trees that share their pages", ["page-used-twice", "not-checked"], (db) => {
  db.engine.trees.incoming.reset(db.engine.trees.outgoing.root);
});

seeded("a root of another kind of tree", ["page-type", "not-checked"], ({ engine: { trees } }) => {
  const { root } = trees.keyValues;
  trees.keyValues.root = { ...root, level: root.level + 1 };
});

test("check finds pages in the wrong order", () => {
  for (const tree of ["nodes", "outgoing", "names"] as const) {
    const result = afterChange((db) => {
      const { pager, trees } = db.engine;
      const { root } = trees[tree];
      assertGreater(root.level, 0, tree);
      const address = pager.edit(root.pageId, root.birth);
      // The second and the third child change places, with the separators where they were.
      swapChildren(pager.bytes, address, tree);
      const moved = { pageId: pager.pageIdAt(address), birth: pager.birth >>> 0, level: root.level };
      if (tree === "names") trees.names.root = moved;
      else trees[tree].reset(moved);
    });
    assert(codes(result).includes("key-order"), `${tree}: ${JSON.stringify(result)}`);
  }
});

function swapChildren(bytes: Uint8Array, address: number, tree: "nodes" | "outgoing" | "names"): void {
  let [one, other] = [0, 0];
  if (tree === "names") {
    const slot = (index: number): number =>
      address + (bytes[address + 24 + 2 * index] as number) + (bytes[address + 25 + 2 * index] as number) * 256;
    [one, other] = [slot(0), slot(1)];
  } else {
    const keyBytes = tree === "nodes" ? 8 : 24;
    [one, other] = [address + 24 + keyBytes, address + 24 + keyBytes + keyBytes + 8];
  }
  const first = bytes.slice(one, one + 8);
  bytes.copyWithin(one, other, other + 8);
  bytes.set(first, other);
}

test("check finds a leaked page, a used page that is free, and pages that are dead in the wrong way", () => {
  using db = new TestDatabase();
  fill(db);
  const { pager, kept } = db.engine;
  const used = (db.state.roots[TREE.nodes] as TreeRoot).pageId;
  const leaked = pager.freePages.take();
  assertEquals(codes(check(db)), ["leaked-page"]);
  assertStrictEquals(check(db).ok, true);
  assertEquals(check(db).findings[0]?.count, 1);
  pager.freePages.add(leaked);
  assertEquals(check(db), CLEAN);

  pager.freePages.add(used);
  assertEquals(codes(check(db)), ["page-free-and-used"]);
  const taken: number[] = [];
  while (taken.at(-1) !== used) taken.push(pager.freePages.take());
  for (const pageId of taken) if (pageId !== used) pager.freePages.add(pageId);
  assertEquals(check(db), CLEAN);
  const [first] = kept.all;
  assert(first !== undefined);
  first.dead.push(used, 1);
  assert(codes(check(db)).includes("dead-page-in-use"));
  first.dead.push(used, 1);
  assert(codes(check(db)).includes("dead-page-twice"));
  first.dead.splice(-4);
  first.dead.push(4_000_000_000, 1);
  assert(codes(check(db)).includes("dead-page-outside"));
  first.dead.splice(-2);
});

test("check finds tags of commits that are not kept", () => {
  using db = new TestDatabase();
  fill(db);
  const { pager, headerFile, header } = db.engine;
  pager.begin(header.lsn);
  const tree = new ByteTreeWriter(pager, header.tags);
  tree.put(UTF8.encode("lost"), encodeTag(1));
  pager.writeDirty();
  headerFile.write({ ...header, tags: tree.root });
  pager.commit((pageId) => pager.reclaim(pageId));
  assertEquals(codes(check(db)), ["tag-without-commit"]);
});

test("damage in a kept commit alone is found and told from damage in the newest one", () => {
  using db = new TestDatabase();
  fill(db);
  const { kept } = db.engine;
  const reached = kept.all.find(({ tags }) => tags > 0);
  assert(reached !== undefined);
  let tested = 0;
  for (let pageId = 1; pageId <= db.engine.header.pageCount && tested < 3; pageId++) {
    flipBit(db.fileSystem, db.path, pageId, 9999);
    forgetPages(db.engine);
    const { ok, findings } = check(db);
    flipBit(db.fileSystem, db.path, pageId, 9999);
    if (ok || !findings.every(({ message }) => message.includes(`commit ${reached.lsn}, `))) continue;
    tested++;
    assertEquals(findings.map(({ code }) => code), ["page-corrupt"]);
  }
  assertEquals(tested, 3);
});

test("whatever is written into a page under a right checksum, a check ends and says something or nothing", () => {
  using db = new TestDatabase();
  fill(db);
  const { fileSystem, path, engine } = db;
  const rng = new Rng(7);
  let errors = 0;
  for (let round = 0; round < 150; round++) {
    const pageId = rng.between(1, pagesOf(fileSystem, path));
    const page = readPage(fileSystem, path, pageId);
    const changed = page.slice();
    for (let times = rng.skewed(1, 30); times > 0; times--) {
      // Mostly in the header and the slots, where it does most harm.
      const at = rng.chance(0.5) ? rng.between(4, 120) : rng.between(4, PAGE_SIZE - 1);
      changed[at] = rng.chance(0.3) ? 0 : rng.chance(0.5) ? 255 : rng.between(0, 255);
    }
    seal(changed, pageId, engine.fileSeed);
    writePage(fileSystem, path, pageId, changed);
    forgetPages(engine);
    if (!check(db).ok) errors++;
    writePage(fileSystem, path, pageId, page);
  }
  forgetPages(engine);
  assertGreater(errors, 50);
  assertEquals(check(db), CLEAN);
});

test("a check reports progress in both of its parts, and stops with the reason when it is aborted in either", () => {
  using db = new TestDatabase();
  fill(db);
  db.commit((store) => {
    for (let n = 0; n < 12_000; n++) {
      store.insertNode({ kind: "N", name: `${n}`, filePath: null, labels: [], data: "{}" });
    }
    for (let n = 0; n < 20; n++) setKey(store, `more ${n}`, "x".repeat(60_000), db.nowMs);
  });
  const phases = new Map<string, number>();
  checkDatabase(db.engine, {
    onProgress: ({ phase, done, total }) => {
      assert(total !== undefined && done <= total);
      phases.set(phase, (phases.get(phase) ?? 0) + 1);
    },
  });
  assertGreater(phases.get("pages") ?? 0, 1);
  assertGreater(phases.get("records") ?? 0, 1);
  for (const wanted of phases.keys()) {
    const controller = new AbortController();
    const onProgress = ({ phase, done, total }: { phase: string; done: number; total?: number }): void => {
      if (phase === wanted && done !== total) controller.abort(new Error(`stopped in ${phase}`));
    };
    const error = assertThrows(() => checkDatabase(db.engine, { onProgress, signal: controller.signal }), Error);
    assertEquals(error.message, `stopped in ${wanted}`);
  }
  assertEquals(check(db), CLEAN);
});
