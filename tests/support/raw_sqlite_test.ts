import { assertEquals } from "@std/assert";
import { openRaw } from "./raw_sqlite.ts";
import { tempDir } from "./temp_dir.ts";
import { test } from "./test.ts";

test("raw rows keep integers beyond 2^53, floats, blobs and text with NUL apart", () => {
  using raw = openRaw(":memory:");
  raw.exec("CREATE TABLE t (a); CREATE TABLE w (a TEXT PRIMARY KEY, b) WITHOUT ROWID");
  const values = [9223372036854775807n, 1n, 1.5, "nul\0inside", "", "\ufeffü🚀", new Uint8Array([0, 255]), null];
  for (const value of values) raw.rows("INSERT INTO t VALUES (?)", value);
  assertEquals(raw.table("t").map((row) => row["a"]), values);
  assertEquals(raw.table("t", "rowid DESC").at(-1), { a: 9223372036854775807n });
  raw.exec("INSERT INTO w VALUES ('z', 1), ('a', 2)");
  assertEquals(raw.table("w"), [{ a: "a", b: 2n }, { a: "z", b: 1n }]);
  assertEquals(raw.rows("SELECT a FROM t WHERE rowid <= 3"), [[9223372036854775807n], [1n], [1.5]]);
  assertEquals(raw.value("SELECT a FROM t WHERE 0"), undefined);
  assertEquals(raw.tables(), ["t", "w"]);
});

test("a raw database creates its file and can be opened read-only", () => {
  using dir = tempDir();
  using raw = openRaw(dir.path("a.db"));
  raw.exec("CREATE TABLE t (a); INSERT INTO t VALUES (7)");
  raw.close();
  using again = openRaw(dir.path("a.db"), { readonly: true });
  assertEquals(again.value("SELECT a FROM t"), 7n);
});
