/** The contract of transactions: all or nothing, savepoints, and what the calls on the database do inside one. */

import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ClosedError,
  GraphError,
  InvalidArgumentError,
  NotFoundError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { MAX_TRANSACTION_DEPTH } from "../../lib/backend/limits.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefusal, assertRefused, fingerprint, untyped } from "./refusal.ts";
import { fileTest, graphTest, type Subject } from "./subject.ts";

/** Declares the tests of transactions. */
export function transactionContract(subject: Subject): void {
  outcomeContract(subject);
  savepointContract(subject);
  joinContract(subject);
  promiseContract(subject);
  lifetimeContract(subject);
}

/** What a test throws to roll back. */
class Rollback extends Error {}

function rollBack(): never {
  throw new Rollback("rolled back by the test");
}

function outcomeContract(subject: Subject): void {
  graphTest(subject, "a transaction commits when its function returns, and returns what that returned", (db) => {
    const { lsn } = db;
    const result = { any: "value" };
    assertStrictEquals(
      db.transaction((tx) => {
        const a = tx.insertNode({ kind: "N", name: "a" });
        tx.insertEdge({ from: a, to: a, type: "T" });
        tx.kv.set("k", 1);
        return result;
      }),
      result,
    );
    assertEquals([db.countNodes(), db.countEdges(), db.kv.get("k"), db.lsn], [1, 1, 1, lsn + 1]);
    assertStrictEquals(db.transaction(() => undefined), undefined);
  });

  graphTest(subject, "a transaction that throws changes nothing and throws the same", (db) => {
    const { nodes: { a, b }, edges: [edge] } = graphOf(db, "a->b");
    db.addLabel(a, "L");
    db.kv.set("kept", "old");
    db.kv.set("gone", 1);
    const before = { content: contentOf(db), lsn: db.lsn };
    const failures = [new Rollback("an error"), "a text", undefined, null, { plain: true }];
    for (const failure of failures) {
      let thrown: unknown = "nothing";
      try {
        db.transaction((tx) => {
          tx.insertNodes([{ kind: "N", name: "x", labels: ["M"] }, { kind: "N", name: "y" }]);
          tx.updateNode(a, { kind: "K", name: "z", data: 1, filePath: "/f" });
          tx.removeLabel(a, "L");
          tx.patchEdge(edge, { n: 1 });
          tx.updateEdge(edge, { type: "OTHER" });
          tx.deleteNode(b);
          tx.kv.set("kept", "new", { ttlSeconds: 1 });
          tx.kv.set("more", 2);
          tx.kv.delete("gone");
          throw failure;
        });
      } catch (error) {
        thrown = error;
      }
      assertStrictEquals(thrown, failure);
      assertEquals({ content: contentOf(db), lsn: db.lsn }, before);
    }
    assertEquals(db.neighbors(a), [b]);
  });

  graphTest(subject, "graph and key-values commit together and roll back together", (db) => {
    assertThrows(() =>
      db.transaction((tx) => {
        tx.kv.set("k", 1);
        tx.insertNode({ kind: "N", name: "n" });
        tx.insertEdge({ from: 999, to: 999, type: "T" });
      }), NotFoundError);
    assertEquals([db.countNodes(), db.kv.count()], [0, 0]);
  });

  graphTest(subject, "reads inside see the transaction's own writes", (db) => {
    const { nodes: { a } } = graphOf(db, "a");
    db.kv.set("p:1", 1);
    db.transaction((tx) => {
      const b = tx.insertNode({ kind: "New", name: "b", labels: ["L"] });
      const edge = tx.insertEdge({ from: a, to: b, type: "T" });
      tx.kv.set("p:2", 2);
      tx.kv.delete("p:1");
      tx.updateNode(a, { name: "renamed" });
      assertEquals(tx.requireNode(b), { id: b, kind: "New", name: "b", labels: ["L"], data: {} });
      assertEquals([tx.countNodes(), tx.countNodes({ kind: "New" }), tx.countEdges()], [2, 1, 1]);
      assertEquals([...tx.nodeIds({ label: "L" })], [b]);
      assertEquals([...tx.nodeIds({ name: "renamed" })], [a]);
      assertEquals([tx.neighbors(a), tx.shortestPath(a, b), tx.bfs(a)], [[b], [a, b], [a, b]]);
      assertEquals([...tx.kv.scan()], [{ key: "p:2", value: 2 }]);
      assertEquals(tx.mergeNode({ kind: "New", name: "b" }), { id: b, created: false });
      assertEquals(tx.mergeEdge({ from: a, to: b, type: "T" }), { id: edge, created: false });
      tx.deleteNode(b);
      assertFalse(tx.hasEdge(edge));
      assertEquals([...tx.edges()], []);
    });
    assertEquals(contentOf(db).nodes, [{ id: a, kind: "Node", name: "renamed", data: {} }]);
  });

  graphTest(subject, "a call that is refused inside leaves the transaction as it was", (db) => {
    db.transaction((tx) => {
      const a = tx.insertNode({ kind: "N", name: "a" });
      assertRefusal(InvalidArgumentError, () => tx.insertNode({ kind: "", name: "b" }), "kind");
      assertRefusal(NotFoundError, () => tx.insertEdge({ from: a, to: 999, type: "T" }), "999");
      assertRefusal(NotFoundError, () => {
        tx.insertEdges([{ from: a, to: a, type: "T" }, { from: 999, to: a, type: "T" }]);
      }, "999");
      assertRefusal(
        InvalidArgumentError,
        () => tx.insertNodes([{ kind: "N", name: "b" }, { kind: "N", name: "\0" }]),
        "name",
      );
      assertRefusal(NotFoundError, () => tx.deleteNode(999), "999");
      assertRefusal(InvalidArgumentError, () => tx.kv.set("k", untyped(undefined)));
      assertEquals([tx.countNodes(), tx.countEdges(), tx.kv.count()], [1, 0, 0]);
    });
    assertEquals([db.countNodes(), db.countEdges(), db.kv.count()], [1, 0, 0]);
  });

  graphTest(subject, "an empty transaction, or one that only reads, commits nothing", (db) => {
    graphOf(db, "a->b");
    const { lsn } = db;
    db.transaction(() => {});
    db.transaction((tx) => {
      tx.transaction(() => tx.countNodes());
      tx.kv.get("k");
    });
    const writeAndRollBack = (tx: GraphTransaction) => {
      tx.insertNode({ kind: "N", name: "n" });
      tx.kv.set("k", 1);
      rollBack();
    };
    db.transaction((tx) => void assertThrows(() => tx.transaction(writeAndRollBack), Rollback));
    assertThrows(() => db.transaction(writeAndRollBack), Rollback);
    db.transaction(() => {});
    assertEquals(db.lsn, lsn);
  });

  fileTest(subject, "a rolled-back transaction leaves no trace after a reopen", (db, world) => {
    graphOf(db, "a->b");
    const before = { content: contentOf(db), lsn: db.lsn };
    assertThrows(() =>
      db.transaction((tx) => {
        graphOf(tx, "c->d");
        rollBack();
      }), Rollback);
    const again = world.reopen();
    assertEquals({ content: contentOf(again), lsn: again.lsn }, before);
  });

  fileTest(subject, "nothing is visible to another opener before the commit", (db, world) => {
    graphOf(db, "a");
    const other = world.open(world.path, { readonly: true });
    subject.synchronize(db, other);
    db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "b" });
      tx.kv.set("k", 1);
      assertEquals([other.countNodes(), other.kv.has("k")], [1, false]);
    });
    subject.synchronize(db, other);
    assertEquals([other.countNodes(), other.kv.has("k"), other.lsn], [2, true, db.lsn]);
  });
}

