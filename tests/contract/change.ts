/** The contract of changes: what subscribers are told, after the commit, in commit order. */

import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { Change, ChangeFilter } from "../../lib/backend/change.ts";
import {
  ClosedError,
  DatabaseLockedError,
  InvalidArgumentError,
  QueueOverflowError,
} from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { DEFAULT_CHANGE_QUEUE, MAX_COMMIT_CHANGES } from "../../lib/backend/limits.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";
import { uncaughtErrors } from "./uncaught.ts";

/** Declares the tests of changes. */
export function changeContract(subject: Subject): void {
  eventContract(subject);
  orderContract(subject);
  otherWriterContract(subject);
  filterContract(subject);
  callbackContract(subject);
  iteratorContract(subject);
  overflowContract(subject);
  bulkContract(subject);
}

class Rollback extends Error {}

/** Everything that is delivered while `run` runs. */
function changesOf(db: GraphBackend, run: () => void, filter: ChangeFilter = {}): Change[] {
  const changes: Change[] = [];
  using _subscription = db.subscribe(filter, (change) => void changes.push(change));
  run();
  return changes;
}

/** The single changes, without `commit`. */
function recordChangesOf(db: GraphBackend, run: () => void): Change[] {
  return changesOf(db, run, { nodes: true, edges: true, kv: true });
}

