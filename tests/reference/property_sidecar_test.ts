import { assertEquals, assertThrows } from "@std/assert";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { type EdgeProperties, openPropertySidecar } from "../../lib/reference/property_sidecar.ts";
import { isHotJournal, rollBack } from "../../lib/reference/rollback_journal.ts";
import { readCsrRow } from "../../lib/reference/csr_row.ts";
import { PrivateDatabase } from "../../lib/reference/private_database.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { GOLDEN_FOLDERS, goldenBytes, goldenFileNames, goldenTruth } from "../support/reference_golden.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const SCHEMA = `
  CREATE TABLE node_properties (node_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, data TEXT,
    created_at INTEGER NOT NULL, created_version INTEGER NOT NULL DEFAULT 1, updated_version INTEGER,
    deleted_version INTEGER);
  CREATE TABLE edge_attributes (src INTEGER NOT NULL, dst INTEGER NOT NULL, attr_name TEXT NOT NULL, attr_value TEXT,
    created_version INTEGER NOT NULL DEFAULT 1, deleted_version INTEGER, PRIMARY KEY (src, dst, attr_name))`;

function sidecarIn(dir: TempDir, sql: string): string {
  const path = dir.path("db.sqlite");
  using raw = openRaw(path);
  raw.exec(`${SCHEMA}; ${sql}`);
  return path;
}

function unpack(folder: string, dir: TempDir): string {
  const path = dir.path("db.sqlite");
  writeFileSync(path, goldenBytes(folder, "db.sqlite"));
  return path;
}

/** Names and contents of all files of a folder. */
function filesOf(dir: TempDir): Record<string, Uint8Array> {
  return Object.fromEntries(readdirSync(dir.root).sort().map((name) => [name, readFileSync(dir.path(name))]));
}

for (const folder of GOLDEN_FOLDERS.filter((name) => goldenFileNames(name).includes("db.sqlite"))) {
  test(`rows of released sidecars are read, and nothing is changed (${folder})`, () => {
    using dir = tempDir();
    const path = unpack(folder, dir);
    const before = filesOf(dir);
    using sidecar = openPropertySidecar(path);
    assertEquals(sidecar?.hasTables, before["db.sqlite"]?.length !== 0);
    const nodes = [...sidecar?.nodes() ?? []];
    const edges = [...sidecar?.edges() ?? []];
    if (sidecar?.hasTables) {
      const truth = goldenTruth(folder);
      const live = nodes.filter(({ isDeleted }) => !isDeleted).map(({ id, kind, name, data }) => {
        return { id, kind, name, data: JSON.parse(data as string) as unknown };
      });
      assertEquals(live, [...truth.nodes].map(({ id, kind, name, data }) => ({ id, kind, name, data })));
      const keyOf = ({ from, to, type }: { from: unknown; to: unknown; type?: string | undefined }) =>
        `${String(from)} ${String(to)} ${type}`;
      // An edge that an older version added later never got a row.
      const inserted = truth.edges.filter(({ type }) => folder !== "cross/3.9.0_then_3.2.5" || type !== "mut");
      assertEquals(new Set(edges.map(keyOf)), new Set(inserted.map(keyOf)));
      assertEquals(sidecar.counts().nodes, nodes.length);
      assertEquals(sidecar.counts().deletedNodes, nodes.length - live.length);
    }
    for (const node of nodes) assertEquals(sidecar?.node(node.id), node);
    for (const edge of edges) assertEquals(sidecar?.edge(edge.from, edge.to, edge.type as string), edge);
    assertEquals(sidecar?.node(-99), undefined);
    assertEquals(filesOf(dir), before);
  });
}

test("there is no sidecar where there is no file", () => {
  using dir = tempDir();
  assertEquals(openPropertySidecar(dir.path("db.sqlite")), undefined);
  assertEquals(openPropertySidecar(dir.root), undefined);
});

test("properties of edges are the same whether they are held in memory or looked up", () => {
  using dir = tempDir();
  const path = sidecarIn(
    dir,
    `INSERT INTO edge_attributes (src, dst, attr_name, attr_value) VALUES
      (9, 1, 'last', '{"a":1}'), (1, 2, 'calls', '{}'), (1, 2, '', '{"weight":2.5}'), (1, 3, 'nul', 'a' || char(0) || 'b'),
      (2, 1, 'ä', '{"ü":"ö"}'), (2, 2, 'damaged', CAST(x'ff' AS TEXT)), (3, 1, 'none', NULL), (3, 2, 'number', 5)`,
  );
  using held = openPropertySidecar(path);
  using lookedUp = openPropertySidecar(path, 2);
  const edges = [...held?.edges() ?? []];
  assertEquals(edges, [...lookedUp?.edges() ?? []]);
  assertEquals(edges.map(({ data }) => data), [
    '{"weight":2.5}',
    "{}",
    "a\0b",
    '{"ü":"ö"}',
    undefined,
    undefined,
    "5",
    '{"a":1}',
  ]);
});

