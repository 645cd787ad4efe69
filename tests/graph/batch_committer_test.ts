import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import { BatchCommitter, type BatchResult, MAX_GROUP_BATCHES } from "../../lib/graph/batch_committer.ts";
import { Footprint } from "../../lib/graph/footprint.ts";
import { TransactionDraft } from "../../lib/graph/transaction_draft.ts";
import type { Isolation, TransactionBatch } from "../../lib/graph/transaction_batch.ts";
import { test } from "../support/test.ts";
import { NOW_MS, ServedHere } from "./served_here.ts";

/** A graph of a -> b -> c -> a, the keys x and y, and who commits to it. */
class Service implements Disposable {
  readonly engine: ServedHere = ServedHere.v3();
  readonly committer: BatchCommitter = new BatchCommitter(this.engine, () => NOW_MS);
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly ab: number;

  constructor() {
    const { backend } = this.engine;
    [this.a, this.b, this.c] = ["a", "b", "c"].map((name) =>
      backend.insertNode({ kind: "Letter", name, labels: [`label-${name}`] })
    ) as [number, number, number];
    this.ab = backend.insertEdge({ from: this.a, to: this.b, type: "NEXT" });
    backend.insertEdge({ from: this.b, to: this.c, type: "NEXT" });
    backend.insertEdge({ from: this.c, to: this.a, type: "NEXT" });
    for (const name of ["e", "f"]) {
      backend.createVectorIndex(name, { dimension: 1, metric: "euclidean" });
      backend.setVectors(name, [this.a, this.b].map((nodeId) => ({ nodeId, vector: [nodeId] })));
    }
    backend.kv.set("x/1", 1);
    backend.kv.set("y/1", 1);
  }

  /** What a transaction on the newest state wants. */
  draft(run: (tx: GraphTransaction) => unknown, isolation: Isolation = "serializable"): TransactionBatch {
    const state = this.engine.hold();
    const footprint = new Footprint();
    const ids = {
      nextNodeId: () => this.engine.lease(1, 0).firstNodeId,
      nextEdgeId: () => this.engine.lease(0, 1).firstEdgeId,
    };
    const draft = new TransactionDraft(state, ids, footprint, () => NOW_MS);
    run(draft.tx);
    draft.end();
    const { lsn: snapshotLsn } = state;
    state.release();
    return { snapshotLsn, operations: draft.operations.finish(), footprint: footprint.keys(isolation) };
  }

