/** The contract of what lasts: commits and their numbers, flush, checkpoint, close and reopen. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { ClosedError, DatabaseLockedError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefusal, fingerprint } from "./refusal.ts";
import { READS } from "./snapshot.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Declares the tests of durability. */
export function durabilityContract(subject: Subject): void {
  lsnContract(subject);
  reopenContract(subject);
  closedContract(subject);
  readonlyContract(subject);
}

/** Every write, of a graph that has node 1, edge 1 and key k. */
const WRITES: readonly (readonly [string, (db: GraphBackend) => unknown])[] = [
  ["insertNode", (db) => db.insertNode({ kind: "N", name: "n" })],
  ["insertNodes", (db) => db.insertNodes([{ kind: "N", name: "n" }])],
  ["mergeNode", (db) => db.mergeNode({ kind: "N", name: "m" })],
  ["updateNode", (db) => db.updateNode(1, { name: "z" })],
  ["patchNode", (db) => db.patchNode(1, { a: 1 })],
  ["addLabel", (db) => db.addLabel(1, "L")],
  ["removeLabel", (db) => db.removeLabel(1, "L")],
  ["insertEdge", (db) => db.insertEdge({ from: 1, to: 1, type: "T" })],
  ["insertEdges", (db) => db.insertEdges([{ from: 1, to: 1, type: "T" }])],
  ["mergeEdge", (db) => db.mergeEdge({ from: 1, to: 1, type: "NEW" })],
  ["updateEdge", (db) => db.updateEdge(1, { type: "U" })],
  ["patchEdge", (db) => db.patchEdge(1, { a: 1 })],
  ["kv.set", (db) => db.kv.set("k", 2)],
  ["kv.delete", (db) => db.kv.delete("k")],
  ["transaction", (db) => db.transaction((tx) => tx.insertNode({ kind: "N", name: "t" }))],
  ["deleteEdge", (db) => db.deleteEdge(1)],
  ["deleteNode", (db) => db.deleteNode(1)],
];

function fill(db: GraphBackend): void {
  const { nodes: { a }, edges: [loop] } = graphOf(db, "a->a, a->b, b->a");
  assertEquals([a, loop], [1, 1]);
  db.updateNode(a, { filePath: "/f", data: { big: 2n ** 60n, zero: -0, text: "\0\ud800😀" } });
  db.addLabel(a, "First");
  db.kv.set("k", new Uint8Array([1, 2]));
  db.kv.set("t", 2n ** 62n, { ttlSeconds: 1_000 });
}

function lsnContract(subject: Subject): void {
  graphTest(subject, "each write outside a transaction is one commit with the next number", (db) => {
    fill(db);
    for (const [name, write] of WRITES) {
      const { lsn } = db;
      write(db);
      assertEquals(db.lsn, lsn + 1, name);
    }
  });

  graphTest(subject, "reads and care take no number", (db, world) => {
    fill(db);
    const { lsn } = db;
    for (const read of READS) read(db);
    db.flush();
    db.checkpoint();
    db.backup(world.at("copies"));
    db.exportSnapshot(world.at("export.jsonl"));
    db.stats();
    db.check();
    db.snapshot().release();
    db.subscribe({}, () => {}).unsubscribe();
    assertEquals(db.lsn, lsn);
  });

  graphTest(subject, "a new database's first commit has a positive number", (db) => {
    assert(Number.isSafeInteger(db.lsn) && db.lsn >= 0);
    db.kv.set("k", 1);
    assert(db.lsn > 0);
  });

  fileTest(subject, "numbers are not repeated after a reopen", (db, world) => {
    let last = db.lsn;
    for (let round = 0; round < 3; round++) {
      world.db.kv.set("k", round);
      assert(world.db.lsn > last);
      last = world.db.lsn;
      assertThrows(() =>
        world.db.transaction((tx) => {
          tx.kv.set("k", "lost");
          throw new RangeError();
        }), RangeError);
      assertEquals(world.reopen().lsn, last);
    }
  });
}

