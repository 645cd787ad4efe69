/** Promises of docs/guarantees.md that no other test states: levels of durability, and what damage costs. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { V3Backend, type V3Database, type V3Options } from "../../lib/v3/mod.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";
import { Bytes, FormatPages } from "./format_pages.ts";
import { columnOf, tableOf } from "./format_tables.ts";

const PATH = "/data.graph";
const SMALL = { cacheBytes: 1024 * 1024 };

function disk(): FaultFileSystem {
  return new FaultFileSystem(new SimulatedDisk(), new Rng(1));
}

function open(fileSystem: V3Options["fileSystem"], options: V3Options = {}): V3Database {
  return V3Backend.open(PATH, { fileSystem, ...SMALL, ...options });
}

function names(db: V3Database): string[] {
  return [...db.nodes()].map(({ name }) => name);
}

test("what came before a checkpoint survives a power cut at every durability, and behind it only an end is lost", () => {
  for (const durability of ["full", "normal", "off"] as const) {
    for (let seed = 0; seed < 3; seed++) {
      const files = disk();
      const db = open(files, { durability });
      db.insertNode({ kind: "N", name: "0" });
      db.flush();
      for (let n = 1; n < 6; n++) {
        db.insertNode({ kind: "N", name: `${n}` });
        if (n === 2) db.tag("two");
      }
      using again = open(files.afterCrash(new Rng(seed)), { durability });
      const found = names(again);
      assertEquals(found, ["0", "1", "2", "3", "4", "5"].slice(0, found.length));
      assert(found.length >= (durability === "full" ? 6 : 3), `${durability}: ${found}`);
      assertEquals(again.tags().map(({ name }) => name), ["two"]);
    }
  }
});

test("a killed process loses nothing, but with durability off the frames that waited in memory", () => {
  for (const durability of ["full", "normal", "off"] as const) {
    const files = disk();
    const db = open(files, { durability });
    const text = "x".repeat(40_000);
    for (let n = 0; n < 10; n++) db.insertNode({ kind: "N", name: `${n}`, data: { text } });
    using again = open(files.afterKill(), { durability });
    // Seven of these commits are more than 256 KiB.
    assertEquals(again.countNodes(), durability === "off" ? 7 : 10);
  }
});

test("an automatic checkpoint that fails is no error of the commit before it, and is tried again", () => {
  const files = disk();
  const db = open(files, { logLimitBytes: 10_000 });
  db.insertNode({ kind: "N", name: "first" });
  files.inject({ calls: ["write"], error: "ENOSPC", path: (path) => path === PATH, times: 1 });
  for (let n = 0; n < 20; n++) db.insertNode({ kind: "N", name: `${n}`, data: { text: "x".repeat(1_000) } });
  assertEquals(files.met.length, 1);
  assert(db.stats().logBytes < 15_000, "the log was given up by a later checkpoint");
  using again = open(files.afterKill());
  assertEquals(again.countNodes(), 21);
});

test("a reader of a database without a writer sees what the log holds and changes no file", () => {
  const files = disk();
  const db = open(files);
  db.insertNode({ kind: "N", name: "in the file" });
  db.flush();
  db.insertNode({ kind: "N", name: "in the log" });
  const after = files.afterKill();
  const contents = (): number[] => [PATH, `${PATH}.v3wal`].map((path) => crc32(bytesOf(after, path)));
  const before = contents();
  for (let round = 0; round < 2; round++) {
    using reader = open(after, { readonly: true });
    assertEquals([names(reader), reader.lsn], [["in the file", "in the log"], 2]);
    assertEquals(reader.openReport.replayedCommits, 1);
  }
  assertEquals(contents(), before);
});

test("times of commits do not go back when the clock does", () => {
  let nowMs = 5_000;
  using db = open(disk(), { clock: () => nowMs, retention: { commits: 10 } });
  for (nowMs of [5_000, 1_000, 6_000, 2_000]) db.insertNode({ kind: "N", name: "n" });
  assertEquals([...db.commits()].map(({ timeMs }) => timeMs), [5_000, 5_000, 6_000, 6_000]);
});

function bytesOf(fileSystem: FaultFileSystem | MemoryFileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

/** A new file system that holds these files only. */
function holding(...files: readonly (readonly [path: string, bytes: Uint8Array])[]): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const [path, bytes] of files) fileSystem.open(path, "create").write(bytes, 0);
  return fileSystem;
}