function savepointContract(subject: Subject): void {
  graphTest(subject, "an inner transaction that throws undoes its own writes only", (db) => {
    db.transaction((tx) => {
      const a = tx.insertNode({ kind: "N", name: "a", labels: ["L"] });
      tx.kv.set("outer", 1);
      assertThrows(() =>
        tx.transaction((inner) => {
          inner.insertNode({ kind: "N", name: "b" });
          inner.updateNode(a, { name: "changed" });
          inner.removeLabel(a, "L");
          inner.kv.set("outer", 2);
          inner.kv.set("inner", 1);
          assertEquals(inner.countNodes(), 2);
          rollBack();
        }), Rollback);
      assertEquals(tx.requireNode(a), { id: a, kind: "N", name: "a", labels: ["L"], data: {} });
      tx.insertNode({ kind: "N", name: "c" });
    });
    assertEquals([...db.nodes()].map((node) => node.name), ["a", "c"]);
    assertEquals([...db.kv.scan()], [{ key: "outer", value: 1 }]);
  });

  graphTest(subject, "an inner transaction that returns is undone when the outer one throws", (db) => {
    assertThrows(() =>
      db.transaction((tx) => {
        assertEquals(tx.transaction((inner) => inner.insertNode({ kind: "N", name: "a" }) > 0), true);
        assertEquals(tx.countNodes(), 1);
        rollBack();
      }), Rollback);
    assertEquals(db.countNodes(), 0);
  });

  graphTest(subject, "transactions nest: each level keeps or undoes what happened since it began", (db) => {
    const { lsn } = db;
    const add = (tx: GraphTransaction, name: string) => tx.insertNode({ kind: "N", name });
    db.transaction((one) => {
      add(one, "1");
      one.transaction((two) => {
        add(two, "2");
        assertThrows(() =>
          two.transaction((three) => {
            add(three, "3");
            three.transaction((four) => add(four, "4"));
            rollBack();
          }), Rollback);
        two.transaction((three) => add(three, "5"));
      });
      assertThrows(() => one.transaction((two) => rollBack() ?? add(two, "6")), Rollback);
      add(one, "7");
    });
    assertEquals([...db.nodes()].map((node) => node.name), ["1", "2", "5", "7"]);
    assertEquals(db.lsn, lsn + 1, "one commit");
  });

  graphTest(subject, "a rolled-back delete brings edges, labels and key-values back", (db) => {
    const { nodes: { a, b }, edges } = graphOf(db, "a->b, b->a, a->a");
    db.addLabel(a, "L");
    db.kv.set("k", "v", { ttlSeconds: 100 });
    const before = contentOf(db);
    db.transaction((tx) => {
      assertThrows(() =>
        tx.transaction((inner) => {
          inner.deleteNode(a);
          inner.kv.delete("k");
          assertEquals(inner.countEdges(), 0);
          rollBack();
        }), Rollback);
      assertEquals(contentOf(tx), before);
      assertEquals(tx.edgesOf(a, { direction: "both" }).length, edges.length);
    });
    assertEquals([contentOf(db), db.neighbors(b), [...db.nodeIds({ label: "L" })]], [before, [a], [a]]);
  });

  graphTest(subject, "transactions nest 1,000 deep, and one level more is refused", (db) => {
    const nest = (tx: GraphTransaction, depth: number): void => {
      tx.insertNode({ kind: "N", name: `${depth}` });
      if (depth < MAX_TRANSACTION_DEPTH) tx.transaction((inner) => nest(inner, depth + 1));
      else assertThrows(() => tx.transaction(() => {}), GraphError, `${MAX_TRANSACTION_DEPTH}`);
    };
    db.transaction((tx) => nest(tx, 1));
    assertEquals(db.countNodes(), MAX_TRANSACTION_DEPTH);
  });
}

