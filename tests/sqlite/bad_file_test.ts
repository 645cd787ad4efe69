/** Paths that hold no database of ours: a typed error each, nothing changed, nothing left behind. */

import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  CorruptionError,
  GraphError,
  InvalidArgumentError,
  IoError,
  NotFoundError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { bytesOf, copyReference } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, listing, openAt, type OpenOptions, sha256 } from "./reference.ts";

type ErrorClass = new (message: string, options: { code: string }) => GraphError;

/** Opening must fail with this error, which names the path, and change nothing in the folder. */
function assertRefused(path: string, folder: TempDir, expected: ErrorClass, options: OpenOptions = {}): GraphError {
  // A read-only connection cannot remove the index of the log that SQLite needs for reading.
  const files = () =>
    listing(folder.root).filter((name) => !options.readonly || !/-(wal|shm)$/.test(name)).map((
      name,
    ) => [name, statSync(folder.path(name)).isFile() ? sha256(folder.path(name)) : ""]);
  const before = files();
  const error = assertThrows(() => openAt(path, options), GraphError);
  assertInstanceOf(error, expected, error.stack);
  assertStringIncludes(error.message, path);
  assertEquals(files(), before);
  return error;
}

/** Declares a test for each adapter, for writing and for reading only. */
function refusalTest(what: string, make: (folder: TempDir) => string, expected: ErrorClass): void {
  for (const driver of DRIVERS) {
    for (const readonly of [false, true]) {
      test(`${what} is refused by ${driver}${readonly ? " for reading" : ""}`, () => {
        using folder = tempDir();
        assertRefused(make(folder), folder, expected, { driver, readonly });
      });
    }
  }
}

function writeBytes(folder: TempDir, bytes: string | Uint8Array): string {
  const path = folder.path("bad.db");
  writeFileSync(path, bytes);
  return path;
}

refusalTest("a text file", (folder) => writeBytes(folder, "this is no database\n".repeat(500)), CorruptionError);
refusalTest("a short text file", (folder) => writeBytes(folder, "x"), CorruptionError);
refusalTest("a file of zeros", (folder) => writeBytes(folder, new Uint8Array(8192)), CorruptionError);
refusalTest(
  "a file with nothing but SQLite's first bytes",
  (folder) => writeBytes(folder, "SQLite format 3\0"),
  CorruptionError,
);
refusalTest("a header with nonsense behind it", (folder) => {
  const bytes = bytesOf("empty-3.2.5.db").slice();
  bytes.fill(0xa5, 16, 100);
  return writeBytes(folder, bytes);
}, CorruptionError);
refusalTest("an empty file", (folder) => writeBytes(folder, ""), CorruptionError);
refusalTest(
  "a file cut off in its first page",
  (folder) => writeBytes(folder, bytesOf("sqlite-3.2.5.db").subarray(0, 2000)),
  CorruptionError,
);
refusalTest(
  "a file cut off after its first page",
  (folder) => writeBytes(folder, bytesOf("sqlite-3.2.5.db").subarray(0, 4096)),
  CorruptionError,
);
refusalTest("a file that lost its last pages", (folder) => {
  const bytes = bytesOf("sqlite-3.2.5.db");
  return writeBytes(folder, bytes.subarray(0, bytes.length - 40_960));
}, CorruptionError);
refusalTest("a file that was cut off within a page", (folder) => {
  const bytes = bytesOf("sqlite-3.2.5.db");
  return writeBytes(folder, bytes.subarray(0, bytes.length - 3000));
}, CorruptionError);

refusalTest("a folder", (folder) => {
  mkdirSync(folder.path("folder.db"));
  return folder.path("folder.db");
}, InvalidArgumentError);

/** A database of another program. */
function makeForeign(path: string, sql: string): string {
  using raw = openRaw(path);
  raw.exec(sql);
  return path;
}

refusalTest("another program's database", (folder) =>
  makeForeign(
    folder.path("bookmarks.db"),
    `
  CREATE TABLE bookmarks (id INTEGER PRIMARY KEY, url TEXT);
  INSERT INTO bookmarks VALUES (1, 'https://example.com')`,
  ), InvalidArgumentError);
refusalTest("another program's database with a table nodes", (folder) =>
  makeForeign(
    folder.path("other.db"),
    `
  CREATE TABLE nodes (id INTEGER PRIMARY KEY); CREATE TABLE edges (a, b); CREATE TABLE kv_store (key TEXT PRIMARY KEY, v)`,
  ), InvalidArgumentError);
refusalTest(
  "another program's database that has only a view",
  (folder) => makeForeign(folder.path("view.db"), "CREATE VIEW v AS SELECT 1 AS one"),
  InvalidArgumentError,
);
refusalTest(
  "another program's table graph_entities with other columns",
  (folder) =>
    makeForeign(
      folder.path("entities.db"),
      "CREATE TABLE graph_entities (a, b); INSERT INTO graph_entities VALUES (1, 2)",
    ),
  InvalidArgumentError,
);

refusalTest("a path below a file", (folder) => {
  writeFileSync(folder.path("file"), "x");
  return folder.path("file", "new.db");
}, GraphError);