/** A closed database with something in every tree, among it a kept commit. */
function filled(): Uint8Array {
  const fileSystem = new MemoryFileSystem();
  const db = open(fileSystem, { retention: { commits: 3 } });
  db.transaction((tx) => {
    for (let n = 1; n <= 400; n++) tx.insertNode({ kind: `K${n % 3}`, name: `n${n}`, labels: ["L"] });
    for (let n = 0; n < 400; n++) tx.insertEdge({ from: 1 + n % 400, to: 1 + (n * 7) % 400, type: "T" });
    for (let n = 0; n < 100; n++) tx.kv.set(`k${n}`, n, { ttlSeconds: 10_000 });
    tx.createVectorIndex("v", { dimension: 100, metric: "euclidean" });
    for (let n = 1; n <= 400; n++) tx.setVector("v", n, new Float32Array(100).fill(n));
  });
  db.tag("first");
  for (let n = 1; n < 8; n++) {
    db.deleteNode(n);
    db.flush();
  }
  db.close();
  return bytesOf(fileSystem, PATH);
}

test("files that were cut, emptied, or have another database's log are refused, each by its code", () => {
  const file = filled();
  const code = (fileSystem: MemoryFileSystem): string => assertThrows(() => open(fileSystem), CorruptionError).code;
  assertEquals(code(holding([PATH, file.subarray(0, file.length - 1)])), "file-cut");
  assertEquals(code(holding([PATH, new Uint8Array()])), "empty-file");
  const both = file.slice();
  both.fill(7, 100, 104);
  both.fill(7, 4_196, 4_200);
  assertEquals(code(holding([PATH, both])), "header-corrupt");
  const other = new MemoryFileSystem();
  open(other).insertNode({ kind: "N", name: "other" });
  assertEquals(code(holding([PATH, file], [`${PATH}.v3wal`, bytesOf(other, `${PATH}.v3wal`)])), "log-foreign");
});

/** The pages of each tree and of the file's own structures, by name. */
function pagesByTree(file: Uint8Array): Map<string, number[]> {
  const pages = new FormatPages(file);
  const found = new Map<string, number[]>();
  let known = new Set<number>();
  const note = (name: string, entries: Iterable<unknown>): void => {
    for (const _ of entries);
    found.set(name, [...pages.visited.keys()].filter((page) => !known.has(page)));
    known = new Set(pages.visited.keys());
  };
  const { header } = pages;
  const trees = [...pages.pairs(header.catalog)].filter(({ value }) => value.length === 10);
  note("catalog", []);
  for (const { key, value } of trees) {
    const entry = new Bytes(value);
    const [kind, level] = [entry.u8(), entry.u8()];
    const root = { ...entry.pointer(), level };
    const entries = kind === 1 ? pages.records(root) : kind === 2 ? pages.links(root) : pages.pairs(root);
    note(new TextDecoder().decode(key).slice(5), entries);
  }
  note("history", pages.records(header.history));
  note("dead", pages.links(header.dead));
  note("tags", pages.pairs(header.tags));
  note("freeList", pages.freePages());
  return found;
}

