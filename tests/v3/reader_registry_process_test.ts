/** Readers and their pins between processes of both runtimes. */

import { assert, assertEquals } from "@std/assert";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import process from "node:process";
import { livePins, registerReader } from "../../lib/v3/reader_registry.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { TEMP_ROOT, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { crash, runLockAction, RUNTIMES, startLockAction } from "./lock_processes.ts";

const MODES_SKIP = process.platform === "win32" ? "Windows has no such permissions" : false;

test("pins of living readers of both runtimes count, and those of killed ones are removed", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  const bun = startLockAction({ runtime: "bun" }, "read", path, "3");
  const deno = startLockAction({ runtime: "deno" }, "read", path, "4", "6");
  await Promise.all([bun.printed("reading"), deno.printed("reading")]);
  const here = registerReader(realFileSystem, path);
  here.settle(5);
  for (let looks = 0; looks < 3; looks++) assertEquals(livePins(realFileSystem, path), [3, 5, 6]);
  await crash(bun);
  assertEquals(livePins(realFileSystem, path), [5, 6]);
  assertEquals(readdirSync(`${path}.readers`).length, 4, "only the files of the living are left");
  await crash(deno);
  assertEquals(livePins(realFileSystem, path), [5]);
  here.release();
  assertEquals(livePins(realFileSystem, path), []);
  assert(!existsSync(`${path}.readers`));
});

for (const runtime of RUNTIMES) {
  test(`a reader on ${runtime} that is killed before it read the header pins nothing any more`, async () => {
    using dir = tempDir();
    const path = dir.path("a.graph");
    const reader = startLockAction({ runtime }, "read", path);
    await reader.printed("reading");
    assertEquals(livePins(realFileSystem, path), [0]);
    await crash(reader);
    assertEquals(livePins(realFileSystem, path), []);
    assertEquals(readdirSync(dir.root), []);
  });

  test(`a reader on ${runtime} comes and goes while another one stays`, async () => {
    using dir = tempDir();
    const path = dir.path("a.graph");
    const here = registerReader(realFileSystem, path);
    here.settle(2);
    const permissions = [`--allow-read=${dir.root}`, `--allow-write=${dir.root}`];
    assert((await runLockAction({ runtime, permissions }, "visit", path)).ok);
    assertEquals(livePins(realFileSystem, path), [2]);
    assertEquals(readdirSync(`${path}.readers`).length, 2);
    here.release();
  });

  test(
    `a reader on ${runtime} cannot register in a folder that it may not write to`,
    { skip: MODES_SKIP },
    async () => {
      using dir = tempDir();
      chmodSync(dir.root, 0o755);
      mkdirSync(dir.path("locked"), { mode: 0o555 });
      const permissions = ["--allow-read", `--allow-write=${TEMP_ROOT}`, "--allow-sys"];
      const options = { runtime, permissions };
      const result = await runLockAction(options, "unprivileged", dir.path("locked/a.graph"), "visit");
      assertEquals(!result.ok && result.code, "EACCES");
    },
  );
}
