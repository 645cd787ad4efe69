import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { OpenFile } from "../../lib/v3/file_system.ts";
import { test } from "../support/test.ts";
import { SimulatedCrash } from "./fault.ts";
import { capacityFor, FaultFileSystem } from "./fault_file_system.ts";
import { Rng } from "./rng.ts";
import { SimulatedDisk } from "./simulated_disk.ts";

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

function newFiles(seed = 1): FaultFileSystem {
  return new FaultFileSystem(new SimulatedDisk(), new Rng(seed));
}

/** Bytes that name themselves: this many times this character. */
function text(character: string, length: number): Uint8Array {
  return new Uint8Array(length).fill(character.charCodeAt(0));
}

/** Makes a file whose content and name are on the medium. */
function durableFile(files: FaultFileSystem, path: string, bytes: Uint8Array): OpenFile {
  const file = files.open(path, "create");
  file.write(bytes, 0);
  file.sync();
  files.syncFolder("/db");
  return file;
}

/** The file's content in runs: `a512 b512`, with `0` for zero bytes. Undefined when there is no such file. */
function content(files: FaultFileSystem, path: string): string | undefined {
  if (files.stat(path) === undefined) return undefined;
  const file = files.open(path, "read");
  const bytes = new Uint8Array(file.size());
  assertEquals(file.read(bytes, 0), bytes.length);
  file.close();
  const runs: [string, number][] = [];
  for (const byte of bytes) {
    const character = byte === 0 ? "0" : String.fromCharCode(byte);
    const last = runs.at(-1);
    if (last?.[0] === character) last[1]++;
    else runs.push([character, 1]);
  }
  return runs.map(([character, length]) => `${character}${length}`).join(" ");
}

/** All states that power cuts after this work leave, over many seeds, sorted. */
function statesAfter(work: (files: FaultFileSystem) => void, look: (files: FaultFileSystem) => unknown): string[] {
  const seen = new Set<string>();
  for (const seed of SEEDS) {
    const files = newFiles(seed);
    work(files);
    seen.add(String(look(files.afterCrash(new Rng(seed)))));
  }
  return [...seen].sort();
}

function errorCode(call: () => unknown): unknown {
  return (assertThrows(call) as { code?: unknown }).code;
}

test("the same seed gives the same numbers, and another seed others", () => {
  const draw = (seed: number) => {
    const rng = new Rng(seed);
    return [
      rng.uint32(),
      rng.float(),
      rng.between(1, 6),
      rng.skewed(1, 1000),
      rng.fork().uint32(),
      rng.pick([..."abc"]),
    ];
  };
  assertEquals(draw(5), draw(5));
  assertNotEquals(draw(5), draw(6));
});

test("numbers spread over their whole range", () => {
  const rng = new Rng(3);
  const counts = new Array<number>(6).fill(0);
  for (let at = 0; at < 6_000; at++) {
    const drawn = rng.between(0, 5);
    counts[drawn] = (counts[drawn] as number) + 1;
  }
  for (const count of counts) assert(count > 800 && count < 1_200, `${counts}`);
  const skewed = Array.from({ length: 1_000 }, () => rng.skewed(1, 1_000));
  assert(Math.min(...skewed) === 1 && Math.max(...skewed) > 800);
  assert(skewed.filter((value) => value < 32).length > 400, "small ones are as likely as large ones");
});

test("a file reads as what was written: holes as zeroes, nothing behind its end", () => {
  const files = newFiles();
  const file = files.open("/db/a", "create");
  file.write(text("x", 10), 8_000);
  assertEquals(file.size(), 8_010);
  assertEquals(content(files, "/db/a"), "08000 x10");
  assertEquals(file.read(new Uint8Array(100), 8_005), 5);
  assertEquals(file.read(new Uint8Array(100), 9_000), 0);
  file.truncate(8_002);
  file.truncate(8_006);
  assertEquals(content(files, "/db/a"), "08000 x2 04");
});

test("calls that the system refuses fail with its codes", () => {
  const files = newFiles();
  files.makeFolder("/db/folder");
  const file = files.open("/db/a", "create");
  assertEquals(errorCode(() => files.open("/db/b", "read")), "ENOENT");
  assertEquals(errorCode(() => files.open("/db/none/b", "create")), "ENOENT");
  assertEquals(errorCode(() => files.open("/db/a", "create")), "EEXIST");
  assertEquals(errorCode(() => files.open("/db/folder", "read")), "EISDIR");
  assertEquals(errorCode(() => files.rename("/db/b", "/db/c")), "ENOENT");
  assertEquals(errorCode(() => files.remove("/db/folder")), "EISDIR");
  assertEquals(errorCode(() => files.open("/db/a", "read").write(text("x", 1), 0)), "EBADF");
  assertEquals(errorCode(() => file.read(new Uint8Array(1), -1)), "EINVAL");
  file.close();
  file.close();
  assertEquals(errorCode(() => file.size()), "EBADF");
  files.remove("/db/none");
  files.removeFolder("/db/folder");
  assertEquals(files.list("/db"), ["a"]);
  assertEquals(files.list("/none"), []);
  assertEquals(files.realPath("/db/../db/a"), "/db/a");
});

