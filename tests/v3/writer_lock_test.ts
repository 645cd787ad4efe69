/** The writer's lock between handles and threads of one process. */

import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import process from "node:process";
import { DatabaseLockedError } from "../../lib/backend/errors.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { acquireWriterLock, isWriterAlive } from "../../lib/v3/writer_lock.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { startLockThread } from "./lock_thread.ts";

function assertLocked(fileSystem: FileSystem, path: string, owner: string): void {
  const error = assertThrows(() => acquireWriterLock(fileSystem, path), DatabaseLockedError);
  assertEquals(error.code, "database-locked");
  assertStringIncludes(error.message, owner);
}

function kindsOfFiles(): [kind: string, fileSystem: FileSystem, pathOf: (root: string, name: string) => string][] {
  const memory = new MemoryFileSystem();
  return [
    ["real files", realFileSystem, (root, name) => `${root}/${name}`],
    ["files in memory", memory, (_, name) => `/${name}`],
  ];
}

for (const [kind, fs, pathOf] of kindsOfFiles()) {
  test(`${kind}: one handle writes at a time, and the next may after it`, () => {
    using dir = tempDir();
    const path = pathOf(dir.root, "a.graph");
    const lock = acquireWriterLock(fs, path);
    assertLocked(fs, path, `another handle of this process (${process.pid})`);
    const other = acquireWriterLock(fs, pathOf(dir.root, "b.graph"));
    other.release();
    lock.release();
    const second = acquireWriterLock(fs, path);
    lock.release();
    assertLocked(fs, path, "another handle");
    second.release();
    const names = fs.list(pathOf(dir.root, "")).sort();
    assertEquals(names, ["a.graph.lock", "b.graph.lock"], "the lock files stay, the process ids do not");
  });

  test(`${kind}: a database has a living writer only while it is written`, () => {
    using dir = tempDir();
    const path = pathOf(dir.root, "c.graph");
    assertFalse(isWriterAlive(fs, path));
    assertEquals(fs.stat(`${path}.lock`), undefined, "asking makes no file");
    const lock = acquireWriterLock(fs, path);
    assert(isWriterAlive(fs, path));
    lock.release();
    assertFalse(isWriterAlive(fs, path));
    acquireWriterLock(fs, path).release();
  });

  test(`${kind}: what a dead owner left in the pid file is replaced, and what cannot be read is left out`, () => {
    using dir = tempDir();
    const path = pathOf(dir.root, "d.graph");
    const file = fs.open(`${path}.lock.pid`, "create");
    file.write(Buffer.from("no number, and a good deal longer than one"), 0);
    file.close();
    const lock = acquireWriterLock(fs, path);
    assertLocked(fs, path, `(${process.pid})`);
    const pid = fs.open(`${path}.lock.pid`, "write");
    pid.write(Buffer.from("x"), 0);
    pid.close();
    assertLocked(fs, path, "another process or handle");
    fs.remove(`${path}.lock.pid`);
    assertLocked(fs, path, "another process or handle");
    lock.release();
  });

  test(`${kind}: when the pid file cannot be written, the lock is free again`, () => {
    using dir = tempDir();
    const path = pathOf(dir.root, "e.graph");
    fs.makeFolder(`${path}.lock.pid`);
    assertThrows(() => acquireWriterLock(fs, path));
    assertFalse(isWriterAlive(fs, path));
    fs.removeFolder(`${path}.lock.pid`);
    acquireWriterLock(fs, path).release();
  });
}

test("files in memory are another lock for each file system", () => {
  const lock = acquireWriterLock(new MemoryFileSystem(), "/a.graph");
  acquireWriterLock(new MemoryFileSystem(), "/a.graph").release();
  lock.release();
});

test("a lock is not lost to the garbage collector when nobody keeps a reference to it", async () => {
  using dir = tempDir();
  acquireWriterLock(realFileSystem, dir.path("a.graph"));
  await using thread = startLockThread(dir.path("a.graph"));
  // Deno has no way to ask for it without a flag.
  (globalThis as { readonly Bun?: { gc(isWaitedFor: boolean): void } }).Bun?.gc(true);
  const result = await thread.run("acquire");
  assertEquals(!result.ok && result.code, "database-locked");
});

test("another thread of the process is refused, and frees nothing by trying", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  await using thread = startLockThread(path);
  const lock = acquireWriterLock(realFileSystem, path);
  for (let tries = 0; tries < 3; tries++) {
    const result = await thread.run("acquire");
    assert(!result.ok);
    assertEquals([result.error, result.code], ["DatabaseLockedError", "database-locked"]);
    assertStringIncludes(result.message, `another handle of this process (${process.pid})`);
  }
  lock.release();
  assertEquals(await thread.run("acquire"), { ok: true, value: "acquired" });
  assertLocked(realFileSystem, path, `(${process.pid})`);
  assertEquals(await thread.run("release"), { ok: true, value: "released" });
  acquireWriterLock(realFileSystem, path).release();
});
