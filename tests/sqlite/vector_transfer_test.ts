/** Vectors pass between SQLite files and V3 files in both directions, those of no node between SQLite files. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { InvalidArgumentError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { openAt } from "./reference.ts";

function vectorsOf(db: GraphBackend): unknown {
  return db.vectorIndexes().map((info) => [info, [...db.vectorIndex(info.name).vectors()]]);
}

/** A few indexes of each sort, with gaps in the ids. */
function fill(db: GraphBackend): void {
  const nodes = db.insertNodes(Array.from({ length: 40 }, (_, at) => ({ kind: "N", name: String(at) })));
  for (const [at, metric] of (["cosine", "euclidean", "dot", "manhattan"] as const).entries()) {
    const name = `index ü ${metric}`;
    db.createVectorIndex(name, {
      dimension: at + 1,
      metric,
      m: 3 + at,
      efConstruction: 33,
      efSearch: 7,
      seed: at,
      storage: "i8",
    });
    for (const [place, node] of nodes.entries()) {
      if (place % (at + 2) === 0) {
        db.setVector(
          name,
          node,
          Array.from({ length: at + 1 }, (_, dimension) => place - dimension + 0.1),
        );
      }
    }
  }
  db.deleteNode(nodes[12] as number);
  db.createVectorIndex("empty", { dimension: 4096 });
}

const ENGINES = {
  sqlite: (path: string): GraphBackend => SqliteBackend.open(path, { durability: "off" }),
  v3: (path: string): GraphBackend => V3Backend.open(path, { durability: "off" }),
};

for (const [from, to] of [["sqlite", "v3"], ["v3", "sqlite"], ["sqlite", "sqlite"]] as const) {
  test(`an export from ${from} brings all vectors to ${to}`, () => {
    using folder = tempDir();
    using source = ENGINES[from](folder.path("source.db"));
    fill(source);
    const exported = source.exportSnapshot(folder.path("all.jsonl"));
    assertEquals([exported.vectorIndexes, exported.vectors], [5, source.stats().vectors]);
    using copy = ENGINES[to](folder.path("copy.db"));
    fill(copy);
    const imported = copy.importSnapshot(folder.path("all.jsonl"), { replace: true });
    assertEquals(imported, exported);
    assertEquals(vectorsOf(copy), vectorsOf(source));
    assert(copy.check().ok);
    copy.exportSnapshot(folder.path("again.jsonl"));
    const rows = (name: string) => readFileSync(folder.path(name), "utf8").split("\n").slice(1);
    assertEquals(rows("again.jsonl"), rows("all.jsonl"));
  });
}

for (const name of ["sqlite-3.2.5", "sqlite-3.9.0"]) {
  test(`vectors of no node in ${name} keep their numbers and metadata beside those of nodes`, () => {
    using folder = tempDir();
    using source = openAt(copyReference(name, folder));
    for (const node of [1, 2, 3, 4]) source.setVector("euclid8", node, [node, 1, 0, 0, 0, 0, 0, 0]);
    source.createVectorIndex("a", { dimension: 1 });
    for (let node = 26; node < 35; node++) source.setVector("a", node, [node]);
    source.exportSnapshot(folder.path("all.jsonl"));
    using copy = openAt(folder.path("copy.db"));
    copy.importSnapshot(folder.path("all.jsonl"));
    assertEquals(vectorsOf(copy), vectorsOf(source));
    assertEquals(copy.check().findings.filter(({ code }) => code.includes("vector")), []);
    using v3 = V3Backend.open(folder.path("v3.db"), { durability: "off" });
    assertThrows(() => v3.importSnapshot(folder.path("all.jsonl")), UnsupportedError);
    assertEquals([v3.countNodes(), v3.vectorIndexes()], [0, []]);
  });
}

test("a vector of no node with a wrong number of floats, or given twice, is refused and nothing is imported", () => {
  using folder = tempDir();
  using source = openAt(copyReference("sqlite-3.2.5", folder));
  source.exportSnapshot(folder.path("all.jsonl"));
  const lines = readFileSync(folder.path("all.jsonl"), "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes('"vectorId":30'));
  const damages = [
    (line: string) => line.replace(/"values":"[^"]*"/, '"values":"AACAPw=="'),
    (line: string) => line.replace(/"values":"[^"]*"/, '"values":"AADAfwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="'),
    (line: string) => line.replace('"vectorId":30', '"vectorId":29'),
  ];
  for (const damage of damages) {
    const changed = lines.with(at, damage(lines[at] as string));
    assert(changed[at] !== lines[at]);
    writeFileSync(folder.path("bad.jsonl"), changed.join("\n"));
    using copy = openAt(folder.path("copy.db"));
    assertThrows(() => copy.importSnapshot(folder.path("bad.jsonl")), InvalidArgumentError);
    assertEquals([copy.countNodes(), copy.vectorIndexes()], [0, []]);
  }
});

test("importing with replace takes vectors of no node along, and what other programs delete is seen as before", () => {
  using folder = tempDir();
  using db = openAt(copyReference("sqlite-3.2.5", folder));
  using empty = SqliteBackend.open(":memory:");
  empty.insertNode({ kind: "N", name: "n" });
  empty.exportSnapshot(folder.path("one.jsonl"));
  db.importSnapshot(folder.path("one.jsonl"), { replace: true });
  assertEquals([db.countNodes(), db.vectorIndexes(), db.stats().vectors], [1, [], 0]);
  db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
  db.setVector("e", 1, [1]);
  assertEquals(db.searchVectors("e", [1]), [{ nodeId: 1, distance: 0 }]);
  assert(db.check().ok);
  {
    using raw = openRaw(db.path);
    raw.exec("DELETE FROM graph_entities");
  }
  assertEquals(db.searchVectors("e", [1]).map(({ nodeId }) => nodeId), [0]);
});

test("a backup holds the vectors and their links", () => {
  using folder = tempDir();
  using db = SqliteBackend.open(folder.path("a.db"), { durability: "off" });
  fill(db);
  const { path } = db.backup(folder.path("backups"));
  using copy = SqliteBackend.open(path);
  assertEquals(vectorsOf(copy), vectorsOf(db));
  assert(copy.check().ok);
});
