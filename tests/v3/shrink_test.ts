/** Shortening of the file at checkpoints. */

import { assert, assertEquals } from "@std/assert";
import type { V3Options } from "../../lib/v3/mod.ts";
import { V3Backend, type V3Database } from "../../lib/v3/mod.ts";
import { SimulatedCrash } from "../crash/fault.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";

const PATH = "/data.graph";
const NODES = 3_000;
const ROUNDS = 20;

function open(fileSystem: FaultFileSystem, options: V3Options = {}): V3Database {
  return V3Backend.open(PATH, { fileSystem, cacheBytes: 4 * 1024 * 1024, ...options });
}

function sizeOf(files: FaultFileSystem): number {
  return files.stat(PATH)?.sizeBytes as number;
}

/** A graph that was changed many times while a tag kept its first state, and the tag is gone: live pages lie at the end. */
function fragmented(files: FaultFileSystem, textLength = 20): V3Database {
  const db = open(files);
  db.transaction((tx) => {
    const ids = tx.insertNodes(
      Array.from(
        { length: NODES },
        (_, n) => ({ kind: "N", name: `node ${n}`, data: { text: "x".repeat(textLength) } }),
      ),
    );
    ids.forEach((from, at) => tx.insertEdge({ from, to: ids[(at * 7) % NODES] as number, type: "T" }));
    for (let key = 0; key < 500; key++) tx.kv.set(`key ${key}`, key);
  });
  db.checkpoint();
  db.tag("first");
  for (let round = 0; round < ROUNDS; round++) {
    db.transaction((tx) => {
      for (let id = 1 + round; id <= NODES; id += ROUNDS) {
        tx.updateNode(id, { data: { round, text: "y".repeat(textLength) } });
      }
      tx.kv.set(`key ${round}`, "changed");
    });
    if (round % 5 === 4) db.checkpoint();
  }
  db.untag("first");
  return db;
}

/** Everything in the database, as one text. */
function content(db: V3Database): string {
  const keys = [...db.kv.scan()];
  return JSON.stringify([[...db.nodes()], [...db.edges()], keys]);
}

function assertSound(db: V3Database): void {
  const { ok, findings } = db.check();
  assert(ok && findings.length === 0, JSON.stringify(findings));
}

test("a checkpoint after a tag is gone moves pages from the end of the file and cuts it", () => {
  const files = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
  using db = fragmented(files);
  const before = sizeOf(files);
  const expected = content(db);
  db.checkpoint();
  assert(sizeOf(files) < before * 0.75, `${before} bytes became ${sizeOf(files)}`);
  assertEquals(content(db), expected);
  assertSound(db);
  db.insertNode({ kind: "N", name: "later" });
  db.close();
  using reopened = open(files);
  assertSound(reopened);
  assertEquals([...reopened.nodes()].length, NODES + 1);
});

test("nothing is moved while a snapshot reads the old pages, and it goes on reading them", () => {
  const files = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
  using db = fragmented(files);
  const before = sizeOf(files);
  const expected = content(db);
  {
    using snapshot = db.snapshot();
    db.checkpoint();
    assertEquals(sizeOf(files), before);
    assertEquals([...snapshot.nodes()].length, NODES);
  }
  db.checkpoint();
  assert(sizeOf(files) < before * 0.75);
  assertEquals(content(db), expected);
});

test("a file whose free pages are used between checkpoints keeps them", () => {
  const files = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
  using db = fragmented(files);
  db.checkpoint();
  const sizes: number[] = [];
  for (let round = 0; round < 4; round++) {
    db.transaction((tx) => {
      for (let id = 1; id <= NODES; id++) tx.updateNode(id, { data: { round } });
    });
    db.checkpoint();
    sizes.push(sizeOf(files));
  }
  assertEquals(sizes[3], sizes[1], `sizes ${sizes}`);
});

test("chains of overflow pages stay where they are, and the file is cut behind them", () => {
  const files = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
  using db = fragmented(files, 3_000);
  const expected = content(db);
  db.checkpoint();
  assertEquals(content(db), expected);
  assertSound(db);
});

test("the file is whole, and holds everything, wherever the shortening is cut off", () => {
  const disk = new SimulatedDisk();
  const files = new FaultFileSystem(disk, new Rng(2));
  const db = fragmented(files);
  const expected = content(db);
  db.close();
  const before = sizeOf(files);
  for (let call = 1;; call++) {
    const attempt = new FaultFileSystem(disk.copy(), new Rng(call));
    const writer = open(attempt);
    const calls = attempt.mutatingCalls;
    attempt.crashAfter(call);
    try {
      writer.checkpoint();
      if (attempt.mutatingCalls - calls < call) {
        assert(call > 4 && sizeOf(attempt) < before * 0.75, `${call} calls, ${before} and ${sizeOf(attempt)} bytes`);
        break;
      }
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
    }
    const left = call % 2 === 0 ? attempt.afterKill() : attempt.afterCrash(new Rng(call));
    using found = open(left);
    assertEquals(content(found), expected, `after call ${call}`);
    const { ok, findings } = found.check();
    assert(ok, JSON.stringify(findings));
  }
});
