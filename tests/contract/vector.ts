/** The contract of vectors: indexes, vectors of nodes, searches. */

import { assert, assertAlmostEquals, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ConflictError, InvalidArgumentError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { VectorIndexOptions, VectorMatch, VectorMetric } from "../../lib/backend/vector.ts";
import { VectorModel } from "./vector_model.ts";
import { fileTest, graphTest, runsOn, type Subject, World } from "./subject.ts";
import { test } from "../support/test.ts";
import { Warnings } from "../support/warnings.ts";

const METRICS: readonly VectorMetric[] = ["cosine", "euclidean", "dot", "manhattan"];

/** Inserts nodes "0", "1", ... with the vectors, and returns their ids. */
function withVectors(db: GraphBackend, name: string, vectors: readonly (readonly number[])[]): number[] {
  return vectors.map((vector, at) => {
    const id = db.insertNode({ kind: at % 2 === 0 ? "Even" : "Odd", name: String(at), data: { at } });
    db.setVector(name, id, vector);
    return id;
  });
}

const ids = (matches: readonly VectorMatch[]): number[] => matches.map((match) => match.nodeId);

/** Declares the tests of vectors. */
export function vectorContract(subject: Subject): void {
  graphTest(subject, "an index has the options that it was given, or the defaults", (db) => {
    const made = db.createVectorIndex("bio", { dimension: 3 });
    assertEquals(made, {
      name: "bio",
      dimension: 3,
      metric: "cosine",
      m: 16,
      efConstruction: 200,
      efSearch: 64,
      storage: "f32",
      seed: 0,
      engine: "hnsw",
      count: 0,
    });
    const given: VectorIndexOptions = {
      dimension: 4096,
      metric: "manhattan",
      m: 4,
      efConstruction: 40,
      efSearch: 30,
      storage: "i8",
      seed: 7,
    };
    db.createVectorIndex("a", given);
    assertEquals(db.vectorIndexes(), [{ ...given, name: "a", engine: "hnsw", count: 0 }, made] as never);
    assertEquals(db.vectorIndex("bio").info, made);
    assertEquals(db.vectorIndex("bio").name, "bio");
  });

  graphTest(subject, "an index of the same name is a conflict, and a missing one is not found", (db) => {
    db.createVectorIndex("bio", { dimension: 2 });
    const id = db.insertNode({ kind: "Person", name: "Ada" });
    const { lsn } = db;
    assertThrows(() => db.createVectorIndex("bio", { dimension: 2 }), ConflictError);
    for (
      const call of [
        () => db.setVector("other", id, [1, 2]),
        () => db.setVectors("other", [{ nodeId: id, vector: [1, 2] }]),
        () => db.deleteVector("other", id),
        () => db.getVector("other", id),
        () => db.searchVectors("other", [1, 2]),
        () => db.vectorIndex("other"),
      ]
    ) assertThrows(call, NotFoundError, "other");
    assertFalse(db.dropVectorIndex("other"));
    assertEquals(db.lsn, lsn);
  });

  graphTest(subject, "bad options, vectors and searches are refused and change nothing", (db) => {
    const bad: readonly unknown[] = [
      undefined,
      {},
      { dimension: 0 },
      { dimension: 4097 },
      { dimension: 1.5 },
      { dimension: 2, metric: "hamming" },
      { dimension: 2, m: 1 },
      { dimension: 2, m: 65 },
      { dimension: 2, m: 32, efConstruction: 31 },
      { dimension: 2, efSearch: 0 },
      { dimension: 2, storage: "f64" },
      { dimension: 2, seed: -1 },
      { dimension: 2, engine: "faiss" },
      { dimension: 2, unknown: 1 },
    ];
    for (const options of bad) {
      assertThrows(() => db.createVectorIndex("bio", options as VectorIndexOptions), InvalidArgumentError);
    }
    assertThrows(() => db.createVectorIndex(" ", { dimension: 2 }), InvalidArgumentError);
    assertEquals(db.vectorIndexes(), []);
    db.createVectorIndex("bio", { dimension: 2 });
    db.createVectorIndex("half", { dimension: 2, storage: "f16", metric: "dot" });
    const id = db.insertNode({ kind: "Person", name: "Ada" });
    const { lsn } = db;
    const badVectors: readonly unknown[] = [
      [1],
      [1, 2, 3],
      [1, NaN],
      [1, Infinity],
      [1, 1e39],
      [1, 1.01e17],
      ["a", "b"],
      "text",
      null,
      {
        length: 2,
      },
      [1, "2"],
      [0, 0],
      [1n, 2n],
      new Uint8Array(2),
    ];
    for (const vector of badVectors) {
      assertThrows(() => db.setVector("bio", id, vector as number[]), InvalidArgumentError);
      assertThrows(() => db.searchVectors("bio", vector as number[]), InvalidArgumentError);
    }
    assertThrows(() => db.setVector("half", id, [65_505, 1]), InvalidArgumentError, "65504");
    assertThrows(() => db.setVector("bio", id + 1, [1, 2]), NotFoundError, `no node ${id + 1}`);
    assertThrows(() => db.setVector("bio", 0, [1, 2]), InvalidArgumentError);
    for (
      const options of [
        { k: 0 },
        { k: 10_001 },
        { k: Infinity },
        { ef: 0 },
        { exact: 1 },
        { maxDistance: NaN },
        { filter: { kind: "Person" } },
        { filter: { kinds: "Person" } },
        { filter: { nodeIds: [0] } },
        { filter: { where: "x" } },
      ]
    ) {
      assertThrows(() => db.searchVectors("bio", [1, 2], options as never), InvalidArgumentError);
    }
    assertEquals(db.lsn, lsn);
    assertEquals(db.getVector("bio", id), undefined);
  });

  graphTest(subject, "a node's vector is set, replaced, read and deleted", (db) => {
    db.createVectorIndex("bio", { dimension: 3, metric: "euclidean" });
    const ada = db.insertNode({ kind: "Person", name: "Ada" });
    assertEquals(db.getVector("bio", ada), undefined);
    const numbers = Float32Array.of(1, 2, 3);
    db.setVector("bio", ada, numbers);
    numbers[0] = 9;
    assertEquals(db.getVector("bio", ada), Float32Array.of(1, 2, 3));
    (db.getVector("bio", ada) as Float32Array)[0] = 9;
    assertEquals(db.getVector("bio", ada), Float32Array.of(1, 2, 3));
    db.setVector("bio", ada, [0.1, -0, 1e-40]);
    assertEquals(db.getVector("bio", ada), Float32Array.of(0.1, -0, 1e-40));
    assertEquals(db.vectorIndex("bio").info.count, 1);
    assert(db.deleteVector("bio", ada));
    const { lsn } = db;
    assertFalse(db.deleteVector("bio", ada));
    assertEquals(db.lsn, lsn);
    assertEquals(db.getVector("bio", ada), undefined);
    assertEquals(db.vectorIndex("bio").info.count, 0);
  });

  graphTest(subject, "insert, update, upsert and insertMany say what they need", (db) => {
    db.createVectorIndex("bio", { dimension: 1, metric: "euclidean" });
    const [a, b, c] = db.insertNodes(["a", "b", "c"].map((name) => ({ kind: "N", name }))) as [number, number, number];
    const index = db.vectorIndex("bio");
    index.insert(a, [1]);
    assertThrows(() => index.insert(a, [2]), ConflictError, `node ${a}`);
    assertThrows(() => index.update(b, [2]), NotFoundError, `node ${b}`);
    index.update(a, [3]);
    index.upsert(b, [4]);
    assertThrows(
      () => index.insertMany([{ nodeId: c, vector: [1] }, { nodeId: a, vector: [1] }]),
      ConflictError,
    );
    assertEquals(index.get(c), undefined);
    assertEquals(index.insertMany([{ nodeId: c, vector: [5] }]), 1);
    assertEquals([...index.vectors()].map(({ nodeId, vector }) => [nodeId, ...vector]), [[a, 3], [b, 4], [c, 5]]);
    assertEquals(db.setVectors("bio", [{ nodeId: a, vector: [6] }, { nodeId: c, vector: [7] }]), 2);
    assertEquals([index.get(a), index.get(c)], [Float32Array.of(6), Float32Array.of(7)]);
    assert(index.delete(a));
    assertEquals(index.info.count, 2);
  });

  graphTest(subject, "each metric measures as documented", (db) => {
    const distances: Record<VectorMetric, number[]> = {
      cosine: [0, 1, 2],
      euclidean: [1, Math.sqrt(5), 3],
      dot: [-2, 0, 2],
      manhattan: [1, 3, 3],
    };
    for (const metric of METRICS) {
      db.createVectorIndex(metric, { dimension: 2, metric });
      withVectors(db, metric, [[2, 0], [0, 2], [-2, 0]]);
      const found = db.searchVectors(metric, [1, 0]).map((match) => match.distance);
      found.forEach((distance, at) => assertAlmostEquals(distance, distances[metric][at] as number, 1e-6));
      assertEquals(found.length, 3);
    }
  });

  graphTest(subject, "results are ordered by distance, then node id, and at most k", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b, c, d, e] = withVectors(db, "e", [[3], [1], [5], [1], [3]]) as [number, number, number, number, number];
    assertEquals(ids(db.searchVectors("e", [0])), [b, d, a, e, c]);
    assertEquals(ids(db.searchVectors("e", [4], { k: 2 })), [a, c]);
    assertEquals(ids(db.searchVectors("e", [4], { maxDistance: 1 })), [a, c, e]);
    assertEquals(ids(db.vectorIndex("e").range([4], 1)), [a, c, e]);
    assertEquals(db.vectorIndex("e").range([4], 0.5), []);
    assertEquals(db.searchVectors("e", [4], { k: 1, exact: true }), [{ nodeId: a, distance: 1 }]);
  });

  graphTest(subject, "many queries are answered in their order", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "e", [[0], [10]]) as [number, number];
    assertEquals(db.searchVectors("e", [[9], Float32Array.of(1)], { k: 1 }).map(ids), [[b], [a]]);
    assertEquals(db.searchVectors("e", []), []);
    assertThrows(() => db.searchVectors("e", [[1], [1, 2]]), InvalidArgumentError, "queries[1]");
  });

  graphTest(subject, "an empty index finds nothing", (db) => {
    db.createVectorIndex("e", { dimension: 2, metric: "euclidean" });
    assertEquals(db.searchVectors("e", [1, 2]), []);
    assertEquals([...db.vectorIndex("e").vectors()], []);
  });

  graphTest(subject, "filters are kept within the search", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const nodes = withVectors(db, "e", Array.from({ length: 20 }, (_, at) => [at]));
    const other = db.insertNode({ kind: "Even", name: "without a vector" });
    db.addLabel(nodes[19] as number, "Last");
    const search = (filter: Parameters<GraphReader["searchVectors"]>[2] extends infer O ? O : never) =>
      ids(db.searchVectors("e", [0], { k: 3, ...filter }));
    assertEquals(search({ filter: {} }), nodes.slice(0, 3));
    assertEquals(search({ filter: { kinds: ["Odd"] } }), [nodes[1], nodes[3], nodes[5]]);
    assertEquals(search({ filter: { kinds: ["Odd", "Even"] } }), nodes.slice(0, 3));
    assertEquals(search({ filter: { kinds: [] } }), []);
    assertEquals(search({ filter: { labels: ["Last"] } }), [nodes[19]]);
    assertEquals(search({ filter: { labels: ["Last", "Odd"] } }), [nodes[1], nodes[3], nodes[5]]);
    assertEquals(search({ filter: { nodeIds: [other, nodes[7] as number, nodes[5] as number, 999_999] } }), [
      nodes[5],
      nodes[7],
    ]);
    assertEquals(search({ filter: { kinds: ["Odd"], where: (node) => Number(node.data["at"]) > 6 } }), [
      nodes[7],
      nodes[9],
      nodes[11],
    ]);
    assertEquals(search({ filter: { where: (node) => node.name === "4" } }), [nodes[4]]);
    assertEquals(search({ filter: { kinds: ["Nobody"] } }), []);
  });

  graphTest(subject, "the same filter object sees what changed since", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "e", [[1], [2]]) as [number, number];
    const options = { filter: { kinds: ["Odd"] } };
    using before = db.snapshot();
    assertEquals(ids(db.searchVectors("e", [0], options)), [b]);
    db.updateNode(a, { kind: "Odd" });
    assertEquals(ids(db.searchVectors("e", [0], options)), [a, b]);
    assertEquals(ids(before.searchVectors("e", [0], options)), [b]);
    db.transaction((tx) => {
      assertEquals(ids(tx.searchVectors("e", [0], options)), [a, b]);
      tx.updateNode(b, { kind: "Even" });
      assertEquals(ids(tx.searchVectors("e", [0], options)), [a]);
    });
    assertEquals(ids(db.searchVectors("e", [0], options)), [a]);
  });

  graphTest(subject, "vectors vanish with their node", (db) => {
    db.createVectorIndex("one", { dimension: 1, metric: "euclidean" });
    db.createVectorIndex("two", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "one", [[1], [2]]) as [number, number];
    db.setVector("two", a, [3]);
    db.deleteNode(a);
    assertEquals(ids(db.searchVectors("one", [0])), [b]);
    assertEquals(db.searchVectors("two", [0]), []);
    assertEquals(db.getVector("one", a), undefined);
    assertEquals(db.vectorIndexes().map(({ name, count }) => [name, count]), [["one", 1], ["two", 0]]);
  });

  graphTest(subject, "a dropped index is gone with its vectors, and its name is free", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a] = withVectors(db, "e", [[1]]) as [number];
    const index = db.vectorIndex("e");
    assert(db.dropVectorIndex("e"));
    assertFalse(db.dropVectorIndex("e"));
    assertEquals(db.vectorIndexes(), []);
    assertThrows(() => index.search([1]), NotFoundError);
    db.createVectorIndex("e", { dimension: 2, metric: "euclidean" });
    assertEquals(db.getVector("e", a), undefined);
    assertEquals(db.searchVectors("e", [1, 2]), []);
    assertEquals(index.info.dimension, 2);
  });

  graphTest(subject, "a transaction sees its own vectors, and a rollback takes them back", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "e", [[1], [2]]) as [number, number];
    const before = db.searchVectors("e", [0]);
    assertThrows(
      () =>
        db.transaction((tx) => {
          const c = tx.insertNode({ kind: "New", name: "c" });
          tx.setVector("e", c, [0]);
          tx.setVector("e", a, [5]);
          tx.deleteVector("e", b);
          assertEquals(ids(tx.searchVectors("e", [0])), [c, a]);
          assertEquals(tx.vectorIndex("e").info.count, 2);
          assertThrows(
            () =>
              tx.transaction((inner) => {
                inner.setVector("e", b, [0.5]);
                inner.deleteNode(c);
                assertEquals(ids(inner.searchVectors("e", [0])), [b, a]);
                throw new Error("inner");
              }),
            Error,
            "inner",
          );
          assertEquals(ids(tx.searchVectors("e", [0])), [c, a]);
          tx.createVectorIndex("new", { dimension: 1 });
          tx.setVector("new", a, [1]);
          assertEquals(ids(tx.searchVectors("new", [2])), [a]);
          throw new Error("outer");
        }),
      Error,
      "outer",
    );
    assertEquals(db.searchVectors("e", [0]), before);
    assertEquals(db.vectorIndexes().map(({ name }) => name), ["e"]);
  });

  graphTest(
    subject,
    "every storage answers in transactions that take vectors away, with distances of what is stored",
    (db) => {
      for (const storage of ["f32", "f16", "i8"] as const) {
        db.createVectorIndex(storage, { dimension: 3, metric: "euclidean", storage });
        const [a, b, c] = withVectors(db, storage, [[0.1, 0.2, 0.3], [1.1, 0, 0], [2.7, 0, 0]]) as [
          number,
          number,
          number,
        ];
        assertThrows(
          () =>
            db.transaction((tx) => {
              tx.deleteVector(storage, a);
              tx.setVector(storage, c, [0, 0, 0.7]);
              const found = tx.searchVectors(storage, [0, 0, 0]);
              assertEquals(ids(found), [c, b]);
              assertAlmostEquals(found[0]?.distance as number, 0.7, 1e-6);
              assertAlmostEquals(found[1]?.distance as number, 1.1, 1e-6);
              throw new Error("roll back");
            }),
          Error,
          "roll back",
        );
        const found = db.searchVectors(storage, [0, 0, 0]);
        assertEquals(ids(found), [a, b, c]);
        assertAlmostEquals(found[0]?.distance as number, Math.hypot(0.1, 0.2, 0.3), 1e-6);
        assertAlmostEquals(found[2]?.distance as number, 2.7, 1e-6);
      }
    },
  );

  graphTest(subject, "a snapshot keeps its vectors and indexes", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "e", [[1], [2]]) as [number, number];
    using snapshot = db.snapshot();
    const index = snapshot.vectorIndex("e");
    db.setVector("e", a, [9]);
    db.deleteNode(b);
    db.dropVectorIndex("e");
    db.createVectorIndex("later", { dimension: 1 });
    assertEquals(snapshot.vectorIndexes().map(({ name, count }) => [name, count]), [["e", 2]]);
    assertEquals(snapshot.searchVectors("e", [0]), [{ nodeId: a, distance: 1 }, { nodeId: b, distance: 2 }]);
    assertEquals(index.get(a), Float32Array.of(1));
    assertEquals([...index.vectors()].map(({ nodeId }) => nodeId), [a, b]);
    assertEquals(index.stats().count, 2);
  });

  graphTest(subject, "a vector's change is an update of its node", async (db) => {
    db.createVectorIndex("e", { dimension: 1 });
    const id = db.insertNode({ kind: "N", name: "n" });
    const seen: string[] = [];
    using _ = db.subscribe({ nodes: true }, (change) => {
      if (change.type === "node") seen.push(`${change.operation} ${change.id}`);
    });
    db.setVector("e", id, [1]);
    db.deleteVector("e", id);
    await Promise.resolve();
    assertEquals(seen, [`update ${id}`, `update ${id}`]);
  });

  graphTest(subject, "a search obeys its signal", (db) => {
    db.createVectorIndex("e", { dimension: 1 });
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const error = assertThrows(() => db.searchVectors("e", [1], { signal }), Error);
    assertStrictEquals(error, reason);
  });

  graphTest(subject, "stats tell what an index is made of", (db) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    withVectors(db, "e", [[1], [2], [3]]);
    const stats = db.vectorIndex("e").stats();
    assertEquals([stats.name, stats.count, stats.metric], ["e", 3, "euclidean"]);
    assertEquals(stats.linked + stats.pending, 3);
    db.transaction((tx) => {
      tx.createVectorIndex("later", { dimension: 1 });
      tx.setVector("later", 1, [1]);
      const { searches, count, linked, pending } = tx.vectorIndex("later").stats();
      assertEquals([searches, count, linked, pending], ["stored", 1, 0, 1]);
    });
  });

  fileTest(subject, "without room for an index its searches compare what is stored", (db, world) => {
    db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = withVectors(db, "e", [[1], [2], [3]]) as [number, number];
    const again = world.reopen();
    const { Memory } = WebAssembly;
    const index = again.vectorIndex("e");
    using warnings = new Warnings();
    try {
      WebAssembly.Memory = class {
        constructor() {
          throw new RangeError("no room");
        }
      } as unknown as typeof Memory;
      for (const isExact of [false, true, false]) {
        const found = again.searchVectors("e", [1.4], { k: 2, exact: isExact });
        assertEquals(found.map(({ nodeId }) => nodeId), [a, b]);
      }
      assertEquals([index.stats().searches, index.stats().pending], ["stored", 3]);
      again.transaction((tx) => {
        tx.deleteVector("e", a);
        assertEquals(tx.searchVectors("e", [1.4], { k: 1 }).map(({ nodeId }) => nodeId), [b]);
      });
      assertThrows(() => index.link(), UnsupportedError, "no room");
    } finally {
      WebAssembly.Memory = Memory;
    }
    assertEquals(warnings.codes, ["vector-memory"]);
    index.link();
    assertEquals(index.stats().searches, "memory");
  });

  fileTest(
    subject,
    "stats of a state that memory does not know count all vectors as compared one by one",
    (db, world) => {
      db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
      const [a] = withVectors(db, "e", [[1], [2], [3]]) as [number, number, number];
      const again = world.reopen();
      using snapshot = again.snapshot();
      again.deleteVector("e", a);
      assertEquals(again.vectorIndex("e").stats().searches, "memory");
      const { searches, count, linked, pending, deleted, layers, memoryBytes } = snapshot.vectorIndex("e").stats();
      assertEquals([searches, count, linked, pending, deleted, layers, memoryBytes], ["stored", 3, 0, 3, 0, 0, 0]);
    },
  );

  fileTest(subject, "indexes and vectors are there after reopening", (db, world) => {
    db.createVectorIndex("e", { dimension: 2, metric: "euclidean", m: 5, efConstruction: 50, efSearch: 40, seed: 3 });
    const [a, b, c] = withVectors(db, "e", [[1, 1], [2, 2], [3, 3]]) as [number, number, number];
    db.deleteVector("e", b);
    db.createVectorIndex("dropped", { dimension: 2 });
    db.dropVectorIndex("dropped");
    const infos = db.vectorIndexes();
    const found = db.searchVectors("e", [0, 0]);
    const again = world.reopen();
    assertEquals(again.vectorIndexes(), infos);
    assertEquals(again.searchVectors("e", [0, 0]), found);
    assertEquals(ids(found), [a, c]);
    assertEquals(again.getVector("e", c), Float32Array.of(3, 3));
    again.setVector("e", b, [0, 1]);
    assertEquals(ids(again.searchVectors("e", [0, 0])), [b, a, c]);
  });

  vectorPropertyTest(subject);
}

