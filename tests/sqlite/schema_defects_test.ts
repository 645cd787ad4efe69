/** One test or more for each defect S-01 to S-33 of the reference's SQLite schema: what is right here. */

import { assert, assertEquals, assertGreater, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  ConflictError,
  DatabaseLockedError,
  GraphError,
  InvalidArgumentError,
  NotFoundError,
} from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { Connection } from "../../lib/sqlite/connection.ts";
import { openRaw, type RawRow } from "../support/raw_sqlite.ts";
import { copyReference, FULL_FILES, READ_MS, REFERENCE_FILES } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { makeOldFile } from "./old_file.ts";
import { DRIVERS, listing, openAt, openReference, sha256 } from "./reference.ts";

/** Opens a new database in a folder. */
function openNew(folder: TempDir, options: Parameters<typeof openAt>[1] = {}): GraphBackend {
  return openAt(folder.path("test.db"), options);
}

test("schema S-01: a database in memory is one database for every call, and another one for every opening", () => {
  for (const driver of DRIVERS) {
    using db = openAt(":memory:", { driver });
    using other = openAt(":memory:", { driver });
    const ids = Array.from({ length: 20 }, (_, at) => db.insertNode({ kind: "K", name: `n${at}` }));
    db.transaction((tx) => tx.insertEdge({ from: ids[0]!, to: ids[1]!, type: "T" }));
    const iterator = db.nodes();
    iterator.next();
    using snapshot = db.snapshot();
    db.insertNode({ kind: "K", name: "later" });
    assertEquals([db.countNodes(), db.countEdges(), snapshot.countNodes(), snapshot.countEdges()], [21, 1, 20, 1]);
    assertEquals([...iterator].length, 19);
    assertEquals(other.countNodes(), 0);
    assertEquals([existsSync(":memory:"), existsSync("./:memory:")], [false, false]);
  }
});

test("schema S-02: every connection to a file has every setting", () => {
  for (const driver of DRIVERS) {
    using folder = tempDir();
    openNew(folder).close();
    for (const [durability, synchronous] of [["full", 2n], ["normal", 1n], ["off", 0n]] as const) {
      for (const readonly of [false, true]) {
        const connection = Connection.open(folder.path("test.db"), {
          readonly,
          durability,
          busyTimeoutMs: 1234,
          driver,
        });
        const pragma = (name: string) => connection.driver.prepare(`PRAGMA ${name}`, { bigints: true }).get()?.[0];
        assertEquals(
          [pragma("synchronous"), pragma("foreign_keys"), pragma("busy_timeout"), pragma("journal_mode")],
          [synchronous, 1n, 1234n, "wal"],
          `${driver} ${durability} ${readonly}`,
        );
        assertEquals(pragma("temp_store"), 2n);
        connection.close();
      }
    }
  }
});

// S-03: see migration_process_test.ts.

test("schema S-04: a node and its labels are one write", () => {
  using folder = tempDir();
  using db = openNew(folder);
  {
    using raw = openRaw(db.path);
    raw.exec(
      "CREATE TRIGGER stop BEFORE INSERT ON graph_labels WHEN NEW.label = 'bad' BEGIN SELECT RAISE(ABORT, 'stopped'); END",
    );
  }
  assertThrows(() => db.insertNode({ kind: "bad", name: "n" }), GraphError);
  assertThrows(() => db.insertNode({ kind: "K", name: "n", labels: ["good", "bad"] }), GraphError);
  assertThrows(() => db.insertNodes([{ kind: "K", name: "n" }, { kind: "bad", name: "n" }]), GraphError);
  assertThrows(() => db.mergeNode({ kind: "bad", name: "n" }), GraphError);
  assertEquals(db.countNodes(), 0);
  const id = db.insertNode({ kind: "K", name: "n" });
  assertThrows(() => db.updateNode(id, { kind: "bad", name: "other" }), GraphError);
  assertEquals(db.getNode(id), { id, kind: "K", name: "n", data: {} });
  assertEquals([...db.nodeIds({ label: "K" })], [id]);
});

test("schema S-04: a node and its edges are deleted in one write", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  {
    using raw = openRaw(db.path);
    raw.exec(
      "CREATE TRIGGER stop BEFORE DELETE ON graph_edges WHEN OLD.id = 84 BEGIN SELECT RAISE(ABORT, 'stopped'); END",
    );
  }
  const rows = () => {
    using raw = openRaw(db.path, { readonly: true });
    return ["graph_entities", "graph_edges", "graph_labels", "graph_properties"].map((table) => raw.table(table));
  };
  const before = rows();
  // Node 5 has edge 10 going out, edge 84 coming in, a label and a property.
  assertThrows(() => db.deleteNode(5), GraphError);
  assertThrows(() => db.transaction((tx) => tx.deleteNode(5)), GraphError);
  assertEquals(rows(), before);
});