test("rows with strange content are read", () => {
  using dir = tempDir();
  const path = sidecarIn(
    dir,
    `INSERT INTO node_properties VALUES
      (-5, 'a' || char(0) || 'b', '', '{}', 7, 1, 3, NULL), (9223372036854775807, CAST(x'ff' AS TEXT), NULL, 5, 'x', 1, NULL, 4)`,
  );
  using sidecar = openPropertySidecar(path);
  assertEquals([...sidecar?.nodes() ?? []], [
    { id: -5, kind: "a\0b", name: "", data: "{}", createdSeconds: 7, isDeleted: false, isUpdated: true },
    {
      id: 9223372036854775807n,
      kind: undefined,
      name: undefined,
      data: "5",
      createdSeconds: undefined,
      isDeleted: true,
      isUpdated: false,
    },
  ]);
  assertEquals(sidecar?.node(9223372036854775807n)?.data, "5");
});

test("edges come by source, target and the type's bytes", () => {
  using dir = tempDir();
  const path = sidecarIn(
    dir,
    `INSERT INTO edge_attributes (src, dst, attr_name, attr_value) VALUES
      (2, 1, 'a', '{}'), (1, 3, 'é', '{}'), (1, 3, 'z', '{}'), (1, 3, '', NULL), (-1, 0, 'a', '{}')`,
  );
  using sidecar = openPropertySidecar(path);
  const listed = ({ from, to, type, data }: EdgeProperties) => [from, to, type, data];
  assertEquals([...sidecar?.edges() ?? []].map(listed), [
    [-1, 0, "a", "{}"],
    [1, 3, "", undefined],
    [1, 3, "z", "{}"],
    [1, 3, "é", "{}"],
    [2, 1, "a", "{}"],
  ]);
});

test("the rows of adjacency of a released sidecar hold its typed edges", () => {
  using dir = tempDir();
  using database = new PrivateDatabase(unpack("3.9.0/tiny", dir));
  const rows = database.all(
    "SELECT shard_data FROM csr_shards WHERE shard_id = 0 AND node_id = 1 ORDER BY version DESC LIMIT 1",
  );
  const { neighbors, weights, typeIds } = readCsrRow(rows[0]?.[0] as Uint8Array);
  assertEquals([[...neighbors], [...weights], [...typeIds]], [[2], [1], [1]]);
});

test("a file that is too large for memory is read where it is, and not changed", () => {
  using dir = tempDir();
  const path = unpack("3.9.0/tiny", dir);
  const before = filesOf(dir);
  {
    using database = new PrivateDatabase(path, 0);
    assertEquals(database.all("SELECT count(*) FROM node_properties"), [[3n]]);
    assertThrows(() => database.all("DELETE FROM node_properties"));
    assertEquals(readdirSync(dir.root), ["db.sqlite"]);
  }
  assertEquals(filesOf(dir), before);
});

/** A file and its journal in the middle of a transaction that has already written pages into the file. */
function interrupted(dir: TempDir): string {
  const path = sidecarIn(dir, "");
  const copy = dir.path("crash.sqlite");
  using raw = openRaw(path);
  raw.exec("PRAGMA cache_size = 2; PRAGMA journal_mode = DELETE; PRAGMA cache_spill = 1");
  const rows = (from: number, to: number, name: string) =>
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
     INSERT OR REPLACE INTO node_properties SELECT i, 'K', '${name}', hex(zeroblob(300)), 0, 1, NULL, NULL FROM n`;
  raw.exec(rows(1, 300, "before"));
  raw.exec("BEGIN");
  raw.exec(rows(100, 900, "interrupted"));
  copyFileSync(path, copy);
  copyFileSync(`${path}-journal`, `${copy}-journal`);
  raw.exec("ROLLBACK");
  return copy;
}

test("a transaction that a crash interrupted is undone in a copy, as SQLite undoes it in the file", () => {
  using dir = tempDir();
  const path = interrupted(dir);
  assertEquals(isHotJournal(readFileSync(`${path}-journal`)), true);
  const before = filesOf(dir);
  {
    using sidecar = openPropertySidecar(path);
    const nodes = [...sidecar?.nodes() ?? []];
    assertEquals([nodes.length, new Set(nodes.map(({ name }) => name))], [300, new Set(["before"])]);
  }
  assertEquals(filesOf(dir), before);
  const mine = rollBack(readFileSync(path), readFileSync(`${path}-journal`));
  {
    using raw = openRaw(path);
    assertEquals(raw.value("SELECT count(*) FROM node_properties"), 300n);
  }
  // SQLite counts its own write in bytes 24 to 27 and 92 to 99.
  const theirs = readFileSync(path);
  assertEquals(mine.length, theirs.length);
  for (const bytes of [mine, theirs]) bytes.fill(0, 24, 28).fill(0, 92, 100);
  assertEquals(mine.every((byte, at) => byte === theirs[at]), true);
});

test("a journal that is over changes nothing", () => {
  using dir = tempDir();
  const path = interrupted(dir);
  const journal = readFileSync(`${path}-journal`);
  writeFileSync(`${path}-journal`, journal.fill(0, 0, 28));
  using sidecar = openPropertySidecar(path);
  assertEquals(sidecar?.hasTables, true);
});

test("what is no database, or cut, is damage", () => {
  using dir = tempDir();
  const path = dir.path("db.sqlite");
  const good = goldenBytes("3.9.0/mixed", "db.sqlite");
  writeFileSync(path, "no database".repeat(100));
  assertThrows(() => openPropertySidecar(path), CorruptionError);
  writeFileSync(path, good.subarray(0, 40_000));
  assertThrows(() => {
    using sidecar = openPropertySidecar(path);
    return [...sidecar?.nodes() ?? []];
  }, CorruptionError);
});