function eventContract(subject: Subject): void {
  graphTest(subject, "every write is told once, with its operation, ids and LSN, and then its commit", (db) => {
    let id = 0;
    const counts = (nodes: number, edges: number, keyValues: number) => ({ nodes, edges, keyValues });
    const expectOne = (run: () => void, expected: () => object, counted: object) => {
      const changes = changesOf(db, run);
      const { lsn } = db;
      assertEquals(changes, [{ ...expected(), lsn }, { type: "commit", lsn, counts: counted }] as never);
    };
    const node = (operation: string) => () => ({ type: "node", operation, id });
    const one = counts(1, 0, 0);
    expectOne(() => id = db.insertNode({ kind: "N", name: "a", labels: ["L", "M"] }), node("insert"), one);
    expectOne(() => db.updateNode(id, { name: "b" }), node("update"), one);
    expectOne(() => db.updateNode(id, { kind: "M" }), node("update"), one);
    expectOne(() => db.patchNode(id, { a: 1 }), node("update"), one);
    expectOne(() => db.addLabel(id, "X"), node("update"), one);
    expectOne(() => db.removeLabel(id, "X"), node("update"), one);
    const a = id;
    expectOne(() => id = db.mergeNode({ kind: "N", name: "new" }).id, node("insert"), one);
    let edge = 0;
    const link = (operation: string) => () => ({ type: "edge", operation, id: edge, from: a, to: id });
    expectOne(() => edge = db.insertEdge({ from: a, to: id, type: "T" }), link("insert"), counts(0, 1, 0));
    expectOne(() => db.updateEdge(edge, { type: "U" }), link("update"), counts(0, 1, 0));
    expectOne(() => db.patchEdge(edge, { a: 1 }), link("update"), counts(0, 1, 0));
    expectOne(() => db.deleteEdge(edge), link("delete"), counts(0, 1, 0));
    expectOne(() => edge = db.mergeEdge({ from: a, to: id, type: "T" }).id, link("insert"), counts(0, 1, 0));
    db.deleteEdge(edge);
    expectOne(() => db.deleteNode(id), node("delete"), one);
    const key = (operation: string) => () => ({ type: "kv", operation, key: "k" });
    expectOne(() => db.kv.set("k", 1), key("insert"), counts(0, 0, 1));
    expectOne(() => db.kv.set("k", 2), key("update"), counts(0, 0, 1));
    expectOne(() => db.kv.set("k", null, { ttlSeconds: 5 }), key("update"), counts(0, 0, 1));
    expectOne(() => db.kv.delete("k"), key("delete"), counts(0, 0, 1));
  });

  graphTest(subject, "calls that change nothing tell nothing", (db) => {
    const { nodes: { a, b } } = graphOf(db, "a->b");
    db.addLabel(a, "L");
    const changes = changesOf(db, () => {
      db.mergeNode({ kind: "Node", name: "a" });
      db.mergeEdge({ from: a, to: b, type: "LINK" });
      db.addLabel(a, "L");
      db.addLabel(a, "Node");
      db.removeLabel(a, "none");
      db.kv.delete("none");
      db.insertNodes([]);
      db.insertEdges([]);
      db.transaction(() => {});
      [...db.nodes()];
      db.kv.get("k");
      db.flush();
      assertThrows(() => db.insertNode({ kind: "", name: "" }), InvalidArgumentError);
    });
    assertEquals(changes, []);
  });

  graphTest(subject, "deleting a node tells the deletion of each of its edges", (db) => {
    const { nodes: { a, b }, edges: [ab, ba, aa] } = graphOf(db, "a->b, b->a, a->a, b->b");
    const changes = recordChangesOf(db, () => db.deleteNode(a));
    const { lsn } = db;
    const edge = (id: number, from: number, to: number) => ({ type: "edge", operation: "delete", id, from, to, lsn });
    const byText = (list: unknown[]) =>
      list.map((change) => JSON.stringify(change, Object.keys(change as object).toSorted())).toSorted();
    assertEquals(
      byText(changes),
      byText([edge(ab, a, b), edge(ba, b, a), edge(aa, a, a), { type: "node", operation: "delete", id: a, lsn }]),
    );
  });

  graphTest(subject, "keys come as text where a text stands for them, else as bytes", (db) => {
    const keys = ["", "é", new Uint8Array([0xff]), new Uint8Array([97, 0])];
    const changes = recordChangesOf(db, () => keys.forEach((key) => db.kv.set(key, 1)));
    assertEquals(changes.map((change) => "key" in change && change.key), keys);
    const again = recordChangesOf(db, () => db.kv.set(new TextEncoder().encode("é"), 2));
    assertEquals(again, [{ type: "kv", operation: "update", key: "é", lsn: db.lsn }]);
  });

  graphTest(subject, "an expired key is told when a checkpoint removes it", (db, world) => {
    db.kv.set("a", 1, { ttlSeconds: 1 });
    db.kv.set("b", 1, { ttlSeconds: 1 });
    assertEquals(changesOf(db, () => void (world.nowMs += 1_000)), []);
    assertEquals(changesOf(db, () => db.kv.has("a")), []);
    const { lsn } = db;
    assertEquals(changesOf(db, () => db.checkpoint()), [
      { type: "kv", operation: "expire", key: "a", lsn: lsn + 1 },
      { type: "kv", operation: "expire", key: "b", lsn: lsn + 1 },
      { type: "commit", lsn: lsn + 1, counts: { nodes: 0, edges: 0, keyValues: 2 } },
    ]);
    assertEquals(changesOf(db, () => db.checkpoint()), []);
  });

  graphTest(subject, "a key that is set again after its expiry is told as an insert", (db, world) => {
    db.kv.set("k", 1, { ttlSeconds: 1 });
    world.nowMs += 1_000;
    assertEquals(recordChangesOf(db, () => db.kv.set("k", 2)), [
      { type: "kv", operation: "insert", key: "k", lsn: db.lsn },
    ]);
  });
}

