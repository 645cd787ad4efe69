import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Difference } from "../../lib/backend/care.ts";
import { encodeValueRecord, expiresAtOf, VALUE_TYPE } from "../../lib/kv/mod.ts";
import { ByteCursor } from "../../lib/v3/byte_cursor.ts";
import { ByteTree } from "../../lib/v3/byte_tree.ts";
import { diffStates } from "../../lib/v3/diff.ts";
import type { Pages } from "../../lib/v3/pages.ts";
import { V3ReadStore } from "../../lib/v3/read_store.ts";
import { EMPTY_STATE, type GraphState, TREE } from "../../lib/v3/state.ts";
import { readTrees } from "../../lib/v3/trees.ts";
import type { V3WriteStore } from "../../lib/v3/write_store.ts";
import { test } from "../support/test.ts";
import { CountingPages, KEEP_ALL, setKey, TestDatabase } from "./test_database.ts";

/** A difference as text: `node insert 1`. Keys that are bytes are listed in hexadecimal. */
function textOf(difference: Difference): string {
  const { type, operation } = difference;
  if (difference.type === "vector") return `${type} ${operation} ${difference.index} ${difference.nodeId}`;
  if (difference.type === "vectorIndex") return `${type} ${operation} ${difference.index}`;
  if (difference.type !== "kv") return `${type} ${operation} ${difference.id}`;
  const { key } = difference;
  return `${type} ${operation} ${typeof key === "string" ? key : hexOf(key)}`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function diffOf(pages: Pages, from: GraphState, to: GraphState): string[] {
  return Array.from(diffStates(pages, from, to), textOf);
}

function nodeOf(name: string, data = "{}"): Parameters<V3WriteStore["insertNode"]>[0] {
  return { kind: "K", name, filePath: null, labels: [], data };
}

const NO_UPDATE = { kind: undefined, name: undefined, filePath: undefined, data: undefined };

test("from nothing to nothing there is no difference", () => {
  using database = new TestDatabase();
  assertEquals(diffOf(database.engine.pager, EMPTY_STATE, EMPTY_STATE), []);
});

test("from an empty state everything is an insert, and the other way round a delete", () => {
  using database = new TestDatabase(KEEP_ALL);
  const state = database.commit((store) => {
    store.insertNode(nodeOf("a"));
    store.insertNode(nodeOf("b"));
    store.insertEdge({ from: 1, to: 2, type: "T", data: "{}" });
    setKey(store, "k", 1, database.nowMs);
  });
  const { pager } = database.engine;
  assertEquals(diffOf(pager, EMPTY_STATE, state), ["node insert 1", "node insert 2", "edge insert 1", "kv insert k"]);
  assertEquals(diffOf(pager, state, EMPTY_STATE), ["node delete 1", "node delete 2", "edge delete 1", "kv delete k"]);
  assertEquals(diffOf(pager, state, state), []);
});

test("a change of any part of a record is an update, and writing it again as it was is none", () => {
  using database = new TestDatabase(KEEP_ALL);
  const first = database.commit((store) => {
    for (let id = 1; id <= 6; id++) store.insertNode(nodeOf(`n${id}`));
    for (let id = 1; id <= 3; id++) store.insertEdge({ from: 1, to: 2, type: "T", data: "{}" });
  });
  const second = database.commit((store) => {
    store.updateNode(1, { ...NO_UPDATE, kind: "Other" });
    store.updateNode(2, { ...NO_UPDATE, name: "other" });
    store.updateNode(3, { ...NO_UPDATE, filePath: "/path" });
    store.updateNode(4, { ...NO_UPDATE, data: "[1]" });
    store.addLabel(5, "L");
    store.updateNode(6, { ...NO_UPDATE, name: "n6" });
    store.updateEdge(1, { type: "Other", data: undefined });
    store.updateEdge(2, { type: undefined, data: "[1]" });
    store.updateEdge(3, { type: "T", data: undefined });
  });
  const updates = [1, 2, 3, 4, 5].map((id) => `node update ${id}`).concat("edge update 1", "edge update 2");
  assertEquals(diffOf(database.engine.pager, first, second), updates);
  const third = database.commit((store) => {
    store.updateNode(1, { ...NO_UPDATE, kind: "K" });
    store.removeLabel(5, "L");
  });
  assertEquals(diffOf(database.engine.pager, first, third), updates.filter((text) => !/node update [15]/.test(text)));
});

test("long data counts by its bytes, not by the pages that it lies in", () => {
  using database = new TestDatabase(KEEP_ALL);
  const data = (last: string) => JSON.stringify("x".repeat(9_000) + last);
  const longName = "n".repeat(2_000);
  const first = database.commit((store) => {
    for (const name of ["a", "b", longName, longName]) store.insertNode(nodeOf(name, data("1")));
    for (let id = 1; id <= 2; id++) store.insertEdge({ from: 1, to: 2, type: "T", data: data("1") });
  });
  const second = database.commit((store) => {
    store.updateNode(1, { ...NO_UPDATE, data: data("1") });
    store.updateNode(2, { ...NO_UPDATE, data: data("2") });
    store.updateNode(3, { ...NO_UPDATE, data: data("1") });
    store.updateNode(4, { ...NO_UPDATE, data: data("2") });
    store.updateEdge(1, { type: undefined, data: data("1") });
    store.updateEdge(2, { type: undefined, data: data("2") });
  });
  assertEquals(diffOf(database.engine.pager, first, second), ["node update 2", "node update 4", "edge update 2"]);
});

test("a key that was written again counts as updated, also with the value that it had", () => {
  using database = new TestDatabase(KEEP_ALL);
  const first = database.commit((store) => {
    for (const key of ["a", "b", "c"]) setKey(store, key, "x".repeat(3_000), database.nowMs);
  });
  const second = database.commit((store) => setKey(store, "b", "x".repeat(3_000), database.nowMs));
  assertEquals(diffOf(database.engine.pager, first, second), ["kv update b"]);
  assertEquals(diffOf(database.engine.pager, second, first), ["kv update b"]);
});

test("long values count by all of their bytes", () => {
  using database = new TestDatabase(KEEP_ALL);
  const value = (last: number) => ({ type: VALUE_TYPE.bytes, bytes: new Uint8Array(5_000).fill(last, 4_999) });
  const put = (key: string, last: number) =>
    database.engine.writer.setValue(new TextEncoder().encode(key), encodeValueRecord(value(last), 1, 1, 0, 1));
  const first = database.commit(() => ["a", "b"].forEach((key) => put(key, 1)));
  const second = database.commit(() => ["a", "b"].forEach((key, at) => put(key, 1 + at)));
  assertEquals(diffOf(database.engine.pager, first, second), ["kv update b"]);
});

test("keys come in byte order: as texts where they are UTF-8, else as bytes", () => {
  using database = new TestDatabase(KEEP_ALL);
  const long = "k".repeat(512);
  const before = database.state;
  const keys = [Uint8Array.of(0xff, 1), "é", "a", `${long}2`, `${long}1`, "", long, Uint8Array.of(0x61, 0)];
  const after = database.commit((store) => {
    for (const key of keys) setKey(store, key, 1, database.nowMs);
  });
  const { pager } = database.engine;
  const inOrder = ["", "a", "6100", long, `${long}1`, `${long}2`, "é", "ff01"];
  assertEquals(diffOf(pager, before, after), inOrder.map((key) => `kv insert ${key}`));
  const later = database.commit((store) => setKey(store, `${long}1`, 2, database.nowMs));
  assertEquals(diffOf(pager, after, later), [`kv update ${long}1`]);
});

test("a key that expired between two commits is deleted, though nothing was written", () => {
  using database = new TestDatabase(KEEP_ALL);
  const first = database.commit((store) => {
    setKey(store, "stays", 1, database.nowMs, 1_000);
    setKey(store, "b-expires", 1, database.nowMs, 10);
    setKey(store, "c-expires", 1, database.nowMs, 9);
    setKey(store, "set-again", 1, database.nowMs, 8);
    setKey(store, "set-later", 1, database.nowMs, 8);
    setKey(store, "gone-at-once", 1, database.nowMs, 0);
  });
  database.nowMs += 10;
  const second = database.commit((store) => {
    setKey(store, "a", 1, database.nowMs);
    setKey(store, "set-again", 2, database.nowMs);
  });
  const { pager } = database.engine;
  const there = [
    "kv insert a",
    "kv delete b-expires",
    "kv delete c-expires",
    "kv update set-again",
    "kv delete set-later",
  ];
  assertEquals(diffOf(pager, first, second), there);
  assertEquals(diffOf(pager, second, first), [
    "kv delete a",
    "kv insert b-expires",
    "kv insert c-expires",
    "kv update set-again",
    "kv insert set-later",
  ]);
  database.checkpoint();
  assertEquals(diffOf(pager, first, database.state), there);
  assertEquals(diffOf(pager, second, database.state), []);
  const last = database.commit((store) => setKey(store, "set-later", 1, database.nowMs));
  assertEquals(diffOf(pager, second, last), ["kv insert set-later"]);
  assertEquals(diffOf(pager, first, last), there.with(4, "kv update set-later"));
});

test("only pages that differ are read", () => {
  using database = new TestDatabase(KEEP_ALL);
  const first = database.commit((store) => {
    for (let id = 1; id <= 30_000; id++) {
      store.insertNode(nodeOf(`node ${id}`));
      if (id % 3 === 0) setKey(store, `key ${id}`, id, database.nowMs);
    }
    for (let id = 1; id <= 10_000; id++) store.insertEdge({ from: id, to: id + 1, type: "T", data: "{}" });
  });
  const second = database.commit((store) => {
    store.updateNode(15_000, { ...NO_UPDATE, name: "changed" });
    store.deleteEdge(5_000);
    setKey(store, "key 15000", 0, database.nowMs);
  });
  const pages = new CountingPages(database.engine.pager);
  const all = ["node update 15000", "edge delete 5000", "kv update key 15000"];
  assertEquals(diffOf(pages, first, second), all);
  assert(database.engine.pager.freePages.pageCount > 500);
  assert(pages.fetches < 40, `${pages.fetches} pages were read`);
});

test("a walk may rest while the database changes", () => {
  using database = new TestDatabase(KEEP_ALL);
  const first = database.state;
  const second = database.commit((store) => {
    for (let id = 1; id <= 2_000; id++) {
      store.insertNode(nodeOf(`node ${id}`));
      setKey(store, `key ${id}`, id, database.nowMs);
    }
  });
  const expected = diffOf(database.engine.pager, first, second);
  assertEquals(expected.length, 4_000);
  const seen: string[] = [];
  for (const difference of diffStates(database.engine.pager, first, second)) {
    if (seen.length % 100 === 0) {
      database.commit((store) => {
        store.deleteNode(1 + seen.length / 100);
        store.insertNode(nodeOf("new"));
        setKey(store, `key ${seen.length}`, null, database.nowMs);
      });
      if (seen.length % 1000 === 0) database.checkpoint();
    }
    seen.push(textOf(difference));
  }
  assertEquals(seen, expected);
});

/** Every record of a state, as text by what names it. */
function contentOf(pages: Pages, state: GraphState, database: TestDatabase): Map<string, string> {
  const content = new Map<string, string>();
  const store = new V3ReadStore({
    pages,
    trees: readTrees(pages, state.roots),
    strings: database.engine.strings,
    counts: state,
  }, () => state.lsn);
  const filter = { kind: undefined, name: undefined, glob: undefined, label: undefined };
  for (const id of store.nodePage<number>(filter, "id", 0, Infinity).items) {
    content.set(`node ${id}`, JSON.stringify(store.readNode(id, true)));
  }
  for (const edge of store.edgePage(undefined, true, 0, Infinity).items) {
    content.set(`edge ${edge.id}`, JSON.stringify(edge));
  }
  const cursor = new ByteCursor(new ByteTree(pages, state.roots[TREE.keyValues] as GraphState["roots"][number]));
  for (cursor.seek(new Uint8Array(0)); cursor.next();) {
    const expiry = expiresAtOf(cursor.valueHead());
    if (expiry === 0 || expiry > state.timeMs) {
      content.set(`kv ${new TextDecoder().decode(cursor.key())}`, hexOf(cursor.value()));
    }
  }
  return content;
}

function expectedDifference(from: Map<string, string>, to: Map<string, string>): string[] {
  const differences: string[] = [];
  const add = (name: string, operation: string) => differences.push(name.replace(" ", ` ${operation} `));
  for (const [name, text] of from) {
    const now = to.get(name);
    if (now === undefined) add(name, "delete");
    else if (now !== text) add(name, "update");
  }
  for (const name of to.keys()) if (!from.has(name)) add(name, "insert");
  return differences;
}

const step = fc.record({
  do: fc.constantFrom(
    "insertNode",
    "insertNode",
    "insertEdge",
    "insertEdge",
    "updateNode",
    "updateEdge",
    "label",
    "deleteNode",
    "deleteEdge",
    "set",
    "set",
    "setShortLived",
    "deleteKey",
  ),
  pick: fc.nat(1_000),
  size: fc.constantFrom(0, 0, 3, 300, 1_100, 9_000),
  times: fc.constantFrom(1, 1, 1, 40),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(store: V3WriteStore, { do: action, pick, size, times }: Step, nowMs: number): void {
  const filter = { kind: undefined, name: undefined, glob: undefined, label: undefined };
  const data = size === 0 ? "{}" : JSON.stringify("d".repeat(size));
  const key = `key ${pick % 60}${pick % 7 === 0 ? "k".repeat(600) : ""}`;
  const nodes = store.nodePage<number>(filter, "id", 0, Infinity).items;
  const edges = store.edgePage(undefined, false, 0, Infinity).items;
  for (let time = 0; time < times; time++) {
    const node = nodes[(pick + time) % nodes.length];
    const edge = edges[(pick + time) % edges.length]?.id;
    // What an earlier round deleted stays deleted.
    const isGone = node === undefined || !store.nodeExists(node);
    if (action === "insertNode") store.insertNode(nodeOf(pick % 5 === 0 ? "n".repeat(800) : `n${pick}`, data));
    else if (action === "set") setKey(store, `${key}${time}`, data, nowMs);
    else if (action === "setShortLived") setKey(store, `${key}${time}`, data, nowMs, pick % 20);
    else if (action === "deleteKey") store.deleteValue(new TextEncoder().encode(`${key}${time}`), nowMs);
    else if (isGone) return;
    else if (action === "insertEdge") {
      store.insertEdge({ from: node, to: nodes[pick % nodes.length] as number, type: `T${pick % 3}`, data });
    } else if (action === "updateNode") store.updateNode(node, { ...NO_UPDATE, data });
    else if (action === "deleteNode") store.deleteNode(node);
    else if (action === "label") {
      if (!store.addLabel(node, `L${pick % 3}`)) store.removeLabel(node, `L${pick % 3}`);
    } else if (edge === undefined || !store.edgeExists(edge)) return;
    else if (action === "updateEdge") store.updateEdge(edge, { type: `T${pick % 2}`, data });
    else store.deleteEdge(edge);
  }
}

test("between any two commits the differences are those of their contents", () => {
  const commits = fc.array(
    fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }), wait: fc.constantFrom(0, 1, 5, 12) }),
    { minLength: 2, maxLength: 10 },
  );
  fc.assert(
    fc.property(commits, (commits) => {
      using database = new TestDatabase(KEEP_ALL);
      const { pager } = database.engine;
      const states = [database.state];
      const contents = [contentOf(pager, database.state, database)];
      commits.forEach(({ steps, wait }, at) => {
        const before = database.state;
        const state = database.commit((store) => steps.forEach((step) => apply(store, step, database.nowMs)));
        if (state !== before) {
          states.push(state);
          contents.push(contentOf(pager, state, database));
        }
        database.nowMs += wait;
        if (at % 5 === 4) database.checkpoint();
      });
      for (let from = 0; from < states.length; from++) {
        for (let to = 0; to < states.length; to++) {
          const found = diffOf(pager, states[from] as GraphState, states[to] as GraphState);
          const expected = expectedDifference(
            contents[from] as Map<string, string>,
            contents[to] as Map<string, string>,
          );
          assertEquals(found.toSorted(), expected.toSorted());
          assertEquals(found.filter((text) => text.startsWith("kv")).map(keyOf), sortedKeys(expected));
          assertEquals(found.filter((text) => text.startsWith("node")).map(idOf), sortedIds(expected));
        }
      }
    }),
    { numRuns: 30 },
  );
});

function keyOf(text: string): string {
  return text.split(" ").slice(2).join(" ");
}

function idOf(text: string): number {
  return Number(keyOf(text));
}

function sortedKeys(differences: string[]): string[] {
  return differences.filter((text) => text.startsWith("kv")).map(keyOf).toSorted();
}

function sortedIds(differences: string[]): number[] {
  return differences.filter((text) => text.startsWith("node")).map(idOf).toSorted((a, b) => a - b);
}