  /** Commits them as a group. */
  kinds(...batches: readonly TransactionBatch[]): BatchResult["kind"][] {
    return this.committer.commit(batches).map(({ kind }) => kind);
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}

type Write = (tx: GraphTransaction, it: Service) => void;
type Read = (tx: GraphTransaction, it: Service) => unknown;

const READS: Readonly<Record<string, Read>> = {
  // First: each of the others that is committed writes a key.
  "all keys": (tx) => tx.kv.count(),
  "the node": (tx, { a }) => tx.getNode(a),
  "another node": (tx, { c }) => tx.getNode(c),
  "nodes of the kind": (tx) => tx.countNodes({ kind: "Letter" }),
  "nodes of another kind": (tx) => tx.countNodes({ kind: "Digit" }),
  "nodes with the label": (tx) => [...tx.nodes({ label: "label-a" })],
  "nodes with another label": (tx) => [...tx.nodes({ label: "label-c" })],
  "nodes with the name": (tx) => [...tx.nodes({ name: "a" })],
  "nodes with another name": (tx) => [...tx.nodes({ name: "z" })],
  "all nodes": (tx) => tx.countNodes(),
  "the edge": (tx, { ab }) => tx.getEdge(ab),
  "edges that leave the node": (tx, { a }) => tx.degree(a, { direction: "out" }),
  "edges that enter the node": (tx, { a }) => tx.degree(a, { direction: "in" }),
  "edges that enter its neighbour": (tx, { b }) => tx.degree(b, { direction: "in" }),
  "edges that leave its neighbour": (tx, { b }) => tx.degree(b, { direction: "out" }),
  "edges between the two": (tx, { a, b }) => tx.edgesBetween(a, b),
  "edges of the type": (tx) => tx.countEdges({ type: "NEXT" }),
  "edges of another type": (tx) => tx.countEdges({ type: "LIKES" }),
  "all edges": (tx) => tx.countEdges(),
  "the key": (tx) => tx.kv.get("x/1"),
  "another key": (tx) => tx.kv.get("x/2"),
  "keys of the prefix": (tx) => [...tx.kv.scan({ prefix: "x/" })],
  "keys of another prefix": (tx) => [...tx.kv.scan({ prefix: "y/" })],
  "the vector": (tx, { a }) => tx.getVector("e", a),
  "its neighbour's vector": (tx, { b }) => tx.getVector("e", b),
  "a vector that is missing": (tx, { c }) => tx.getVector("e", c),
  "the node's vector in another index": (tx, { a }) => tx.getVector("f", a),
  "the nearest": (tx) => tx.searchVectors("e", [1], { k: 1 }),
  "the nearest in another index": (tx) => tx.searchVectors("f", [1], { k: 1 }),
  "the nearest of the kind": (tx) => tx.searchVectors("e", [1], { k: 1, filter: { kinds: ["Letter"] } }),
  "all vectors": (tx) => [...tx.vectorIndex("e").vectors()],
  "the number of vectors": (tx) => tx.vectorIndex("e").info,
  "an index that is missing": (tx) => assertThrows(() => tx.getVector("g", 1)),
  "all indexes": (tx) => tx.vectorIndexes(),
};

const CASES: readonly { readonly what: string; readonly write: Write; readonly conflicting: readonly string[] }[] = [
  {
    what: "an insert of a node",
    write: (tx) => tx.insertNode({ kind: "Digit", name: "z", labels: ["label-c"] }),
    conflicting: ["nodes of another kind", "nodes with another label", "nodes with another name", "all nodes"],
  },
  {
    what: "an update of a node's content",
    write: (tx, { a }) => tx.updateNode(a, { data: { seen: true } }),
    conflicting: [
      "the node",
      "nodes of the kind",
      "the nearest of the kind",
      "nodes with the label",
      "nodes with the name",
      "all nodes",
    ],
  },
  {
    what: "a new name",
    write: (tx, { a }) => tx.updateNode(a, { name: "z" }),
    conflicting: [
      "the node",
      "nodes of the kind",
      "the nearest of the kind",
      "nodes with the label",
      "nodes with the name",
      "nodes with another name",
      "all nodes",
    ],
  },
  {
    what: "a new kind",
    write: (tx, { a }) => tx.updateNode(a, { kind: "Digit" }),
    conflicting: [
      "the node",
      "nodes of the kind",
      "nodes of another kind",
      "nodes with the label",
      "nodes with the name",
      "all nodes",
      "the nearest of the kind",
    ],
  },
  {
    what: "a further label",
    write: (tx, { a }) => tx.addLabel(a, "label-c"),
    conflicting: [
      "the node",
      "nodes of the kind",
      "the nearest of the kind",
      "nodes with the label",
      "nodes with another label",
      "nodes with the name",
      "all nodes",
    ],
  },
  {
    what: "the loss of a label",
    write: (tx, { a }) => tx.removeLabel(a, "label-a"),
    conflicting: [
      "the node",
      "nodes of the kind",
      "the nearest of the kind",
      "nodes with the label",
      "nodes with the name",
      "all nodes",
    ],
  },
  {
    what: "the end of a node",
    write: (tx, { a }) => tx.deleteNode(a),
    conflicting: [
      "the node",
      "nodes of the kind",
      "nodes with the label",
      "nodes with the name",
      "all nodes",
      "the edge",
      "edges that leave the node",
      "edges that enter the node",
      "edges that enter its neighbour",
      "edges between the two",
      "edges of the type",
      "all edges",
      "the vector",
      "the node's vector in another index",
      "the nearest",
      "the nearest of the kind",
      "the nearest in another index",
      "all vectors",
      "the number of vectors",
      "all indexes",
    ],
  },
  {
    what: "a new edge",
    write: (tx, { a, b }) => tx.insertEdge({ from: b, to: a, type: "LIKES" }),
    conflicting: ["edges that enter the node", "edges that leave its neighbour", "edges of another type", "all edges"],
  },
  {
    what: "an update of an edge's content",
    write: (tx, { ab }) => tx.updateEdge(ab, { data: { seen: true } }),
    conflicting: ["the edge", "edges between the two", "edges of the type", "all edges"],
  },
  {
    what: "a new type of an edge",
    write: (tx, { ab }) => tx.updateEdge(ab, { type: "LIKES" }),
    conflicting: [
      "the edge",
      "edges that leave the node",
      "edges that enter its neighbour",
      "edges between the two",
      "edges of the type",
      "edges of another type",
      "all edges",
    ],
  },
  {
    what: "the end of an edge",
    write: (tx, { ab }) => tx.deleteEdge(ab),
    conflicting: [
      "the edge",
      "edges that leave the node",
      "edges that enter its neighbour",
      "edges between the two",
      "edges of the type",
      "all edges",
    ],
  },
  {
    what: "a key's value",
    write: (tx) => tx.kv.set("x/1", 2),
    conflicting: ["the key", "keys of the prefix", "all keys"],
  },
  {
    what: "a new key",
    write: (tx) => tx.kv.set("x/2", 2),
    conflicting: ["another key", "keys of the prefix", "all keys"],
  },
  {
    what: "the end of a key",
    write: (tx) => void tx.kv.delete("x/1"),
    conflicting: ["the key", "keys of the prefix", "all keys"],
  },
  {
    what: "another vector of a node",
    write: (tx, { a }) => tx.setVector("e", a, [9]),
    conflicting: [
      "the vector",
      "the nearest",
      "the nearest of the kind",
      "all vectors",
      "the number of vectors",
      "all indexes",
    ],
  },
  {
    what: "the first vector of a node",
    write: (tx, { c }) => tx.setVector("e", c, [9]),
    conflicting: [
      "a vector that is missing",
      "the nearest",
      "the nearest of the kind",
      "all vectors",
      "the number of vectors",
      "all indexes",
    ],
  },
  {
    what: "the end of a vector",
    write: (tx, { a }) => void tx.deleteVector("e", a),
    conflicting: [
      "the vector",
      "the nearest",
      "the nearest of the kind",
      "all vectors",
      "the number of vectors",
      "all indexes",
    ],
  },
  {
    what: "a new vector index",
    write: (tx) => void tx.createVectorIndex("g", { dimension: 1 }),
    conflicting: ["an index that is missing", "all indexes"],
  },
  {
    what: "the end of a vector index",
    write: (tx) => void tx.dropVectorIndex("e"),
    conflicting: [
      "the vector",
      "its neighbour's vector",
      "a vector that is missing",
      "the nearest",
      "the nearest of the kind",
      "all vectors",
      "the number of vectors",
      "all indexes",
    ],
  },
];

/** What a transaction may have read so that it conflicts with one that writes. */
function conflictingReads(write: Write): string[] {
  using service = new Service();
  const readers = Object.entries(READS).map(([what, read]) => {
    const batch = service.draft((tx) => {
      read(tx, service);
      tx.kv.set(`reader/${what}`, true);
    });
    return { what, batch };
  });
  assertEquals(service.kinds(service.draft((tx) => write(tx, service))), ["committed"]);
  return readers.filter(({ batch }) => service.kinds(batch)[0] === "conflict").map(({ what }) => what);
}

for (const { what, write, conflicting } of CASES) {
  test(`${what} conflicts with whoever read what it changes, and with nobody else`, () => {
    assertEquals(conflictingReads(write).sort(), [...conflicting].sort());
  });
}

test("transactions that have nothing to do with each other commit as one group", () => {
  using service = new Service();
  const { a, b } = service;
  const before = service.engine.backend.lsn;
  const results = service.committer.commit([
    service.draft((tx) => tx.updateNode(a, { data: { n: 1 } })),
    service.draft((tx) => tx.updateNode(b, { data: { n: 2 } })),
  ]);
  assertEquals(results, [{ kind: "committed", lsn: before + 1 }, { kind: "committed", lsn: before + 2 }]);
  assertEquals(service.engine.backend.getNode(b)?.data, { n: 2 });
});

test("of two transactions that update a node the first one wins, in one group and in two", () => {
  for (const isolation of ["snapshot", "serializable"] as const) {
    using service = new Service();
    const { a } = service;
    const update = (n: number) => service.draft((tx) => tx.updateNode(a, { data: { n } }), isolation);
    const [first, second, third] = [update(1), update(2), update(3)];
    assertEquals(service.kinds(first, second), ["committed", "conflict"]);
    assertEquals(service.kinds(third), ["conflict"]);
    assertEquals(service.engine.backend.getNode(a)?.data, { n: 1 });
  }
});

test("a conflict that was run again on a newer state is committed", () => {
  using service = new Service();
  const { a } = service;
  const increment = () =>
    service.draft((tx) => tx.updateNode(a, { data: { n: ((tx.requireNode(a).data as { n?: number }).n ?? 0) + 1 } }));
  const [first, second] = [increment(), increment()];
  assertEquals(service.kinds(first, second), ["committed", "conflict"]);
  assertEquals(service.kinds(increment()), ["committed"]);
  assertEquals(service.engine.backend.getNode(a)?.data, { n: 2 });
});

test("an edge to a node that was deleted is a conflict, also under snapshot isolation, and takes its transaction along", () => {
  using service = new Service();
  const { a, c } = service;
  const link = service.draft((tx) => {
    tx.insertNode({ kind: "Letter", name: "d" });
    tx.insertEdge({ from: c, to: a, type: "NEXT" });
  }, "snapshot");
  const results = service.committer.commit([service.draft((tx) => tx.deleteNode(a)), link]);
  assertEquals(results.map(({ kind }) => kind), ["committed", "conflict"]);
  assertMatch((results[1] as { readonly message: string }).message, new RegExp(`node ${a}, .* was deleted`));
  assertEquals(service.engine.backend.countNodes({ name: "d" }), 0);
});

test("what a transaction wrote that was rolled back conflicts with nobody", () => {
  using service = new Service();
  const { a, b, c } = service;
  const lost = service.draft((tx) => {
    tx.updateNode(b, { data: { lost: true } });
    tx.insertEdge({ from: b, to: a, type: "NEXT" });
  }, "snapshot");
  const other = service.draft((tx) => tx.updateNode(b, { data: { lost: false } }));
  const after = service.draft((tx) => tx.updateNode(c, { data: { seen: tx.requireNode(b).name } }));
  assertEquals(service.kinds(service.draft((tx) => tx.deleteNode(a)), lost), ["committed", "conflict"]);
  assertEquals(service.kinds(after, other), ["committed", "committed"]);
});

test("a transaction whose changes are there already changes nothing", () => {
  using service = new Service();
  const { a } = service;
  const { lsn } = service.engine.backend;
  const label = () => service.draft((tx) => tx.addLabel(a, "new"), "snapshot");
  const batch = { ...label(), footprint: new Float64Array() };
  assertEquals(service.kinds(batch), ["committed"]);
  assertEquals(service.kinds(batch), ["unchanged"]);
  assertEquals(service.engine.backend.lsn, lsn + 1);
});

test("a transaction that the engine refuses fails alone", () => {
  using service = new Service();
  const damaged: TransactionBatch = {
    snapshotLsn: service.engine.backend.lsn,
    operations: new Uint8Array([255, 255]),
    footprint: new Float64Array(),
  };
  const { a } = service;
  const results = service.committer.commit([damaged, service.draft((tx) => tx.updateNode(a, { name: "A" }))]);
  assertEquals(results.map(({ kind }) => kind), ["failed", "committed"]);
  assertEquals(service.engine.backend.nodeName(a), "A");
});

test("when the sync fails, every transaction of the group has failed and conflicts with nobody", () => {
  using service = new Service();
  const { a, b, engine } = service;
  const failure = new Error("disk full");
  let isBroken = true;
  const committer = new BatchCommitter({
    backend: engine.backend,
    handle: undefined,
    vectors: engine.vectors,
    group: <R>(runs: readonly ((target: ImportTarget) => R)[]) => {
      if (!isBroken) return engine.group<R>(runs);
      engine.group<R>(runs.map((run) => (target) => {
        run(target);
        throw failure;
      }));
      throw failure;
    },
    lease: (nodes: number, edges: number) => engine.lease(nodes, edges),
    close: () => {},
  }, () => NOW_MS);
  const batches = [
    service.draft((tx) => tx.addLabel(a, "one"), "snapshot"),
    service.draft((tx) => tx.addLabel(b, "two"), "snapshot"),
  ];
  for (const result of committer.commit(batches)) {
    assert(result.kind === "failed");
    assertStrictEquals(result.error, failure);
  }
  isBroken = false;
  assertEquals(committer.commit(batches).map(({ kind }) => kind), ["committed", "committed"]);
});

test("a commit from elsewhere conflicts with every transaction that did not see it", () => {
  using service = new Service();
  const { a } = service;
  const update = () => service.draft((tx) => tx.updateNode(a, { data: { n: 1 } }));
  const blind = service.draft((tx) => tx.insertNode({ kind: "Digit", name: "1" }));
  const before = update();
  service.engine.backend.insertNode({ kind: "Letter", name: "elsewhere" });
  assertEquals(service.kinds(before, blind, update()), ["conflict", "committed", "committed"]);
});

test("the end of a node with very many edges conflicts with everybody, and not after it was seen", () => {
  using service = new Service();
  const { a, b, c, engine } = service;
  engine.backend.insertEdges(Array.from({ length: 140_000 }, () => ({ from: a, to: b, type: "MANY" })));
  const update = () => service.draft((tx) => tx.updateNode(c, { data: { n: 1 } }));
  const before = update();
  assertEquals(service.kinds(service.draft((tx) => tx.deleteNode(a)), before), ["committed", "conflict"]);
  assertEquals(service.kinds(before), ["conflict"]);
  assertEquals(service.kinds(update()), ["committed"]);
});

test("an id that an import took meanwhile is a conflict", () => {
  using service = new Service();
  const { a, b } = service;
  const node = service.draft((tx) => tx.insertNode({ kind: "Digit", name: "1" }));
  const edge = service.draft((tx) => tx.insertEdge({ from: a, to: b, type: "NEXT" }), "snapshot");
  assertEquals(service.kinds(node, edge), ["committed", "committed"]);
  assertEquals(service.kinds(node, edge), ["conflict", "conflict"]);
});

test("more transactions than a group may have are committed in several", () => {
  using service = new Service();
  const batches = Array.from(
    { length: MAX_GROUP_BATCHES + 10 },
    (_, number) => service.draft((tx) => tx.kv.set(`key/${number}`, number)),
  );
  const results = service.committer.commit(batches);
  assertEquals(results.length, batches.length);
  assert(results.every(({ kind }) => kind === "committed"));
  assertEquals(service.engine.backend.kv.count(), 2 + batches.length);
});

test("no transactions are no commit", () => {
  using service = new Service();
  assertEquals(service.committer.commit([]), []);
});

test("a vector of a node that was deleted is a conflict, and the other way round, under either isolation", () => {
  for (const isolation of ["snapshot", "serializable"] as const) {
    for (const isDeletedFirst of [true, false]) {
      using service = new Service();
      const { a } = service;
      const set = service.draft((tx) => tx.setVector("e", a, [5]), isolation);
      const end = service.draft((tx) => tx.deleteNode(a), isolation);
      assertEquals(service.kinds(...(isDeletedFirst ? [end, set] : [set, end])), ["committed", "conflict"]);
    }
  }
});

test("of two transactions that write a node's vector the first one wins under either isolation", () => {
  for (const isolation of ["snapshot", "serializable"] as const) {
    using service = new Service();
    const { a, b, c } = service;
    const set = (node: number, to: number) => service.draft((tx) => tx.setVector("e", node, [to]), isolation);
    const end = service.draft((tx) => tx.deleteVector("e", a), isolation);
    assertEquals(service.kinds(set(a, 5), set(a, 6), end), ["committed", "conflict", "conflict"]);
    assertEquals(service.kinds(set(b, 5), set(c, 6)), ["committed", "committed"]);
    assertEquals(service.engine.backend.getVector("e", a), Float32Array.of(5));
  }
});

test("two new indexes of one name, and vectors for an index that was dropped or made anew, are conflicts", () => {
  for (const isolation of ["snapshot", "serializable"] as const) {
    using service = new Service();
    const { a } = service;
    const make = (dimension: number) => service.draft((tx) => tx.createVectorIndex("g", { dimension }), isolation);
    assertEquals(service.kinds(make(1), make(2)), ["committed", "conflict"]);
    const set = service.draft((tx) => tx.setVector("g", a, [1]), isolation);
    const drop = service.draft((tx) => tx.dropVectorIndex("g"), isolation);
    // Which is not the one that `set` knew, though it looks the same.
    const remake = (dimension: number) =>
      service.draft((tx) => {
        tx.dropVectorIndex("g");
        tx.createVectorIndex("g", { dimension });
        tx.setVector("g", a, Array(dimension).fill(7));
      }, isolation);
    assertEquals(service.kinds(remake(1), set, drop), ["committed", "conflict", "conflict"]);
    assertEquals(service.engine.backend.getVector("g", a), Float32Array.of(7));
    // What does not fit is found also without the footprint.
    const blind = { ...set, footprint: new Float64Array() };
    assertEquals(service.kinds(remake(2), blind), ["committed", "conflict"]);
    assertEquals(service.kinds(service.draft((tx) => tx.dropVectorIndex("g")), blind), ["committed", "conflict"]);
  }
});
