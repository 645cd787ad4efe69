/** The thread that writes a SQLite database for others: groups of transactions, leases of ids, memory as a file. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import type { Change } from "../../lib/backend/change.ts";
import { IoError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import type { GroupResult, ServedEngine } from "../../lib/backend/served_engine.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { attachSqlite } from "../../lib/sqlite/shared_source.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** A member of a group that inserts a node with this id, named after it. */
function insertNode(id: number): (target: ImportTarget) => number {
  return (target) => {
    const row = { id, kind: "Node", name: `node ${id}`, filePath: undefined, labels: [], dataText: "{}" };
    if (!target.restoreNode(row)) throw new Error(`node ${id} exists`);
    return id;
  };
}

function fail(): never {
  throw new Error("refused");
}

/** The commits of a group; "failed" for what failed, undefined for what changed nothing. */
function commitsOf(results: readonly GroupResult<unknown>[]): (number | undefined | "failed")[] {
  return results.map((result) => "error" in result ? "failed" : result.lsn);
}

function idsOf(engine: ServedEngine): number[] {
  return [...engine.backend.nodeIds()];
}

test("each member of a group is a commit of its own, and one that throws is rolled back alone", () => {
  using dir = tempDir();
  const engine = serveSqlite(dir.path("g.db"), { durability: "off" });
  const { firstNodeId: first } = engine.lease(10, 0);
  const results = engine.group<unknown>([
    insertNode(first),
    (target) => {
      insertNode(first + 1)(target);
      fail();
    },
    () => "nothing",
    (target) => {
      assertEquals(target.store.lsn, 1);
      return insertNode(first + 2)(target);
    },
  ]);
  assertEquals(commitsOf(results), [1, "failed", undefined, 2]);
  assertEquals(results[2], { lsn: undefined, value: "nothing" });
  assertEquals((results[1] as { error: Error }).error.message, "refused");
  assertEquals(idsOf(engine), [first, first + 2]);
  assertEquals(engine.backend.lsn, 2);
  engine.close();
});

test("listeners get the changes of each member under its own number, after the commit of all", () => {
  using dir = tempDir();
  const engine = serveSqlite(dir.path("g.db"), { durability: "off" });
  const { firstNodeId: first } = engine.lease(10, 0);
  const told: string[] = [];
  const tell = (change: Change) => {
    assertEquals(engine.backend.lsn, 2);
    told.push(`${change.lsn} ${change.type}${change.type === "node" ? ` ${change.id - first}` : ""}`);
  };
  engine.backend.subscribe({ nodes: true, commits: true }, tell);
  engine.group([
    insertNode(first),
    (target) => {
      insertNode(first + 1)(target);
      fail();
    },
    insertNode(first + 2),
  ]);
  assertEquals(told, ["1 node 0", "1 commit", "2 node 2", "2 commit"]);
  engine.close();
});

test("when the commit fails, no member happened and the next group succeeds", () => {
  using dir = tempDir();
  const path = dir.path("g.db");
  const engine = serveSqlite(path, { durability: "off" });
  const { firstNodeId: first } = engine.lease(10, 0);
  {
    using raw = openRaw(path);
    raw.exec(`
      CREATE TABLE promise (id INTEGER REFERENCES missing (id) DEFERRABLE INITIALLY DEFERRED);
      CREATE TABLE missing (id INTEGER PRIMARY KEY);
      CREATE TRIGGER late AFTER INSERT ON graph_entities WHEN NEW.name = 'node ${first + 1}' BEGIN
        INSERT INTO promise VALUES (7);
      END;`);
  }
  const told: Change[] = [];
  engine.backend.subscribe({}, (change) => told.push(change));
  assertThrows(() => engine.group([insertNode(first), insertNode(first + 1), insertNode(first + 2)]), IoError);
  assertEquals(idsOf(engine), []);
  assertEquals(engine.backend.lsn, 0);
  assertEquals(told, []);
  // The foreign program's commit got a number, since it did not count itself.
  assertEquals(commitsOf(engine.group([insertNode(first)])), [2]);
  assert(engine.backend.check().ok);
  engine.close();
});

test("when SQLite ends the transaction inside a member, as it does on a full disk, the whole group fails", () => {
  using dir = tempDir();
  const path = dir.path("g.db");
  const engine = serveSqlite(path, { durability: "off" });
  const { firstNodeId: first } = engine.lease(10, 0);
  {
    using raw = openRaw(path);
    raw.exec(`CREATE TRIGGER full AFTER INSERT ON graph_entities WHEN NEW.name = 'node ${first + 1}' BEGIN
      SELECT RAISE(ROLLBACK, 'full');
    END;`);
  }
  let ran = 0;
  const run = (id: number) => (target: ImportTarget) => {
    ran++;
    return insertNode(id)(target);
  };
  assertThrows(() => engine.group([run(first), run(first + 1), run(first + 2)]), IoError, "full");
  assertEquals(ran, 2);
  assertEquals(idsOf(engine), []);
  assertFalse(engine.backend.hasNode(first));
  engine.group([insertNode(first)]);
  assertEquals(idsOf(engine), [first]);
  engine.close();
});

