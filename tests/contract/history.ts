/** The contract of history: tags, kept commits, snapshots of the past. Engines without it refuse each of its calls alike. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CommitInfo, SnapshotAt } from "../../lib/backend/care.ts";
import {
  ClosedError,
  ConflictError,
  InvalidArgumentError,
  NotRetainedError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { historyDiffContract } from "./history_diff.ts";
import { historyPropertyContract } from "./history_property.ts";
import { historyRetentionContract } from "./history_retention.ts";
import { answersAt, answersOf, changeAll, fillGraph, lsnsOf } from "./past_states.ts";
import { assertRefusal, assertRefused, fingerprint, untyped } from "./refusal.ts";
import { READS } from "./snapshot.ts";
import { fileTest, graphTest, START_MS, type Subject } from "./subject.ts";

/** Declares the tests of history. */
export function historyContract(subject: Subject): void {
  if (!subject.history) {
    withoutHistoryContract(subject);
    return;
  }
  tagContract(subject);
  pastContract(subject);
  historyRetentionContract(subject);
  historyDiffContract(subject);
  historyPropertyContract(subject);
}

function withoutHistoryContract(subject: Subject): void {
  const CALLS: readonly (readonly [string, (db: GraphBackend) => unknown])[] = [
    ["tag", (db) => db.tag("release")],
    ["tags", (db) => db.tags()],
    ["untag", (db) => db.untag("release")],
    ["commits", (db) => db.commits()],
    ["diff", (db) => db.diff(1, db.lsn)],
    ["snapshot", (db) => db.snapshot({ lsn: db.lsn - 1 })],
    ["snapshot", (db) => db.snapshot({ time: new Date(0) })],
    ["snapshot", (db) => db.snapshot({ tag: "release" })],
  ];

  graphTest(subject, "without history its calls are UnsupportedError, at the call, and the rest goes on", (db) => {
    graphOf(db, "a->b");
    db.kv.set("k", 1);
    for (const [name, call] of CALLS) assertRefused(db, UnsupportedError, () => call(db), name);
    using snapshot = db.snapshot();
    assertEquals(snapshot.countNodes(), 2);
  });

  graphTest(subject, "without history its iterators are refused at the call, not at the first step", (db) => {
    graphOf(db, "a->b");
    for (const call of [() => void db.commits(), () => void db.diff(0, 1)]) assertRefused(db, UnsupportedError, call);
  });
}

