/** Projections of databases of every engine, against what their records say. */

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import "../../lib/projection/install.ts";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { LinkBatch, linkPageByNode } from "../../lib/backend/links.ts";
import type { Projection, ProjectOptions } from "../../lib/backend/projection.ts";
import type { ReadStore } from "../../lib/backend/store.ts";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import { projectStore } from "../../lib/projection/project.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import { attachV3 } from "../../lib/v3/shared_source.ts";
import { test } from "../support/test.ts";
import { expected, flat, graphPlans, makeGraph, projectOptions } from "./model.ts";

/** A database, and how its newest state is projected. */
interface Subject extends Disposable {
  readonly db: GraphBackend;
  project(options?: ProjectOptions): Projection;
}

function direct(db: GraphBackend): Subject {
  return { db, project: (options) => db.project(options), [Symbol.dispose]: () => db.close() };
}

function shared(): Subject {
  const served = serveV3(":memory:", { cacheBytes: 8 * 1024 * 1024 });
  const source = attachV3(served.handle);
  return {
    db: served.backend,
    project(options) {
      using snapshot = new CheckedSnapshot(source.hold(undefined, "snapshot"), 0);
      return snapshot.project(options);
    },
    [Symbol.dispose]() {
      source.close();
      served.backend.close();
      served.close();
    },
  };
}

/** The store of a database, through a projector of our own. */
function byNode(): Subject {
  const db = V3Backend.open(":memory:");
  return {
    db,
    project: (options) => projectStore(slowStore(db), options),
    [Symbol.dispose]: () => db.close(),
  };
}

/** A store whose links are read node by node, as in a transaction far from the engine. */
function slowStore(db: GraphBackend): ReadStore {
  const store: Partial<ReadStore> = {
    countNodes: () => undefined,
    nodePage: <T>(
      filter: { kind?: string | undefined; label?: string | undefined },
      _: unknown,
      after: number,
      size: number,
    ) => {
      const items = [...db.nodeIds({ kind: filter.kind, label: filter.label, after, limit: size })];
      return { items: items as T[], next: items.length < size ? undefined : items.at(-1) };
    },
    edgesOf: (id, direction, types) => db.edgesOf(id, { direction, types, data: false }) as never,
    edgeDataText: (id) => JSON.stringify(db.getEdge(id)?.data),
    linkPage: (direction, types, from, until, _, batch) =>
      linkPageByNode(store as ReadStore, direction, types, from, until, batch),
  };
  return store as ReadStore;
}

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  "v3": () => direct(V3Backend.open(":memory:") as unknown as GraphBackend),
  "v3 in shared memory": shared,
  "v3 node by node": byNode,
  "sqlite": () => direct(SqliteBackend.open(":memory:") as unknown as GraphBackend),
};