test("schema S-05: the label of the kind follows an update of the kind, labels of one's own stay", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const id = db.insertNode({ kind: "Old", name: "n", labels: ["own"] });
  const other = db.insertNode({ kind: "Old", name: "m" });
  db.updateNode(id, { kind: "New" });
  assertEquals([...db.nodeIds({ label: "Old" })], [other]);
  assertEquals([...db.nodeIds({ label: "New" })], [id]);
  assertEquals(db.getNode(id)?.labels, ["own"]);
  db.addLabel(id, "Third");
  db.updateNode(id, { kind: "Third" });
  db.updateNode(id, { name: "renamed" });
  using raw = openRaw(db.path);
  const labels = raw.rows("SELECT label FROM graph_labels WHERE entity_id = ? ORDER BY 1", BigInt(id)).flat();
  assert(labels.includes("Third") && labels.includes("own") && !labels.includes("New"), labels.join());
});

test("schema S-05: the label of the kind that an earlier update left behind is cleared, on every file that can have one", () => {
  for (const { name } of FULL_FILES) {
    using folder = tempDir();
    using db = openReference(name, folder);
    assertEquals([...db.nodeIds({ label: "Updated" })], [12], name);
    assertEquals([...db.nodeIds({ label: "File" })], [4, 13, 14], name);
  }
});

test("schema S-06: a deleted node leaves no label and no property behind", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  const countOf = (sql: string) => {
    using raw = openRaw(db.path, { readonly: true });
    return Number(raw.value(sql));
  };
  assertGreater(countOf("SELECT count(*) FROM graph_properties WHERE entity_id = 1"), 2);
  assertGreater(countOf("SELECT count(*) FROM graph_labels WHERE entity_id = 1"), 1);
  db.deleteNode(1);
  for (const table of ["graph_properties", "graph_labels"]) {
    assertEquals(countOf(`SELECT count(*) FROM ${table} WHERE entity_id = 1`), 0);
    assertEquals(countOf(`SELECT count(*) FROM ${table} WHERE entity_id NOT IN (SELECT id FROM graph_entities)`), 0);
  }
  assertEquals(countOf("SELECT count(*) FROM graph_edges WHERE 1 IN (from_id, to_id)"), 0);
  assertEquals([...db.nodeIds({ label: "important" })], [2]);
});

test("schema S-06: a label of a missing node is passed over, it makes no call fail", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  {
    using raw = openRaw(db.path);
    raw.exec("INSERT INTO graph_labels VALUES (9999, 'ghost'), (9999, 'important'), (25, 'Function')");
  }
  assertEquals([...db.nodeIds({ label: "ghost" })], []);
  assertEquals([...db.nodes({ label: "important" })].map(({ id }) => id), [1, 2]);
  assertEquals(db.countNodes({ label: "important" }), 2);
  assertEquals(db.countNodes({ label: "Function" }), 11);
  assertEquals(db.stats().labels.find(({ name }) => name === "important")?.count, 2);
  assert(db.check().ok, "an orphan label is a warning");
});

test("schema S-06: what the reference leaves behind when it deletes a node later breaks no call", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  {
    // The reference deletes the row and its edges; labels and properties stay.
    using raw = openRaw(db.path);
    raw.exec("DELETE FROM graph_entities WHERE id = 1; DELETE FROM graph_edges WHERE 1 IN (from_id, to_id)");
  }
  assertEquals([db.hasNode(1), [...db.nodeIds({ label: "important" })]], [false, [2]]);
  assertEquals(db.stats().labels.find(({ name }) => name === "important")?.count, 1);
  assert(db.check().ok);
  const exported = db.exportSnapshot(folder.path("out.jsonl"));
  assertEquals([exported.nodes, exported.properties], [40, 5], "properties of missing nodes are left out");
  using copy = openAt(folder.path("copy.db"));
  assertEquals(copy.importSnapshot(folder.path("out.jsonl")), exported);
});

test("schema S-07: ids are those of one's own rows while two connections insert in turns", () => {
  using folder = tempDir();
  using first = openNew(folder);
  using second = openNew(folder);
  const hub = first.insertNode({ kind: "K", name: "hub" });
  const ids = new Set<number>();
  for (let round = 0; round < 200; round++) {
    for (const [db, who] of [[first, "first"], [second, "second"]] as const) {
      const node = db.insertNode({ kind: "K", name: `${who} ${round}` });
      const edge = db.insertEdge({ from: hub, to: node, type: "T", data: { who, round } });
      assertEquals(db.nodeName(node), `${who} ${round}`);
      assertEquals(db.getEdge(edge), { id: edge, from: hub, to: node, type: "T", data: { who, round } });
      ids.add(edge);
    }
  }
  assertEquals(ids.size, 400);
  assertEquals(second.degree(hub), 400);
});

test("schema S-08: many nodes and edges at once: labels, self-loops and parallel edges like single ones, all or nothing", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const ids = db.insertNodes(
    Array.from({ length: 2500 }, (_, at) => ({ kind: at % 2 ? "Odd" : "Even", name: `n${at}` })),
  );
  assertEquals([ids.length, new Set(ids).size], [2500, 2500]);
  assertEquals(db.countNodes({ label: "Odd" }), 1250);
  const [a, b] = [ids[0]!, ids[1]!];
  const rows = [{ from: a, to: a }, { from: a, to: b }, { from: a, to: b }, { from: a, to: a }].map((ends) => ({
    ...ends,
    type: "T",
  }));
  const edges = db.insertEdges(rows);
  assertEquals([edges.length, new Set(edges).size, db.countEdges()], [4, 4, 4]);
  assertEquals(edges.map((id) => db.getEdge(id)?.to), [a, b, b, a]);
  const many = [...Array.from({ length: 1500 }, () => ({ from: a, to: b, type: "T" })), {
    from: a,
    to: 999_999,
    type: "T",
  }];
  assertThrows(() => db.insertEdges(many), NotFoundError);
  assertThrows(
    () => db.insertNodes([...ids.map(() => ({ kind: "K", name: "n" })), { kind: " ", name: "n" }]),
    InvalidArgumentError,
  );
  assertEquals([db.countNodes(), db.countEdges()], [2500, 4], "nothing of a refused call stays");
});

