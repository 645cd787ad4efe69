/** Readers and their pins, with files in memory whose every step can be watched, and with real ones between threads. */

import { assertEquals, assertGreater, assertGreaterOrEqual, assertThrows } from "@std/assert";
import { ClosedError } from "../../lib/backend/errors.ts";
import type { FileLock, FileSystem, OpenFile } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { livePins, registerReader } from "../../lib/v3/reader_registry.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { FREED, HEADER, ROUNDS, startLockThread, STOPS } from "./lock_thread.ts";

const PATH = "/a.graph";
const FOLDER = "/a.graph.readers";

/** Files in memory whose locks can be freed as the kernel does when their holder dies. */
class MortalFiles extends MemoryFileSystem {
  readonly locks: FileLock[] = [];

  override lock(path: string): FileLock | undefined {
    const lock = super.lock(path);
    if (lock !== undefined) this.locks.push(lock);
    return lock;
  }

  /** Ends every holder of a lock. */
  killAll(): void {
    for (const lock of this.locks.splice(0)) lock.release();
  }
}

test("a reader pins every commit until it settles, and again while it goes on to a newer one", () => {
  const fs = new MemoryFileSystem();
  const reader = registerReader(fs, PATH);
  assertEquals(livePins(fs, PATH), [0]);
  reader.settle(7);
  assertEquals(livePins(fs, PATH), [7]);
  reader.pinAll();
  reader.pinAll();
  assertEquals(livePins(fs, PATH), [0]);
  reader.settle(7);
  assertEquals(livePins(fs, PATH), [7], "nothing newer was there");
  reader.pinAll();
  reader.settle(9);
  assertEquals(livePins(fs, PATH), [9]);
  assertEquals(fs.list(FOLDER).length, 2);
  reader.release();
});

test("a reader of an empty database, at commit 0, pins every commit", () => {
  const fs = new MemoryFileSystem();
  const reader = registerReader(fs, PATH);
  reader.settle(0);
  assertEquals(livePins(fs, PATH), [0]);
  reader.pinAll();
  reader.settle(1);
  reader.pinAll();
  reader.settle(0);
  assertEquals(livePins(fs, PATH), [0]);
  reader.pinAll();
  reader.settle(2);
  assertEquals(livePins(fs, PATH), [2]);
  reader.release();
  assertEquals(fs.list("/"), []);
});

test("the pins of all readers are given in ascending order, each once", () => {
  const fs = new MemoryFileSystem();
  assertEquals(livePins(fs, PATH), []);
  const readers = [12, 3, 100, 3].map((lsn) => {
    const reader = registerReader(fs, PATH);
    reader.settle(lsn);
    return reader;
  });
  assertEquals(livePins(fs, PATH), [3, 12, 100]);
  readers[1]?.release();
  assertEquals(livePins(fs, PATH), [3, 12, 100]);
  readers[3]?.release();
  readers[3]?.release();
  assertEquals(livePins(fs, PATH), [12, 100]);
  for (const reader of readers) reader.release();
  assertEquals(livePins(fs, PATH), []);
  assertEquals(fs.list("/"), [], "the last one removes the folder");
});

test("a released reader pins nothing any more", () => {
  const fs = new MemoryFileSystem();
  const reader = registerReader(fs, PATH);
  reader.settle(1);
  assertThrows(() => reader.settle(2), Error, "pinAll");
  reader.release();
  for (const call of [() => reader.pinAll(), () => reader.settle(2)]) {
    assertEquals(assertThrows(call, ClosedError).code, "reader-released");
  }
  assertEquals(fs.list("/"), []);
});

test("the writer removes what dead readers left, and nothing of the living or of strangers", () => {
  const fs = new MortalFiles();
  registerReader(fs, PATH);
  registerReader(fs, PATH).settle(4);
  const refreshing = registerReader(fs, PATH);
  refreshing.settle(5);
  refreshing.pinAll();
  fs.killAll();
  fs.lock(`${FOLDER}/0123456789abcdef.lock`);
  fs.killAll();
  fs.open(`${FOLDER}/fedcba9876543210.pin-3`, "create").close();
  const living = registerReader(fs, PATH);
  living.settle(6);
  fs.open(`${FOLDER}/notes.pin-1`, "create").close();
  assertEquals(livePins(fs, PATH), [6]);
  assertEquals(fs.list(FOLDER).length, 3);
  living.release();
  assertEquals(fs.list(FOLDER), ["notes.pin-1"]);
});

