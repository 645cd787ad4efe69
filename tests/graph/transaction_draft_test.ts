/** Drafts of transactions: they answer as a transaction of the engine does, and tell what they read. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ClosedError, GraphError } from "../../lib/backend/errors.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { TransactionDraft } from "../../lib/graph/transaction_draft.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { contentOf, graphOf } from "../contract/graph_of.ts";
import { test } from "../support/test.ts";
import { commitLog, holdState, NextIds, Recorded, recorders } from "./draft_backend.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** A call of a transaction by name, or a nested transaction. */
type Call =
  | { readonly call: string; readonly args: readonly unknown[] }
  | { readonly wait: number }
  | { readonly nested: readonly Call[]; readonly fails: boolean };

// Few different values, so that they meet.
const term = fc.constantFrom("A", "B", "é", "\uff5e", "😀");
const name = fc.constantFrom("", "a", "ab", "b");
const data = fc.constantFrom<unknown>({}, { a: 1 }, { b: [2n ** 64n] }, null, "text");
const id = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 5, max: 14 }));
const key = fc.constantFrom("", "k", "k1", "é", "\uff5e", "😀");
const types = fc.option(fc.uniqueArray(term, { maxLength: 2 }), { nil: undefined });
const direction = fc.constantFrom("out", "in", "both");
const edgeOptions = fc.record({ direction, types, data: fc.boolean() });
const filter = fc.record({
  kind: fc.option(term, { nil: undefined }),
  name: fc.option(name, { nil: undefined, freq: 2 }),
  glob: fc.option(fc.constantFrom("a*", "ab", "?", "[!a]*", "*"), { nil: undefined, freq: 2 }),
  label: fc.option(term, { nil: undefined }),
});
const page = fc.record({ after: fc.nat({ max: 6 }), limit: fc.nat({ max: 5 }), data: fc.boolean() });
const node = fc.record({
  kind: term,
  name,
  filePath: fc.constantFrom(undefined, "a.ts"),
  labels: fc.array(term, { maxLength: 3 }),
  data,
});
const nodeUpdate = fc.record({
  kind: term,
  name,
  filePath: fc.constantFrom(null, "b.ts"),
  data,
}, { requiredKeys: [] });
const edge = fc.record({ from: id, to: id, type: term, data });

const index = fc.constantFrom("v", "v", "w", "\uff5e", "😀");
const vector = fc.tuple(fc.constantFrom(-1, 0, 0.5, 1), fc.constantFrom(0, 1, 2));
const nodeVector = fc.record({ nodeId: id, vector });
const indexOptions = fc.record({ dimension: fc.constant(2), metric: fc.constantFrom("euclidean", "dot", "cosine") });
const search = fc.record({
  k: fc.integer({ min: 1, max: 20 }),
  exact: fc.boolean(),
  maxDistance: fc.constantFrom(Infinity, 1),
  filter: fc.constantFrom(undefined, undefined, { kinds: ["A"] }, { labels: ["B"], nodeIds: [1, 2, 3, 4, 5] }),
});

