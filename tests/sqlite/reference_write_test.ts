/** Databases that the Rust program wrote can be written to, and keep everything that the writes did not concern. */

import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { KeyValueEntry } from "../../lib/backend/key_value.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";
import { openRaw, type RawDatabase, type RawRow } from "../support/raw_sqlite.ts";
import {
  copyReference,
  exactly,
  FULL_FILES,
  READ_MS,
  REFERENCE_FILES,
  type ReferenceFile,
  referenceFile,
} from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { byBytes, DRIVERS, listing, openAt, openReference } from "./reference.ts";

/** Everything that a graph holds, in maps that a test can change along with the graph. */
interface Model {
  readonly nodes: Map<number, NodeRecord>;
  readonly edges: Map<number, EdgeRecord>;
  readonly keyValues: Map<string, KeyValueEntry>;
}

function modelOf(db: GraphBackend): Model {
  return {
    nodes: new Map([...db.nodes()].map((node) => [node.id, node])),
    edges: new Map([...db.edges()].map((edge) => [edge.id, edge])),
    keyValues: new Map([...db.kv.scan()].map((entry) => [String(entry.key), entry])),
  };
}

function assertHolds(db: GraphBackend, model: Model): void {
  const byId = (a: { id: number }, b: { id: number }) => a.id - b.id;
  assertEquals(exactly([...db.nodes()]), exactly([...model.nodes.values()].sort(byId)));
  assertEquals(exactly([...db.edges()]), exactly([...model.edges.values()].sort(byId)));
  const found = [...db.kv.scan()].map((entry) => [String(entry.key), entry] as const);
  assertEquals(exactly(Object.fromEntries(found)), exactly(Object.fromEntries(model.keyValues)));
  const { ok, findings } = db.check();
  assert(ok, JSON.stringify(findings));
}

/** Writes of every sort; the model gets the same ones. */
function writeAll(db: GraphBackend, model: Model, file: ReferenceFile): { added: number; moved: number } {
  const [lastNode, lastEdge] = file.lastIds;
  const added = db.insertNode({
    kind: "Added",
    name: "neu 🚀",
    filePath: "a/b c.rs",
    labels: ["fresh", "Ä"],
    data: { big: 2n ** 60n, negativeZero: -0, float: 1e16, text: "nul\0inside", list: [null, true, ""] },
  });
  assertEquals(added, lastNode + 1, "ids continue above the highest that was ever used");
  const moved = db.insertNode({ kind: "Added", name: "" });
  assertEquals(moved, lastNode + 2);
  assertEquals(db.addLabel(moved, "extra"), true);
  db.updateNode(moved, { kind: "Moved", data: [1, 2] });
  const loop = db.insertEdge({ from: added, to: added, type: "ADDED" });
  assertEquals(loop, lastEdge + 1, "edge ids continue above the highest that was ever used");
  const edge = db.insertEdge({ from: added, to: moved, type: "ADDED", data: { weight: 1 } });
  db.patchEdge(edge, { weight: 2, note: null });
  db.kv.set("added", 9223372036854775807n);
  db.kv.set("added.ttl", "x", { ttlSeconds: 60.5 });
  model.nodes.set(added, {
    id: added,
    kind: "Added",
    name: "neu 🚀",
    filePath: "a/b c.rs",
    labels: ["fresh", "Ä"].sort(byBytes),
    data: { big: 2n ** 60n, negativeZero: -0, float: 1e16, text: "nul\0inside", list: [null, true, ""] },
  });
  model.nodes.set(moved, { id: moved, kind: "Moved", name: "", labels: ["extra"], data: [1, 2] as never });
  model.edges.set(loop, { id: loop, from: added, to: added, type: "ADDED", data: {} });
  model.edges.set(edge, { id: edge, from: added, to: moved, type: "ADDED", data: { weight: 2, note: null } });
  model.keyValues.set("added", { key: "added", value: 9223372036854775807n });
  model.keyValues.set("added.ttl", { key: "added.ttl", value: "x", expiresAt: READ_MS + 60_500 });
  return { added, moved };
}

/** Node that the tests delete: it has edges both ways, labels and properties. */
function victimOf(file: ReferenceFile): number | undefined {
  return file.lastIds[0] > 3 ? 5 : file.lastIds[0] > 0 ? 1 : undefined;
}

