/** The contract of snapshots: immutable views of one commit. History beyond that is asserted by `history.ts`. */

import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import { ClosedError, NotFoundError } from "../../lib/backend/errors.ts";
import type { Snapshot } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefusal, drain, fingerprint } from "./refusal.ts";
import { fileTest, graphTest, START_MS, type Subject } from "./subject.ts";

/** Every read, of a graph that has node 1 and edge 1. */
export const READS: readonly ((graph: GraphReader) => unknown)[] = [
  (graph) => graph.getNode(1),
  (graph) => graph.getNode(1, "Node"),
  (graph) => graph.getNode(1, { data: false }),
  (graph) => graph.requireNode(1),
  (graph) => graph.requireNode(1, "Node"),
  (graph) => graph.nodeName(1),
  (graph) => graph.nodeKind(1),
  (graph) => graph.hasNode(1),
  (graph) => graph.countNodes(),
  (graph) => graph.countNodes({ kind: "Node", label: "L", glob: "*", name: "a" }),
  (graph) => graph.nodes(),
  (graph) => graph.nodes({ data: false, label: "L" }),
  (graph) => graph.nodeIds(),
  (graph) => graph.getEdge(1),
  (graph) => graph.getEdge(1, "LINK"),
  (graph) => graph.getEdge(1, { data: false }),
  (graph) => graph.requireEdge(1),
  (graph) => graph.hasEdge(1),
  (graph) => graph.countEdges(),
  (graph) => graph.countEdges({ type: "LINK" }),
  (graph) => graph.edges(),
  (graph) => graph.edges({ type: "LINK", data: false }),
  (graph) => graph.edgesOf(1),
  (graph) => graph.edgesOf(1, { data: false, direction: "both" }),
  (graph) => graph.edgesBetween(1, 1),
  (graph) => graph.neighbors(1),
  (graph) => graph.neighbors(1, { distinct: false, direction: "both" }),
  (graph) => graph.degree(1),
  (graph) => graph.bfs(1),
  (graph) => graph.kHop(1, 2),
  (graph) => graph.shortestPath(1, 1),
  (graph) => graph.chain(1, [{}]),
  (graph) => graph.matchPattern({ root: { data: {} }, legs: [{}] }),
  (graph) => graph.matchPattern({}, { start: 1 }),
  (graph) => graph.kv.get("k"),
  (graph) => graph.kv.entry("k"),
  (graph) => graph.kv.has("k"),
  (graph) => graph.kv.scan(),
  (graph) => graph.kv.scan({ prefix: new Uint8Array() }),
  (graph) => graph.kv.count(),
];

const answersOf = (graph: GraphReader): unknown[] => READS.map((read) => drain(read(graph)));