test("the folder goes with the last dead reader", () => {
  const fs = new MortalFiles();
  registerReader(fs, PATH).settle(4);
  fs.killAll();
  assertEquals(livePins(fs, PATH), []);
  assertEquals(fs.list("/"), []);
});

test("a reader whose lock cannot be tried counts as living", () => {
  class Files extends MemoryFileSystem {
    refuses = false;

    override lock(path: string): FileLock | undefined {
      if (this.refuses) throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
      return super.lock(path);
    }
  }
  const fs = new Files();
  registerReader(fs, PATH).settle(4);
  fs.refuses = true;
  assertEquals(livePins(fs, PATH), [4]);
});

test("a starting reader that the writer takes for dead starts again and is known afterwards", () => {
  class Files extends MemoryFileSystem {
    starts = 0;
    writerLooks = false;

    /** Makes the file, lets the writer look, and locks what was made, as the system does. */
    override lock(path: string): FileLock | undefined {
      if (this.writerLooks) return super.lock(path);
      this.starts++;
      if (this.starts > 2) return super.lock(path);
      this.open(path, "create").close();
      this.writerLooks = true;
      assertEquals(livePins(this, PATH), []);
      this.writerLooks = false;
      assertEquals(this.list("/"), []);
      this.makeFolder(FOLDER);
      const lock = super.lock(path);
      this.remove(path);
      // Once the folder is missing as well, once another reader has made it again.
      if (this.starts === 1) this.removeFolder(FOLDER);
      return lock;
    }
  }
  const fs = new Files();
  const reader = registerReader(fs, PATH);
  fs.writerLooks = true;
  for (let looks = 0; looks < 3; looks++) assertEquals(livePins(fs, PATH), [0]);
  assertEquals([fs.starts, fs.list(FOLDER).length], [3, 2]);
  reader.release();
  assertEquals(fs.list("/"), []);
});

test("the writer never makes a lock file: a reader that looks whether it was taken for dead would be misled", () => {
  class Files extends MemoryFileSystem {
    override lock(path: string): FileLock | undefined {
      throw new Error(`lock of ${path}`);
    }
  }
  const fs = new Files();
  fs.makeFolder(FOLDER);
  fs.open(`${FOLDER}/fedcba9876543210.pin-3`, "create").close();
  assertEquals(livePins(fs, PATH), []);
  assertEquals(fs.list("/"), []);
});

test("a reader registers although the last one before it removes the folder meanwhile", () => {
  class Files extends MemoryFileSystem {
    removals = 3;

    override makeFolder(path: string): void {
      super.makeFolder(path);
      if (this.removals-- > 0) this.removeFolder(path);
    }
  }
  const fs = new Files();
  registerReader(fs, PATH);
  assertEquals(livePins(fs, PATH), [0]);
});

test("where a reader cannot register, it gets the error of the file system and leaves nothing", () => {
  const fs = new MemoryFileSystem();
  fs.open(FOLDER, "create").close();
  assertEquals((assertThrows(() => registerReader(fs, PATH)) as { code?: unknown }).code, "EEXIST");
  class Full extends MemoryFileSystem {
    override open(path: string, mode: "read" | "write" | "create"): OpenFile {
      if (path.includes(".pin-")) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
      return super.open(path, mode);
    }
  }
  const full = new Full();
  assertEquals((assertThrows(() => registerReader(full, PATH)) as { code?: unknown }).code, "ENOSPC");
  assertEquals(full.list(FOLDER), []);
});