/** Reads of many sorts; each begins with a database that has just been opened. */
const READS: Readonly<Record<string, (db: V3Database) => unknown>> = {
  nodes: (db) => [...db.nodeIds()],
  node: (db) => Array.from({ length: 390 }, (_, n) => db.hasNode(n + 10)),
  edge: (db) => Array.from({ length: 390 }, (_, n) => db.getEdge(n + 8, { data: false }) === undefined),
  out: (db) => Array.from({ length: 390 }, (_, n) => db.neighbors(n + 10)),
  in: (db) => Array.from({ length: 390 }, (_, n) => db.neighbors(n + 10, { direction: "in" })),
  kind: (db) => [...db.nodeIds({ kind: "K1" })],
  name: (db) => [...db.nodeIds({ name: "n100" }), ...db.nodeIds({ glob: "n3*" })],
  text: (db) => db.nodeKind(100),
  key: (db) => Array.from({ length: 100 }, (_, n) => db.kv.has(`k${n}`)),
  keys: (db) => db.kv.count(),
  vector: (db) => Array.from({ length: 390 }, (_, n) => db.getVector("v", n + 10)?.[0]),
  search: (db) => db.searchVectors("v", new Float32Array(100), { exact: true }),
};

/** Which of the reads need a tree. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  nodes: ["nodes", "node", "name"],
  edges: ["edge"],
  outgoing: ["out"],
  incoming: ["in"],
  terms: ["kind"],
  names: ["name"],
  strings: ["edge", "text"],
  texts: ["kind"],
  keyValues: ["key"],
  expiries: ["keys"],
  vectorIndexes: ["vector", "search"],
  vectors: ["vector", "search"],
  vectorLinks: [],
  dead: [],
};

test("a damaged page costs the reads that need it, which say so, and no other", () => {
  const file = filled();
  const trees = pagesByTree(file);
  using whole = open(holding([PATH, file]));
  assertEquals(Object.keys(NEEDED).sort(), [...columnOf(tableOf("Tree names", "entries"), "name"), "dead"].sort());
  for (const [tree, pages] of trees) {
    const page = pages.at(-1) as number;
    assert(page > 0, `${tree} has no page`);
    const damaged = file.slice();
    const at = 8192 + (page - 1) * 4096 + 2_000;
    damaged[at] = (damaged[at] as number) ^ 4;
    const needed = NEEDED[tree];
    if (needed === undefined) {
      assertThrows(() => open(holding([PATH, damaged])), CorruptionError, undefined, tree);
      continue;
    }
    const failed: string[] = [];
    for (const [name, read] of Object.entries(READS)) {
      using db = open(holding([PATH, damaged]));
      try {
        assertEquals(read(db), read(whole), `${name} with a damaged page of ${tree}`);
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        failed.push(name);
      }
    }
    using checked = open(holding([PATH, damaged]));
    assert(!checked.check().ok, `check with a damaged page of ${tree}`);
    assertEquals(failed.sort(), [...needed].sort(), `reads that need ${tree}`);
  }
});

test("with a damaged page of dead pages commits go on and are kept in the log, but checkpoints throw", () => {
  const damaged = filled();
  const page = pagesByTree(damaged).get("dead")?.at(-1) as number;
  damaged[8192 + (page - 1) * 4096 + 2_000] = 99;
  const fileSystem = holding([PATH, damaged]);
  const db = open(fileSystem);
  db.insertNode({ kind: "N", name: "later" });
  assertThrows(() => db.flush(), CorruptionError);
  assertEquals(db.countNodes({ kind: "N" }), 1);
  const left = holding([PATH, bytesOf(fileSystem, PATH)], [`${PATH}.v3wal`, bytesOf(fileSystem, `${PATH}.v3wal`)]);
  using reader = open(left, { readonly: true });
  assertEquals(reader.countNodes({ kind: "N" }), 1);
});

test("the tests that the promises name exist", () => {
  const root = new URL("../../", import.meta.url);
  const text = readFileSync(new URL("docs/guarantees.md", root), "utf8");
  for (const line of text.split("\n")) {
    let folder = "";
    for (const [, path] of line.matchAll(/`([\w/*]+\.ts)`/g)) {
      const name = (path as string).slice((path as string).lastIndexOf("/") + 1);
      if (path !== name) folder = (path as string).slice(0, -name.length);
      const pattern = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      const isThere = folder !== "" && readdirSync(new URL(folder, root)).some((entry) => pattern.test(entry));
      assert(isThere, `${folder}${name} is no test: ${line}`);
    }
  }
});