test("schema S-09: a snapshot shows the whole graph, also what nobody has read, and right after many writes", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  using cold = db.snapshot();
  assertEquals([cold.countNodes(), cold.countEdges(), cold.kv.count()], [41, 79, 36]);
  assertEquals(cold.neighbors(1), [2, 3, 4]);
  assertEquals(cold.hasNode(77), false);
  const ids = db.insertNodes(Array.from({ length: 1000 }, () => ({ kind: "Bulk", name: "n" })));
  db.insertEdges(ids.map((to) => ({ from: 1, to, type: "BULK" })));
  using warm = db.snapshot();
  assertEquals([warm.countNodes(), warm.degree(1, { types: ["BULK"] })], [1041, 1000]);
  db.deleteNode(1);
  db.kv.set("user:10", 0);
  assertEquals([warm.degree(1, { types: ["BULK"] }), warm.kv.get("user:10"), warm.nodeName(1)], [1000, 0.1, "main"]);
  assertEquals([cold.countNodes(), cold.neighbors(1)], [41, [2, 3, 4]]);
});

test("schema S-10: nodes of a kind, a name or a pattern come in ascending ids", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const names = ["z", "m", "a", "zz", "b", "y"];
  const ids = names.map((name, at) => db.insertNode({ kind: at % 2 ? "A" : "Z", name, labels: ["all"] }));
  for (const filter of [{}, { glob: "*" }, { label: "all" }]) assertEquals([...db.nodeIds(filter)], ids);
  assertEquals([...db.nodeIds({ kind: "Z" })], [ids[0]!, ids[2]!, ids[4]!]);
  assertEquals([...db.nodeIds({ glob: "z*" })], [ids[0]!, ids[3]!]);
  assertEquals([...db.nodeIds({ glob: "[ab]" })], [ids[2]!, ids[4]!]);
});

test("schema S-11: the sizes of file and log are those on the disk", () => {
  using folder = tempDir();
  using db = openNew(folder);
  db.insertNodes(
    Array.from({ length: 500 }, (_, at) => ({ kind: "K", name: `n${at}`, data: { text: "x".repeat(200) } })),
  );
  const { fileBytes, logBytes, path } = db.stats();
  assertEquals(path, folder.path("test.db"));
  assertEquals(fileBytes, statSync(db.path).size);
  assertEquals(logBytes, statSync(`${db.path}-wal`).size);
  assertGreater(logBytes, 100_000);
  db.checkpoint();
  assertGreater(db.stats().fileBytes, 100_000);
  assertLess(db.stats().logBytes, logBytes);
});

test("schema S-12: what another connection writes is seen at once, by every call", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  using other = openAt(db.path);
  using raw = openRaw(db.path);
  const answers = () => [
    db.neighbors(40),
    db.neighbors(41, { direction: "in" }),
    db.bfs(40),
    db.kHop(40, 3),
    db.degree(40),
    db.shortestPath(40, 1),
    db.chain(40, [{}]),
    db.countEdges(),
    [...db.nodeIds({ kind: "Seen" })],
    db.kv.get("seen"),
  ];
  assertEquals(answers(), [[41], [38, 40], [40, 41], [41], 1, undefined, [41], 79, [], undefined]);
  const seen = other.insertNode({ kind: "Seen", name: "n" });
  other.insertEdge({ from: 40, to: seen, type: "T" });
  other.kv.set("seen", 1);
  assertEquals(answers(), [[41, 44], [38, 40], [40, 41, 44], [41, 44], 2, undefined, [41, 44], 80, [44], 1]);
  raw.exec(`INSERT INTO graph_edges (from_id, to_id, edge_type, data) VALUES (40, 1, 'RAW', '{}');
    DELETE FROM graph_edges WHERE from_id = 40 AND to_id = 41;
    UPDATE kv_store SET value_json = '{"data":2,"type":"integer"}' WHERE key = '115,101,101,110'`);
  assertEquals(db.neighbors(40), [1, 44]);
  assertEquals(db.shortestPath(40, 1), [40, 1]);
  assertEquals(db.neighbors(41, { direction: "in" }), [38]);
  assertEquals(db.kv.get("seen"), 2);
});