/** Declares the tests of snapshots. */
export function snapshotContract(subject: Subject): void {
  graphTest(subject, "a snapshot answers every read as the database did, while everything changes", (db) => {
    const { nodes: { a, b }, edges: [edge] } = graphOf(db, "a->a, a->b, b->c");
    assertEquals([a, edge], [1, 1]);
    db.addLabel(a, "L");
    db.patchNode(a, { n: 1 });
    db.kv.set("k", [1]);
    const expected = { answers: answersOf(db), content: contentOf(db), print: fingerprint(db) };
    using snapshot = db.snapshot();
    const check = () =>
      assertEquals(
        { answers: answersOf(snapshot), content: contentOf(snapshot), print: fingerprint(snapshot) },
        expected,
      );
    check();
    db.updateNode(a, { kind: "K", name: "z", data: 5 });
    db.removeLabel(a, "L");
    db.updateEdge(edge, { type: "OTHER", data: [] });
    db.kv.set("k", 2);
    db.kv.set("new", 2);
    check();
    db.transaction((tx) => {
      tx.deleteNode(a);
      tx.kv.delete("k");
      graphOf(tx, "x->y");
      check();
    });
    check();
    db.deleteNode(b);
    db.checkpoint();
    check();
    assertEquals(snapshot.lsn, expected.print.lsn!);
    assert(db.lsn > snapshot.lsn);
  });

  graphTest(subject, "several snapshots at once each keep their own state", (db) => {
    const snapshots: Snapshot[] = [];
    for (let n = 0; n < 6; n++) {
      db.insertNode({ kind: "N", name: `${n}` });
      db.kv.set("n", n);
      snapshots.push(db.snapshot());
    }
    const check = () =>
      snapshots.forEach((snapshot, n) => {
        if (snapshot === undefined) return;
        assertEquals([snapshot.countNodes(), snapshot.kv.get("n")], [n + 1, n]);
        assertEquals([...snapshot.nodes()].map((node) => node.name), Array.from({ length: n + 1 }, (_, at) => `${at}`));
      });
    check();
    for (const id of db.nodeIds()) db.deleteNode(id);
    check();
    for (const at of [2, 0, 5]) {
      snapshots[at]!.release();
      delete snapshots[at];
      check();
    }
    for (const snapshot of snapshots) snapshot?.release();
  });

  graphTest(subject, "two snapshots of the same commit are equal and released one by one", (db) => {
    graphOf(db, "a->b");
    const first = db.snapshot();
    const second = db.snapshot();
    assertEquals(contentOf(first), contentOf(second));
    assertEquals(first.lsn, second.lsn);
    first.release();
    assertEquals(second.countNodes(), 2);
    second.release();
  });

  graphTest(subject, "a snapshot of an empty graph stays empty", (db) => {
    using snapshot = db.snapshot();
    graphOf(db, "a->b");
    db.kv.set("k", 1);
    assertEquals(contentOf(snapshot), { nodes: [], edges: [], keyValues: [] });
    assertStrictEquals(snapshot.getNode(1), undefined);
    assertRefusal(NotFoundError, () => snapshot.neighbors(1), "1");
  });

  graphTest(subject, "a released snapshot throws ClosedError for every read, and may be released again", (db) => {
    graphOf(db, "a->a");
    const snapshot = db.snapshot();
    const iterators = [snapshot.nodes(), snapshot.edges(), snapshot.kv.scan()];
    snapshot.release();
    for (const read of READS) assertRefusal(ClosedError, () => read(snapshot));
    for (const iterator of iterators) assertThrows(() => iterator.next(), ClosedError);
    snapshot.release();
    snapshot[Symbol.dispose]();
    assertEquals(db.countNodes(), 1);
  });

  graphTest(subject, "using releases a snapshot", (db) => {
    graphOf(db, "a->a");
    let kept: Snapshot | undefined;
    {
      using snapshot = db.snapshot();
      kept = snapshot;
      assertEquals(snapshot.countNodes(), 1);
    }
    assertRefusal(ClosedError, () => kept.countNodes());
  });

  graphTest(subject, "snapshots end with their database", (db) => {
    graphOf(db, "a->a");
    const snapshot = db.snapshot();
    db.close();
    for (const read of READS) assertRefusal(ClosedError, () => read(snapshot));
    snapshot.release();
  });

  graphTest(subject, "a snapshot has no writes", (db) => {
    graphOf(db, "a->a");
    using snapshot = db.snapshot();
    for (const call of ["insertNode", "transaction", "deleteNode", "addLabel"]) assertFalse(call in snapshot, call);
    for (const call of ["set", "delete"]) {
      assertFalse(typeof Reflect.get(snapshot.kv, call) === "function", `kv.${call}`);
    }
  });

  graphTest(subject, "in a snapshot keys expire no more", (db, world) => {
    db.kv.set("lives", 1, { ttlSeconds: 10 });
    db.kv.set("expired", 1, { ttlSeconds: 5 });
    world.nowMs += 5_000;
    using snapshot = db.snapshot();
    world.nowMs += 1e9;
    const entry = { key: "lives" as const, value: 1, expiresAt: START_MS + 10_000 };
    assertEquals([...snapshot.kv.scan()], [entry]);
    assertEquals(snapshot.kv.entry("lives"), entry);
    assertEquals([snapshot.kv.has("lives"), snapshot.kv.has("expired"), snapshot.kv.count()], [true, false, 1]);
    db.checkpoint();
    assertEquals([snapshot.kv.get("lives"), db.kv.has("lives")], [1, false]);
  });

  graphTest(subject, "iterators of a snapshot go on while the database changes", (db) => {
    db.insertNodes(Array.from({ length: 700 }, (_, n) => ({ kind: "N", name: `${n}` })));
    using snapshot = db.snapshot();
    const iterator = snapshot.nodeIds();
    const seen = [iterator.next().value!];
    for (const id of db.nodeIds()) db.deleteNode(id);
    seen.push(...iterator);
    assertEquals(seen.length, 700);
    assertEquals([...snapshot.nodeIds()], seen);
  });

  graphTest(subject, "a snapshot shows nothing of a transaction that runs or was rolled back", (db) => {
    graphOf(db, "a");
    using before = db.snapshot();
    assertThrows(() =>
      db.transaction((tx) => {
        tx.insertNode({ kind: "N", name: "b" });
        assertEquals(before.countNodes(), 1);
        throw new RangeError();
      }), RangeError);
    using after = db.snapshot();
    assertEquals([before.countNodes(), after.countNodes(), after.lsn], [1, 1, before.lsn]);
  });

  graphTest(subject, "backup, export and checkpoint work beside a snapshot", (db, world) => {
    graphOf(db, "a->b");
    using snapshot = db.snapshot();
    graphOf(db, "c->d");
    assertEquals(db.backup(world.at("copies")).nodes, 4);
    assertEquals(db.exportSnapshot(world.at("export.jsonl")).nodes, 4);
    db.checkpoint();
    assertEquals(snapshot.countNodes(), 2);
  });

  fileTest(subject, "many snapshots come and go", (db) => {
    graphOf(db, "a->b");
    for (let n = 0; n < 300; n++) {
      using snapshot = db.snapshot();
      db.kv.set("n", n);
      assertEquals(snapshot.kv.get("n") ?? -1, n - 1);
    }
  });
}
