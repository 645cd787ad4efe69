/** Which engine opens a file. */

import { assert, assertEquals, assertFalse, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  CorruptionError,
  DatabaseLockedError,
  type GraphBackend,
  InvalidArgumentError,
  NotFoundError,
  open,
  type OpenOptions,
  UnsupportedError,
  V3Backend,
  type V3Database,
} from "../../mod.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const ENGINES = ["v3", "sqlite"] as const;

/** A closed database of an engine that holds one node. */
function fileOf(folder: TempDir, backend: "v3" | "sqlite", name = `${backend}.graph`): string {
  const path = folder.path(name);
  using db = open(path, { backend });
  db.insertNode({ kind: "Engine", name: backend });
  return path;
}

function namesIn(db: GraphBackend): string[] {
  return [...db.nodes()].map(({ name }) => name);
}

test("a new database is one of V3 unless SQLite is asked for", () => {
  using folder = tempDir();
  const options: readonly (readonly [OpenOptions, string])[] = [
    [{}, "v3"],
    [{ backend: undefined }, "v3"],
    [{ backend: "v3" }, "v3"],
    [{ backend: "sqlite" }, "sqlite"],
  ];
  options.forEach(([options, engine], index) => {
    for (const path of [":memory:", folder.path(`${index}.graph`)]) {
      using db = open(path, options);
      assertEquals([db.backend, db.path], [engine, path]);
      assertEquals(db instanceof V3Backend, engine === "v3");
    }
  });
});

for (const engine of ENGINES) {
  test(`an existing file of ${engine} is opened by its engine, whatever its name and what lies beside it`, () => {
    using folder = tempDir();
    const path = fileOf(folder, engine);
    const copy = folder.path("copy without anything beside it.db");
    copyFileSync(path, copy);
    for (const file of [path, copy]) {
      for (const options of [{}, { readonly: true }, { create: false }, { backend: engine }]) {
        using db = open(file, options);
        assertEquals([db.backend, namesIn(db)], [engine, [engine]]);
      }
    }
  });

  test(`asking for another engine than ${engine} for its file is refused, and the file stays as it is`, () => {
    using folder = tempDir();
    const backend = engine === "v3" ? "sqlite" : "v3";
    const path = fileOf(folder, engine);
    const copy = folder.path("copy.graph");
    copyFileSync(path, copy);
    const bytes = readFileSync(path);
    const names = readdirSync(folder.root);
    for (const file of [path, copy]) {
      for (const options of [{ backend }, { backend, readonly: true }, { backend, create: true }] as const) {
        const error = assertThrows(() => open(file, options), InvalidArgumentError);
        assertEquals([error.code, error.field, error.value], ["wrong-backend", "backend", backend]);
        assertStringIncludes(
          error.message,
          engine === "v3" ? `${file} is a V3 database` : `${file} is a SQLite database`,
        );
      }
      assertEquals(readFileSync(file), bytes);
    }
    // SQLite leaves empty files of its own beside a file that was opened to read.
    assertEquals(readdirSync(folder.root).filter((name) => !/-(wal|shm)$/.test(name)), names);
  });
}

test("an unknown backend and a path that is none are refused before anything is made", () => {
  using folder = tempDir();
  for (const backend of ["V3", "", null, 3]) {
    const error = assertThrows(() => open(folder.path("a.graph"), { backend: backend as "v3" }), InvalidArgumentError);
    assertEquals(error.field, "backend");
  }
  for (const path of ["", "a\0b", 5 as unknown as string, undefined as unknown as string]) {
    assertThrows(() => open(path), InvalidArgumentError);
  }
  assertThrows(() => open(folder.root), InvalidArgumentError);
  for (const options of [{ create: false }, { readonly: true }, { backend: "sqlite", create: false }] as const) {
    assertThrows(() => open(folder.path("a.graph"), options), NotFoundError);
  }
  assertEquals(readdirSync(folder.root), []);
});

test("options reach the engine", () => {
  using folder = tempDir();
  const clock = () => 1_800_000_000_000;
  for (const backend of ENGINES) {
    const path = folder.path(`${backend}.graph`);
    using db = open(path, { backend, durability: "normal", clock });
    assertEquals(db.stats().durability, "normal");
    db.kv.set("k", 1, { ttlSeconds: 1 });
    assertEquals(db.kv.entry("k")?.expiresAt, clock() + 1000);
    using reader = open(path, { readonly: true });
    assert(reader.readonly);
    assertThrows(() => reader.kv.set("k", 2), UnsupportedError);
  }
  using db = open(folder.path("kept.graph"), { retention: { commits: 3 }, cacheBytes: 2 * 1024 * 1024, clock });
  for (let round = 0; round < 5; round++) db.kv.set("round", round);
  assertEquals([...db.commits()].map(({ lsn, timeMs }) => [lsn, timeMs]), [3, 4, 5].map((lsn) => [lsn, clock()]));
  assertThrows(() => open(":memory:", { cacheBytes: 1 }), InvalidArgumentError);
  assertThrows(() => open(":memory:", { immutable: true }), InvalidArgumentError);
});