for (const [name, open] of Object.entries(SUBJECTS)) {
  test(`${name}: a projection holds what the records of the graph say, for any options`, () => {
    fc.assert(
      fc.property(graphPlans, fc.array(projectOptions, { minLength: 1, maxLength: 4 }), (plan, all) => {
        using subject = open();
        makeGraph(subject.db, plan);
        for (const options of all) assertEquals(flat(subject.project(options)), expected(subject.db, options));
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: an empty graph and a graph of one node are projected`, () => {
    using subject = open();
    const nothing = subject.project();
    assertEquals([nothing.nodeCount, nothing.edgeCount, [...nothing.out.offsets], [...nothing.in.offsets]], [
      0,
      0,
      [0],
      [0],
    ]);
    assertEquals(nothing.indexOf(1), -1);
    const id = subject.db.insertNode({ kind: "A", name: "a" });
    subject.db.insertEdge({ from: id, to: id, type: "R" });
    const one = subject.project({ undirected: true });
    assertEquals([one.nodeCount, one.edgeCount, [...one.out.offsets], [...one.out.targets]], [1, 1, [0, 1], [0]]);
    assertEquals([one.indexOf(id), one.nodeId(0)], [0, id]);
  });

  test(`${name}: nodes are chosen by a function`, () => {
    using subject = open();
    const ids = subject.db.insertNodes(Array.from({ length: 9 }, (_, at) => ({ kind: "A", name: `${at}` })));
    for (const from of ids) for (const to of ids) subject.db.insertEdge({ from, to, type: "R" });
    const options: ProjectOptions = { where: (id) => id % 3 === 0, edgeIds: true };
    assertEquals(flat(subject.project(options)), expected(subject.db, options));
  });

  test(`${name}: links of hubs that fill many batches and leaves are all there, in order`, () => {
    using subject = open();
    const { db } = subject;
    const ids = db.insertNodes(Array.from({ length: 300 }, (_, at) => ({ kind: "A", name: `${at}` })));
    const hub = ids[150] as number;
    db.insertEdges(Array.from({ length: 40_000 }, (_, at) => ({
      from: at % 20 === 0 ? ids[at % 300] as number : hub,
      to: ids[at * 7919 % 300] as number,
      type: at % 3 === 0 ? "R" : "S",
    })));
    for (const id of ids) if (id % 5 === 0) db.deleteNode(id);
    for (const options of [{ edgeIds: true }, { undirected: true, types: ["R"] }, { direction: "in" }] as const) {
      const projection = subject.project(options);
      const { nodes, ...rest } = expected(db, options);
      const found = flat(projection);
      assertEquals(found.nodes, nodes);
      assertEquals(JSON.stringify(found), JSON.stringify({ nodes, ...rest }));
    }
  });
}

test("a weight that is missing or no number is an error without a default", () => {
  using db = V3Backend.open(":memory:") as unknown as GraphBackend & Disposable;
  const [a = 0, b = 0] = db.insertNodes([{ kind: "A", name: "a" }, { kind: "A", name: "b" }]);
  db.insertEdge({ from: a, to: b, type: "R", data: { cost: 2 } });
  assertEquals([...db.project({ weight: { field: "cost" } }).out.weights ?? []], [2]);
  for (const data of [{}, { cost: "2" }, { cost: null }, { cost: 2n ** 60n }]) {
    const edge = db.insertEdge({ from: a, to: b, type: "S", data });
    const error = assertThrows(() => db.project({ weight: { field: "cost" } }), InvalidArgumentError, `edge ${edge}`);
    assertEquals(error.code, "weight-missing");
    assertEquals([...db.project({ weight: { field: "cost", default: -1 } }).in.weights ?? []], [2, -1]);
    db.deleteEdge(edge);
  }
});

test("options that make no sense are refused by name", () => {
  using db = V3Backend.open(":memory:") as unknown as GraphBackend & Disposable;
  for (
    const [options, field] of [
      [{ types: "R" }, "types"],
      [{ kinds: [1] }, "kinds"],
      [{ direction: "up" }, "direction"],
      [{ direction: "in", undirected: true }, "undirected"],
      [{ direction: "both", undirected: false }, "undirected"],
      [{ weight: "cost" }, "weight"],
      [{ weight: { field: 1 } }, "weight.field"],
      [{ weight: { field: "a", default: NaN } }, "weight.default"],
      [{ edgeIds: 1 }, "edgeIds"],
      [{ simple: "yes" }, "simple"],
      [{ where: 1 }, "where"],
      [{ type: "R" }, "type"],
    ] as const
  ) {
    const error = assertThrows(() => db.project(options as never), InvalidArgumentError);
    assertEquals(error.field, field);
  }
});

test("a projection does not change with the database, and outlives it", () => {
  const db = V3Backend.open(":memory:") as unknown as GraphBackend;
  const [a = 0, b = 0] = db.insertNodes([{ kind: "A", name: "a" }, { kind: "A", name: "b" }]);
  db.insertEdge({ from: a, to: b, type: "R" });
  const before = db.project();
  const inside = db.transaction((tx) => {
    tx.insertEdge({ from: b, to: a, type: "R" });
    return tx.project();
  });
  db.close();
  assertEquals([before.edgeCount, inside.edgeCount], [1, 2]);
  assertEquals([...before.out.targets], [1]);
  assertEquals([...inside.in.targets], [1, 0]);
});

test("a batch of links says where the next one starts", () => {
  const batch = new LinkBatch(1);
  assertNotEquals(batch.capacity, 1);
  batch.push(1, 2, 3);
  batch.push(1, 2, 4);
  batch.push(3, 1, 5);
  assertEquals([...batch.nodes.subarray(0, batch.rowCount)], [1, 3]);
  assertEquals([...batch.ends.subarray(0, batch.rowCount)], [2, 3]);
});