function call(name: string, ...args: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<Call> {
  return fc.tuple(...args).map((values) => ({ call: name, args: values }));
}

function weighted(weight: number, ...calls: readonly fc.Arbitrary<Call>[]): fc.WeightedArbitrary<Call>[] {
  return calls.map((arbitrary) => ({ weight, arbitrary }));
}

const writes = [
  ...weighted(4, call("insertNode", node), call("insertEdge", edge)),
  ...weighted(
    2,
    call("insertNodes", fc.array(node, { maxLength: 3 })),
    call("insertEdges", fc.array(edge, { maxLength: 3 })),
    call("mergeNode", node),
    call("mergeEdge", edge),
    call("updateNode", id, nodeUpdate),
    call("patchNode", id, fc.constantFrom({ a: 2 }, { a: undefined, c: null })),
    call("addLabel", id, term),
    call("removeLabel", id, term),
    call("updateEdge", id, fc.record({ type: term, data }, { requiredKeys: [] })),
    call("patchEdge", id, fc.constantFrom({ a: 2 }, { a: undefined, c: null })),
    call("deleteEdge", id),
    call(
      "kv.set",
      key,
      fc.constantFrom<unknown>(null, 1, -0, 2n ** 60n, "\ud800", [2 ** 60], new Uint8Array([0, 255])),
      fc.constantFrom({}, { ttlSeconds: 0 }, { ttlSeconds: 1 }),
    ),
    call("kv.delete", key),
    call("setVector", index, id, vector),
    call("setVector", index, id, vector),
    call("setVectors", index, fc.array(nodeVector, { maxLength: 3 })),
    call("deleteVector", index, id),
    call("createVectorIndex", index, indexOptions),
    call("vectorIndex.insert", index, id, vector),
    call("vectorIndex.update", index, id, vector),
  ),
  ...weighted(
    1,
    call("deleteNode", id),
    call("dropVectorIndex", index),
    fc.constantFrom(1, 1000).map((wait) => ({ wait })),
  ),
];

const reads = weighted(
  1,
  call("getNode", id),
  call("getNode", id, fc.constant({ data: false })),
  call("nodeName", id),
  call("nodeKind", id),
  call("hasNode", id),
  call("countNodes", filter),
  call("nodes", fc.tuple(filter, page).map(([one, other]) => ({ ...one, ...other }))),
  call("nodeIds", fc.tuple(filter, page).map(([one, { after }]) => ({ ...one, after }))),
  call("getEdge", id),
  call("hasEdge", id),
  call("countEdges", fc.record({ type: fc.option(term, { nil: undefined }) })),
  call("edges", fc.tuple(fc.option(term, { nil: undefined }), page).map(([type, other]) => ({ type, ...other }))),
  call("edgesOf", id, edgeOptions),
  call("edgesBetween", id, id, edgeOptions),
  call("neighbors", id, fc.record({ direction, types, distinct: fc.boolean() })),
  call("degree", id, edgeOptions),
  call("bfs", id, fc.record({ direction, types })),
  call("getVector", index, id),
  call("vectorIndexes"),
  call("searchVectors", index, vector, search),
  call("vectorIndex.range", index, vector, fc.constantFrom(0.5, 2)),
  call("vectorIndex.vectors", index),
  call("kv.get", key),
  call("kv.entry", key),
  call("kv.has", key),
  call("kv.count"),
  call("kv.scan", fc.record({ prefix: fc.constantFrom("", "k"), limit: fc.constantFrom(1, 9) })),
  call("kv.scan", fc.record({ prefix: fc.constantFrom("", "k"), after: key })),
);

const { calls } = fc.letrec<{ calls: readonly Call[] }>((tie) => ({
  calls: fc.array(
    fc.oneof({ maxDepth: 3 }, ...writes, ...reads, {
      weight: 4,
      arbitrary: fc.record({ nested: tie("calls"), fails: fc.boolean() }),
    }),
    { maxLength: 24, size: "max" },
  ),
}));

/** What the database holds before. */
const baseCalls = fc.array(fc.oneof(...writes), { minLength: 10, maxLength: 50, size: "max" });

/** Calls that look at everything. */
function* everyRead(): Generator<Call> {
  for (const index of ["v", "w"]) {
    for (let id = 1; id <= 6; id++) yield { call: "getVector", args: [index, id] };
    yield { call: "searchVectors", args: [index, [1, 1], { k: 3 }] };
  }
  for (const type of ["A", "B", undefined]) {
    yield { call: "countEdges", args: [{ type }] };
    yield { call: "countNodes", args: [{ kind: type }] };
    yield { call: "edges", args: [{ type }] };
    yield { call: "nodes", args: [{ label: type }] };
    const types = type === undefined ? undefined : [type];
    for (let id = 1; id <= 6; id++) {
      for (const direction of ["out", "in", "both"]) {
        yield { call: "edgesOf", args: [id, { direction, types }] };
        yield { call: "degree", args: [id, { direction, types }] };
        for (const distinct of [true, false]) yield { call: "neighbors", args: [id, { direction, types, distinct }] };
        yield { call: "edgesBetween", args: [id, id % 3 + 1, { direction, types }] };
      }
    }
  }
}

class Rollback extends Error {}

/** What came of a call: its result, or class and code of its error. */
type Outcome = unknown;

/** Makes calls on a transaction and remembers what came of each. */
class Caller {
  readonly outcomes: Outcome[] = [];
  readonly #clock: { nowMs: number };
  /** Iterators of which the first step was made. */
  readonly #iterators: Iterator<unknown>[] = [];

  constructor(clock: { nowMs: number }) {
    this.#clock = clock;
  }

  make(tx: GraphTransaction, calls: readonly Call[]): void {
    for (const call of calls) {
      if ("wait" in call) this.#clock.nowMs += call.wait;
      else if ("nested" in call) this.#nested(tx, call.nested, call.fails);
      else this.#make(tx, call.call, call.args);
    }
  }

  #nested(outer: GraphTransaction, calls: readonly Call[], fails: boolean): void {
    try {
      outer.transaction((tx) => {
        this.make(tx, calls);
        if (fails) throw new Rollback();
      });
    } catch (error) {
      if (!(error instanceof Rollback)) throw error;
    }
  }

  #make(tx: GraphTransaction, call: string, args: readonly unknown[]): void {
    try {
      const result = callOn(tx, call, args);
      if (!isIterator(result)) return void this.outcomes.push([call, result]);
      this.outcomes.push([call, result.next()]);
      this.#iterators.push(result);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.outcomes.push([call, error.name, error.code]);
    }
  }

  /** Reads the rest of the iterators. */
  finish(): Outcome[] {
    for (const iterator of this.#iterators) this.outcomes.push(Array.from({ [Symbol.iterator]: () => iterator }));
    return this.outcomes;
  }
}