function orderContract(subject: Subject): void {
  graphTest(
    subject,
    "a transaction's changes come after its commit, in the order of the calls, one commit at the end",
    (db) => {
      const { nodes: { a, b } } = graphOf(db, "a, b");
      const { lsn } = db;
      const changes: Change[] = [];
      using _subscription = db.subscribe({}, (change) => {
        assertEquals(db.lsn, lsn + 1, "the commit is visible");
        assertEquals(db.kv.get("k"), 1);
        changes.push(change);
      });
      let edge = 0;
      let c = 0;
      db.transaction((tx) => {
        tx.kv.set("k", 1);
        c = tx.insertNode({ kind: "N", name: "c" });
        tx.transaction((inner) => {
          edge = inner.insertEdge({ from: a, to: c, type: "T" });
        });
        tx.updateNode(b, { name: "x" });
        assertEquals(changes, []);
      });
      assertEquals(changes, [
        { type: "kv", operation: "insert", key: "k", lsn: lsn + 1 },
        { type: "node", operation: "insert", id: c, lsn: lsn + 1 },
        { type: "edge", operation: "insert", id: edge, from: a, to: c, lsn: lsn + 1 },
        { type: "node", operation: "update", id: b, lsn: lsn + 1 },
        { type: "commit", lsn: lsn + 1, counts: { nodes: 2, edges: 1, keyValues: 1 } },
      ]);
    },
  );

  graphTest(subject, "nothing is told of a transaction that is rolled back", (db) => {
    const changes = changesOf(db, () => {
      assertThrows(() =>
        db.transaction((tx) => {
          graphOf(tx, "a->b");
          tx.kv.set("k", 1);
          throw new Rollback();
        }), Rollback);
    });
    assertEquals(changes, []);
  });

  graphTest(subject, "a rolled-back savepoint takes its changes with it", (db) => {
    let kept = 0;
    const changes = changesOf(db, () =>
      db.transaction((tx) => {
        kept = tx.insertNode({ kind: "N", name: "kept" });
        assertThrows(() =>
          tx.transaction((inner) => {
            inner.insertNode({ kind: "N", name: "lost" });
            inner.transaction((deeper) => deeper.kv.set("lost", 1));
            throw new Rollback();
          }), Rollback);
        tx.kv.set("k", 1);
      }));
    const { lsn } = db;
    assertEquals(changes, [
      { type: "node", operation: "insert", id: kept, lsn },
      { type: "kv", operation: "insert", key: "k", lsn },
      { type: "commit", lsn, counts: { nodes: 1, edges: 0, keyValues: 1 } },
    ]);
  });

  graphTest(
    subject,
    "who follows the changes knows every record, through cascades, expiry and a replacing import",
    (db, world) => {
      const known = new Set<string>();
      using _subscription = db.subscribe({ nodes: true, edges: true, kv: true }, (change) => {
        if (change.type === "commit" || change.type === "bulk") throw new RangeError("not asked for");
        const record = `${change.type} ${change.type === "kv" ? change.key : change.id}`;
        assertEquals(known.has(record), change.operation !== "insert", `${change.operation} of ${record}`);
        if (change.operation === "insert") known.add(record);
        else if (change.operation !== "update") known.delete(record);
      });
      const check = () => {
        const records = [
          ...Array.from(db.nodeIds(), (id) => `node ${id}`),
          ...Array.from(db.edges({ data: false }), ({ id }) => `edge ${id}`),
          ...Array.from(db.kv.scan(), ({ key }) => `kv ${key}`),
        ];
        assertEquals([...known].toSorted(), records.toSorted());
      };
      const { nodes: { a, b } } = graphOf(db, "a->b, b->a, a->a, b->c");
      for (let n = 0; n < 10; n++) db.kv.set(`k${n}`, n, n % 2 ? { ttlSeconds: 1 } : {});
      check();
      db.exportSnapshot(world.at("export.jsonl"));
      db.updateNode(b, { name: "x" });
      db.deleteNode(a);
      db.kv.set("k1", "for ever");
      world.nowMs += 1_000;
      db.checkpoint();
      check();
      graphOf(db, "d->e, e->e");
      check();
      world.nowMs -= 1_000;
      db.importSnapshot(world.at("export.jsonl"), { replace: true });
      check();
    },
  );

  graphTest(
    subject,
    "who subscribes inside a transaction is told of the whole commit or of nothing, never of a part",
    (db) => {
      const told: Change[] = [];
      db.transaction((tx) => {
        tx.insertNode({ kind: "N", name: "before" });
        db.subscribe({}, (change) => void told.push(change));
        tx.kv.set("after", 1);
      });
      const counts = { nodes: 1, edges: 0, keyValues: 1 };
      if (told.length > 0) assertEquals([told.length, told.at(-1)], [3, { type: "commit", lsn: db.lsn, counts }]);
      told.length = 0;
      db.kv.set("later", 1);
      assertEquals(told.map((change) => change.type), ["kv", "commit"]);
    },
  );

  graphTest(
    subject,
    "a listener may take a snapshot of the commit that it is told of, and look after the database",
    (db) => {
      const seen: (readonly [number, number])[] = [];
      using _subscription = db.subscribe({ commits: true }, (change) => {
        using snapshot = db.snapshot();
        seen.push([snapshot.lsn - change.lsn, snapshot.countNodes()]);
        db.flush();
        db.checkpoint();
      });
      db.insertNode({ kind: "N", name: "a" });
      db.transaction((tx) => tx.insertNode({ kind: "N", name: "b" }));
      assertEquals(seen, [[0, 1], [0, 2]]);
    },
  );

  graphTest(subject, "a call that is refused inside a transaction is not told", (db) => {
    const changes = recordChangesOf(db, () =>
      db.transaction((tx) => {
        assertThrows(() => tx.insertNodes([{ kind: "N", name: "a" }, { kind: "", name: "b" }]), InvalidArgumentError);
        tx.insertNode({ kind: "N", name: "c" });
      }));
    assertEquals(changes.length, 1);
  });

  graphTest(subject, "bulk inserts are told in input order", (db) => {
    let ids: number[] = [];
    const changes = recordChangesOf(db, () => {
      ids = db.insertNodes(Array.from({ length: 50 }, (_, n) => ({ kind: "N", name: `${n}` })));
    });
    assertEquals(changes.map((change) => "id" in change && change.id), ids);
  });
}