/** Changes of what the program wrote; the model gets the same ones. */
function changeOld(db: GraphBackend, model: Model, file: ReferenceFile): void {
  const victim = victimOf(file);
  if (victim === undefined) return;
  assertGreater(db.degree(victim, { direction: "both" }), 0);
  db.deleteNode(victim);
  model.nodes.delete(victim);
  for (const { id, from, to } of [...model.edges.values()]) {
    if (from === victim || to === victim) model.edges.delete(id);
  }
  if (file.lastIds[0] === 3) return;
  const { data: old, ...header } = db.requireNode(11);
  db.patchNode(11, { p53: undefined, added: 1n });
  const { p53: _, ...rest } = old as Record<string, unknown>;
  model.nodes.set(11, { ...header, data: { ...rest, added: 1 } as never });
  db.updateNode(12, { kind: "Again", filePath: null });
  const { filePath: __, ...twelve } = model.nodes.get(12)!;
  model.nodes.set(12, { ...twelve, kind: "Again" });
  assertEquals(db.removeLabel(1, "important"), true);
  const { labels: ___, ...one } = model.nodes.get(1)!;
  model.nodes.set(1, one);
  db.updateEdge(1, { type: "CALLED" });
  model.edges.set(1, { ...model.edges.get(1)!, type: "CALLED" });
  db.deleteEdge(2);
  model.edges.delete(2);
  if (!file.hasKeyValues) return;
  db.kv.set("user:2", { answer: 42 });
  model.keyValues.set("user:2", { key: "user:2", value: { answer: 42 } });
  assertEquals(db.kv.delete("user"), true);
  model.keyValues.delete("user");
}

const VECTOR_TABLES = ["hnsw_indexes", "hnsw_vectors", "hnsw_layers", "hnsw_entry_points"];
const WRITTEN_TABLES = ["graph_", "kv_store", "sqlitegraph_", "sqlite_sequence"];

/** Every row of every table, as stored. */
function rowsOf(raw: RawDatabase, tables: readonly string[]): Record<string, RawRow[]> {
  return Object.fromEntries(tables.map((table) => [table, raw.table(table)]));
}

/** Rows of tables that no write of a graph or key concerns. */
function foreignRows(raw: RawDatabase): Record<string, RawRow[]> {
  return rowsOf(raw, raw.tables().filter((table) => !WRITTEN_TABLES.some((prefix) => table.startsWith(prefix))));
}

function assertSound(raw: RawDatabase): void {
  assertEquals(raw.rows("PRAGMA integrity_check"), [["ok"]]);
  assertEquals(raw.rows("PRAGMA foreign_key_check"), []);
}

