/** The contract of `stats` and `check`. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { graphOf } from "./graph_of.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Declares the tests of statistics and checks. */
export function careContract(subject: Subject): void {
  graphTest(subject, "stats counts nodes, edges, keys, kinds, types and labels, by name in byte order", (db, world) => {
    db.insertNodes([
      { kind: "b", name: "1", labels: ["y", "x"] },
      { kind: "B", name: "2", labels: ["x"] },
      { kind: "b", name: "3", labels: ["B"] },
      { kind: "😀", name: "4" },
      { kind: "\uff5e", name: "5" },
    ]);
    const [a, b] = db.nodeIds();
    for (const type of ["z", "Z", "z"]) db.insertEdge({ from: a!, to: b!, type });
    db.kv.set("k", 1);
    const stats = db.stats();
    assertEquals([stats.nodes, stats.edges, stats.keyValues, stats.lsn], [5, 3, 1, db.lsn]);
    assertEquals([stats.backend, stats.path], [subject.backend, world.path]);
    const named = (list: readonly { name: string; count: number }[]) =>
      list.map(({ name, count }) => `${name} ${count}`);
    assertEquals(named(stats.kinds), ["B 1", "b 2", "\uff5e 1", "😀 1"]);
    assertEquals(named(stats.edgeTypes), ["Z 1", "z 2"]);
    assertEquals(named(stats.labels), ["B 1", "x 2", "y 1"], "kinds are not counted as labels");
    for (const size of [stats.fileBytes, stats.logBytes, stats.freeBytes]) {
      assert(Number.isSafeInteger(size) && size >= 0);
    }
    assert(stats.fileBytes + stats.logBytes > 0);
    assert(Number.isSafeInteger(stats.formatVersion) && stats.formatVersion > 0);
  });

  graphTest(subject, "stats of an empty database are zero", (db) => {
    const { nodes, edges, keyValues, kinds, edgeTypes, labels } = db.stats();
    assertEquals([nodes, edges, keyValues, kinds, edgeTypes, labels], [0, 0, 0, [], [], []]);
  });

  graphTest(subject, "stats inside a transaction counts its writes and names the last commit", (db) => {
    graphOf(db, "a->b");
    const { lsn } = db;
    db.transaction((tx) => {
      tx.insertNode({ kind: "New", name: "c" });
      const stats = db.stats();
      assertEquals([stats.nodes, stats.lsn, stats.kinds.length], [3, lsn, 2]);
    });
  });

  graphTest(subject, "the default durability is full", (_db, world) => {
    using other = subject.open(world.at("other.graph"));
    assertEquals(other.stats().durability, "full");
  });

  fileTest(subject, "what is deleted leaves free space that is used again", (db) => {
    const fill = () =>
      db.insertNodes(Array.from({ length: 3_000 }, (_, n) => ({ kind: "N", name: `${n}`.repeat(10) })));
    fill();
    for (let round = 0; round < 5; round++) {
      db.transaction((tx) => {
        for (const id of tx.nodeIds()) tx.deleteNode(id);
      });
      fill();
      db.checkpoint();
    }
    assert(db.stats().fileBytes < 5_000_000, `${db.stats().fileBytes} bytes for 3,000 nodes`);
  });

  graphTest(subject, "a database that works is found without findings", (db) => {
    assertEquals(db.check(), { ok: true, findings: [] });
    const { nodes: { a, b } } = graphOf(db, "a->b, b->a, a->a");
    db.addLabel(a, "L");
    db.updateNode(b, { kind: "L" });
    db.kv.set("k", null);
    db.deleteNode(a);
    assertEquals(db.check(), { ok: true, findings: [] });
    const phases = new Set<string>();
    db.check({ onProgress: ({ phase }) => void phases.add(phase) });
    assert(phases.size > 0);
  });

  graphTest(subject, "a check that is aborted throws the reason", (db) => {
    graphOf(db, "a->b");
    const before = AbortSignal.abort(new RangeError("before"));
    assertStrictEquals(assertThrows(() => db.check({ signal: before })), before.reason);
    const controller = new AbortController();
    const onProgress = () => controller.abort(new RangeError("while it runs"));
    assertStrictEquals(
      assertThrows(() => db.check({ signal: controller.signal, onProgress })),
      controller.signal.reason,
    );
    assert(db.check({ signal: new AbortController().signal }).ok);
  });
}
