/** Ids that are leased before the first commit: what follows survives a crash as everything else does. */

import { assertEquals } from "@std/assert";
import { copyFileSync } from "node:fs";
import { serveV3 } from "../../lib/v3/served.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

test("after two crashes, with ids that were leased before the first commit, every commit is there", () => {
  using dir = tempDir();
  // A crash leaves the files as they are: their copies are what is found.
  const lives = ["first", "second", "third"];
  for (const [at, life] of lives.entries()) {
    const engine = serveV3(dir.path(life), {});
    engine.lease(10, 10);
    engine.backend.insertNode({ kind: "Life", name: life });
    for (const suffix of ["", ".v3wal"]) {
      copyFileSync(dir.path(life) + suffix, dir.path(lives[at + 1] ?? "end") + suffix);
    }
    engine.close();
  }
  using db = V3Backend.open(dir.path("end"));
  assertEquals(db.countNodes(), lives.length);
  assertEquals(db.check().findings, []);
});
