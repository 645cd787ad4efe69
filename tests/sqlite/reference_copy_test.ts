/** Exports and backups of databases that the Rust program wrote hold all of them. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference, exactly, REFERENCE_FILES, type ReferenceFile } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, listing, openAt, openReference, sha256 } from "./reference.ts";

function contentOf(db: GraphBackend): unknown[] {
  return [...db.nodes(), ...db.edges(), ...db.kv.scan()].map(exactly);
}

/** Property rows of nodes that exist, in the order in which they were written. */
function propertiesOf(path: string): unknown[] {
  using raw = openRaw(path);
  const nodes = new Set(raw.table("graph_entities").map((row) => row["id"]));
  return raw.table("graph_properties").filter((row) => nodes.has(row["entity_id"]!));
}

/** Stored texts of `data`, by id. */
function dataTexts(path: string): unknown {
  using raw = openRaw(path);
  return raw.rows("SELECT id, data FROM graph_entities UNION ALL SELECT id, data FROM graph_edges ORDER BY 1, 2");
}

for (const file of REFERENCE_FILES) {
  for (const readonly of [false, true]) {
    test(`reference ${file.name}: an export${readonly ? " of the read-only file" : ""} can be imported and loses nothing`, () => {
      using folder = tempDir();
      using db = openReference(file.name, folder, { readonly });
      const exported = db.exportSnapshot(folder.path("all.jsonl"));
      using copy = openAt(folder.path("copy.db"));
      const imported = copy.importSnapshot(folder.path("all.jsonl"));
      assertEquals(imported, exported);
      const found = contentOf(copy);
      const isStale = (record: unknown) => readonly && (record as { id?: number; kind?: string }).kind === "Updated";
      contentOf(db).forEach((record, at) => {
        if (!isStale(record)) assertEquals(found[at], record);
      });
      assertEquals(found.length, contentOf(db).length);
      assertEquals(propertiesOf(copy.path), propertiesOf(db.path));
      assertEquals(dataTexts(copy.path), dataTexts(db.path), "numbers keep their notation");
      assertEquals(copy.insertNode({ kind: "K", name: "n" }), file.lastIds[0] + 1, "ids that were deleted stay used");
      if (file.lastIds[1] > 0) assertEquals(copy.insertEdge({ from: 1, to: 1, type: "T" }), file.lastIds[1] + 1);
      assert(copy.check().ok);
    });
  }
}

/** All rows of all tables; `sqlite_sequence` by name. */
function rowsOf(path: string): Record<string, unknown[]> {
  using raw = openRaw(path);
  return Object.fromEntries(
    raw.tables().map((table) => [table, raw.table(table, table === "sqlite_sequence" ? "name" : undefined)]),
  );
}

function assertSameFile(copy: string, original: string, file: ReferenceFile): void {
  const [found, expected] = [rowsOf(copy), rowsOf(original)];
  assertEquals(Object.keys(found), Object.keys(expected));
  for (const table of Object.keys(expected)) assertEquals(found[table], expected[table], table);
  if (file.name.includes("3.")) assertGreater(Object.keys(expected).length, 7);
}

for (const file of REFERENCE_FILES) {
  for (const driver of DRIVERS) {
    test(`reference ${file.name} by ${driver}: a backup holds every row of every table`, () => {
      using folder = tempDir();
      using db = openReference(file.name, folder, { driver });
      db.kv.set("before the backup", 1);
      const { path, sha256: hash, nodes, edges, keyValues } = db.backup(folder.path("backups"));
      assertEquals(sha256(path), hash);
      assertEquals([nodes, edges, keyValues], [db.countNodes(), db.countEdges(), db.kv.count()]);
      assertEquals(listing(folder.path("backups")).length, 2, "a copy and its manifest");
      using restored = openAt(path, { driver });
      assertEquals(contentOf(restored), contentOf(db));
      restored.close();
      db.close();
      assertSameFile(path, db.path, file);
    });
  }
}

test("reference sqlite-3.2.5: a backup of a read-only file is one", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder);
  const before = sha256(path);
  using db = openAt(path, { readonly: true });
  const backup = db.backup(folder.path("backups"));
  assertEquals([backup.nodes, backup.edges], [41, 79]);
  using copy = openAt(backup.path);
  assertEquals(copy.countNodes(), 41);
  assertEquals(sha256(path), before);
});