/** Random work on a database and a model, with exact and usual searches: of so few vectors both find the same. */
function vectorPropertyTest(subject: Subject): void {
  const pick = fc.nat({ max: 12 });
  const number = fc.integer({ min: -8, max: 8 }).map((n) => n / 4);
  const vector = fc.array(number, { minLength: 3, maxLength: 3 }).filter((numbers) => numbers.some((n) => n !== 0));
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("set" as const), pick, vector }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), pick }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteNode" as const), pick }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("search" as const), vector, k: fc.integer({ min: 1, max: 6 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("transaction" as const),
        sets: fc.array(fc.record({ pick, vector }), { maxLength: 5 }),
        fails: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: "snapshot" as const }) },
    { weight: 1, arbitrary: fc.constant({ do: "checkpoint" as const }) },
    { weight: 1, arbitrary: fc.constant({ do: "reopen" as const }) },
  );

  test(`${subject.name}: vectors follow a model through random work`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...METRICS), fc.array(action, { maxLength: 40 }), (metric, actions) => {
        using world = new World(subject);
        world.db.createVectorIndex("e", { dimension: 3, metric, m: 2, efConstruction: 4 });
        const model = new VectorModel(metric);
        const nodes: number[] = world.db.insertNodes(
          Array.from({ length: 13 }, (_, at) => ({ kind: "N", name: `${at}` })),
        );
        const snapshots: { readonly reader: GraphReader; readonly model: VectorModel }[] = [];
        for (const step of actions) {
          const { db } = world;
          if (step.do === "set") {
            const nodeId = nodes[step.pick] as number;
            if (!db.hasNode(nodeId)) continue;
            db.setVector("e", nodeId, step.vector);
            model.set(nodeId, step.vector);
          } else if (step.do === "delete") {
            const nodeId = nodes[step.pick] as number;
            assertEquals(db.deleteVector("e", nodeId), model.delete(nodeId));
          } else if (step.do === "deleteNode") {
            const nodeId = nodes[step.pick] as number;
            if (db.hasNode(nodeId)) db.deleteNode(nodeId);
            model.delete(nodeId);
          } else if (step.do === "search") {
            const options = { k: step.k, ef: 100 };
            model.assertFound(db.searchVectors("e", step.vector, options), step.vector, step.k);
            model.assertFound(db.searchVectors("e", step.vector, { ...options, exact: true }), step.vector, step.k);
          } else if (step.do === "transaction") {
            const inside = model.copy();
            try {
              db.transaction((tx) => {
                for (const { pick, vector } of step.sets) {
                  const nodeId = nodes[pick] as number;
                  if (!tx.hasNode(nodeId)) continue;
                  tx.setVector("e", nodeId, vector);
                  inside.set(nodeId, vector);
                  inside.assertFound(tx.searchVectors("e", vector, { k: 4, ef: 100 }), vector, 4);
                }
                if (step.fails) throw new Error("roll back");
              });
              model.become(inside);
            } catch (error) {
              if (!(error instanceof Error) || error.message !== "roll back") throw error;
            }
          } else if (step.do === "snapshot") {
            snapshots.push({ reader: db.snapshot(), model: model.copy() });
          } else if (step.do === "checkpoint") {
            db.checkpoint();
          } else if (!subject.inMemory) {
            snapshots.length = 0;
            world.reopen();
          }
          const query = [1, 0.5, -1];
          for (const { reader, model: then } of snapshots) {
            then.assertFound(reader.searchVectors("e", query, { k: 5, ef: 100 }), query, 5);
          }
        }
        model.assertStored(world.db);
        world.verify();
      }),
      { numRuns: runsOn(subject, 20) },
    );
  });
}