function joinContract(subject: Subject): void {
  graphTest(subject, "calls on the database inside a transaction join it", (db) => {
    const { nodes: { a } } = graphOf(db, "a");
    const before = fingerprint(db);
    assertThrows(() =>
      db.transaction((tx) => {
        const b = db.insertNode({ kind: "N", name: "b" });
        db.insertEdge({ from: a, to: b, type: "T" });
        db.kv.set("k", 1);
        assertEquals([tx.countNodes(), db.countNodes(), tx.kv.get("k")], [2, 2, 1]);
        tx.deleteNode(a);
        assertFalse(db.hasNode(a));
        rollBack();
      }), Rollback);
    assertEquals(fingerprint(db), before);
    assert(db.hasNode(a));
  });

  graphTest(subject, "db.transaction inside a transaction is a savepoint", (db) => {
    const { lsn } = db;
    db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "a" });
      assertThrows(() =>
        db.transaction(() => {
          db.insertNode({ kind: "N", name: "b" });
          rollBack();
        }), Rollback);
      db.transaction((inner) => inner.insertNode({ kind: "N", name: "c" }));
    });
    assertEquals([...db.nodes()].map((node) => node.name), ["a", "c"]);
    assertEquals(db.lsn, lsn + 1);
  });

  graphTest(subject, "an outer transaction's object works inside an inner one, and joins it", (db) => {
    db.transaction((tx) => {
      assertThrows(() =>
        tx.transaction(() => {
          tx.insertNode({ kind: "N", name: "a" });
          tx.kv.set("k", 1);
          assertEquals(tx.countNodes(), 1);
          rollBack();
        }), Rollback);
      assertEquals([tx.countNodes(), tx.kv.count()], [0, 0]);
    });
  });

  graphTest(subject, "inside a transaction lsn is that of the last commit before it", (db) => {
    graphOf(db, "a");
    const { lsn } = db;
    db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "b" });
      db.insertNode({ kind: "N", name: "c" });
      tx.transaction((inner) => {
        inner.kv.set("k", 1);
        assertEquals(inner.lsn, lsn);
      });
      assertEquals([tx.lsn, db.lsn], [lsn, lsn]);
    });
    assertEquals(db.lsn, lsn + 1);
  });

  graphTest(subject, "snapshot, checkpoint and close are refused inside a transaction", (db) => {
    graphOf(db, "a");
    db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "b" });
      assertRefusal(UnsupportedError, () => db.snapshot());
      assertRefusal(UnsupportedError, () => db.checkpoint());
      assertRefusal(UnsupportedError, () => db.close());
      assertFalse(db.closed);
      assertEquals(tx.countNodes(), 2);
    });
    assertEquals(db.countNodes(), 2);
  });
}

