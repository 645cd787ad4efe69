/** The writer's lock between processes of both runtimes. */

import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { acquireWriterLock, isWriterAlive } from "../../lib/v3/writer_lock.ts";
import { TEMP_ROOT, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { crash, runLockAction, RUNTIMES, startLockAction } from "./lock_processes.ts";

const MODES_SKIP = process.platform === "win32" ? "Windows has no such permissions" : false;

for (const owner of RUNTIMES) {
  for (const second of RUNTIMES) {
    test(`a second writer on ${second} is refused at once and told the process id of the first on ${owner}`, async () => {
      using dir = tempDir();
      const path = dir.path("a.graph");
      const first = startLockAction({ runtime: owner }, "hold", path);
      await first.printed("held");
      const refused = await runLockAction({ runtime: second }, "write", path);
      assert(!refused.ok);
      assertEquals([refused.error, refused.code], ["DatabaseLockedError", "database-locked"]);
      assertStringIncludes(refused.message, `process ${first.pid} `);
      assertEquals(await runLockAction({ runtime: second }, "ask", path), { ok: true, value: true });
      await crash(first);
      assertEquals(await runLockAction({ runtime: second }, "ask", path), { ok: true, value: false });
      assert((await runLockAction({ runtime: second }, "write", path)).ok, "the kernel frees it with its process");
      assertEquals(readdirSync(dir.root), ["a.graph.lock"], "nothing else is left, not even the pid of the dead");
      assertEquals(statSync(dir.path("a.graph.lock")).size, 0);
    });
  }
}

test("this process and another exclude each other in turns", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  for (const runtime of RUNTIMES) {
    const lock = acquireWriterLock(realFileSystem, path);
    const refused = await runLockAction({ runtime }, "write", path);
    assert(!refused.ok);
    assertStringIncludes(refused.message, `process ${process.pid} `);
    assert(isWriterAlive(realFileSystem, path), "the one that was refused has freed nothing");
    lock.release();
    assert((await runLockAction({ runtime }, "write", path)).ok);
    assertFalse(isWriterAlive(realFileSystem, path));
  }
});

test("a writer whose process ends without giving the lock up does not keep others out", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  for (const runtime of RUNTIMES) {
    assertEquals((await startLockAction({ runtime }, "writeAndExit", path).finished).code, 0);
    assertFalse(isWriterAlive(realFileSystem, path));
    acquireWriterLock(realFileSystem, path).release();
  }
});

test("a link to the file does not lead around the lock", async () => {
  using dir = tempDir();
  writeFileSync(dir.path("a.graph"), "");
  mkdirSync(dir.path("folder"));
  assert((await runLockAction({ runtime: "bun" }, "link", dir.path("folder/b.graph"), dir.path("a.graph"))).ok);
  assert((await runLockAction({ runtime: "bun" }, "link", dir.path("other"), dir.path("folder"))).ok);
  const lock = acquireWriterLock(realFileSystem, dir.path("other/b.graph"));
  for (const runtime of RUNTIMES) {
    for (const name of ["a.graph", "folder/b.graph", "other/b.graph"]) {
      const result = await runLockAction({ runtime }, "write", dir.path(name));
      assertEquals(!result.ok && result.code, "database-locked", name);
    }
  }
  lock.release();
});

test("Deno needs no more than reading and writing the database's folder", async () => {
  using dir = tempDir();
  const permissions = [`--allow-read=${dir.root}`, `--allow-write=${dir.root}`];
  const path = dir.path("a.graph");
  const first = startLockAction({ runtime: "deno", permissions }, "hold", path);
  await first.printed("held");
  const refused = await runLockAction({ runtime: "deno", permissions }, "write", path);
  assertEquals(!refused.ok && refused.code, "database-locked");
  await crash(first);
  const { ok, value } = await runLockAction({ runtime: "deno", permissions }, "write", path) as Record<string, unknown>;
  assertEquals([ok, typeof value], [true, "number"]);
});

/** Giving up root's rights needs one more. */
const MAY_DROP_RIGHTS = [`--allow-read`, `--allow-write=${TEMP_ROOT}`, "--allow-sys"];

for (const runtime of RUNTIMES) {
  test(`${runtime} gets an error and no lock in a folder that it may not write to`, { skip: MODES_SKIP }, async () => {
    using dir = tempDir();
    chmodSync(dir.root, 0o755);
    mkdirSync(dir.path("locked"), { mode: 0o555 });
    const options = { runtime, permissions: MAY_DROP_RIGHTS };
    const result = await runLockAction(options, "unprivileged", dir.path("locked/a.graph"), "write");
    assert(!result.ok);
    assertStringIncludes(result.message, "unable to open database file");
    assertEquals(readdirSync(dir.path("locked")), []);
  });

  test(
    `${runtime} gets an error and no lock from a lock file that it may only read`,
    { skip: MODES_SKIP },
    async () => {
      using dir = tempDir();
      chmodSync(dir.root, 0o777);
      writeFileSync(dir.path("a.graph.lock"), "");
      chmodSync(dir.path("a.graph.lock"), 0o444);
      const options = { runtime, permissions: MAY_DROP_RIGHTS };
      const result = await runLockAction(options, "unprivileged", dir.path("a.graph"), "write");
      assert(!result.ok);
      assertStringIncludes(result.message, "readonly database");
    },
  );
}