for (const file of REFERENCE_FILES) {
  for (const driver of DRIVERS) {
    test(`reference ${file.name} by ${driver}: writes are all there after reopening`, () => {
      using folder = tempDir();
      using db = openReference(file.name, folder, { driver });
      const model = modelOf(db);
      const { moved } = writeAll(db, model, file);
      changeOld(db, model, file);
      assertHolds(db, model);
      db.close();
      assertEquals(listing(folder.root), [`${file.name}.db`], "no side files stay");

      using again = openAt(db.path, { driver });
      assertHolds(again, model);
      again.deleteNode(moved);
      again.close();
      using third = openAt(db.path, { driver });
      assertEquals(third.insertNode({ kind: "Added", name: "after" }), moved + 1, "an id is never given twice");
    });

    test(`reference ${file.name} by ${driver}: writes leave every other row as it was`, () => {
      using folder = tempDir();
      using untouched = openRaw(copyReference(file.name, folder, "untouched.db"));
      using db = openReference(file.name, folder, { driver });
      writeAll(db, modelOf(db), file);
      changeOld(db, modelOf(db), file);
      const live = new Set([...db.nodeIds()].map(BigInt));
      db.close();
      using raw = openRaw(db.path);
      assertSound(raw);

      const before = foreignRows(untouched);
      const after = foreignRows(raw);
      for (const table of Object.keys(before)) {
        const rows = before[table]!;
        const isEarlier = table === "hnsw_entry_points" && file.schema < 6;
        assertEquals(after[table], isEarlier ? rows.map((row) => ({ ...row, order_idx: 0n })) : rows, table);
      }
      const isFull = file.lastIds[0] > 3;
      const changed = new Set<unknown>([BigInt(victimOf(file) ?? 0), ...(isFull ? [11n, 12n] : [])]);
      const kept = untouched.table("graph_entities").filter((row) => !changed.has(row["id"]));
      const ids = new Set(kept.map((row) => row["id"]));
      assertEquals(
        raw.table("graph_entities").filter((row) => ids.has(row["id"]!)),
        kept,
        "a node that nobody wrote to keeps its stored text",
      );
      if (isFull) {
        const victim = BigInt(victimOf(file)!);
        const kept = untouched.table("graph_edges").filter((row) =>
          row["from_id"] !== victim && row["to_id"] !== victim && row["id"] !== 1n && row["id"] !== 2n
        );
        const ids = new Set(kept.map((row) => row["id"]));
        assertEquals(raw.table("graph_edges").filter((row) => ids.has(row["id"]!)), kept);
      }
      assertEquals(
        raw.table("graph_properties"),
        untouched.table("graph_properties").filter((row) => live.has(row["entity_id"] as bigint)),
        "properties stay, and go with their node",
      );
      if (file.hasKeyValues) {
        const live = untouched.table("kv_store").filter((row) => {
          const ttl = row["ttl_seconds"] as bigint | null;
          return ttl === null || ((row["updated_at"] as bigint) + ttl) * 1000n > BigInt(READ_MS);
        });
        const encoded = (text: string) => new TextEncoder().encode(text).join();
        const written = new Set<unknown>([encoded("user:2"), encoded("user")]);
        const kept = new Set(live.map((row) => row["key"]).filter((key) => !written.has(key!)));
        assertGreater(kept.size, 30);
        assertEquals(
          raw.table("kv_store").filter((row) => kept.has(row["key"]!)),
          live.filter((row) => kept.has(row["key"]!)),
          "a key that nobody wrote to keeps its row",
        );
      }
    });

    test(`reference ${file.name} by ${driver}: what is written can be read by the program that made the file`, () => {
      using folder = tempDir();
      using db = openReference(file.name, folder, { driver });
      const { added, moved } = writeAll(db, modelOf(db), file);
      db.close();
      using raw = openRaw(db.path);
      const version = BigInt(Math.max(6, file.schema));
      assertEquals(raw.value("SELECT schema_version FROM graph_meta WHERE id = 1"), version);
      assertEquals(raw.value("SELECT count(*) FROM graph_meta"), 1n);
      assertEquals(
        raw.table("graph_meta_history").map((row) => row["version"]),
        Array.from({ length: Number(version) - 1 }, (_, at) => BigInt(at + 2)),
      );
      const labels = raw.rows("SELECT entity_id, label FROM graph_labels WHERE entity_id >= ?", BigInt(added));
      assertEquals(
        labels.map(([id, label]) => `${id} ${label}`).sort(byBytes),
        [`${added} Added`, `${added} fresh`, `${added} Ä`, `${moved} Moved`, `${moved} extra`].sort(byBytes),
        "the kind is a label row, and follows an update",
      );
      const row = raw.table("graph_entities").find(({ id }) => id === BigInt(added))!;
      assertEquals([row["kind"], row["name"], row["file_path"]], ["Added", "neu 🚀", "a/b c.rs"]);
      const data = row["data"] as string;
      assert(data.includes(`"big":1152921504606846976,`), data);
      assert(data.includes(`"negativeZero":-0.0`), `a float stays a float: ${data}`);
      assert(!data.includes(" "), `compact JSON: ${data}`);
      if (file.schema >= 8) {
        assertEquals([row["snapshot_id"], row["created_at"]], ["default", BigInt(Math.floor(READ_MS / 1000))]);
        const edge = raw.table("graph_edges").at(-1)!;
        assertEquals([edge["snapshot_id"], edge["created_at"]], ["default", BigInt(Math.floor(READ_MS / 1000))]);
      }
      const kv = new Map(raw.table("kv_store").map((entry) => [entry["key"], entry]));
      const value = kv.get("97,100,100,101,100")!;
      assertEquals(value["value_json"], `{"data":9223372036854775807,"type":"integer"}`);
      const seconds = BigInt(Math.floor(READ_MS / 1000));
      assertEquals(
        [value["ttl_seconds"], value["version"], value["created_at"], value["updated_at"]],
        [null, 1n, seconds, seconds],
      );
      const expiring = kv.get("97,100,100,101,100,46,116,116,108")!;
      assertEquals([expiring["created_at"], expiring["updated_at"]], [seconds, seconds]);
      const ttl = expiring["ttl_seconds"];
      assert(ttl === 60n || ttl === 61n, `whole seconds that the other program counts: ${ttl}`);
    });
  }
}

