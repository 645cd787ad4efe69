/**
 * The 23 behaviours that the reference demands of a key-value store, by their numbers. Where it lets a damaged checkpoint copy
 * lose keys (13 to 16, 18, 20) ours must not: the main file holds the truth, and the copy is only set aside.
 */

import { assert, assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { Key, KeyValue, KeyValueEntry, KeyValueReader } from "../../lib/backend/key_value.ts";
import { MAX_KEY_BYTES } from "../../lib/backend/limits.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { logWithKvSet } from "./log_with_kv_set.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** One database file with its sidecars, and the clock of its sessions. */
class World implements Disposable {
  readonly path: string;
  /** The log. */
  readonly log: string;
  /** The checkpoint copy. */
  readonly copy: string;
  nowMs = START_MS;
  readonly #folder: TempDir = tempDir();

  constructor() {
    this.path = this.#folder.path("test.graph");
    this.log = `${this.path}.v3wal`;
    this.copy = `${this.path}.v3checkpoint`;
  }

  /** Opens the database, runs the body, checks that the database is sound, and closes it. */
  session(body: (db: GraphBackend) => void): void {
    using db = V3Backend.open(this.path, { clock: () => this.nowMs });
    body(db);
    const { ok, findings } = db.check();
    assert(ok, JSON.stringify(findings));
  }

  /** Names in the folder. */
  files(): string[] {
    return readdirSync(this.#folder.root).toSorted();
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function v3Test(name: string, body: (world: World) => void): void {
  test(name, () => {
    using world = new World();
    body(world);
  });
}

function sqliteTest(name: string, body: (path: string) => void): void {
  test(name, () => {
    using folder = tempDir();
    body(folder.path("test.graph"));
  });
}

function keysOf(kv: KeyValueReader, prefix: string): Key[] {
  return Array.from(kv.scan({ prefix }), (entry) => entry.key);
}

/** A world with one key that was flushed, and closed. */
function withOldKey(world: World): void {
  world.session((db) => {
    db.kv.set("old", 100);
    db.flush();
  });
  assert(existsSync(world.copy));
  assertFalse(existsSync(world.log));
}

/** After a session found this damaged copy: it lies under another name, byte for byte, and the old key is there. */
function assertSetAside(world: World, db: GraphBackend, damaged: Uint8Array): void {
  assertFalse(existsSync(world.copy));
  assertEquals(new Uint8Array(readFileSync(`${world.copy}.corrupt-1`)), damaged);
  assertStrictEquals(db.kv.get("old"), 100);
}

sqliteTest("behaviour 1: a SQLite database keeps a value over a reopen", (path) => {
  {
    using db = SqliteBackend.open(path);
    db.kv.set("key", "value");
  }
  using db = SqliteBackend.open(path);
  assertStrictEquals(db.kv.get("key"), "value");
});

sqliteTest("behaviour 2: a SQLite file holds the values by itself", (path) => {
  {
    using db = SqliteBackend.open(path);
    db.kv.set("text", "value");
    db.kv.set("integer", 42);
    db.kv.set("json", { list: [1, null] });
  }
  assertFalse(existsSync(`${path}-wal`));
  using db = SqliteBackend.open(path);
  assertEquals([...db.kv.scan()], [
    { key: "integer", value: 42 },
    { key: "json", value: { list: [1, null] } },
    { key: "text", value: "value" },
  ]);
});

sqliteTest("behaviour 3: a SQLite database keeps the latest value over a reopen", (path) => {
  for (const value of [1, 2, "three"]) {
    using db = SqliteBackend.open(path);
    db.kv.set("key", value);
  }
  using db = SqliteBackend.open(path);
  assertStrictEquals(db.kv.get("key"), "three");
});

sqliteTest("behaviour 4: a key deleted from a SQLite database is absent after a reopen", (path) => {
  {
    using db = SqliteBackend.open(path);
    db.kv.set("key", 1);
    assert(db.kv.delete("key"));
  }
  using db = SqliteBackend.open(path);
  assertStrictEquals(db.kv.get("key"), undefined);
});

v3Test("behaviour 5: a text is the same text in the session and after flush and reopen", (world) => {
  world.session((db) => {
    db.kv.set("key", "value");
    assertStrictEquals(db.kv.get("key"), "value");
    db.flush();
  });
  world.session((db) => assertStrictEquals(db.kv.get("key"), "value"));
});

v3Test("behaviour 6: the second of two values is the value", (world) => {
  world.session((db) => {
    db.kv.set("key", 100);
    db.kv.set("key", 200);
    assertStrictEquals(db.kv.get("key"), 200);
    db.flush();
  });
  world.session((db) => assertStrictEquals(db.kv.get("key"), 200));
});

v3Test("behaviour 7: a deleted key is absent at once and after flush and reopen", (world) => {
  world.session((db) => {
    db.kv.set("key", 1);
    assert(db.kv.has("key"));
    assert(db.kv.delete("key"));
    assertStrictEquals(db.kv.get("key"), undefined);
    db.flush();
  });
  world.session((db) => {
    assertStrictEquals(db.kv.get("key"), undefined);
    assertEquals([...db.kv.scan()], []);
  });
});

v3Test("behaviour 8: five keys keep their own values", (world) => {
  const expected: KeyValueEntry[] = Array.from({ length: 5 }, (_, n) => ({ key: `key${n}`, value: n * 11 }));
  world.session((db) => {
    for (const { key, value } of expected) db.kv.set(key, value);
    assertEquals([...db.kv.scan()], expected);
    db.flush();
  });
  world.session((db) => {
    assertEquals([...db.kv.scan()], expected);
    for (const { key, value } of expected) assertStrictEquals(db.kv.get(key), value);
  });
});

v3Test("behaviour 9: a flushed value of any type comes back with value and type", (world) => {
  const values: readonly KeyValue[] = [null, true, -5, 2n ** 53n + 1n, 0.5, -0, NaN, "text", new Uint8Array([1]), [
    1.5,
  ]];
  world.session((db) => {
    values.forEach((value, n) => db.kv.set(`key${n}`, value));
    db.flush();
  });
  world.session((db) => {
    values.forEach((value, n) => {
      const back = db.kv.get(`key${n}`);
      assertEquals(back, value);
      if (typeof value !== "object") assertStrictEquals(back, value);
    });
  });
});

v3Test(
  "behaviour 10: a prefix scan at a snapshot of the last LSN finds all keys, before and after a reopen",
  (world) => {
    const verify = (db: GraphBackend): void => {
      assert(db.lsn <= 100, `${db.lsn}`);
      using snapshot = db.snapshot({ lsn: db.lsn });
      using current = db.snapshot();
      for (const reader of [snapshot.kv, current.kv, db.kv]) {
        assertEquals([...reader.scan({ prefix: "user:" })], [
          { key: "user:1", value: "a" },
          { key: "user:2", value: "b" },
          { key: "user:3", value: "c" },
        ]);
        assertStrictEquals(reader.get("user:2"), "b");
      }
    };
    world.session((db) => {
      db.kv.set("user:1", "a");
      db.kv.set("user:2", "b");
      db.kv.set("user:3", "c");
      db.kv.set("other:1", "d");
      verify(db);
      db.flush();
      verify(db);
    });
    world.session(verify);
  },
);

v3Test("behaviour 11: after a flush there is no log, but a checkpoint copy", (world) => {
  world.session((db) => {
    db.kv.set("text", "value");
    db.kv.set("integer", 999);
    db.flush();
    assertFalse(existsSync(world.log));
    assert(existsSync(world.copy));
  });
  world.session((db) => assertEquals([db.kv.get("text"), db.kv.get("integer")], ["value", 999]));
});

v3Test("behaviour 12: flushing and reopening again and again keeps the latest value", (world) => {
  for (let value = 100; value <= 500; value += 100) {
    world.session((db) => {
      assertStrictEquals(db.kv.get("key"), value === 100 ? undefined : value - 100);
      db.kv.set("key", value);
      db.flush();
      assert(existsSync(world.copy));
    });
  }
  world.session((db) => assertStrictEquals(db.kv.get("key"), 500));
});

/** Damages the copy, and demands that the next session sets it aside, has the old key, and works. */
function damagedCopyTest(name: string, damage: (copy: Uint8Array) => Uint8Array): void {
  v3Test(name, (world) => {
    withOldKey(world);
    const damaged = damage(new Uint8Array(readFileSync(world.copy)));
    writeFileSync(world.copy, damaged);
    world.session((db) => {
      assertSetAside(world, db, damaged);
      db.kv.set("new", "value");
      assertStrictEquals(db.kv.get("new"), "value");
    });
    world.session((db) => assertEquals([db.kv.get("old"), db.kv.get("new")], [100, "value"]));
  });
}

/** The same bytes but for one. */
function withByte(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = changed[at] === 0xff ? 0 : 0xff;
  return changed;
}

/** Magic, format byte and a version, and no more. */
function onlyHead(format: number): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode("V3KVCK"), 0, format, format, 0, 0, 0]);
}

damagedCopyTest("behaviour 13: an overwritten checkpoint copy loses no key", () => {
  const bytes = new Uint8Array(200);
  bytes.set(new TextEncoder().encode("CORRUPTED"));
  return bytes;
});
damagedCopyTest("behaviour 14: one wrong byte in the checkpoint copy loses no key", (copy) => withByte(copy, 48));
damagedCopyTest(
  "behaviour 14: one wrong byte at the end of the checkpoint copy loses no key",
  (copy) => withByte(copy, copy.length - 1),
);
damagedCopyTest("behaviour 15: a checkpoint copy of nothing but a head loses no key", () => onlyHead(0x10));
damagedCopyTest("behaviour 15: a checkpoint copy of nothing but the reference's head loses no key", () => onlyHead(2));
damagedCopyTest("behaviour 16: garbage instead of the checkpoint copy loses no key", () => {
  return new TextEncoder().encode("garbage");
});
damagedCopyTest("behaviour 16: an empty checkpoint copy loses no key", () => new Uint8Array(0));

v3Test("behaviour 17: a log is applied on top of what was checkpointed", (world) => {
  withOldKey(world);
  logWithKvSet(world.path, "old", "new_value");
  assert(existsSync(world.log));
  world.session((db) => assertStrictEquals(db.kv.get("old"), "new_value"));
  world.session((db) => assertStrictEquals(db.kv.get("old"), "new_value"));
});

v3Test("behaviour 18: a log is applied also beside a garbage checkpoint copy", (world) => {
  withOldKey(world);
  const garbage = new TextEncoder().encode("garbage");
  writeFileSync(world.copy, garbage);
  logWithKvSet(world.path, "key", 200);
  world.session((db) => {
    assertStrictEquals(db.kv.get("key"), 200);
    assertStrictEquals(db.kv.get("old"), 100);
    // Recovery ends in a checkpoint, which may have written a new copy under the name.
    assertEquals(new Uint8Array(readFileSync(`${world.copy}.corrupt-1`)), garbage);
  });
  world.session((db) => assertEquals([db.kv.get("key"), db.kv.get("old")], [200, 100]));
});

v3Test("behaviour 19: what was checkpointed comes back without any log", (world) => {
  withOldKey(world);
  world.session((db) => assertStrictEquals(db.kv.get("old"), 100));
});

v3Test("behaviour 20: beside a garbage checkpoint copy, new sets work and a flush writes a whole copy", (world) => {
  withOldKey(world);
  const garbage = new TextEncoder().encode("garbage");
  writeFileSync(world.copy, garbage);
  world.session((db) => {
    assertSetAside(world, db, garbage);
    db.kv.set("new", 1);
    db.flush();
    assert(existsSync(world.copy));
  });
  world.session((db) => {
    assert(existsSync(world.copy));
    assertFalse(existsSync(`${world.copy}.corrupt-2`));
    assertEquals([db.kv.get("old"), db.kv.get("new")], [100, 1]);
  });
});

v3Test("behaviour 21: a key lives through sets, flushes, reopens and its deletion", (world) => {
  world.session((db) => {
    db.kv.set("key", "v1");
    db.flush();
  });
  world.session((db) => {
    assertStrictEquals(db.kv.get("key"), "v1");
    db.kv.set("key", "v2");
    assertStrictEquals(db.kv.get("key"), "v2");
    db.flush();
  });
  world.session((db) => {
    assertStrictEquals(db.kv.get("key"), "v2");
    for (const value of ["v3", "v4"]) {
      db.kv.set("key", value);
      assertStrictEquals(db.kv.get("key"), value);
    }
    assert(db.kv.delete("key"));
    assertStrictEquals(db.kv.get("key"), undefined);
    db.flush();
  });
  world.session((db) => assertStrictEquals(db.kv.get("key"), undefined));
});

v3Test("behaviour 22: closing without a flush keeps every operation, in order", (world) => {
  world.session((db) => {
    db.kv.set("k1", 1);
    db.kv.set("k1", 2);
    db.kv.set("k2", "text");
    db.kv.delete("k1");
    db.kv.set("k3", Math.PI);
  });
  world.session((db) => {
    assertStrictEquals(db.kv.get("k1"), undefined);
    assertStrictEquals(db.kv.get("k2"), "text");
    assertStrictEquals(db.kv.get("k3"), Math.PI);
  });
});

v3Test("behaviour 23: a flush leaves a checkpoint copy and no temporary file", (world) => {
  const expected: KeyValueEntry[] = Array.from({ length: 10 }, (_, n) => ({ key: `key${n}`, value: n }));
  world.session((db) => {
    for (const { key, value } of expected) db.kv.set(key, value);
    db.flush();
    assert(existsSync(world.copy));
    assertEquals(world.files().filter((name) => name.includes(".tmp")), []);
  });
  assertEquals(world.files().filter((name) => name.includes(".tmp")), []);
  world.session((db) => assertEquals([...db.kv.scan()], expected));
});

v3Test("a temporary file of a crashed run is removed", (world) => {
  withOldKey(world);
  writeFileSync(`${world.copy}.tmp`, "half a checkpoint");
  world.session((db) => assertStrictEquals(db.kv.get("old"), 100));
  assertFalse(existsSync(`${world.copy}.tmp`));
});

v3Test("each damaged checkpoint copy is kept under a number of its own", (world) => {
  withOldKey(world);
  for (let number = 1; number <= 3; number++) {
    writeFileSync(world.copy, `garbage ${number}`);
    world.session((db) => db.kv.set("count", number));
  }
  for (let number = 1; number <= 3; number++) {
    assertEquals(readFileSync(`${world.copy}.corrupt-${number}`, "utf8"), `garbage ${number}`);
  }
  world.session((db) => assertEquals([db.kv.get("old"), db.kv.get("count")], [100, 3]));
});

v3Test("a missing checkpoint copy loses no key", (world) => {
  withOldKey(world);
  rmSync(world.copy);
  world.session((db) => assertStrictEquals(db.kv.get("old"), 100));
});

v3Test("the checkpoint copy of another database brings no keys", (world) => {
  using other = new World();
  withOldKey(other);
  world.session((db) => db.kv.set("mine", 1));
  writeFileSync(world.copy, readFileSync(other.copy));
  world.session((db) => {
    assertEquals([...db.kv.scan()], [{ key: "mine", value: 1 }]);
    assertFalse(existsSync(world.copy));
  });
});

v3Test("reading a key makes no checkpoint copy", (world) => {
  world.session((db) => {
    assertStrictEquals(db.kv.get("key"), undefined);
    assertEquals([...db.kv.scan()], []);
    db.flush();
  });
  assertFalse(existsSync(world.copy));
});

v3Test("keys and values of any size come back, in the session and after a reopen", (world) => {
  const longKey = "k".repeat(MAX_KEY_BYTES);
  const sizes = [65_535, 65_536, 65_537, 1_000_000];
  const verify = (db: GraphBackend): void => {
    for (const size of sizes) {
      assert(db.kv.get(`text${size}`) === "t".repeat(size), `text of ${size}`);
      assertEquals(db.kv.get(`bytes${size}`), new Uint8Array(size).fill(1));
      assertEquals(db.kv.get(`json${size}`), ["j".repeat(size)]);
    }
    assertStrictEquals(db.kv.get(longKey), "value");
    assertEquals(keysOf(db.kv, "kkk"), [longKey]);
  };
  world.session((db) => {
    for (const size of sizes) {
      db.kv.set(`text${size}`, "t".repeat(size));
      db.kv.set(`bytes${size}`, new Uint8Array(size).fill(1));
      db.kv.set(`json${size}`, ["j".repeat(size)]);
    }
    db.kv.set(longKey, "value");
    verify(db);
    db.flush();
    verify(db);
  });
  world.session(verify);
});

v3Test("an expiry is absolute: it goes on over reopens and is not restarted", (world) => {
  world.session((db) => {
    db.kv.set("mortal", "value", { ttlSeconds: 10 });
    db.kv.set("immortal", "value");
  });
  world.nowMs += 6_000;
  world.session((db) => {
    assertEquals(db.kv.entry("mortal"), { key: "mortal", value: "value", expiresAt: START_MS + 10_000 });
    db.flush();
  });
  world.nowMs = START_MS + 9_999;
  world.session((db) => assert(db.kv.has("mortal")));
  world.nowMs = START_MS + 10_000;
  world.session((db) => assertEquals(keysOf(db.kv, ""), ["immortal"]));
});

v3Test("a null is a value and no deletion, over a reopen too", (world) => {
  const verify = (db: GraphBackend): void => {
    assertStrictEquals(db.kv.get("null"), null);
    assertStrictEquals(db.kv.get("deleted"), undefined);
    assertEquals([...db.kv.scan()], [{ key: "null", value: null }]);
    assertEquals([db.kv.has("null"), db.kv.has("deleted"), db.kv.count()], [true, false, 1]);
  };
  world.session((db) => {
    db.kv.set("null", 1);
    db.kv.set("null", null);
    db.kv.set("deleted", 1);
    db.kv.delete("deleted");
    verify(db);
    db.flush();
  });
  world.session(verify);
});

v3Test("a prefix scan at any snapshot shows the keys of that moment, whatever is written later", (world) => {
  world.session((db) => {
    db.kv.set("a:1", 1);
    using first = db.snapshot();
    db.kv.set("a:2", 2);
    using second = db.snapshot();
    db.kv.set("a:1", 10);
    using third = db.snapshot();
    db.kv.delete("a:2");
    db.kv.set("b:1", 1);
    const verify = (): void => {
      const list = (reader: KeyValueReader) =>
        Array.from(reader.scan({ prefix: "a:" }), ({ key, value }) => [key, value]);
      assertEquals(list(first.kv), [["a:1", 1]]);
      assertEquals(list(second.kv), [["a:1", 1], ["a:2", 2]]);
      assertEquals(list(third.kv), [["a:1", 10], ["a:2", 2]]);
      assertEquals(list(db.kv), [["a:1", 10]]);
      assertEquals([first.lsn, second.lsn, third.lsn, db.lsn], [1, 2, 3, 5]);
      assertStrictEquals(first.kv.get("a:2"), undefined);
      assertStrictEquals(second.kv.get("a:1"), 1);
    };
    verify();
    db.flush();
    verify();
    db.transaction((tx) => {
      for (let n = 0; n < 5_000; n++) tx.kv.set(`a:${n}`, "later");
    });
    db.flush();
    assertEquals(keysOf(first.kv, "a:"), ["a:1"]);
    assertEquals(keysOf(second.kv, "a:"), ["a:1", "a:2"]);
    assertEquals(keysOf(third.kv, "a:"), ["a:1", "a:2"]);
  });
});