test("an open file stays readable when its name is removed or goes to another file", () => {
  const files = newFiles();
  const old = durableFile(files, "/db/a", text("o", 3));
  durableFile(files, "/db/b", text("n", 3));
  files.rename("/db/b", "/db/a");
  assertEquals(content(files, "/db/a"), "n3");
  files.remove("/db/a");
  const bytes = new Uint8Array(3);
  assertEquals(old.read(bytes, 0), 3);
  assertEquals(bytes, text("o", 3));
});

test("what was synced, name and content, survives every power cut", () => {
  assertEquals(
    statesAfter((files) => durableFile(files, "/db/a", text("a", 700)), (files) => content(files, "/db/a")),
    ["a700"],
  );
});

test("a synced file whose folder was not is there or not, whole in either case", () => {
  const states = statesAfter((files) => {
    const file = files.open("/db/a", "create");
    file.write(text("a", 700), 0);
    file.sync();
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["a700", "undefined"]);
});

test("an unsynced overwrite is kept, lost or torn between sectors, never within one", () => {
  const states = statesAfter((files) => {
    durableFile(files, "/db/a", text("o", 1024)).write(text("n", 1024), 0);
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["n1024", "n512 o512", "o1024", "o512 n512"]);
});

test("two unsynced writes reach the medium in either order", () => {
  const states = statesAfter((files) => {
    const file = durableFile(files, "/db/a", text("o", 8192));
    file.write(text("1", 512), 0);
    file.write(text("2", 512), 4096);
  }, (files) => content(files, "/db/a"));
  assert(states.includes("o4096 2512 o3584"), "the second without the first");
  assert(states.includes("1512 o7680"), "the first without the second");
});

test("a sector that was written twice is on the medium in one of its three states", () => {
  const states = statesAfter((files) => {
    const file = durableFile(files, "/db/a", text("o", 512));
    file.write(text("1", 100), 0);
    file.write(text("2", 100), 50);
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["1100 o412", "150 2100 o362", "o512"]);
});

test("an unsynced longer file has any size between, with zeroes where nothing arrived", () => {
  const states = statesAfter((files) => {
    durableFile(files, "/db/a", text("o", 512)).write(text("n", 1024), 512);
  }, (files) => content(files, "/db/a"));
  const expected = ["o512", "o512 01024", "o512 0512", "o512 0512 n512", "o512 n1024", "o512 n512", "o512 n512 0512"];
  assertEquals(states, expected.sort());
});

test("a file that was cut and written again never shows its old end behind the new one", () => {
  const states = statesAfter((files) => {
    const file = durableFile(files, "/db/a", text("o", 1024));
    file.truncate(0);
    file.write(text("n", 512), 0);
    file.truncate(1024);
  }, (files) => content(files, "/db/a"));
  for (const state of states) assert(!state.includes("n") || !state.includes("o"), state);
  assert(states.includes("o1024") && states.includes("n512 0512") && states.includes("01024") && states.includes(""));
});

test("a rename is done or not: the target is the old file or the new one", () => {
  const states = statesAfter((files) => {
    durableFile(files, "/db/a", text("o", 3));
    durableFile(files, "/db/a.new", text("n", 3));
    files.rename("/db/a.new", "/db/a");
  }, (files) => [content(files, "/db/a"), content(files, "/db/a.new")]);
  assertEquals(states, ["n3,", "o3,n3"]);
});

test("a rename of an unsynced file can leave the name with an empty file", () => {
  const states = statesAfter((files) => {
    durableFile(files, "/db/a", text("o", 3));
    files.open("/db/a.new", "create").write(text("n", 3), 0);
    files.rename("/db/a.new", "/db/a");
    files.syncFolder("/db");
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["", "03", "n3"]);
});

test("a removal can be lost until the folder is synced", () => {
  const remove = (sync: boolean) =>
    statesAfter((files) => {
      durableFile(files, "/db/a", text("a", 3));
      files.remove("/db/a");
      if (sync) files.syncFolder("/db");
    }, (files) => content(files, "/db/a"));
  assertEquals(remove(false), ["a3", "undefined"]);
  assertEquals(remove(true), ["undefined"]);
});

test("operations on one name are lost from the end only, those on different names in any order", () => {
  const states = statesAfter((files) => {
    durableFile(files, "/db/a", text("1", 1));
    files.remove("/db/a");
    const file = files.open("/db/a", "create");
    file.write(text("2", 1), 0);
    file.sync();
    files.open("/db/b", "create");
  }, (files) => `${content(files, "/db/a")} ${files.list("/db").includes("b")}`);
  assertEquals(states, ["11 false", "11 true", "21 false", "21 true", "undefined false", "undefined true"]);
});

test("a file in a folder whose creation was lost is lost as well", () => {
  const states = statesAfter((files) => {
    files.makeFolder("/db/f");
    files.open("/db/f/a", "create");
    files.syncFolder("/db/f");
  }, (files) => [files.stat("/db/f")?.type, files.stat("/db/f/a")?.type]);
  assertEquals(states, [",", "folder,file"]);
});

test("one power cut can be looked at several times, and the processes of before are gone", () => {
  const files = newFiles();
  const other = new FaultFileSystem(files.disk, new Rng(2));
  durableFile(files, "/db/a", text("o", 512)).write(text("n", 512), 0);
  const states = new Set(SEEDS.map((seed) => content(files.afterCrash(new Rng(seed)), "/db/a")));
  assertEquals([...states].sort(), ["n512", "o512"]);
  assertThrows(() => files.stat("/db/a"), SimulatedCrash);
  assertThrows(() => other.stat("/db/a"), SimulatedCrash);
});

test("after a process died everything that it wrote is there, synced or not", () => {
  const files = newFiles();
  files.open("/db/a", "create").write(text("a", 5), 0);
  const next = files.afterKill();
  assertEquals(content(next, "/db/a"), "a5");
  assertThrows(() => files.list("/db"), SimulatedCrash);
  assertEquals([...new Set(SEEDS.map((seed) => content(next.afterCrash(new Rng(seed)), "/db/a")))].sort(), [
    "",
    "05",
    "a5",
    undefined,
  ]);
});

test("the process is gone at the chosen call and stays gone; that call is done, partly done or not", () => {
  const states = new Set<string | undefined>();
  for (const seed of SEEDS) {
    const files = newFiles(seed);
    const file = durableFile(files, "/db/a", text("o", 1024));
    files.crashAfter(2);
    file.truncate(2048);
    assertFalse(files.isCrashed);
    assertThrows(() => file.write(text("n", 1024), 0), SimulatedCrash);
    assert(files.isCrashed);
    assertThrows(() => file.read(new Uint8Array(1), 0), SimulatedCrash);
    assertThrows(() => files.rename("/db/a", "/db/b"), SimulatedCrash);
    file.close();
    states.add(content(files.afterKill(), "/db/a"));
  }
  assert(states.has("o1024 01024") && states.has("n1024 01024") && states.has("n512 o512 01024"));
});

test("a lock has one holder, on this disk, and is free when its process is gone", () => {
  const files = newFiles();
  const other = new FaultFileSystem(files.disk, new Rng(2));
  const lock = files.lock("/db/lock");
  assert(lock);
  assertStrictEquals(files.lock("/db/lock"), undefined);
  assertStrictEquals(other.lock("/db/lock"), undefined);
  lock.release();
  lock.release();
  const otherLock = other.lock("/db/lock");
  assert(otherLock);
  lock.release();
  assertStrictEquals(files.lock("/db/lock"), undefined, "a second release must not free another's lock");
  other.afterKill();
  assert(files.lock("/db/lock"));
  assert(files.afterCrash(new Rng(1)).lock("/db/lock"));
});

test("opening a lock file is an error, because closing it would drop the lock", () => {
  const files = newFiles();
  files.lock("/db/lock")?.release();
  assertThrows(() => files.open("/db/lock", "read"), Error, "lock file");
});

test("a full disk fails a write that needs a new block, after a part of it, and not one into a block that is there", () => {
  const files = newFiles();
  const file = durableFile(files, "/db/a", text("o", 4096));
  files.disk.capacityBytes = capacityFor(files.disk, 1);
  assertEquals(errorCode(() => file.write(text("n", 8192), 4096)), "ENOSPC");
  assertEquals(content(files, "/db/a"), "o4096 n4096");
  file.write(text("x", 4096), 0);
  file.truncate(20_000);
  assertEquals(errorCode(() => file.write(text("n", 1), 12_288)), "ENOSPC", "a hole has no block yet");
  files.disk.capacityBytes = Infinity;
  file.write(text("n", 1), 12_288);
});

test("an error is met at the chosen call of the chosen file, once", () => {
  const files = newFiles();
  const a = durableFile(files, "/db/a", text("a", 1));
  const b = durableFile(files, "/db/b", text("b", 1));
  const fault = { calls: ["read", "write"], error: "EIO", path: (path: string) => path === "/db/b", at: 2 } as const;
  files.inject(fault);
  a.read(new Uint8Array(1), 0);
  b.read(new Uint8Array(1), 0);
  assertEquals(errorCode(() => b.write(text("c", 1), 0)), "EIO");
  b.write(text("c", 1), 0);
  assertEquals(files.met, [{ fault, call: "write", path: "/db/b", wasSynced: false }]);
});

test("a failing write leaves nothing or a part; a short one always stops within", () => {
  const states = { EIO: new Set<string | undefined>(), short: new Set<string | undefined>() };
  for (const seed of SEEDS) {
    for (const error of ["EIO", "short"] as const) {
      const files = newFiles(seed);
      const file = durableFile(files, "/db/a", text("o", 1024));
      files.inject({ calls: ["write"], error });
      assertEquals(errorCode(() => file.write(text("n", 1024), 0)), "EIO");
      states[error].add(content(files, "/db/a"));
    }
  }
  assert(states.EIO.has("o1024") && states.EIO.has("n512 o512") && states.short.has("n512 o512"));
});

test("a short read returns less than there is", () => {
  const files = newFiles();
  const file = durableFile(files, "/db/a", text("a", 100));
  files.inject({ calls: ["read"], error: "short" });
  assert(file.read(new Uint8Array(100), 0) < 100);
  assertEquals(file.read(new Uint8Array(100), 0), 100);
});

test("errors come with their probability, from the seed", () => {
  const met = (seed: number) => {
    const files = newFiles(seed);
    files.inject({ calls: ["stat"], error: "EIO", probability: 0.5, times: Infinity });
    return Array.from({ length: 100 }, () => {
      try {
        files.stat("/db");
        return "-";
      } catch {
        return "x";
      }
    }).join("");
  };
  assertEquals(met(1), met(1));
  assertNotEquals(met(1), met(2));
  assertGreater(met(1).replaceAll("-", "").length, 30);
});

test("a failed sync loses what it had to write, although programs go on seeing it and a second sync succeeds", () => {
  const states = new Set<string | undefined>();
  for (const seed of SEEDS) {
    const files = newFiles(seed);
    const file = durableFile(files, "/db/a", text("o", 1024));
    file.write(text("n", 1024), 0);
    files.inject({ calls: ["sync"], error: "EIO" });
    assertEquals(errorCode(() => file.sync()), "EIO");
    assertEquals(content(files, "/db/a"), "n1024");
    file.sync();
    assertEquals(content(files.afterKill(), "/db/a"), "n1024");
    states.add(content(files.afterCrash(new Rng(seed)), "/db/a"));
  }
  assertEquals([...states].sort(), ["n1024", "n512 o512", "o1024", "o512 n512"]);
});

test("what a failed sync lost is on the medium once it is written again and synced", () => {
  const states = statesAfter((files) => {
    const file = durableFile(files, "/db/a", text("o", 512));
    file.write(text("n", 512), 0);
    files.inject({ calls: ["sync"], error: "EIO" });
    assertThrows(() => file.sync());
    file.write(text("n", 512), 0);
    file.sync();
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["n512"]);
});

test("a system that throws away what a failed sync left shows what is on the medium", () => {
  const states = new Set<string | undefined>();
  for (const seed of SEEDS) {
    const files = newFiles(seed);
    const file = durableFile(files, "/db/a", text("o", 512));
    file.write(text("n", 512), 0);
    files.inject({ calls: ["sync"], error: "EIO" });
    assertThrows(() => file.sync());
    files.disk.file("/db/a").evictDropped();
    states.add(content(files, "/db/a"));
  }
  assertEquals([...states].sort(), ["n512", "o512"]);
});

test("a disk that lies about syncs loses what it was told to keep", () => {
  const states = statesAfter((files) => {
    files.ignoresSync = (path) => path === "/db/a";
    durableFile(files, "/db/a", text("a", 5));
  }, (files) => content(files, "/db/a"));
  assertEquals(states, ["", "05", "a5"]);
});

test("another process can act between two calls of one", () => {
  const files = newFiles();
  const other = new FaultFileSystem(files.disk, new Rng(2));
  const file = durableFile(files, "/db/a", text("a", 1));
  const seen: (string | undefined)[] = [];
  files.interrupt(2, () => seen.push(content(other, "/db/a")));
  file.write(text("1", 1), 0);
  file.write(text("2", 1), 0);
  file.write(text("3", 1), 0);
  assertEquals(seen, ["11"]);
});

test("calls are counted and can be traced, and what was announced can be called off", () => {
  const files = newFiles();
  files.trace = [];
  const file = files.open("/db/a", "create");
  file.write(text("a", 3), 7);
  files.stat("/db/a");
  assertEquals([files.mutatingCalls, files.count("write"), files.count("stat")], [2, 1, 1]);
  assertEquals(files.trace, ["create /db/a", "write /db/a 7+3", "stat /db/a"]);
  files.crashAfter(1);
  files.inject({ calls: ["sync"], error: "EIO" });
  files.calm();
  file.sync();
});