test("schema S-13: null, empty bytes and floats that are no number come back, from the reference's rows and from ours", () => {
  using folder = tempDir();
  using db = openNew(folder);
  {
    using raw = openRaw(db.path);
    raw.exec(`INSERT INTO kv_store (key, value_json, created_at, updated_at) VALUES
      ('1', '{"type":"null"}', 1, 1), ('2', '{"data":"","type":"bytes"}', 1, 1), ('3', '{"data":null,"type":"float"}', 1, 1),
      ('4', '{"data":7,"type":"float"}', 1, 1), ('5', '{"data":" 1, 255 ","type":"bytes"}', 1, 1)`);
  }
  const key = (byte: number) => new Uint8Array([byte]);
  assertEquals([1, 2, 3, 4, 5].map((byte) => db.kv.get(key(byte))), [
    null,
    new Uint8Array(),
    NaN,
    7,
    new Uint8Array([1, 255]),
  ]);
  assertEquals([1, 2, 3].map((byte) => db.kv.has(key(byte))), [true, true, true]);
  assertEquals([...db.kv.scan()].length, 5, "no value makes the scan fail");
  for (const value of [null, new Uint8Array(), NaN, Infinity, -Infinity, 5e-324, 0.1]) {
    db.kv.set("k", value);
    assertEquals(db.kv.get("k"), value, String(value));
    assertEquals([...db.kv.scan({ prefix: "k" })].map((entry) => entry.value), [value]);
  }
  db.kv.set("k", -0);
  assert(Object.is(db.kv.get("k"), -0));
});

/** A database whose clock the test moves. */
function openWithClock(folder: TempDir): { db: GraphBackend; clock: { ms: number } } {
  const clock = { ms: READ_MS };
  return { db: openAt(folder.path("clock.db"), { clock: () => clock.ms }), clock };
}

test("schema S-14: a time to live counts from the last write, 0 expires at once, and expired rows are removed", () => {
  using folder = tempDir();
  const { db, clock } = openWithClock(folder);
  using _ = db;
  db.kv.set("k", 1, { ttlSeconds: 2 });
  clock.ms += 1600;
  db.kv.set("k", 2, { ttlSeconds: 2 });
  clock.ms += 1999;
  assertEquals(db.kv.get("k"), 2, "3.6 seconds after the first write");
  clock.ms += 1;
  assertEquals([db.kv.get("k"), db.kv.has("k"), [...db.kv.scan()].length, db.kv.count()], [undefined, false, 0, 0]);
  db.kv.set("now", 1, { ttlSeconds: 0 });
  assertEquals(db.kv.get("now"), undefined);
  const rows = () => {
    using raw = openRaw(db.path, { readonly: true });
    return Number(raw.value("SELECT count(*) FROM kv_store"));
  };
  assertGreater(rows(), 0);
  db.checkpoint();
  assertEquals(rows(), 0);
});

test("schema S-14: a row of the reference expires by its last write, also when it changes behind our back", () => {
  using folder = tempDir();
  const { db, clock } = openWithClock(folder);
  using _ = db;
  const now = Math.floor(clock.ms / 1000);
  {
    using raw = openRaw(db.path);
    raw.exec(`INSERT INTO kv_store VALUES ('107', '{"data":1,"type":"integer"}', 10, 2, ${now - 100}, ${now - 5});
      INSERT INTO kv_store VALUES ('108', '{"data":1,"type":"integer"}', 5, 1, ${now - 5}, ${now - 5})`);
  }
  assertEquals(db.kv.entry("k"), { key: "k", value: 1, expiresAt: (now + 5) * 1000 });
  assertEquals(db.kv.get("l"), undefined, "now is the end: expired");
  db.kv.set("ours", 1, { ttlSeconds: 10.5 });
  assertEquals(db.kv.entry("ours")?.expiresAt, clock.ms + 10_500);
  {
    // The reference overwrites our key: its time to live counts, not the exact one that we noted.
    using raw = openRaw(db.path);
    raw.exec(
      `UPDATE kv_store SET value_json = '{"data":2,"type":"integer"}', ttl_seconds = 100, updated_at = ${now + 3},
      version = version + 1 WHERE key = '111,117,114,115'`,
    );
  }
  assertEquals(db.kv.entry("ours"), { key: "ours", value: 2, expiresAt: (now + 103) * 1000 });
  db.kv.set("ours", 3, { ttlSeconds: 10.5 });
  {
    // The same within the second of our write.
    using raw = openRaw(db.path);
    raw.exec(`UPDATE kv_store SET value_json = '{"data":4,"type":"integer"}', ttl_seconds = 50, updated_at = ${now},
      version = version + 1 WHERE key = '111,117,114,115'`);
  }
  assertEquals(db.kv.entry("ours"), { key: "ours", value: 4, expiresAt: (now + 50) * 1000 });
  {
    using raw = openRaw(db.path);
    raw.exec("UPDATE kv_store SET ttl_seconds = NULL, version = version + 1 WHERE key = '111,117,114,115'");
  }
  assertEquals(db.kv.entry("ours"), { key: "ours", value: 4 });
});