for (const driver of DRIVERS) {
  test(`a missing file is not created without create by ${driver}`, () => {
    using folder = tempDir();
    const path = folder.path("missing.db");
    assertRefused(path, folder, NotFoundError, { driver, create: false });
    assertRefused(path, folder, NotFoundError, { driver, readonly: true });
    assertRefused(path, folder, NotFoundError, { driver, readonly: true, create: true });
    assertEquals(listing(folder.root), []);
    openAt(path, { driver }).close();
    openAt(path, { driver, create: false }).close();
    assertEquals(listing(folder.root), ["missing.db"]);
  });

  test(`a file in a missing folder is refused by ${driver}, and the folder is not made`, () => {
    using folder = tempDir();
    assertRefused(folder.path("no", "such", "new.db"), folder, IoError, { driver });
    assertEquals(existsSync(folder.path("no")), false);
  });

  test(`a path that looks like a URI, a pragma or a pattern is a file name by ${driver}`, () => {
    using folder = tempDir();
    for (
      const name of [
        "a?mode=memory",
        "file:b.db",
        "c%41.db",
        "d#e.db",
        "[f]*.db",
        "g'h\"i.db",
        ":memory:",
        "ü 🚀.db",
        "-k",
      ]
    ) {
      const path = folder.path(name);
      using db = openAt(path, { driver });
      db.insertNode({ kind: "K", name });
      db.close();
      using again = openAt(path, { driver, create: false });
      assertEquals([...again.nodes()].map((node) => node.name), [name]);
      again.close();
      assertEquals(existsSync(path), true, name);
    }
    assertEquals(listing(folder.root).length, 9);
  });

  test(`a bad option is refused by ${driver} and no file is made`, () => {
    using folder = tempDir();
    const bad: Record<string, unknown>[] = [
      { durability: "most" },
      { busyTimeoutMs: -1 },
      { busyTimeoutMs: 1.5 },
      { busyTimeoutMs: "5" },
      { driver: "sqlite3" },
    ];
    for (const options of bad) {
      const call = () => openAt(folder.path("new.db"), { driver, ...options } as OpenOptions);
      assertThrows(call, InvalidArgumentError, Object.keys(options)[0]);
    }
    for (const path of ["", "a\0b", "\ud800.db", 5, undefined] as string[]) {
      assertThrows(() => openAt(path, { driver }), InvalidArgumentError);
    }
    assertEquals(listing(folder.root), []);
  });
}

test("damage that opening cannot see is reported when it is met, and never as missing", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder);
  let root: number;
  {
    using raw = openRaw(path);
    root = Number(raw.value("SELECT rootpage FROM sqlite_schema WHERE name = 'graph_edges'"));
    raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  openAt(path).close();
  const bytes = new Uint8Array(readFileSync(path));
  bytes.fill(0xff, (root - 1) * 4096, root * 4096);
  writeFileSync(path, bytes);
  using db = openAt(path);
  assertEquals(db.getNode(1)?.name, "main", "the rest can still be read");
  assertThrows(() => db.getEdge(1), CorruptionError);
  assertThrows(() => [...db.edges()], CorruptionError);
  const { ok, findings } = db.check();
  assertEquals(ok, false);
  assertEquals(findings.some(({ severity }) => severity === "error"), true);
});

test("stored data that is no JSON is reported as damage, and other nodes can be read", () => {
  using folder = tempDir();
  using db = openAt(copyReference("sqlite-3.2.5", folder));
  {
    using raw = openRaw(db.path);
    raw.exec(
      "UPDATE graph_entities SET data = '{broken' WHERE id = 2; UPDATE kv_store SET value_json = '{}' WHERE key = '117,115,101,114'",
    );
  }
  const error = assertThrows(() => db.getNode(2), CorruptionError);
  assertStringIncludes(error.message, "2");
  assertEquals(db.getNode(2, { data: false })?.name, "naïve café");
  assertEquals(db.getNode(1)?.name, "main");
  assertThrows(() => [...db.nodes()], CorruptionError);
  assertThrows(() => db.kv.get("user"), CorruptionError);
  assertEquals(db.kv.has("user"), true, "damaged is not missing");
  assertEquals(db.check().ok, false);
});

for (const driver of DRIVERS) {
  test(`an id beyond 2^53 is refused by ${driver}, it is never taken for another one`, () => {
    using folder = tempDir();
    using db = openAt(copyReference("sqlite-3.2.5", folder), { driver });
    db.close();
    {
      using raw = openRaw(db.path);
      raw.exec(`INSERT INTO graph_entities (id, kind, name, data) VALUES (9007199254740993, 'Big', 'n', '{}');
        INSERT INTO graph_labels VALUES (9007199254740993, 'Big')`);
    }
    using again = openAt(db.path, { driver });
    assertEquals(again.getNode(1)?.name, "main");
    assertThrows(() => [...again.nodes({ kind: "Big" })], UnsupportedError, "2^53");
    assertThrows(() => again.insertNode({ kind: "K", name: "n" }), GraphError, "2^53");
    const { ok, findings } = again.check();
    assertEquals([ok, findings.some(({ code }) => code === "invalid-id")], [false, true]);
    using raw = openRaw(db.path);
    assertEquals(raw.value("SELECT count(*) FROM graph_entities"), 42n, "a refused insert leaves nothing");
  });
}