test("a commit of a program that does not count gets a number before the next group", () => {
  using dir = tempDir();
  const path = dir.path("g.db");
  const engine = serveSqlite(path, { durability: "off" });
  const { firstNodeId: first } = engine.lease(10, 0);
  assertEquals(commitsOf(engine.group([insertNode(first)])), [1]);
  const write = (sql: string) => {
    using raw = openRaw(path);
    raw.exec(sql);
  };
  write("UPDATE graph_entities SET name = 'renamed'");
  assertEquals(commitsOf(engine.group([(target) => target.store.lsn])), [undefined]);
  assertEquals(engine.backend.lsn, 2);
  // Own commits and commits that count are not counted twice.
  assertEquals(commitsOf(engine.group([insertNode(first + 1)])), [3]);
  engine.backend.insertNode({ kind: "Node", name: "direct" });
  assertEquals(commitsOf(engine.group([insertNode(first + 2)])), [5]);
  {
    using other = SqliteBackend.open(path, { durability: "off" });
    other.insertNode({ kind: "Node", name: "other" });
  }
  assertEquals(commitsOf(engine.group([insertNode(first + 3)])), [7]);
  engine.close();
});

test("leased ids are never given by the engine, and leases never overlap, also after reopening", () => {
  using dir = tempDir();
  const path = dir.path("g.db");
  const given = { nodes: new Set<number>(), edges: new Set<number>() };
  const take = (ids: Set<number>, first: number, end: number) => {
    for (let id = first; id < end; id++) {
      assertFalse(ids.has(id), `id ${id} was given twice`);
      ids.add(id);
    }
  };
  for (let round = 0; round < 3; round++) {
    const engine = serveSqlite(path, { durability: "off" });
    for (let step = 0; step < 3; step++) {
      const { firstNodeId, endNodeId, firstEdgeId, endEdgeId } = engine.lease(step * 5, step * 3);
      assertEquals([endNodeId - firstNodeId, endEdgeId - firstEdgeId], [step * 5, step * 3]);
      take(given.nodes, firstNodeId, endNodeId);
      take(given.edges, firstEdgeId, endEdgeId);
      const id = engine.backend.insertNode({ kind: "Node", name: "own" });
      take(given.nodes, id, id + 1);
      const edgeId = engine.backend.insertEdge({ from: id, to: id, type: "SELF" });
      take(given.edges, edgeId, edgeId + 1);
      // A leased id that was used and rolled back stays leased.
      if (step > 0) engine.group([insertNode(firstNodeId), fail]);
    }
    engine.close();
  }
});

test("a lease beyond the largest id is refused", () => {
  using dir = tempDir();
  const engine = serveSqlite(dir.path("g.db"), { durability: "off" });
  engine.lease(Number.MAX_SAFE_INTEGER - 10, 0);
  engine.lease(10, 0);
  assertThrows(() => engine.lease(1, 0), UnsupportedError, "used up");
  engine.close();
});

test("a member of a group writes nodes, labels, edges and keys with the ids that it brings", () => {
  using dir = tempDir();
  const engine = serveSqlite(dir.path("g.db"), { durability: "off" });
  const { firstNodeId: id, firstEdgeId: edgeId } = engine.lease(1, 1);
  engine.group([(target) => {
    target.restoreNode({ id, kind: "Person", name: "Ada", filePath: "a.ts", labels: ["L"], dataText: '{"born":1815}' });
    assert(target.store.nodeExists(id));
    target.restoreEdge({ id: edgeId, type: "KNOWS", from: id, to: id, dataText: "{}" });
    target.store.addLabel(id, "M");
  }]);
  assertEquals(
    engine.backend.getNode(id) as unknown,
    { id, kind: "Person", name: "Ada", filePath: "a.ts", labels: ["L", "M"], data: { born: 1815 } },
  );
  assertEquals(engine.backend.getEdge(edgeId)?.type, "KNOWS");
  assert(engine.backend.check().ok);
  engine.close();
});

test("a database in memory is a temporary file that other connections read and that closing removes", () => {
  using dir = tempDir();
  const engine = serveSqlite(":memory:", { temporaryFolder: dir.root, create: false });
  assertEquals(engine.backend.path, ":memory:");
  assertEquals(engine.backend.stats().path, ":memory:");
  const { firstNodeId: first } = engine.lease(1, 0);
  const source = attachSqlite(engine.handle);
  engine.group([insertNode(first)]);
  const state = source.hold(undefined, "snapshot");
  assert(state.store.nodeExists(first));
  engine.backend.flush();
  state.release();
  source.close();
  assertEquals(readdirSync(dir.root).length, 1);
  engine.close();
  engine.close();
  assertEquals(readdirSync(dir.root), []);
});

test("a database in memory says so when there is no place for its file", () => {
  using dir = tempDir();
  const error = assertThrows(() => serveSqlite(":memory:", { temporaryFolder: dir.path("missing") }), IoError);
  assertEquals(error.code, "no-temporary-folder");
});

test("opening removes the copies that a crash left behind, and no other file", () => {
  using dir = tempDir();
  const path = dir.path("g.db");
  serveSqlite(path).close();
  const names = ["g.db.copy-0123456789ab", "g.db.copy-ba9876543210", "g.db.copy-mine", "other.db.copy-0123456789ab"];
  for (const name of names) {
    writeFileSync(dir.path(name), "cut off while it was written");
    if (!name.endsWith("3210")) utimesSync(dir.path(name), 1000, 1000);
  }
  const engine = serveSqlite(path);
  assertEquals(names.filter((name) => existsSync(dir.path(name))), names.slice(1));
  engine.close();
});