test("schema S-15: a scan finds the keys that begin with the prefix, and gives their real bytes in byte order", () => {
  using folder = tempDir();
  const { db } = openWithClock(folder);
  using _ = db;
  const keys = [
    "user:2",
    "user:10",
    "user:1",
    "user",
    "usex",
    "u",
    "",
    "1",
    "10",
    "2",
    "ÿ",
    "100%_\\x",
    "100",
    "117,115",
  ];
  for (const key of keys) db.kv.set(key, key);
  db.kv.set(new Uint8Array([255]), "ff");
  db.kv.set(new Uint8Array([0]), "00");
  db.kv.set("user:gone", 1, { ttlSeconds: 0 });
  const scan = (prefix?: string) => [...db.kv.scan({ prefix })].map(({ key }) => key);
  assertEquals(scan("user:"), ["user:1", "user:10", "user:2"]);
  assertEquals(scan("user"), ["user", "user:1", "user:10", "user:2"]);
  assertEquals(scan("1"), ["1", "10", "100", "100%_\\x", "117,115"]);
  assertEquals(scan("117,115"), ["117,115"]);
  assertEquals(scan("100%"), ["100%_\\x"]);
  assertEquals(scan("%"), []);
  assertEquals(scan().length, 16);
  assertEquals(scan()[0], "");
  assertEquals(scan().at(-1), new Uint8Array([255]));
  {
    // Rows that the reference writes later are found as well, and what it deletes is gone.
    using raw = openRaw(db.path);
    raw.exec(`INSERT INTO kv_store (key, value_json, created_at, updated_at)
        VALUES ('117,115,101,114,58,49,53', '{"data":15,"type":"integer"}', 1, 1);
      DELETE FROM kv_store WHERE key = '117,115,101,114,58,49'`);
  }
  assertEquals(scan("user:"), ["user:10", "user:15", "user:2"]);
  assertEquals([...db.kv.scan({ prefix: "user:", after: "user:10" })].map(({ value }) => value), [15, "user:2"]);
});

test("schema S-15: one value that cannot be read does not hide the others", () => {
  using folder = tempDir();
  using db = openNew(folder);
  for (const key of ["a", "b", "c"]) db.kv.set(key, key);
  {
    using raw = openRaw(db.path);
    raw.exec(`UPDATE kv_store SET value_json = '{"data":1,"type":"martian"}' WHERE key = '98'`);
  }
  assertEquals([db.kv.get("a"), db.kv.get("c")], ["a", "c"]);
  assertThrows(() => db.kv.get("b"), GraphError, "98");
  assertThrows(() => [...db.kv.scan()], GraphError, "98");
  assertEquals([...db.kv.scan({ after: "b" })].map(({ key }) => key), ["c"], "a scan can go on behind it");
  db.kv.set("b", 2);
  assertEquals([...db.kv.scan()].map(({ value }) => value), ["a", 2, "c"]);
});

const VECTOR_TABLES = ["hnsw_indexes", "hnsw_vectors", "hnsw_layers", "hnsw_entry_points"] as const;

/** Rows of the vector tables, byte for byte. */
function vectorRows(path: string): Record<(typeof VECTOR_TABLES)[number], RawRow[]> {
  using raw = openRaw(path);
  const [indexes, vectors, layers, entries] = VECTOR_TABLES.map((table) => raw.table(table));
  return { hnsw_indexes: indexes!, hnsw_vectors: vectors!, hnsw_layers: layers!, hnsw_entry_points: entries! };
}

/** Writes of every sort to a full database, a reopening, a check and a checkpoint. */
function useGraph(path: string): void {
  using db = openAt(path);
  const node = db.insertNode({ kind: "K", name: "n", labels: ["l"] });
  db.insertEdge({ from: node, to: 1, type: "T" });
  db.updateNode(2, { kind: "Other" });
  db.deleteNode(5);
  db.kv.set("k", new Uint8Array([1, 2, 3]));
  db.check();
  db.checkpoint();
  db.close();
  using again = openAt(path);
  again.deleteNode(node);
}

for (const name of ["sqlite-3.2.5", "sqlite-3.9.0"]) {
  const before = (folder: TempDir) => vectorRows(copyReference(name, folder, "untouched.db"));

  test(`schema S-16: neighbour lists of vectors in ${name} stay byte for byte as they are`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    const lists = before(folder).hnsw_layers.map((row) => row["connections"] as Uint8Array);
    assertEquals(vectorRows(path).hnsw_layers.map((row) => row["connections"] as Uint8Array), lists);
    assertGreater(lists.length, 40);
    assert(lists.every((list) => list.length % 8 === 0), "8 bytes an id, not the delta code");
  });

  test(`schema S-17: levels and ids of the vector layers in ${name} stay as they are`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    const places = (rows: RawRow[]) =>
      rows.map((row) => [row["id"], row["index_id"], row["layer_level"], row["node_id"]]);
    assertEquals(places(vectorRows(path).hnsw_layers), places(before(folder).hnsw_layers));
  });

  test(`schema S-18: a vector index of ${name} keeps its stored count and parameters, nobody trusts the count`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    const { hnsw_indexes: indexes, hnsw_vectors: vectors } = vectorRows(path);
    assertEquals(indexes, before(folder).hnsw_indexes);
    assertEquals(indexes.map((row) => row["vector_count"]), [0n, 0n, 0n]);
    assertEquals([1n, 2n, 3n].map((id) => vectors.filter((row) => row["index_id"] === id).length), [20, 20, 6]);
  });

  test(`schema S-21: tombstones of deleted vectors in ${name} are carried along`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    const isTombstone = (row: RawRow) => row["index_id"] === 3n && (row["connections"] as Uint8Array).length === 0;
    const tombstones = vectorRows(path).hnsw_layers.filter(isTombstone).map((row) => row["node_id"] as bigint);
    assertEquals(tombstones.sort(), [42n, 45n]);
    assertEquals(vectorRows(path).hnsw_vectors.some(({ id }) => id === 43n || id === 46n), false);
  });

  test(`schema S-23: a backup of ${name} has the links of every vector exactly as stored`, () => {
    using folder = tempDir();
    using db = openReference(name, folder);
    const { path } = db.backup(folder.path("backups"));
    useGraph(path);
    assertEquals(vectorRows(path), before(folder));
  });

  test(`schema S-24: the number of links per level of ${name} is not cut by opening, writing and closing`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    const sums = (file: string) => {
      using raw = openRaw(file);
      return raw.rows(
        "SELECT index_id, layer_level, sum(length(connections) / 8), max(length(connections) / 8) FROM hnsw_layers GROUP BY 1, 2",
      );
    };
    assertEquals(sums(path), sums(copyReference(name, folder, "untouched.db")));
    assertGreater(Number(sums(path)[0]![3]), 8, "lists longer than m exist and stay");
  });

  test(`schema S-25: entry points of ${name} and their order stay`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    assertEquals(vectorRows(path).hnsw_entry_points, before(folder).hnsw_entry_points);
    assertEquals(vectorRows(path).hnsw_entry_points.length, 3);
  });

  test(`schema S-33: after deletes and a reopening no vector row of ${name} piles up or is lost`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    useGraph(path);
    using db = openAt(path);
    assertThrows(() => db.insertNode({ kind: "", name: "n" }), InvalidArgumentError);
    assertThrows(() => db.insertEdge({ from: 1, to: 5, type: "T" }), NotFoundError);
    db.close();
    assertEquals(vectorRows(path).hnsw_vectors, before(folder).hnsw_vectors);
  });
}

