/** What the SQLite engine tells of committed vectors to whoever keeps them in memory. */

import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import { openSession, SqliteBackend } from "../../lib/sqlite/backend.ts";
import type { Session } from "../../lib/sqlite/session.ts";
import { SqliteImportTarget } from "../../lib/sqlite/transfer.ts";
import type { VectorSink } from "../../lib/sqlite/vector_notes.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** Notes what it is told (commits by the time of their vectors), and refuses vectors that begin with 13. */
class Listener implements VectorSink {
  readonly told: string[] = [];

  prepare(...[commits]: Parameters<VectorSink["prepare"]>): void {
    for (const { changes } of commits) {
      if (changes.some(({ vector }) => vector?.[0] === 13)) {
        throw new UnsupportedError("no room", { code: "vector-index-full" });
      }
    }
    this.told.push("prepare");
  }

  abandon(): void {
    this.told.push("abandon");
  }

  apply(...[commits]: Parameters<VectorSink["apply"]>): void {
    for (const { lsn, changes, created, dropped } of commits) {
      const parts = [
        ...created.map(({ definition, number }) => `+${definition.name}${number}`),
        ...changes.map(({ index, nodeId, vector }) => `${index}:${nodeId}=${vector?.[0] ?? "none"}`),
        ...dropped.map((number) => `-${number}`),
      ];
      this.told.push(`${lsn} ${parts.join(" ")}`);
    }
  }

  /** What was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

/** A database in memory with two nodes and an index "e" of dimension 1, which somebody listens to. */
function listening(path = ":memory:"): { session: Session; db: SqliteBackend; listener: Listener } {
  const session = openSession(path, { durability: "off" });
  const db = SqliteBackend.over(session, {});
  for (const name of ["a", "b"]) db.insertNode({ kind: "N", name });
  const listener = new Listener();
  session.vectors.sink = listener;
  db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
  assertEquals(listener.take(), ["prepare", "0 +e1"]);
  return { session, db, listener };
}

test("each commit tells its vectors once, in order; others tell nothing", () => {
  const { db, listener } = listening();
  db.setVector("e", 1, [1]);
  assertEquals(listener.take(), ["prepare", "1 1:1=1"]);
  db.transaction((tx) => {
    tx.setVector("e", 1, [2]);
    tx.setVector("e", 1, [3]);
    tx.deleteVector("e", 1);
    tx.setVector("e", 2, [4]);
  });
  assertEquals(listener.take(), ["prepare", "7 1:1=2 1:1=3 1:1=none 1:2=4"]);
  db.createVectorIndex("f", { dimension: 1 });
  db.setVector("f", 2, [5]);
  db.updateNode(1, { name: "c" });
  listener.take();
  db.deleteNode(2);
  assertEquals(listener.take(), ["prepare", "10 1:2=none 2:2=none"]);
  db.dropVectorIndex("f");
  assertEquals(listener.take(), ["prepare", "10 -2"]);
  db.close();
});

test("what was rolled back is not told", () => {
  const { db, listener } = listening();
  db.transaction((tx) => {
    tx.setVector("e", 1, [1]);
    assertThrows(() =>
      tx.transaction((inner) => {
        inner.setVector("e", 1, [2]);
        inner.createVectorIndex("x", { dimension: 1 });
        inner.dropVectorIndex("e");
        throw new Error("inner");
      }), Error);
    tx.setVector("e", 2, [3]);
  });
  assertEquals(listener.take(), ["prepare", "2 1:1=1 1:2=3"]);
  assertThrows(() =>
    db.transaction((tx) => {
      tx.setVector("e", 1, [9]);
      throw new Error("outer");
    }), Error);
  db.setVector("e", 2, [4]);
  assertEquals(listener.take(), ["prepare", "4 1:2=4"]);
  db.close();
});

test("a commit whose vectors do not fit does not happen", () => {
  const { db, listener } = listening();
  assertThrows(() => db.setVector("e", 1, [13]), UnsupportedError, "no room");
  assertEquals(db.getVector("e", 1), undefined);
  assertEquals(db.lsn, 3);
  db.setVector("e", 1, [1]);
  assertEquals(listener.take(), ["prepare", "1 1:1=1"]);
  db.close();
});

test("members of a group are told as a commit each", () => {
  const { session, db, listener } = listening();
  const index = () => session.store("test").vectorIndex("e") as StoredVectorIndex;
  const results = session.transactionGroup<void>(new SqliteImportTarget(session, "test"), [
    ({ store }) => store.setVector(index(), 1, Float32Array.of(1)),
    ({ store }) => {
      store.setVector(index(), 1, Float32Array.of(2));
      throw new Error("refused");
    },
    () => {},
    ({ store }) => {
      store.deleteNode(1);
    },
  ]);
  assertEquals(results.map((result) => "lsn" in result ? result.lsn : "failed"), [4, "failed", undefined, 5]);
  assertEquals(listener.take(), ["prepare", "1 1:1=1", "2 1:1=none"]);
  db.close();
});

test("the state of a database is the same object until something is committed, here or elsewhere", () => {
  using folder = tempDir();
  const path = folder.path("a.db");
  const { session, db } = listening(path);
  const first = session.fixedState();
  assertStrictEquals(session.fixedState(), first);
  db.transaction((tx) => {
    assertEquals(session.fixedState(), undefined);
    tx.setVector("e", 1, [1]);
  });
  const second = session.fixedState();
  assertNotStrictEquals(second, first);
  {
    using other = SqliteBackend.open(path);
    other.setVector("e", 1, [2]);
  }
  assertNotStrictEquals(session.fixedState(), second);
  const third = session.fixedState();
  db.getVector("e", 1);
  assertStrictEquals(session.fixedState(), third);
  db.close();
});