for (const file of FULL_FILES) {
  test(`reference ${file.name}: what the program refused is refused`, () => {
    using folder = tempDir();
    using db = openReference(file.name, folder);
    const before = modelOf(db);
    assertThrows(() => db.insertNode({ kind: "  ", name: "x" }), InvalidArgumentError);
    assertThrows(() => db.insertEdge({ from: 1, to: 2, type: "\u2003" }), InvalidArgumentError);
    assertThrows(() => db.insertEdge({ from: 0, to: 2, type: "T" }), InvalidArgumentError);
    assertThrows(() => db.insertEdge({ from: 1, to: -1, type: "T" }), InvalidArgumentError);
    assertThrows(() => db.insertEdge({ from: 1, to: 999, type: "T" }), NotFoundError);
    assertThrows(() => db.insertEdge({ from: 1, to: 25, type: "T" }), NotFoundError);
    assertThrows(() => db.updateNode(0, { name: "x" }), InvalidArgumentError);
    assertThrows(() => db.updateNode(999, { name: "x" }), NotFoundError);
    assertThrows(() => db.deleteNode(999), NotFoundError);
    assertThrows(() => db.deleteEdge(999), NotFoundError);
    assertHolds(db, before);
  });

  test(`reference ${file.name}: what the file holds stays writable, also where it breaks the rules for new input`, () => {
    using folder = tempDir();
    using db = openReference(file.name, folder);
    // Node 16 has NUL in its name, node 4 the empty label, node 17 an empty path.
    db.patchNode(16, { more: true });
    db.updateNode(16, { kind: "Renamed" });
    db.addLabel(4, "second");
    db.updateNode(17, { data: 5 });
    db.close();
    using again = openAt(db.path);
    assertEquals(again.getNode(16), { id: 16, kind: "Renamed", name: "nul\0inside", data: { n: 16, more: true } });
    assertEquals(again.getNode(4)?.labels, ["", "second"]);
    assertEquals(again.getNode(17)?.filePath, "");
    assertEquals(again.getNode(17)?.data as unknown, 5);
    assertEquals([...again.nodeIds({ label: "" })], [4]);
    assertEquals(again.removeLabel(4, ""), true);
    assertEquals([...again.nodeIds({ label: "" })], []);
  });
}

test("reference sqlite-3.2.5: the label of an earlier kind goes, labels that somebody gave stay", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder);
  {
    // A label that is the kind of other nodes, added by hand to node 13: it is no left-over of an update.
    using raw = openRaw(path);
    raw.exec("INSERT INTO graph_labels VALUES (13, 'Block'), (20, 'Function')");
  }
  using db = openAt(path);
  assertEquals(db.getNode(13)?.labels, ["Block"]);
  assertEquals(db.getNode(20)?.labels, ["Function"]);
  assertEquals(db.getNode(12)?.labels, undefined);
  assertEquals([...db.nodeIds({ label: "Updated" })], [12]);
  assertEquals([...db.nodeIds({ label: "File" })], [4, 13, 14]);
});

test("reference: a second opening changes nothing", () => {
  for (const { name } of REFERENCE_FILES) {
    using folder = tempDir();
    using db = openReference(name, folder);
    db.close();
    const rows = (): Record<string, RawRow[]> => {
      using raw = openRaw(db.path);
      return rowsOf(raw, raw.tables());
    };
    const before = rows();
    openAt(db.path).close();
    assertEquals(rows(), before, name);
    assertNotEquals(before, {});
  }
});

test("reference: vector tables of a full file have rows that the tests above look at", () => {
  using folder: TempDir = tempDir();
  using raw = openRaw(copyReference(referenceFile("sqlite-3.2.5").name, folder));
  for (const table of VECTOR_TABLES) assertGreater(raw.table(table).length, 0, table);
});