function callOn(tx: GraphTransaction, call: string, args: readonly unknown[]): unknown {
  const [part, name] = call.includes(".") ? call.split(".") as [string, string] : ["", call];
  const on = part === "kv" ? tx.kv : part === "vectorIndex" ? tx.vectorIndex(args[0] as string) : tx;
  const method = (on as unknown as Readonly<Record<string, unknown>>)[name] as (...args: unknown[]) => unknown;
  return method.apply(on, part === "vectorIndex" ? args.slice(1) : [...args]);
}

/** Everything that a graph holds, vectors too. */
function allOf(graph: GraphReader): unknown {
  const vectors = graph.vectorIndexes().map((info) => [info, ...graph.vectorIndex(info.name).vectors()]);
  return { ...contentOf(graph), vectors };
}

function isIterator(result: unknown): result is IterableIterator<unknown> {
  return typeof result === "object" && result !== null && "next" in result;
}

/** Runs the same calls in a draft and in a transaction of the engine, on equal databases. */
function compareWithEngine(open: (clock: () => number) => GraphBackend, base: readonly Call[], run: readonly Call[]) {
  const clocks = [{ nowMs: START_MS }, { nowMs: START_MS }] as const;
  using drafted = open(() => clocks[0].nowMs);
  using engine = open(() => clocks[1].nowMs);
  for (const db of [drafted, engine]) db.createVectorIndex("v", { dimension: 2, metric: "euclidean" });
  const baseCallers = clocks.map((clock) => new Caller(clock));
  [drafted, engine].forEach((db, at) => db.transaction((tx) => (baseCallers[at] as Caller).make(tx, base)));

  const ids = new NextIds();
  ids.follow(drafted);
  const expected = new Caller(clocks[1]);
  const whole = [...run, ...everyRead()];
  engine.transaction((tx) => expected.make(tx, whole));

  const state = holdState(drafted);
  const draft = new TransactionDraft(state, ids, recorders(), () => clocks[0].nowMs);
  const found = new Caller(clocks[0]);
  found.make(draft.tx, whole);
  const inside = allOf(draft.tx);
  draft.end();
  state.release();
  assertEquals(found.finish(), expected.finish());
  assertEquals(inside, allOf(engine));

  if (!draft.operations.isEmpty) commitLog(drafted, draft.operations.finish());
  assertEquals(allOf(drafted), inside);
  assert(drafted.check().ok);
}

/** Enough for small graphs. */
const CACHE_BYTES = 1024 * 1024;