test("schema S-19: the upgrade keeps the rows of vector indexes, and invents none", () => {
  for (const { name, schema } of REFERENCE_FILES) {
    using folder = tempDir();
    const path = copyReference(name, folder);
    const names = (file: string) => {
      using raw = openRaw(file);
      return raw.tables().includes("hnsw_indexes") ? raw.table("hnsw_indexes") : [];
    };
    const before = names(path);
    openAt(path).close();
    assertEquals(names(path), before, name);
    if (!name.startsWith("empty") && schema > 1) assertEquals(before.length, 3, name);
  }
});

test("schema S-20: what is rolled back leaves every table as it was, vector tables too, and later writes are right", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  const rows = () => {
    using raw = openRaw(db.path, { readonly: true });
    return Object.fromEntries(raw.tables().map((table) => [table, raw.table(table)]));
  };
  const before = rows();
  assertThrows(() =>
    db.transaction((tx) => {
      tx.insertNodes([{ kind: "K", name: "a" }, { kind: "K", name: "b" }]);
      tx.deleteNode(1);
      tx.kv.set("k", 1);
      tx.kv.delete("user:1");
      throw new InvalidArgumentError("stop", { code: "stop" });
    }), InvalidArgumentError);
  assertEquals(rows(), before);
  assertEquals([db.countNodes(), db.degree(1), db.kv.get("user:1"), db.kv.get("k")], [41, 5, "Ada ü 🚀", undefined]);
  const id = db.insertNode({ kind: "K", name: "n" });
  assertGreater(id, 43);
  assertEquals([db.countNodes(), db.nodeName(id), [...db.nodeIds()].at(-1)], [42, "n", id]);
});

test("schema S-22: statistics of an empty graph are zeros, also with empty vector indexes in the file", () => {
  for (const name of ["empty-2.0.7", "empty-3.2.5", "empty-3.9.0"]) {
    using folder = tempDir();
    const path = copyReference(name, folder);
    {
      using raw = openRaw(path);
      raw.exec("INSERT INTO hnsw_indexes VALUES (1, 'empty', 8, 16, 200, 'cosine', 0, 1, 1)");
    }
    using db = openAt(path);
    const { nodes, edges, keyValues, kinds, edgeTypes, labels } = db.stats();
    assertEquals({ nodes, edges, keyValues, kinds, edgeTypes, labels }, {
      nodes: 0,
      edges: 0,
      keyValues: 0,
      kinds: [],
      edgeTypes: [],
      labels: [],
    });
  }
});

test("schema S-26: a backup goes into a folder of any name, and twice within a second", () => {
  for (const driver of DRIVERS) {
    using folder = tempDir();
    using db = openNew(folder, { driver, clock: () => READ_MS });
    db.insertNode({ kind: "K", name: "n" });
    for (const name of ["it's", 'a "quote"', "'; DROP TABLE graph_entities; --", "ü 🚀", "a?b#c%41", "file:x"]) {
      const first = db.backup(folder.path(name));
      const second = db.backup(folder.path(name));
      assertNotEquals(first.path, second.path);
      assertNotEquals(first.manifestPath, second.manifestPath);
      assertEquals(listing(folder.path(name)).length, 4, name);
      for (const { path, manifestPath, sizeBytes, sha256: hash } of [first, second]) {
        assertEquals([statSync(path).size, sha256(path)], [sizeBytes, hash]);
        const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
        assertEquals([manifest.sha256, manifest.sizeBytes, manifest.nodes], [hash, sizeBytes, 1]);
        using copy = openAt(path, { readonly: true });
        assertEquals(copy.countNodes(), 1);
      }
    }
    assertEquals(db.countNodes(), 1);
  }
});