test("whatever a listing leaves out of what changes meanwhile, the writer learns of each commit that a reader needs", () => {
  const { states, readings } = traceOf([3, 5, 5, 8, 9]);
  const last = states.length - 1;
  let cases = 0;
  for (let begin = 0; begin <= last; begin++) {
    for (let end = begin; end <= last; end++) {
      const during = states.slice(begin, end + 1);
      const seen = [...new Set(during.flat())];
      const sure = seen.filter((name) => during.every((names) => names.includes(name)));
      const unsure = seen.filter((name) => !sure.includes(name));
      // A listing that goes on over many refreshes may leave out so much that all is unsure: a few of them are enough.
      if (unsure.length > 6) continue;
      for (let subset = 0; subset < 1 << unsure.length; subset++) {
        const listed = [...sure, ...unsure.filter((_, at) => (subset >> at & 1) === 1)];
        for (let now = end; now <= Math.min(last, end + 6); now++) {
          const pins = pinsAt(states[now] as string[], listed);
          for (const { lsn, from, until } of readings) {
            if (from > begin || until <= now || pins.includes(0) || pins.includes(lsn)) continue;
            throw new Error(`commit ${lsn} is read from ${from} to ${until}; a listing of ${listed} gave ${pins}`);
          }
          cases++;
        }
      }
    }
  }
  assertGreater(cases, 1_000);
});

/** What the folder held after each step of a reader of these commits, and from when to when it needed each of them. */
function traceOf(lsns: readonly number[]) {
  const states: string[][] = [];
  const note = (fs: FileSystem) => void states.push(fs.list(FOLDER));
  class Watched extends MemoryFileSystem {
    override open(path: string, mode: "read" | "write" | "create"): OpenFile {
      const file = super.open(path, mode);
      note(this);
      return file;
    }
    override rename(from: string, to: string): void {
      super.rename(from, to);
      note(this);
    }
    override remove(path: string): void {
      super.remove(path);
      note(this);
    }
  }
  const fs = new Watched();
  const reader = registerReader(fs, PATH);
  const readings: { lsn: number; from: number; until: number }[] = [];
  for (const lsn of lsns) {
    reader.pinAll();
    // The header is read after this state; until then the reader needs the commit of before.
    const from = states.length - 1;
    const before = readings.at(-1);
    if (before !== undefined) before.until = from + 1;
    readings.push({ lsn, from, until: Infinity });
    reader.settle(lsn);
  }
  return { states, readings };
}

/** What the writer learns when the folder holds these names, and listing it gives those. */
function pinsAt(names: readonly string[], listed: readonly string[]): number[] {
  class Listed extends MemoryFileSystem {
    listed: string[] | undefined;

    override list(folder: string): string[] {
      return this.listed ?? super.list(folder);
    }
  }
  const fs = new Listed();
  fs.makeFolder(FOLDER);
  for (const name of names) {
    if (name.endsWith(".lock")) fs.lock(`${FOLDER}/${name}`);
    else fs.open(`${FOLDER}/${name}`, "create").close();
  }
  fs.listed = [...listed];
  const pins = livePins(fs, PATH);
  fs.listed = undefined;
  assertEquals(fs.list(FOLDER).sort(), [...names].sort());
  return pins;
}

test("a commit that a reader in another thread reads is never freed under it", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  const maxLsn = 200_000;
  const words = new Int32Array(new SharedArrayBuffer(4 * (FREED + maxLsn + 1)));
  words[HEADER] = 1;
  await using first = startLockThread(path, words.buffer);
  await using second = startLockThread(path, words.buffer);
  const readers = [first.run("read"), second.run("read")];
  let kept: number[] = [];
  let exactLists = 0;
  for (let lsn = 1; Atomics.load(words, STOPS) === 0;) {
    kept.push(lsn);
    Atomics.store(words, HEADER, ++lsn);
    const pins = livePins(realFileSystem, path);
    if (!pins.includes(0)) {
      if (pins.length > 0) exactLists++;
      for (const old of kept) if (!pins.includes(old)) Atomics.store(words, FREED + old, 1);
      kept = kept.filter((old) => pins.includes(old));
    }
    if (lsn === maxLsn || exactLists >= 200 && Atomics.load(words, ROUNDS) >= 500) Atomics.store(words, STOPS, 1);
  }
  for (const result of await Promise.all(readers)) assertEquals(result, { ok: true, value: "done" });
  assertGreaterOrEqual(exactLists, 200);
  assertEquals(livePins(realFileSystem, path), []);
});