function otherWriterContract(subject: Subject): void {
  fileTest(subject, "what another opener of the file commits is not told", (db, world) => {
    let other: GraphBackend;
    try {
      other = world.open(world.path);
    } catch (error) {
      // Engines with one writer refuse the second one.
      assertInstanceOf(error, DatabaseLockedError);
      return;
    }
    const changes = changesOf(db, () => other.kv.set("k", 1));
    assertEquals([changes, db.kv.get("k")], [[], 1]);
    assertEquals(recordChangesOf(db, () => db.kv.set("k", 2)).length, 1);
  });
}

function filterContract(subject: Subject): void {
  const FILTERS: readonly (readonly [ChangeFilter, readonly string[]])[] = [
    [{}, ["node", "edge", "kv", "commit"]],
    [{ nodes: true }, ["node"]],
    [{ edges: true }, ["edge"]],
    [{ kv: true }, ["kv"]],
    [{ commits: true }, ["commit"]],
    [{ nodes: true, commits: true }, ["node", "commit"]],
    [{ edges: true, kv: true }, ["edge", "kv"]],
    [{ nodes: true, edges: true, kv: true, commits: true }, ["node", "edge", "kv", "commit"]],
    [{ nodes: undefined, kv: undefined }, ["node", "edge", "kv", "commit"]],
    [{ nodes: true, kv: false }, ["node"]],
  ];

  graphTest(
    subject,
    "a filter selects the kinds of changes, for callbacks and iterators; nothing set means all",
    async (db) => {
      for (const [filter, expected] of FILTERS) {
        const iterator = db.changes(filter);
        const told = changesOf(db, () =>
          db.transaction((tx) => {
            const id = tx.insertNode({ kind: "N", name: "n" });
            tx.insertEdge({ from: id, to: id, type: "T" });
            tx.kv.set("k", id);
          }), filter);
        assertEquals(told.map((change) => change.type), expected as never);
        for (const change of told) assertEquals(await iterator.next(), { done: false, value: change });
        await iterator.return!();
      }
    },
  );

  graphTest(subject, "a commit counts its changes also where the filter leaves them out", (db) => {
    const [commit] = changesOf(db, () => void graphOf(db, "a->b, b->a"), { commits: true });
    assertEquals(commit, { type: "commit", lsn: db.lsn, counts: { nodes: 2, edges: 2, keyValues: 0 } });
  });

  graphTest(subject, "bad filters and listeners are refused", (db) => {
    for (const filter of [null, 5, "nodes"]) {
      assertRefused(db, InvalidArgumentError, () => db.subscribe(untyped(filter), () => {}));
      assertRefused(db, InvalidArgumentError, () => db.changes(untyped(filter)));
    }
    for (const listener of [undefined, null, {}, "f"]) {
      assertRefused(db, InvalidArgumentError, () => db.subscribe({}, untyped(listener)), "listener");
    }
    for (const queueSize of [0, -1, 1.5, NaN, "5", null]) {
      assertRefused(
        db,
        InvalidArgumentError,
        () => db.changes({ queueSize: untyped(queueSize) }),
        "queueSize",
        `${queueSize}`,
      );
    }
  });
}

