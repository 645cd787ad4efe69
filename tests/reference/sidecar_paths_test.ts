import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { findSidecars, sidecarPath } from "../../lib/reference/sidecar_paths.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

test("a sidecar's extension replaces what follows the last dot of the file's name", () => {
  const names = ["test.db", "a.b.graph", "graph", ".hidden", ".a.b", "foo.", "x/y.z/graph", "/tmp/a.graph"];
  assertEquals(names.map((name) => sidecarPath(name, "wal")), [
    "test.v3wal",
    "a.b.v3wal",
    "graph.v3wal",
    ".hidden.v3wal",
    ".a.v3wal",
    "foo.v3wal",
    "x/y.z/graph.v3wal",
    "/tmp/a.v3wal",
  ]);
});

test("the sidecars that lie beside a file are found, but no folders and not the file itself", () => {
  using dir = tempDir();
  const path = dir.path("db.sqlite");
  writeFileSync(path, "main");
  writeFileSync(dir.path("db.v3index"), "index");
  writeFileSync(dir.path("other.v3edgemeta"), "");
  mkdirSync(dir.path("db.v3wal"));
  assertEquals(findSidecars(path), [{ kind: "nameIndex", path: dir.path("db.v3index"), sizeBytes: 5 }]);
});