function tagContract(subject: Subject): void {
  graphTest(subject, "a tag names the last commit, which stays readable with every read", (db, world) => {
    fillGraph(db);
    const { lsn } = db;
    const expected = answersOf(db);
    assertEquals(db.tag("release"), { name: "release", lsn });
    assertEquals([db.lsn, db.tags()], [lsn, [{ name: "release", lsn }]]);
    assertEquals(answersAt(db, { tag: "release" }), expected);
    world.nowMs += 1_000;
    changeAll(db);
    for (let round = 0; round < 3; round++) {
      assertEquals(answersAt(db, { tag: "release" }), expected);
      assertEquals(answersAt(db, { lsn }), expected);
      assertEquals(answersAt(db, { time: new Date(START_MS + 500) }), expected);
      db.checkpoint();
      db.kv.set("round", round);
    }
    for (const id of [...db.nodeIds()]) db.deleteNode(id);
    assertEquals(answersAt(db, { tag: "release" }), expected);
  });

  fileTest(subject, "tags and what they name outlive the database object", (_, world) => {
    const expected = new Map<string, unknown>();
    fillGraph(world.db);
    for (const name of ["b", "a", "é", "ab"]) {
      changeAll(world.db);
      graphOf(world.db, "b->b");
      expected.set(name, contentOf(world.db));
      world.db.tag(name);
    }
    const tags = world.db.tags();
    for (let round = 0; round < 3; round++) {
      const db = world.reopen();
      assertEquals(db.tags(), tags);
      for (const { name, lsn } of tags) {
        using snapshot = db.snapshot({ tag: name });
        assertEquals([snapshot.lsn, contentOf(snapshot)], [lsn, expected.get(name)]);
      }
      db.kv.set("round", round);
      assertEquals(lsnsOf(db), [...tags.map(({ lsn }) => lsn).toSorted((a, b) => a - b), db.lsn]);
      if (round === 1) db.checkpoint();
    }
  });

  fileTest(subject, "a tag is durable at once", (db, world) => {
    graphOf(db, "a->b");
    db.tag("first");
    graphOf(db, "c");
    // What a reader in another process sees.
    const reader = world.open(world.path, { readonly: true });
    assertEquals(reader.tags(), db.tags());
    assertEquals(contentOf(reader), contentOf(db.snapshot({ tag: "first" })));
    for (const call of [() => reader.tag("second"), () => reader.untag("first")]) {
      assertRefusal(UnsupportedError, call, "read-only");
    }
    db.tag("second");
    db.untag("first");
    subject.synchronize(db, reader);
    assertEquals(reader.tags(), db.tags());
    using snapshot = reader.snapshot({ tag: "second" });
    assertEquals(snapshot.countNodes(), 3);
    assertEquals(lsnsOf(reader), lsnsOf(db));
  });

  graphTest(subject, "tags are listed by name in byte order; several may name one commit", (db) => {
    graphOf(db, "a");
    for (const name of ["b", "ａ", "a", "B", "a b", "😀", "é", " a"]) db.tag(name);
    graphOf(db, "b");
    db.tag("ab");
    const names = db.tags().map(({ name }) => name);
    assertEquals(names, [" a", "B", "a", "a b", "ab", "b", "é", "ａ", "😀"]);
    assertEquals(new Set(db.tags().map(({ lsn }) => lsn)), new Set([1, 2]));
    assertEquals(lsnsOf(db), [1, 2]);
  });

  graphTest(subject, "a name that is taken, and one that is no text, are refused", (db) => {
    graphOf(db, "a");
    db.tag("taken");
    assertRefused(db, ConflictError, () => db.tag("taken"), "taken");
    graphOf(db, "b");
    assertRefused(db, ConflictError, () => db.tag("taken"), "taken");
    for (const bad of ["", "  ", "a\0b", "\ud800", "x".repeat(65_537), 1, null, undefined, {}]) {
      assertRefused(db, InvalidArgumentError, () => db.tag(untyped(bad)), "name");
    }
    for (const bad of [1, null, undefined, {}]) {
      assertRefused(db, InvalidArgumentError, () => db.untag(untyped(bad)), "name");
    }
    assertEquals(db.tags(), [{ name: "taken", lsn: 1 }]);
    db.tag("x".repeat(65_536));
    assertEquals(db.tags().length, 2);
  });

  graphTest(subject, "untag lets the commit go with its last name", (db) => {
    graphOf(db, "a");
    db.tag("one");
    db.tag("other");
    const { lsn } = db;
    graphOf(db, "b");
    assertEquals([db.untag("none"), db.untag("one"), db.untag("one")], [false, true, false]);
    using snapshot = db.snapshot({ lsn });
    assertEquals(snapshot.countNodes(), 1);
    snapshot.release();
    assertEquals(db.untag("other"), true);
    assertEquals([db.tags(), lsnsOf(db)], [[], [db.lsn]]);
    assertRefused(db, NotRetainedError, () => db.snapshot({ tag: "one" }), "one");
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }), String(lsn), String(db.lsn));
    db.tag("one");
    assertEquals(db.tags(), [{ name: "one", lsn: db.lsn }]);
  });

  graphTest(subject, "a tag is no commit and no change", (db) => {
    graphOf(db, "a->b");
    const told: unknown[] = [];
    db.subscribe({}, (change) => told.push(change));
    const before = fingerprint(db);
    db.tag("a");
    db.untag("a");
    assertEquals([told, fingerprint(db)], [[], before]);
    graphOf(db, "c");
    assertEquals(db.lsn, 2);
  });

  graphTest(subject, "the empty database can be named as well", (db, world) => {
    db.tag("empty");
    graphOf(db, "a->b");
    const check = (graph: GraphBackend) => {
      using snapshot = graph.snapshot({ tag: "empty" });
      assertEquals([snapshot.lsn, contentOf(snapshot)], [0, { nodes: [], edges: [], keyValues: [] }]);
      assertEquals([graph.tags(), lsnsOf(graph)], [[{ name: "empty", lsn: 0 }], [0, 1]]);
      // By number, 0 is the newest commit.
      assertEquals([[...graph.diff(0, 1)], graph.snapshot({ lsn: 0 }).lsn], [[], 1]);
    };
    check(db);
    if (!subject.inMemory) check(world.reopen());
  });

  graphTest(subject, "what a tag kept is free again once it is removed", (db) => {
    const names = Array.from({ length: 600 }, (_, n) => ({ kind: "K", name: `node ${n}`, data: "x".repeat(200) }));
    const rewrite = () =>
      db.transaction((tx) => {
        for (const id of [...tx.nodeIds()]) tx.deleteNode(id);
        tx.insertNodes(names);
      });
    const used = () => {
      db.checkpoint();
      const { fileBytes, freeBytes } = db.stats();
      return { fileBytes, held: fileBytes - freeBytes };
    };
    rewrite();
    rewrite();
    const plain = used();
    let largest = 0;
    for (let round = 0; round < 4; round++) {
      db.tag("old");
      rewrite();
      const withTag = used();
      assert(withTag.held > 1.6 * plain.held, `with a tag ${withTag.held} of ${plain.held} bytes`);
      db.untag("old");
      const without = used();
      assert(without.held < 1.2 * plain.held, `without it ${without.held} of ${plain.held} bytes`);
      largest = Math.max(largest, without.fileBytes);
    }
    assert(largest < 3.5 * plain.fileBytes, `the file grew from ${plain.fileBytes} to ${largest} bytes`);
    // The last content of all moves to the begin of the file, so that its end can be cut off.
    rewrite();
    rewrite();
    assert(used().fileBytes < 2.2 * plain.fileBytes);
  });
}