function callbackContract(subject: Subject): void {
  graphTest(subject, "a listener is called in the committing call, until it is unsubscribed", (db) => {
    let calls = 0;
    const subscription = db.subscribe({ commits: true }, () => void calls++);
    db.insertNode({ kind: "N", name: "a" });
    assertEquals(calls, 1);
    db.insertNode({ kind: "N", name: "b" });
    assertEquals(calls, 2);
    assert(subscription.unsubscribe());
    assertFalse(subscription.unsubscribe());
    db.insertNode({ kind: "N", name: "c" });
    assertEquals(calls, 2);
  });

  graphTest(subject, "using ends a subscription", (db) => {
    let calls = 0;
    {
      using _subscription = db.subscribe({}, () => void calls++);
    }
    db.insertNode({ kind: "N", name: "a" });
    assertEquals(calls, 0);
  });

  graphTest(subject, "several listeners are told the same", (db) => {
    const seen: Change[][] = [[], []];
    using _first = db.subscribe({}, (change) => void seen[0]!.push(change));
    using _second = db.subscribe({}, (change) => void seen[1]!.push(change));
    graphOf(db, "a->b");
    assertEquals(seen[0]!.length, 4);
    assertEquals(seen[0], seen[1]);
  });

  graphTest(subject, "a listener that unsubscribes itself, or another one, ends it at once", (db) => {
    const seen: string[] = [];
    const first = db.subscribe({}, (change) => {
      seen.push(`first ${change.type}`);
      first.unsubscribe();
      second.unsubscribe();
    });
    const second = db.subscribe({}, (change) => {
      seen.push(`second ${change.type}`);
      first.unsubscribe();
      second.unsubscribe();
    });
    db.insertNode({ kind: "N", name: "a" });
    assertEquals(seen.length, 1, `${seen}`);
  });

  graphTest(
    subject,
    "a listener that throws ends its subscription, not the commit, and the error is reported",
    async (db) => {
      const failure = new RangeError("a defect of the listener");
      const told: string[] = [];
      let calls = 0;
      const errors = await uncaughtErrors(() => {
        const broken = db.subscribe({ nodes: true }, () => {
          calls++;
          throw failure;
        });
        db.subscribe({ nodes: true }, (change) => void told.push(change.type));
        const id = db.insertNode({ kind: "N", name: "a" });
        assert(db.hasNode(id));
        db.insertNode({ kind: "N", name: "b" });
        assertFalse(broken.unsubscribe());
      });
      assertEquals([calls, told.length, db.countNodes()], [1, 2, 2]);
      assertEquals(errors.length, 1);
      assertStrictEquals(errors[0], failure);
    },
  );

  graphTest(subject, "a listener may write: its commit is told after the one that it was told of", (db) => {
    const seen: (readonly [string, string, number])[] = [];
    const { lsn } = db;
    const note = (who: string) => (change: Change) => {
      seen.push([who, change.type, change.lsn - lsn]);
      if (who === "writer" && change.type === "node" && change.lsn === lsn + 1) db.kv.set("seen", change.id);
    };
    using _writer = db.subscribe({}, note("writer"));
    using _reader = db.subscribe({}, note("reader"));
    const id = db.insertNode({ kind: "N", name: "a" });
    assertEquals([db.kv.get("seen"), db.lsn], [id, lsn + 2]);
    const expected = [["node", 1], ["commit", 1], ["kv", 2], ["commit", 2]];
    for (const who of ["writer", "reader"]) {
      assertEquals(seen.filter(([by]) => by === who).map(([, type, at]) => [type, at]), expected);
    }
  });

  graphTest(subject, "a listener may run transactions, and its rollbacks are not told", (db) => {
    let commits = 0;
    using _subscription = db.subscribe({ commits: true }, () => {
      if (++commits > 1) return;
      assertThrows(() =>
        db.transaction((tx) => {
          tx.insertNode({ kind: "N", name: "lost" });
          throw new Rollback();
        }), Rollback);
      db.transaction((tx) => tx.insertNode({ kind: "N", name: "kept" }));
    });
    db.insertNode({ kind: "N", name: "first" });
    assertEquals([commits, db.countNodes()], [2, 2]);
  });

  graphTest(subject, "a closed database tells nothing and takes no subscription", (db) => {
    const subscription = db.subscribe({}, () => {});
    db.close();
    assertFalse(subscription.unsubscribe(), "closing ended it");
    assertThrows(() => db.subscribe({}, () => {}), ClosedError);
    assertThrows(() => db.changes(), ClosedError);
  });
}