test("schema S-27: every line of an export is JSON, its counts are right, and it holds key-values", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  const result = db.exportSnapshot(folder.path("out.jsonl"));
  const text = readFileSync(folder.path("out.jsonl"), "utf8");
  assert(text.endsWith("\n"));
  const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  const count = (type: string) => rows.filter((row) => type in row).length;
  assertEquals(
    { nodes: result.nodes, edges: result.edges, keyValues: result.keyValues, properties: result.properties },
    { nodes: count("node"), edges: count("edge"), keyValues: count("kv"), properties: count("property") },
  );
  assertEquals([result.nodes, result.edges, result.keyValues], [41, 79, 36]);
  assertEquals(result.sizeBytes, statSync(folder.path("out.jsonl")).size);
});

test("schema S-27: an export is one state, whatever is written meanwhile", () => {
  using folder = tempDir();
  using db = openNew(folder);
  using other = openNew(folder);
  db.insertNodes(Array.from({ length: 3000 }, (_, at) => ({ kind: "K", name: `n${at}` })));
  let writes = 0;
  db.exportSnapshot(folder.path("out.jsonl"), {
    onProgress: () => {
      const id = other.insertNode({ kind: "K", name: "later" });
      other.insertEdge({ from: id, to: 1, type: "LATER" });
      writes++;
    },
  });
  assertGreater(writes, 1);
  using copy = openAt(folder.path("copy.db"));
  const { nodes, edges } = copy.importSnapshot(folder.path("out.jsonl"));
  assertEquals([nodes, edges], [3000, 0]);
});

test("schema S-28: an import checks its rows, and takes all of them or none", () => {
  using folder = tempDir();
  using source = openReference("sqlite-3.2.5", folder);
  source.exportSnapshot(folder.path("good.jsonl"));
  const lines = readFileSync(folder.path("good.jsonl"), "utf8").trimEnd().split("\n");
  using db = openNew(folder);
  const refuse = (what: string, changed: readonly string[]) => {
    writeFileSync(folder.path("bad.jsonl"), `${changed.join("\n")}\n`);
    assertThrows(() => db.importSnapshot(folder.path("bad.jsonl")), InvalidArgumentError, "", what);
    assertEquals([db.countNodes(), db.countEdges(), db.kv.count()], [0, 0, 0], what);
  };
  const edge = lines.findIndex((line) => line.startsWith('{"edge"'));
  const node = lines.findIndex((line) => line.startsWith('{"node"'));
  const insert = (at: number, line: string) => lines.toSpliced(at, 0, line);
  refuse("an edge to a missing node", lines.with(edge, lines[edge]!.replace(/"to":\d+/, '"to":4242')));
  refuse("a negative id", lines.with(node, lines[node]!.replace(/"id":\d+/, '"id":-3')));
  refuse("a node twice", insert(node + 1, lines[node]!));
  refuse("an edge twice", insert(edge + 1, lines[edge]!));
  refuse("no header", lines.slice(1));
  refuse("a line that was lost", lines.toSpliced(node, 1));
  refuse("a file that was cut off", lines.slice(0, -5));
  refuse("a line that is no JSON", insert(edge, '{"node":'));
  refuse("an unknown row", insert(edge, '{"martian":{}}'));
  refuse("an empty file", []);
  assertThrows(() => db.importSnapshot(folder.path("missing.jsonl")), GraphError);
  const id = db.insertNode({ kind: "K", name: "first" });
  assertEquals([...db.nodes()], [{ id, kind: "K", name: "first", data: {} }]);
});

test("schema S-28: an import says what it imported, takes a repeated label, and replaces only when asked to", () => {
  using folder = tempDir();
  using source = openReference("sqlite-3.2.5", folder);
  source.exportSnapshot(folder.path("good.jsonl"));
  const text = readFileSync(folder.path("good.jsonl"), "utf8");
  const twice = text.replace('"labels":["Important"]', '"labels":["Important","Important","Function"]');
  assertNotEquals(twice, text);
  writeFileSync(folder.path("twice.jsonl"), twice);
  using db = openNew(folder);
  db.insertNodes(Array.from({ length: 100 }, () => ({ kind: "K", name: "n" })));
  assertThrows(() => db.importSnapshot(folder.path("twice.jsonl")), ConflictError);
  assertEquals(db.countNodes(), 100);
  const { nodes, edges, keyValues } = db.importSnapshot(folder.path("twice.jsonl"), { replace: true });
  assertEquals([nodes, edges, keyValues], [41, 79, 36], "fewer than before, and counted rightly");
  assertEquals([db.countNodes(), db.countEdges(), db.getNode(5)?.labels], [41, 79, ["Important"]]);
  assertEquals([...db.nodeIds({ label: "Class" })], [3, 9, 10, 11], "kinds are labels after an import too");
  assertEquals(db.insertNode({ kind: "K", name: "n" }), 101, "above every id that was ever used here");
});