function reopenContract(subject: Subject): void {
  fileTest(subject, "what was committed is there after close and reopen", (db, world) => {
    fill(db);
    const before = { content: contentOf(db), print: fingerprint(db) };
    const again = world.reopen();
    assertEquals({ content: contentOf(again), print: fingerprint(again) }, before);
  });

  for (const durability of ["full", "normal", "off"] as const) {
    fileTest(subject, `with durability ${durability} what was flushed is there after close and reopen`, (db, world) => {
      assertEquals(db.stats().durability, durability);
      fill(db);
      db.flush();
      const before = contentOf(db);
      assertEquals(contentOf(world.reopen()), before);
    }, { durability });
  }

  graphTest(subject, "flush and checkpoint may be called at any time outside transactions", (db) => {
    db.flush();
    assertEquals(db.checkpoint(), { complete: true, expiredKeys: 0 });
    fill(db);
    const before = contentOf(db);
    db.flush();
    db.flush();
    assertEquals(db.checkpoint(), { complete: true, expiredKeys: 0 });
    assertEquals(contentOf(db), before);
  });

  fileTest(subject, "a checkpoint moves the log into the file", (db) => {
    db.insertNodes(Array.from({ length: 2_000 }, (_, n) => ({ kind: "N", name: `${n}`.repeat(20) })));
    assert(db.checkpoint().complete);
    const { fileBytes, logBytes } = db.stats();
    assert(fileBytes > 100_000, `${fileBytes}`);
    assert(logBytes < fileBytes, `${logBytes} of ${fileBytes}`);
  });

  fileTest(subject, "using closes a database, which another may then open", (db, world) => {
    const path = world.at("other.graph");
    {
      using other = world.open(path);
      other.kv.set("k", 1);
    }
    assertEquals(world.open(path).kv.get("k"), 1);
    assertFalse(db.closed);
  });

  graphTest(subject, "a database knows its engine, path and mode", (db, world) => {
    assertEquals([db.backend, db.path, db.readonly, db.closed], [subject.backend, world.path, false, false]);
    db.close();
    assertEquals([db.backend, db.path, db.readonly, db.closed], [subject.backend, world.path, false, true]);
  });

  graphTest(subject, "two databases in memory have nothing in common", (_db, world) => {
    const first = world.open(":memory:");
    const second = world.open(":memory:");
    graphOf(first, "a->b");
    assertEquals([first.countNodes(), second.countNodes(), first.path], [2, 0, ":memory:"]);
  });

  graphTest(subject, "a file that does not exist is not made where it must exist", (_db, world) => {
    const path = world.at("missing.graph");
    assertRefusal(NotFoundError, () => world.open(path, { create: false }), path);
    assertRefusal(NotFoundError, () => world.open(path, { readonly: true }), path);
    assertFalse(existsSync(path));
    world.open(path, { create: true }).close();
    assert(existsSync(path));
    assertEquals(world.open(path, { create: false }).countNodes(), 0);
  });

  fileTest(subject, "paths with quotes, blanks, wildcards and Unicode are plain paths", (_db, world) => {
    for (
      const name of [
        "it's.graph",
        'quo"te.graph',
        "per%20cent.graph",
        "a b.graph",
        "ünïcödé 漢 😀.graph",
        "ques?tion#.graph",
      ]
    ) {
      const path = world.at(name);
      world.open(path).close();
      assert(existsSync(path), path);
      const db = world.open(path, { create: false });
      db.kv.set("name", name);
      assertEquals(db.kv.get("name"), name);
      using reader = world.open(path, { readonly: true });
      subject.synchronize(db, reader);
      assertEquals(reader.kv.get("name"), name);
    }
  });

  fileTest(
    subject,
    "a writer that is locked out waits, then gets DatabaseLockedError, and nothing is changed",
    (db, world) => {
      graphOf(db, "a");
      let other: GraphBackend | undefined;
      let refused: unknown;
      db.transaction((tx) => {
        tx.insertNode({ kind: "N", name: "b" });
        try {
          other = world.open(world.path, { busyTimeoutMs: 20 });
          other.insertNode({ kind: "N", name: "c" });
        } catch (error) {
          refused = error;
        }
      });
      assert(refused instanceof DatabaseLockedError, `${refused}`);
      assertEquals([...db.nodes()].map((node) => node.name), ["a", "b"]);
      other?.close();
    },
  );
}