test("a draft answers every call as a transaction of a v3 database does, and its log does the same", () => {
  fc.assert(
    fc.property(baseCalls, calls, (base, run) => {
      compareWithEngine((clock) => V3Backend.open(":memory:", { clock, cacheBytes: CACHE_BYTES }), base, run);
    }),
    { numRuns: 25 },
  );
});

test("a draft answers every call as a transaction of a SQLite database does, and its log does the same", () => {
  fc.assert(
    fc.property(baseCalls, calls, (base, run) => {
      compareWithEngine((clock) => SqliteBackend.open(":memory:", { clock }), base, run);
    }),
    { numRuns: 25 },
  );
});

/** A draft over a small graph: nodes a, b, c are 1, 2, 3, and edges 1: a-KNOWS->b, 2: b-LIKES->a, 3: a-KNOWS->a. */
class Drafted implements Disposable {
  readonly db: GraphBackend = V3Backend.open(":memory:", { clock: () => START_MS, cacheBytes: CACHE_BYTES });
  readonly reads: Recorded = new Recorded();
  readonly writes: Recorded = new Recorded();
  readonly ids: NextIds = new NextIds();
  readonly draft: TransactionDraft;
  readonly tx: GraphTransaction;

  constructor() {
    graphOf(this.db, "a-KNOWS->b, b-LIKES->a, a-KNOWS->a, c");
    this.db.kv.set("key", 1);
    this.db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    this.db.setVectors("e", [{ nodeId: 1, vector: [1] }, { nodeId: 2, vector: [2] }]);
    this.ids.follow(this.db);
    this.draft = new TransactionDraft(holdState(this.db), this.ids, this, () => START_MS);
    this.tx = this.draft.tx;
  }

  /** What the calls told as read. */
  readsOf(run: (tx: GraphTransaction) => unknown): string[] {
    this.reads.take();
    run(this.tx);
    return this.reads.take();
  }