test("schema S-29: no stray file is made, neither beside the database nor in the working folder", () => {
  const stray = ["main", "memory", ":memory:", "test.db", "main-journal"];
  const present = () => stray.filter((name) => existsSync(name));
  const before = present();
  for (const driver of DRIVERS) {
    using folder = tempDir();
    const path = copyReference("sqlite-2.0.7", folder);
    using db = openAt(path, { driver });
    db.insertNode({ kind: "K", name: "n" });
    db.kv.set("k", 1);
    using snapshot = db.snapshot();
    snapshot.countNodes();
    db.check();
    db.exportSnapshot(folder.path("out.jsonl"));
    assertEquals(listing(folder.root).filter((name) => !/-(wal|shm)$/.test(name)), ["out.jsonl", "sqlite-2.0.7.db"]);
    db.close();
    assertEquals(listing(folder.root), ["out.jsonl", "sqlite-2.0.7.db"]);
  }
  assertEquals(present(), before);
});

test("schema S-30: data that others cannot read again is refused, and what is stored all the same can be read", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const nested = (levels: number): unknown => {
    let value: unknown = "bottom";
    for (let level = 0; level < levels; level++) value = level % 2 ? { d: value } : [value];
    return value;
  };
  assertThrows(() => db.insertNode({ kind: "K", name: "n", data: nested(128) as never }), InvalidArgumentError, "127");
  assertThrows(() => db.kv.set("k", nested(128) as never), InvalidArgumentError);
  assertEquals([db.countNodes(), db.kv.count()], [0, 0]);
  const id = db.insertNode({ kind: "K", name: "n", data: nested(127) as never });
  assertEquals(db.getNode(id)?.data as unknown, nested(127));
  {
    using raw = openRaw(db.path);
    raw.rows("INSERT INTO graph_entities (kind, name, data) VALUES ('K', 'deep', ?)", JSON.stringify(nested(200)));
  }
  assertEquals(db.getNode(id + 1)?.data as unknown, nested(200));
  assertEquals([...db.nodes()].length, 2);
});

test("schema S-30: deeper data of another program can be exported, imported and patched", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const text = `{"a":1,"deep":${"[".repeat(200)}${"]".repeat(200)}}`;
  const id = db.insertNode({ kind: "K", name: "n" });
  {
    using raw = openRaw(db.path);
    raw.rows("UPDATE graph_entities SET data = ? WHERE id = ?", text, BigInt(id));
  }
  db.patchNode(id, { a: 2 });
  assertEquals(JSON.stringify(db.getNode(id)?.data), text.replace("1", "2"));
  assertEquals(db.exportSnapshot(folder.path("out.jsonl")).nodes, 1);
  using copy = openAt(folder.path("copy.db"));
  copy.importSnapshot(folder.path("out.jsonl"));
  assertEquals(JSON.stringify(copy.getNode(id)?.data), text.replace("1", "2"), "an export can be imported");
});

test("schema S-31: each user opens a handle of its own, and all of them read and write the same graph", () => {
  using folder = tempDir();
  const handles = Array.from({ length: 8 }, () => openNew(folder));
  const ids = handles.map((db, at) => db.insertNode({ kind: "K", name: `by ${at}` }));
  assertEquals(new Set(ids).size, 8);
  for (const db of handles) assertEquals([...db.nodeIds()], ids);
  for (const db of handles) db.close();
  assertEquals(listing(folder.root), ["test.db"]);
});

test("schema S-31: a handle that waits for another one's transaction says so", () => {
  using folder = tempDir();
  using first = openNew(folder);
  using second = openNew(folder, { busyTimeoutMs: 20 });
  first.transaction((tx) => {
    tx.insertNode({ kind: "K", name: "n" });
    assertEquals(second.countNodes(), 0, "reading goes on, and sees nothing before the commit");
    assertThrows(() => second.insertNode({ kind: "K", name: "n" }), DatabaseLockedError, "busyTimeoutMs");
  });
  assertEquals(second.insertNode({ kind: "K", name: "n" }), 2);
});

test("schema S-32: the upgrade gives every older node its kind as a label", () => {
  for (const { name, schema } of REFERENCE_FILES.filter((file) => file.schema < 5)) {
    using folder = tempDir();
    const path = copyReference(name, folder);
    openAt(path).close();
    using raw = openRaw(path);
    assertEquals(
      raw.value(`SELECT count(*) FROM graph_entities AS node
        WHERE NOT EXISTS (SELECT 1 FROM graph_labels WHERE entity_id = node.id AND label = node.kind)`),
      0n,
      `${name} of version ${schema}`,
    );
    assertEquals(
      raw.value("SELECT count(*) FROM graph_labels WHERE entity_id NOT IN (SELECT id FROM graph_entities)"),
      0n,
    );
  }
});

test("schema S-32: nodes that an older program adds later, without the label, are found by their kind all the same", () => {
  using folder = tempDir();
  const path = folder.path("old.db");
  makeOldFile(path, 4);
  openAt(path).close();
  {
    using raw = openRaw(path);
    raw.exec("INSERT INTO graph_entities (kind, name, data) VALUES ('Person', 'late', '{}')");
  }
  using db = openAt(path);
  assertEquals([...db.nodeIds({ label: "Person" })], [1, 2, 7]);
  assertEquals(db.countNodes({ label: "Person" }), 3);
  assertEquals(db.addLabel(7, "Person"), false, "it has it: its kind is one");
  db.updateNode(7, { kind: "City" });
  assertEquals([...db.nodeIds({ label: "Person" })], [1, 2]);
  assertEquals([...db.nodeIds({ label: "City" })], [4, 7]);
});