function closedContract(subject: Subject): void {
  const CARE: readonly ((db: GraphBackend) => unknown)[] = [
    (db) => db.snapshot(),
    (db) => db.changes(),
    (db) => db.subscribe({}, () => {}),
    (db) => db.flush(),
    (db) => db.checkpoint(),
    (db) => db.backup("copies"),
    (db) => db.exportSnapshot("export.jsonl"),
    (db) => db.importSnapshot("export.jsonl"),
    (db) => db.stats(),
    (db) => db.check(),
    (db) => db.transaction(() => {}),
    (db) => db.insertNodes([]),
    (db) => db.insertEdges([]),
  ];
  const HISTORY: readonly ((db: GraphBackend) => unknown)[] = [
    (db) => db.tag("t"),
    (db) => db.tags(),
    (db) => db.untag("t"),
    (db) => db.commits(),
    (db) => db.diff(0, 1),
  ];

  graphTest(subject, "a closed database throws ClosedError for every call, and may be closed again", (db) => {
    fill(db);
    const kv = db.kv;
    db.close();
    assert(db.closed);
    for (const read of READS) assertRefusal(ClosedError, () => read(db));
    for (const [, write] of WRITES) assertRefusal(ClosedError, () => write(db));
    for (const care of CARE) assertRefusal(ClosedError, () => care(db));
    if (subject.history) { for (const call of HISTORY) assertRefusal(ClosedError, () => call(db)); }
    assertRefusal(ClosedError, () => kv.get("k"));
    assertRefusal(ClosedError, () => kv.set("k", 1));
    db.close();
    db[Symbol.dispose]();
  });
}

function readonlyContract(subject: Subject): void {
  fileTest(subject, "a read-only database answers every read and refuses every write", (db, world) => {
    fill(db);
    const content = contentOf(db);
    db.close();
    const reader = world.open(world.path, { readonly: true });
    assert(reader.readonly);
    assertEquals(contentOf(reader), content);
    for (const read of READS) read(reader);
    const before = fingerprint(reader);
    for (const [name, write] of WRITES) {
      assertRefusal(UnsupportedError, () => write(reader), name.replace("transaction", "insertNode"));
    }
    assertRefusal(UnsupportedError, () => reader.importSnapshot(world.at("none.jsonl")));
    assertRefusal(UnsupportedError, () => reader.importSnapshot(world.at("none.jsonl"), { replace: true }));
    assertEquals([fingerprint(reader), contentOf(reader)], [before, content]);
    using snapshot = reader.snapshot();
    assertEquals(contentOf(snapshot), content);
    assertEquals([reader.backup(world.at("copies")).nodes, reader.exportSnapshot(world.at("export.jsonl")).nodes], [
      2,
      2,
    ]);
    assertEquals(reader.stats().nodes, 2);
  });

  fileTest(subject, "a reader beside a writer sees what is committed", (db, world) => {
    fill(db);
    const reader = world.open(world.path, { readonly: true });
    subject.synchronize(db, reader);
    assertEquals(contentOf(reader), contentOf(db));
    db.insertNode({ kind: "N", name: "later" });
    db.deleteEdge(1);
    subject.synchronize(db, reader);
    assertEquals(contentOf(reader), contentOf(db));
    assertEquals(reader.lsn, db.lsn);
  });
}