function iteratorContract(subject: Subject): void {
  graphTest(subject, "changes yields what was committed since the call, not since the first step", async (db) => {
    db.insertNode({ kind: "N", name: "before" });
    const iterator = db.changes({ nodes: true });
    assertStrictEquals(iterator[Symbol.asyncIterator](), iterator);
    const a = db.insertNode({ kind: "N", name: "a" });
    const b = db.insertNode({ kind: "N", name: "b" });
    const { lsn } = db;
    assertEquals(await iterator.next(), {
      done: false,
      value: { type: "node", operation: "insert", id: a, lsn: lsn - 1 },
    });
    assertEquals(await iterator.next(), { done: false, value: { type: "node", operation: "insert", id: b, lsn } });
    await iterator.return!();
  });

  graphTest(subject, "a reader that waits is woken by the commit", async (db) => {
    const iterator = db.changes({ kv: true });
    const steps = [iterator.next(), iterator.next()];
    db.kv.set("a", 1);
    db.kv.set("b", 1);
    const { lsn } = db;
    assertEquals(await Promise.all(steps), [
      { done: false, value: { type: "kv", operation: "insert", key: "a", lsn: lsn - 1 } },
      { done: false, value: { type: "kv", operation: "insert", key: "b", lsn } },
    ]);
    await iterator.return!();
  });

  graphTest(subject, "for await reads changes, and break ends the stream", async (db) => {
    const iterator = db.changes({ commits: true });
    const { lsn } = db;
    for (let n = 0; n < 5; n++) db.kv.set("k", n);
    const seen: number[] = [];
    for await (const change of iterator) {
      seen.push(change.lsn - lsn);
      if (seen.length === 3) break;
    }
    assertEquals(seen, [1, 2, 3]);
    assertEquals((await iterator.next()).done, true);
    db.kv.set("k", 9);
    assertEquals((await iterator.next()).done, true);
  });

  graphTest(subject, "return ends a stream, also for a reader that waits", async (db) => {
    const iterator = db.changes();
    const waiting = iterator.next();
    assertEquals((await iterator.return!()).done, true);
    assertEquals((await waiting).done, true);
    db.kv.set("k", 1);
    assertEquals((await iterator.next()).done, true);
  });

  graphTest(subject, "a signal ends the stream with its reason", async (db) => {
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const iterator = db.changes({ signal: controller.signal });
    const waiting = iterator.next();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting), reason);
    db.kv.set("k", 1);
    assertEquals((await iterator.next()).done, true, "it threw once and is over");
  });

  graphTest(subject, "a signal that is aborted between two steps is thrown by the next one", async (db) => {
    const controller = new AbortController();
    const iterator = db.changes({ signal: controller.signal });
    controller.abort();
    const error = await assertRejects(() => iterator.next());
    assertStrictEquals(error, controller.signal.reason);
    assertEquals((await iterator.next()).done, true);
  });

  graphTest(subject, "a signal that was aborted before throws at the first step", async (db) => {
    const reason = new RangeError("too late");
    const read = async () => {
      for await (const change of db.changes({ signal: AbortSignal.abort(reason) })) {
        assertEquals(change, undefined as never);
      }
    };
    assertStrictEquals(await assertRejects(read), reason);
  });

  graphTest(subject, "closing the database ends its streams after what was committed", async (db) => {
    const waiting = db.changes();
    const step = waiting.next();
    const behind = db.changes({ kv: true });
    db.close();
    assertEquals((await step).done, true);
    assertEquals((await behind.next()).done, true);
  });

  graphTest(subject, "a reader that is behind when the database closes still gets what was committed", async (db) => {
    const iterator = db.changes({ kv: true });
    db.kv.set("a", 1);
    db.kv.set("b", 1);
    db.close();
    const keys: unknown[] = [];
    for await (const change of iterator) keys.push("key" in change && change.key);
    assertEquals(keys, ["a", "b"]);
  });

  graphTest(subject, "several streams each get everything", async (db) => {
    const streams = [db.changes({ kv: true }), db.changes({ kv: true })];
    for (let n = 0; n < 10; n++) db.kv.set(`${n}`, n);
    for (const stream of streams) {
      for (let n = 0; n < 10; n++) {
        const { value } = await stream.next();
        assertEquals(value.key, `${n}`);
      }
      await stream.return!();
    }
  });
}