function promiseContract(subject: Subject): void {
  graphTest(subject, "a function that returns a promise is rolled back and refused", async (db) => {
    graphOf(db, "a");
    assertRefused(db, InvalidArgumentError, () =>
      db.transaction((tx) => {
        tx.insertNode({ kind: "N", name: "b" });
        tx.kv.set("k", 1);
        return Promise.resolve(1);
      }), "promise");
    let late: unknown;
    assertRefused(db, InvalidArgumentError, () =>
      db.transaction(async (tx) => {
        tx.insertNode({ kind: "N", name: "c" });
        await Promise.resolve();
        try {
          tx.insertNode({ kind: "N", name: "too late" });
        } catch (error) {
          late = error;
        }
      }), "promise");
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert(late instanceof ClosedError, `the late write got ${late}`);
    assertEquals(db.countNodes(), 1);
  });

  graphTest(subject, "a promise that is refused and rejects later disturbs nobody", async (db) => {
    assertRefused(
      db,
      InvalidArgumentError,
      () => db.transaction(() => Promise.reject(new Rollback("late"))),
      "promise",
    );
    await new Promise((resolve) => setTimeout(resolve, 0));
  });

  graphTest(subject, "a promise from an inner transaction undoes only that one", (db) => {
    db.transaction((tx) => {
      tx.insertNode({ kind: "N", name: "a" });
      assertRefusal(InvalidArgumentError, () =>
        tx.transaction((inner) => {
          inner.insertNode({ kind: "N", name: "b" });
          return Promise.resolve();
        }), "promise");
    });
    assertEquals([...db.nodes()].map((node) => node.name), ["a"]);
  });
}