test("options that only V3 has are refused for SQLite, also before a file is made", () => {
  using folder = tempDir();
  const existing = fileOf(folder, "sqlite");
  const names = readdirSync(folder.root);
  const options = { retention: { commits: 1 }, cacheBytes: 2 ** 24, immutable: true } as const;
  for (const option of ["retention", "cacheBytes", "immutable"] as const) {
    for (const path of [existing, folder.path("new.graph"), ":memory:"]) {
      const ask = { [option]: options[option], ...(path === existing ? undefined : { backend: "sqlite" as const }) };
      const error = assertThrows(() => open(path, ask), UnsupportedError);
      assertEquals([error.code, error.field], ["option-not-supported", option]);
    }
  }
  assertEquals(readdirSync(folder.root).filter((name) => !/-(wal|shm)$/.test(name)), names);
});

test("a second writer of a V3 file is refused at once", () => {
  using folder = tempDir();
  const path = folder.path("a.graph");
  using _db = open(path);
  assertThrows(() => open(path), DatabaseLockedError);
});

test("a file that is no database is refused as that, whatever it is opened with", () => {
  using folder = tempDir();
  const path = folder.path("text.graph");
  for (const text of ["", "short", "no database ".repeat(2000), "\0".repeat(9000), "SQLTG".repeat(2000)]) {
    writeFileSync(path, text);
    for (const options of [{}, { readonly: true }, { backend: "v3" }, { backend: "sqlite" }] as const) {
      const error = assertThrows(() => open(path, options), CorruptionError);
      assertStringIncludes(error.message, path);
    }
    assertEquals(readFileSync(path, "latin1"), text);
    assertEquals(readdirSync(folder.root), ["text.graph"]);
  }
});

test("a file of the Rust system's own format is told by its version", () => {
  using folder = tempDir();
  const path = folder.path("old.graph");
  const bytes = new Uint8Array(8192);
  bytes.set(new TextEncoder().encode("SQLTGF\0\x03"));
  new DataView(bytes.buffer).setUint32(8, 4, false);
  writeFileSync(path, bytes);
  const expected = assertThrows(() => V3Backend.open(path), UnsupportedError);
  for (const options of [{}, { readonly: true }, { create: false }]) {
    const error = assertThrows(() => open(path, options), UnsupportedError);
    assertEquals([error.message, error.code], [expected.message, expected.code]);
    assertStringIncludes(error.message, "version 4");
  }
  assertInstanceOf(assertThrows(() => open(path, { backend: "sqlite" })), InvalidArgumentError);
  assertEquals(readdirSync(folder.root), ["old.graph"]);
});

test("a V3 file is known by either copy of its header", () => {
  using folder = tempDir();
  const bytes = readFileSync(fileOf(folder, "v3"));
  for (const damagedAt of [0, 4096]) {
    const path = folder.path(`damaged at ${damagedAt}.graph`);
    const damaged = Uint8Array.from(bytes);
    damaged.fill(0, damagedAt, damagedAt + 64);
    writeFileSync(path, damaged);
    assertThrows(() => open(path, { backend: "sqlite" }), InvalidArgumentError, "is a V3 database");
    using db = open(path);
    assertEquals([db.backend, namesIn(db)], ["v3", ["v3"]]);
    assert(db instanceof V3Backend && db.openReport.wasHeaderDamaged);
  }
});

test("a SQLite log that a former database of the same name left is not brought into a V3 file", () => {
  using folder = tempDir();
  const former = folder.path("former.graph");
  using sqlite = openRaw(former);
  sqlite.exec("PRAGMA journal_mode = WAL; CREATE TABLE everything (x)");
  const path = fileOf(folder, "v3");
  copyFileSync(`${former}-wal`, `${path}-wal`);
  for (const options of [{}, { readonly: true }]) {
    using db = open(path, options);
    assertEquals([db.backend, namesIn(db)], ["v3", ["v3"]]);
  }
});

test("a lock file that another program left beside a SQLite database does not make it a V3 one", () => {
  using folder = tempDir();
  const path = fileOf(folder, "sqlite");
  writeFileSync(`${path}.lock`, "");
  for (let round = 0; round < 3; round++) {
    using db = open(path);
    assertEquals(db.backend, "sqlite");
    using again = open(path, { backend: "sqlite", readonly: true });
    assertEquals(namesIn(again), ["sqlite"]);
  }
  assertThrows(() => open(path, { backend: "v3" }), InvalidArgumentError);
});

interface Fleet {
  nodes: { Ship: { guns: number } };
  edges: { FOLLOWS: null };
}

test("what V3 has besides the contract is typed by the schema, too", () => {
  using folder = tempDir();
  using db: V3Database<Fleet> = V3Backend.create<Fleet>(folder.path("fleet.graph"));
  const results = db.transactionGroup<number>([
    (tx) => tx.insertNode({ kind: "Ship", name: "Beagle", data: { guns: 10 } }),
    // @ts-expect-error: guns are a number
    (tx) => tx.insertNode({ kind: "Ship", name: "Endeavour", data: { guns: "ten" } }),
    () => {
      throw new RangeError("no");
    },
  ]);
  assertEquals(results.map((result) => "value" in result), [true, true, false]);
  const guns: number | undefined = db.getNode(1, "Ship")?.data.guns;
  assertEquals([guns, db.refresh(), db.openReport.replayedCommits], [10, false, 0]);
  db.checkpoint();
  using reader = V3Backend.openReadOnly<Fleet>(db.path);
  assertEquals(reader.countNodes(), 2);
  assertFalse(open(":memory:", { backend: "sqlite" }) instanceof V3Backend);
});