function overflowContract(subject: Subject): void {
  graphTest(
    subject,
    "a queue holds queueSize changes; one more ends the stream and names the first lost commit",
    async (db) => {
      const { lsn } = db;
      const exact = db.changes({ kv: true, queueSize: 3 });
      const overflowing = db.changes({ kv: true, queueSize: 3 });
      for (let n = 1; n <= 3; n++) db.kv.set("k", n);
      for (let n = 1; n <= 3; n++) assertEquals((await exact.next()).value.lsn, lsn + n);
      db.kv.set("k", 4);
      assertEquals((await exact.next()).value.lsn, lsn + 4, "reading makes room");
      const delivered: number[] = [];
      const error = await assertRejects(async () => {
        for await (const change of overflowing) delivered.push(change.lsn);
      }, QueueOverflowError);
      // What waited may still be delivered or not; what was lost begins where the error says.
      assertEquals(delivered, [1, 2, 3].map((n) => lsn + n).filter((at) => at < error.firstLostLsn));
      assert(error.firstLostLsn > lsn && error.firstLostLsn <= lsn + 4);
      assertEquals((await overflowing.next()).done, true);
      await exact.return!();
    },
  );

  graphTest(
    subject,
    "unless told otherwise a queue holds 131,072 changes, more than one commit can bring",
    async (db) => {
      const exact = db.changes({ nodes: true });
      const overflowing = db.changes({ nodes: true });
      for (let commit = 0; commit < DEFAULT_CHANGE_QUEUE / MAX_COMMIT_CHANGES; commit++) {
        db.insertNodes(Array.from({ length: MAX_COMMIT_CHANGES }, () => ({ kind: "N", name: "" })));
      }
      for (let n = 0; n < DEFAULT_CHANGE_QUEUE; n++) assertEquals((await exact.next()).value.type, "node");
      const id = db.insertNode({ kind: "N", name: "one more" });
      assertEquals((await exact.next()).value.id, id);
      await assertRejects(async () => {
        for await (const _change of overflowing);
      }, QueueOverflowError);
      await exact.return!();
    },
  );

  graphTest(subject, "a commit that does not fit as a whole is the first lost one", async (db) => {
    const { lsn } = db;
    const iterator = db.changes({ nodes: true, queueSize: 4 });
    db.insertNodes([{ kind: "N", name: "a" }, { kind: "N", name: "b" }]);
    db.insertNodes([1, 2, 3].map((n) => ({ kind: "N", name: `${n}` })));
    db.insertNode({ kind: "N", name: "later" });
    const delivered: number[] = [];
    const error = await assertRejects(async () => {
      for await (const change of iterator) delivered.push(change.lsn);
    }, QueueOverflowError);
    assert(error.firstLostLsn <= lsn + 2, `${error.firstLostLsn}`);
    for (let at = lsn + 1; at < error.firstLostLsn; at++) {
      assertEquals(delivered.filter((one) => one === at).length, 2, "commits before it are complete");
    }
  });

  graphTest(subject, "a slow reader costs neither the writer nor the other readers", async (db) => {
    const slow = db.changes({ queueSize: 1 });
    const fast = db.changes({ kv: true });
    const told = changesOf(db, () => {
      for (let n = 0; n < 20; n++) db.kv.set("k", n);
    }, { kv: true });
    assertEquals(told.length, 20);
    for (let n = 0; n < 20; n++) assertEquals((await fast.next()).done, false);
    await assertRejects(async () => {
      for await (const _change of slow);
    }, QueueOverflowError);
    await fast.return!();
  });
}