function lifetimeContract(subject: Subject): void {
  /** Every call of a transaction. */
  const CALLS: readonly ((tx: GraphTransaction) => unknown)[] = [
    (tx) => tx.insertNode({ kind: "N", name: "n" }),
    (tx) => tx.insertNodes([]),
    (tx) => tx.mergeNode({ kind: "N", name: "n" }),
    (tx) => tx.updateNode(1, {}),
    (tx) => tx.patchNode(1, {}),
    (tx) => tx.deleteNode(1),
    (tx) => tx.addLabel(1, "L"),
    (tx) => tx.removeLabel(1, "L"),
    (tx) => tx.insertEdge({ from: 1, to: 1, type: "T" }),
    (tx) => tx.insertEdges([]),
    (tx) => tx.mergeEdge({ from: 1, to: 1, type: "T" }),
    (tx) => tx.updateEdge(1, {}),
    (tx) => tx.patchEdge(1, {}),
    (tx) => tx.deleteEdge(1),
    (tx) => tx.transaction(() => {}),
    (tx) => tx.getNode(1),
    (tx) => tx.requireNode(1),
    (tx) => tx.nodeName(1),
    (tx) => tx.nodeKind(1),
    (tx) => tx.hasNode(1),
    (tx) => tx.countNodes(),
    (tx) => tx.nodes(),
    (tx) => tx.nodeIds(),
    (tx) => tx.getEdge(1),
    (tx) => tx.requireEdge(1),
    (tx) => tx.hasEdge(1),
    (tx) => tx.countEdges(),
    (tx) => tx.edges(),
    (tx) => tx.edgesOf(1),
    (tx) => tx.edgesBetween(1, 1),
    (tx) => tx.neighbors(1),
    (tx) => tx.degree(1),
    (tx) => tx.bfs(1),
    (tx) => tx.kHop(1, 1),
    (tx) => tx.shortestPath(1, 1),
    (tx) => tx.chain(1, []),
    (tx) => tx.matchPattern({}),
    (tx) => tx.kv.get("k"),
    (tx) => tx.kv.entry("k"),
    (tx) => tx.kv.has("k"),
    (tx) => tx.kv.scan(),
    (tx) => tx.kv.count(),
    (tx) => tx.kv.set("k", 1),
    (tx) => tx.kv.delete("k"),
  ];

  graphTest(subject, "a transaction's object throws ClosedError after its end, for every call", (db) => {
    graphOf(db, "a->a");
    let committed: GraphTransaction | undefined;
    let rolledBack: GraphTransaction | undefined;
    db.transaction((tx) => {
      committed = tx;
    });
    assertThrows(() =>
      db.transaction((tx) => {
        rolledBack = tx;
        rollBack();
      }), Rollback);
    for (const tx of [committed!, rolledBack!]) {
      for (const call of CALLS) assertRefused(db, ClosedError, () => call(tx));
    }
  });

  graphTest(subject, "an old transaction's object does not come back to life in a later one", (db) => {
    graphOf(db, "a->a");
    let old: GraphTransaction | undefined;
    db.transaction((tx) => {
      tx.transaction((inner) => {
        old = inner;
      });
      for (const call of CALLS) assertRefusal(ClosedError, () => call(old!));
    });
    db.transaction((tx) => {
      for (const call of CALLS) assertRefusal(ClosedError, () => call(old!));
      assertEquals(tx.countNodes(), 1);
    });
  });

  graphTest(subject, "a transaction's key-value store kept beyond its end is closed with it", (db) => {
    const kv = db.transaction((tx) => tx.kv);
    assertRefused(db, ClosedError, () => kv.set("k", 1));
    assertRefused(db, ClosedError, () => kv.get("k"));
    db.transaction(() => assertRefusal(ClosedError, () => kv.set("k", 1)));
    assertEquals(db.kv.count(), 0);
  });
}