  /** What the calls told as written. */
  writesOf(run: (tx: GraphTransaction) => unknown): string[] {
    this.writes.take();
    run(this.tx);
    return this.writes.take();
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}

test("look-ups tell the records that they looked for, found or not", () => {
  using drafted = new Drafted();
  assertEquals(drafted.readsOf((tx) => [tx.getNode(1), tx.hasNode(99), tx.nodeName(2)]), [
    "node 1",
    "node 99",
    "node 2",
  ]);
  assertEquals(drafted.readsOf((tx) => [tx.getEdge(1), tx.hasEdge(99)]), ["edge 1", "edge 99"]);
  assertEquals(drafted.readsOf((tx) => [tx.kv.get("key"), tx.kv.has("none")]), ["key key", "key none"]);
  assertEquals(drafted.readsOf((tx) => [tx.getVector("e", 1), tx.getVector("e", 3)]), [
    "index e",
    "vector e 1",
    "vector e 3",
  ]);
  assertEquals(drafted.readsOf((tx) => assertThrows(() => tx.getVector("none", 1))), ["index none"]);
});

test("a node's edges are told as its adjacency, and their content where it is given", () => {
  using drafted = new Drafted();
  assertEquals(drafted.readsOf((tx) => tx.neighbors(1)), ["out 1"]);
  assertEquals(drafted.readsOf((tx) => tx.degree(1, { direction: "both" })), ["out 1", "in 1"]);
  assertEquals(drafted.readsOf((tx) => tx.edgesOf(1, { types: ["KNOWS"] })), ["out 1", "edge 3", "edge 1"]);
  assertEquals(drafted.readsOf((tx) => tx.edgesOf(1, { direction: "in", data: false })), ["in 1"]);
  assertEquals(drafted.readsOf((tx) => tx.edgesBetween(1, 2, { direction: "both" })), [
    "out 1",
    "out 2",
    "edge 1",
    "edge 2",
  ]);
  assertEquals(drafted.readsOf((tx) => tx.neighbors(3)), ["out 3", "node 3"]);
});

test("lists and counts tell the narrowest set that they depend on", () => {
  using drafted = new Drafted();
  assertEquals(drafted.readsOf((tx) => [...tx.nodes()]), ["nodes"]);
  assertEquals(drafted.readsOf((tx) => [...tx.nodeIds({ kind: "Node", label: "L" })]), ["kind Node"]);
  assertEquals(drafted.readsOf((tx) => [...tx.nodeIds({ kind: "Node", name: "a" })]), ["name a"]);
  assertEquals(drafted.readsOf((tx) => [...tx.nodeIds({ glob: "abc" })]), ["name abc"]);
  assertEquals(drafted.readsOf((tx) => [...tx.nodeIds({ glob: "a*" })]), ["nodes"]);
  assertEquals(drafted.readsOf((tx) => tx.countNodes({ label: "L" })), ["label L", "kind L"]);
  assertEquals(drafted.readsOf((tx) => tx.countNodes()), ["nodes"]);
  assertEquals(drafted.readsOf((tx) => tx.countNodes({ kind: "Node" })), ["kind Node"]);
  assertEquals(drafted.readsOf((tx) => [...tx.edges({ type: "KNOWS" })]), ["type KNOWS"]);
  assertEquals(drafted.readsOf((tx) => tx.countEdges()), ["edges"]);
  assertEquals(drafted.readsOf((tx) => [...tx.kv.scan({ prefix: "k" })]), ["prefix k"]);
  assertEquals(drafted.readsOf((tx) => tx.kv.count()), ["prefix "]);
  assertEquals(drafted.readsOf((tx) => tx.searchVectors("e", [1])), ["index e", "vectors e"]);
  assertEquals(drafted.readsOf((tx) => tx.searchVectors("e", [1], { filter: { kinds: ["Node"] } })), [
    "index e",
    "kind Node",
    "vectors e",
  ]);
  assertEquals(drafted.readsOf((tx) => [...tx.vectorIndex("e").vectors()]), ["index e", "vectors e"]);
  assertEquals(drafted.readsOf((tx) => tx.vectorIndexes()), ["vectors", "vectors e"]);
});

test("what a transaction inserted is nobody else's and is not told", () => {
  using drafted = new Drafted();
  const { tx } = drafted;
  const told = (run: (tx: GraphTransaction) => unknown) => [...drafted.readsOf(run), ...drafted.writesOf(() => {})];
  const one = tx.insertNode({ kind: "Node", name: "one" });
  const two = tx.insertNode({ kind: "Node", name: "two" });
  const edge = tx.insertEdge({ from: one, to: two, type: "KNOWS" });
  tx.kv.set("own", 1);
  tx.createVectorIndex("own", { dimension: 1 });
  drafted.writes.take();
  assertEquals(told(() => [tx.setVector("own", one, [1]), tx.getVector("own", one)]), ["index own"]);
  assertEquals(drafted.writesOf(() => tx.setVector("e", one, [1])), ["index e"]);
  assertEquals(
    told(() => [tx.getNode(one), tx.edgesOf(one), tx.neighbors(two, { direction: "in" }), tx.getEdge(edge)]),
    [],
  );
  assertEquals(told(() => [tx.edgesBetween(one, 1), tx.kv.get("own"), tx.degree(one)]), []);
  assertEquals(
    told(() => {
      tx.updateNode(one, { name: "first" });
      tx.addLabel(one, "L");
      tx.updateEdge(edge, { type: "LIKES" });
      tx.deleteEdge(edge);
      tx.deleteNode(two);
    }),
    [],
  );
  assertEquals(drafted.readsOf(() => tx.insertEdge({ from: one, to: 1, type: "KNOWS" })), ["node 1"]);
});

test("changes tell the records that they change, and merges what they looked for", () => {
  using drafted = new Drafted();
  assertEquals(drafted.writesOf((tx) => tx.setVector("e", 1, [1])), ["index e", "vector e 1"]);
  assertEquals(drafted.writesOf((tx) => [tx.deleteVector("e", 2), tx.deleteVector("e", 3)]), ["index e", "vector e 2"]);
  assertEquals(drafted.readsOf((tx) => tx.vectorIndex("e").insert(3, [3])), ["index e", "node 3", "vector e 3"]);
  assertEquals(drafted.writesOf((tx) => [tx.createVectorIndex("f", { dimension: 1 })]), ["index f"]);
  assertEquals(drafted.writesOf((tx) => tx.dropVectorIndex("e")), ["index e"]);
  assertEquals(drafted.writesOf((tx) => tx.updateNode(1, { name: "A" })), ["node 1"]);
  assertEquals(drafted.writesOf((tx) => [tx.addLabel(2, "L"), tx.removeLabel(3, "none")]), ["node 2"]);
  assertEquals(drafted.writesOf((tx) => tx.patchEdge(1, { a: 1 })), ["edge 1"]);
  assertEquals(drafted.writesOf((tx) => tx.deleteEdge(2)), ["edge 2"]);
  assertEquals(drafted.writesOf((tx) => tx.deleteNode(3)), ["node 3", "vectors of 3"]);
  assertEquals(drafted.writesOf((tx) => [tx.kv.set("key", 2), tx.kv.delete("none")]), ["key key"]);
  assertEquals(drafted.writesOf((tx) => tx.mergeNode({ kind: "Node", name: "new" })), ["name new"]);
  assertEquals(drafted.writesOf((tx) => tx.mergeEdge({ from: 1, to: 2, type: "LIKES" })), ["out 1"]);
});

test("a draft that was rolled back to its beginning, or changed nothing, has nothing to commit", () => {
  using drafted = new Drafted();
  const { tx, draft } = drafted;
  assertThrows(() =>
    tx.transaction((inner) => {
      inner.insertNode({ kind: "Node", name: "lost" });
      inner.deleteNode(1);
      inner.kv.set("key", 2);
      throw new Error("rollback");
    })
  );
  tx.updateNode(1, {});
  tx.addLabel(1, "Node");
  tx.mergeNode({ kind: "Node", name: "a" });
  tx.kv.delete("none");
  assertStrictEquals(draft.operations.isEmpty, true);
  assertEquals(contentOf(tx), contentOf(drafted.db));
});

test("after its end a draft refuses every call, and iterators that were begun go on", () => {
  using drafted = new Drafted();
  const { tx, draft } = drafted;
  const created = tx.insertNode({ kind: "Node", name: "d" });
  const begun = tx.nodeIds();
  const notBegun = tx.nodeIds();
  assertEquals(begun.next().value, 1);
  draft.end();
  assertEquals([...begun], [2, 3, created]);
  for (
    const call of [
      () => tx.getNode(1),
      () => tx.insertNode({ kind: "Node", name: "e" }),
      () => tx.transaction(() => {}),
      () => tx.kv.set("key", 2),
      () => tx.lsn,
      () => notBegun.next(),
    ]
  ) assertStrictEquals(assertThrows(call, ClosedError).code, "transaction-ended");
});

test("an iterator that feeds an insert of many rows shows the nodes of before", () => {
  using drafted = new Drafted();
  const { tx } = drafted;
  const copies = function* () {
    for (const { name } of tx.nodes()) yield { kind: "Copy", name };
  };
  assertEquals(tx.insertNodes(copies()).length, 3);
  assertEquals(tx.countNodes(), 6);
});

test("a call for which there is no id leaves nothing in the log", () => {
  using drafted = new Drafted();
  const { tx, draft, ids } = drafted;
  tx.insertNode({ kind: "Node", name: "kept" });
  ids.nextEdgeId = () => {
    throw new RangeError("no more ids");
  };
  assertThrows(() => tx.insertEdge({ from: 1, to: 2, type: "KNOWS" }), RangeError);
  assertEquals([tx.countEdges(), tx.degree(1)], [3, 2]);
  commitLog(drafted.db, draft.operations.finish());
  assertEquals([drafted.db.countNodes(), drafted.db.countEdges()], [4, 3]);
});

test("a write that fails for want of memory leaves nothing in the log", () => {
  using drafted = new Drafted();
  const { tx, draft } = drafted;
  tx.insertEdge({ from: 1, to: 2, type: "KNOWS" });
  const { set } = Map.prototype;
  try {
    Map.prototype.set = () => {
      throw new RangeError("Map maximum size exceeded");
    };
    assertThrows(() => tx.insertEdge({ from: 1, to: 2, type: "KNOWS" }), RangeError);
  } finally {
    Map.prototype.set = set;
  }
  assertEquals(tx.countEdges(), 4);
  commitLog(drafted.db, draft.operations.finish());
  assertEquals(drafted.db.countEdges(), 4);
});

test("a draft's lsn is that of the state that it reads, also after later commits", () => {
  using drafted = new Drafted();
  const { lsn } = drafted.db;
  drafted.db.insertNode({ kind: "Node", name: "later" });
  assertEquals([drafted.tx.lsn, drafted.tx.countNodes(), drafted.db.lsn], [lsn, 3, lsn + 1]);
});

test("ids that are smaller than those of the held state take their place in every order", () => {
  using db: GraphBackend = V3Backend.open(":memory:", { cacheBytes: CACHE_BYTES });
  db.importRecords([
    { node: { id: 10, kind: "N", name: "x" } },
    { node: { id: 20, kind: "N", name: "y" } },
    { edge: { id: 10, from: 10, to: 20, type: "T" } },
    { edge: { id: 20, from: 20, to: 10, type: "T" } },
  ]);
  const { tx } = new TransactionDraft(holdState(db), new NextIds(), recorders(), () => START_MS);
  const small = tx.insertNode({ kind: "N", name: "x" });
  const edge = tx.insertEdge({ from: 10, to: 20, type: "T" });
  assertEquals([small, edge], [1, 1]);
  assertEquals([...tx.nodeIds({ kind: "N" })], [small, 10, 20]);
  assertEquals([...tx.edges()].map(({ id }) => id), [edge, 10, 20]);
  assertEquals(tx.edgesOf(10, { direction: "both" }).map(({ id }) => id), [edge, 10, 20]);
  assertEquals(tx.mergeNode({ kind: "N", name: "x" }), { id: small, created: false });
  assertEquals(tx.mergeEdge({ from: 10, to: 20, type: "T" }), { id: edge, created: false });
});

test("records at the edges of pages are listed once, changed or not", () => {
  using db: GraphBackend = V3Backend.open(":memory:", { cacheBytes: CACHE_BYTES });
  const COUNT = 90;
  for (let at = 0; at < COUNT; at++) {
    db.insertNode({ kind: "N", name: `${at}` });
    db.insertEdge({ from: 1, to: at + 1, type: "T" });
    db.kv.set(`key ${at}`, 0);
  }
  const { tx } = new TransactionDraft(holdState(db), new NextIds(), recorders(), () => START_MS);
  for (let at = 0; at < COUNT; at++) {
    tx.updateNode(at + 1, { data: at });
    tx.updateEdge(at + 1, { data: at });
    tx.kv.set(`key ${at}`, 1);
    assertEquals([...tx.nodeIds()].length, COUNT);
    assertEquals([...tx.edges({ data: false })].length, COUNT);
    assertEquals([...tx.kv.scan()].filter(({ value }) => value === 1).length, at + 1);
  }
});

test("a draft of a hundred thousand merged nodes and edges is written whole", () => {
  using drafted = new Drafted();
  const { tx, draft, db } = drafted;
  const COUNT = 50_000;
  const hub = tx.insertNode({ kind: "Hub", name: "hub" });
  for (let at = 0; at < COUNT; at++) {
    const { id } = tx.mergeNode({ kind: "Many", name: `many ${at % (COUNT / 2)}` });
    tx.mergeEdge({ from: hub, to: id, type: "T" });
  }
  assertEquals([tx.countNodes({ kind: "Many" }), tx.degree(hub)], [COUNT / 2, COUNT / 2]);
  tx.insertNodes(Array.from({ length: COUNT }, (_, at) => ({ kind: "Bulk", name: `bulk ${at}` })));
  tx.insertEdges(Array.from({ length: COUNT }, () => ({ from: hub, to: 1, type: "BULK" })));
  commitLog(db, draft.operations.finish());
  assertEquals([db.countNodes(), db.countEdges()], [4 + COUNT / 2 + COUNT, 3 + COUNT / 2 + COUNT]);
});