function bulkContract(subject: Subject): void {
  const insertMany = (db: GraphBackend, count: number): number[] =>
    db.insertNodes(Array.from({ length: count }, () => ({ kind: "N", name: "" })));

  graphTest(subject, "a commit of 65,536 changes is told one by one", (db) => {
    let ids: number[] = [];
    const changes = changesOf(db, () => void (ids = insertMany(db, MAX_COMMIT_CHANGES)));
    assertEquals(changes.length, MAX_COMMIT_CHANGES + 1);
    assert(ids.every((id, at) => {
      const change = changes[at]!;
      return change.type === "node" && change.id === id && change.lsn === db.lsn;
    }));
    const counts = { nodes: MAX_COMMIT_CHANGES, edges: 0, keyValues: 0 };
    assertEquals(changes.at(-1), { type: "commit", lsn: db.lsn, counts });
  }, { durability: "off" });

  graphTest(subject, "a commit of more than 65,536 changes is one bulk change, whatever the filter", async (db) => {
    const filters: ChangeFilter[] = [{}, { nodes: true }, { kv: true }, { commits: true }];
    const told: Change[][] = filters.map(() => []);
    filters.forEach((filter, at) => void db.subscribe(filter, (change) => void told[at]!.push(change)));
    const iterator = db.changes({ edges: true });
    db.transaction((tx) => {
      const ids = tx.insertNodes(Array.from({ length: MAX_COMMIT_CHANGES - 1 }, () => ({ kind: "N", name: "" })));
      tx.insertEdge({ from: ids[0]!, to: ids[1]!, type: "T" });
      tx.kv.set("k", 1);
    });
    const bulk: Change = {
      type: "bulk",
      lsn: db.lsn,
      counts: { nodes: MAX_COMMIT_CHANGES - 1, edges: 1, keyValues: 1 },
    };
    for (const changes of told) assertEquals(changes, [bulk]);
    assertEquals(await iterator.next(), { done: false, value: bulk });
    db.kv.set("after", 1);
    assertEquals(told[0]!.slice(1).map((change) => change.type), ["kv", "commit"]);
    await iterator.return!();
  }, { durability: "off" });

  graphTest(subject, "a savepoint that is rolled back does not make a commit a bulk one", (db) => {
    const changes = changesOf(db, () =>
      db.transaction((tx) => {
        assertThrows(() =>
          tx.transaction((inner) => {
            inner.insertNodes(Array.from({ length: MAX_COMMIT_CHANGES + 1 }, () => ({ kind: "N", name: "" })));
            throw new Rollback();
          }), Rollback);
        tx.kv.set("k", 1);
      }));
    assertEquals(changes.map((change) => change.type), ["kv", "commit"]);
  }, { durability: "off" });
}