function pastContract(subject: Subject): void {
  graphTest(subject, "the newest commit is kept in any case", (db) => {
    assertEquals([...db.commits()], [{ lsn: 0, timeMs: 0, nodes: 0, edges: 0 }]);
    for (let n = 1; n <= 3; n++) {
      graphOf(db, "a->b");
      const expected = contentOf(db);
      assertEquals([...db.commits()], [{ lsn: n, timeMs: START_MS, nodes: 2 * n, edges: n }]);
      for (const at of [{ lsn: n }, { lsn: 0 }, { time: new Date(START_MS) }, { time: new Date(START_MS + 1e9) }]) {
        using snapshot = db.snapshot(at);
        assertEquals([snapshot.lsn, contentOf(snapshot)], [n, expected]);
      }
    }
  });

  graphTest(subject, "what is not kept is NotRetainedError, with what is", (db, world) => {
    for (let lsn = 1; lsn <= 9; lsn++) {
      world.nowMs += 1_000;
      db.kv.set("n", lsn);
      if (lsn === 4 || lsn === 6) db.tag(`${lsn}`);
    }
    for (const lsn of [1, 3, 5, 7, 8, 10, 1e9, Number.MAX_SAFE_INTEGER]) {
      assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }), `${lsn}`, "4", "9");
    }
    for (const time of [new Date(0), new Date(START_MS + 3_999)]) {
      assertRefused(db, NotRetainedError, () => db.snapshot({ time }), time.toISOString(), "4", "9");
    }
    assertRefused(db, NotRetainedError, () => db.snapshot({ tag: "5" }), '"5"', '"4"', '"6"');
    const valueAt = (at: SnapshotAt) => {
      using snapshot = db.snapshot(at);
      return snapshot.kv.get("n");
    };
    assertEquals([4, 6, 9].map((lsn) => valueAt({ lsn })), [4, 6, 9]);
    assertEquals(valueAt({ time: new Date(START_MS + 4_000) }), 4);
    assertEquals([6_000, 9_000, 9_001].map((ms) => valueAt({ time: new Date(START_MS + ms) })), [6, 9, 9]);
    db.checkpoint();
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn: 8 }), "8", "4", "9");
    db.kv.set("n", 10);
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn: 9 }), "9", "4", "10");
  });

  graphTest(subject, "which past state is asked for must be said in one way", (db) => {
    graphOf(db, "a");
    db.tag("t");
    const BAD: unknown[] = [
      {},
      null,
      1,
      "t",
      { lsn: 1, tag: "t" },
      { lsn: 1, time: new Date() },
      { lsn: -1 },
      { lsn: 1.5 },
      { lsn: "1" },
      { lsn: NaN },
      { lsn: 1n },
      { tag: 1 },
      { tag: null },
      { time: 1 },
      { time: new Date(NaN) },
      { time: "2026-01-01" },
    ];
    for (const at of BAD) assertRefused(db, InvalidArgumentError, () => db.snapshot(untyped(at)), "snapshot");
  });

  graphTest(subject, "in a transaction the past is out of reach", (db) => {
    graphOf(db, "a->b");
    db.tag("t");
    graphOf(db, "c");
    db.transaction((tx) => {
      graphOf(tx, "d");
      const CALLS: readonly (readonly [string, () => unknown])[] = [
        ["snapshot", () => db.snapshot({ lsn: 1 })],
        ["snapshot", () => db.snapshot({ tag: "t" })],
        ["tag", () => db.tag("u")],
        ["untag", () => db.untag("t")],
        ["diff", () => db.diff(1, 2)],
      ];
      for (const [name, call] of CALLS) assertRefusal(UnsupportedError, call, name, "transaction");
      assertEquals(db.tags(), [{ name: "t", lsn: 1 }]);
      assertEquals(lsnsOf(db), [1, 2]);
    });
    assertEquals([db.lsn, db.countNodes(), db.tags().length], [3, 4, 1]);
  });

  graphTest(subject, "a snapshot keeps its commit for others too, until it is released", (db) => {
    fillGraph(db);
    const { lsn } = db;
    const expected = answersOf(db);
    const held = db.snapshot();
    changeAll(db);
    db.checkpoint();
    const other = db.snapshot({ lsn });
    assertEquals([answersOf(held), answersOf(other)], [expected, expected]);
    held.release();
    db.kv.set("k", 3);
    assertEquals([answersOf(other), answersAt(db, { lsn })], [expected, expected]);
    // It is nothing that somebody asked to keep.
    assertEquals(lsnsOf(db), [db.lsn]);
    other.release();
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }), `${lsn}`);
  });

  graphTest(subject, "a snapshot of the past outlives its tag", (db) => {
    fillGraph(db);
    const expected = answersOf(db);
    const { lsn } = db;
    db.tag("t");
    changeAll(db);
    const snapshot = db.snapshot({ tag: "t" });
    const iterator = snapshot.nodes();
    const first = iterator.next();
    db.untag("t");
    for (let n = 0; n < 5; n++) {
      graphOf(db, "x->y");
      db.checkpoint();
    }
    assertEquals(answersOf(snapshot), expected);
    assertEquals([first.value, ...iterator], [...snapshot.nodes()]);
    snapshot.release();
    assertRefusal(ClosedError, () => snapshot.countNodes());
    assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }));
  });

  graphTest(subject, "snapshots of the past end with their database", (db) => {
    fillGraph(db);
    db.tag("t");
    changeAll(db);
    const snapshot = db.snapshot({ tag: "t" });
    const differences = db.diff(1, db.lsn);
    differences.next();
    db.close();
    for (const read of READS) assertRefusal(ClosedError, () => read(snapshot));
    assertThrows(() => differences.next(), ClosedError);
    const CALLS = [
      () => db.tag("u"),
      () => db.tags(),
      () => db.untag("t"),
      () => db.commits(),
      () => db.diff(1, 2),
      () => db.snapshot({ tag: "t" }),
    ];
    for (const call of CALLS) assertRefusal(ClosedError, call);
  });

  graphTest(subject, "the past judges a key's time to live by its own time", (db, world) => {
    db.transaction((tx) => {
      tx.kv.set("ten", 1, { ttlSeconds: 10 });
      tx.kv.set("five", 1, { ttlSeconds: 5 });
    });
    world.nowMs += 5_000;
    db.kv.set("at five", 1);
    db.tag("at five");
    world.nowMs += 20_000;
    db.kv.set("later", 1);
    const check = (graph: GraphBackend) => {
      using snapshot = graph.snapshot({ tag: "at five" });
      const keys = Array.from(snapshot.kv.scan(), ({ key }) => key);
      assertEquals([keys, snapshot.kv.count()], [["at five", "ten"], 2]);
      assertEquals(snapshot.kv.entry("ten"), { key: "ten", value: 1, expiresAt: START_MS + 10_000 });
      assertEquals([snapshot.kv.has("five"), snapshot.kv.get("five")], [false, undefined]);
    };
    check(db);
    world.nowMs += 1e9;
    check(db);
    assertEquals(db.checkpoint().expiredKeys, 2);
    check(db);
    assertEquals(db.kv.count(), 2);
    if (!subject.inMemory) check(world.reopen());
  });

  graphTest(subject, "the list of commits stays as it was when it was asked for", (db) => {
    for (const name of ["a", "b", "c"]) {
      graphOf(db, name);
      db.tag(name);
    }
    const iterator = db.commits();
    assertEquals(iterator.next().value, { lsn: 1, timeMs: START_MS, nodes: 1, edges: 0 } satisfies CommitInfo);
    db.untag("b");
    graphOf(db, "d");
    assertEquals(Array.from(iterator, ({ lsn }) => lsn), [2, 3]);
    assertEquals(lsnsOf(db), [1, 3, 4]);
  });
}
