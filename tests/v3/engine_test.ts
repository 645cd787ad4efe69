/** What only this engine does: commits by log or by checkpoint, groups, unclean ends, large records, small caches. */

import { assert, assertEquals, assertGreater, assertInstanceOf, assertLess, assertThrows } from "@std/assert";
import { IoError, NotFoundError } from "../../lib/backend/errors.ts";
import { V3Backend, type V3Database, type V3Options } from "../../lib/v3/mod.ts";
import { SimulatedCrash } from "../crash/fault.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";

const PATH = "/data.graph";
const SMALL = { cacheBytes: 1024 * 1024 };

function disk(): FaultFileSystem {
  return new FaultFileSystem(new SimulatedDisk(), new Rng(1));
}

function open(fileSystem: FaultFileSystem, options: V3Options = {}): V3Database {
  return V3Backend.open(PATH, { fileSystem, ...SMALL, ...options });
}

function assertSound(db: V3Database): void {
  const { ok, findings } = db.check();
  assert(ok && findings.length === 0, JSON.stringify(findings));
}

test("what was committed is there after the process was killed, and again after the recovered file was closed", () => {
  const files = disk();
  const db = open(files);
  const ids = db.insertNodes(Array.from({ length: 500 }, (_, n) => ({ kind: "N", name: `n${n}`, data: { n } })));
  db.transaction((tx) => {
    for (let at = 1; at < ids.length; at++) {
      tx.insertEdge({ from: ids[at - 1] as number, to: ids[at] as number, type: "NEXT", data: { at } });
    }
    tx.deleteNode(ids[7] as number);
    tx.updateNode(ids[8] as number, { name: "renamed", kind: "M" });
    tx.addLabel(ids[9] as number, "L");
    tx.kv.set("k", { deep: [1, 2, 3] }, { ttlSeconds: 1e6 });
  });
  const content = [...db.nodes()];
  const edges = [...db.edges()];
  for (let files2 = files.afterKill(), round = 0; round < 2; round++) {
    using again = open(files2);
    assertEquals(again.openReport.replayedCommits, round === 0 ? 2 : 0);
    assertEquals([...again.nodes()], content);
    assertEquals([...again.edges()], edges);
    assertEquals([again.kv.get("k"), again.lsn], [{ deep: [1, 2, 3] }, db.lsn]);
    assertSound(again);
  }
});

test("after an unclean end LSNs and ids that were given before are not given again", () => {
  const files = disk();
  const db = open(files, { durability: "normal" });
  const node = db.insertNode({ kind: "N", name: "a" });
  const edge = db.insertEdge({ from: node, to: node, type: "T" });
  const { lsn } = db;
  // All of it is lost with the power: nothing was synced.
  for (let seed = 0; seed < 5; seed++) {
    using again = open(files.afterCrash(new Rng(seed)));
    const next = again.insertNode({ kind: "N", name: "b" });
    assertGreater(next, node);
    assertGreater(again.insertEdge({ from: next, to: next, type: "T" }), edge);
    assertGreater(again.lsn, lsn);
    assertSound(again);
  }
});

test("after a clean close LSNs and ids go on without a gap", () => {
  const files = disk();
  {
    using db = open(files);
    assertEquals([db.insertNode({ kind: "N", name: "a" }), db.lsn], [1, 1]);
  }
  using db = open(files);
  assertEquals([db.insertNode({ kind: "N", name: "b" }), db.lsn], [2, 2]);
});

test("a transaction that outgrows the log commits by a checkpoint, in a cache that is much smaller", () => {
  const files = disk();
  const text = "x".repeat(2_000);
  const db = open(files);
  db.insertNode({ kind: "N", name: "before" });
  db.transaction((tx) => {
    for (let n = 0; n < 25_000; n++) tx.insertNode({ kind: "N", name: `n${n}`, data: { n, text } });
    assertEquals(tx.getNode(20_000)?.data["n"], 19_998);
  });
  db.insertNode({ kind: "N", name: "after" });
  assertEquals([db.lsn, db.countNodes()], [3, 25_002]);
  using again = open(files.afterKill());
  assertEquals([again.lsn, again.countNodes(), again.openReport.replayedCommits], [3, 25_002, 1]);
  assertEquals(again.getNode(12_345)?.data, { n: 12_343, text });
  assertSound(again);
});

test("a large transaction that is rolled back leaves nothing, not even larger files", () => {
  const files = disk();
  using db = open(files);
  db.insertNode({ kind: "N", name: "before" });
  db.checkpoint();
  const { fileBytes } = db.stats();
  assertThrows(
    () =>
      db.transaction((tx) => {
        for (let n = 0; n < 3_000; n++) tx.insertNode({ kind: "N", name: `n${n}`, data: { text: "y".repeat(3_000) } });
        throw new Error("no");
      }),
    Error,
    "no",
  );
  assertEquals([db.countNodes(), db.lsn], [1, 1]);
  assertSound(db);
  db.insertNode({ kind: "N", name: "after" });
  db.checkpoint();
  assertLess(db.stats().fileBytes, fileBytes + 20 * 4096);
});

test("data of 64 MiB comes back whole", () => {
  const files = disk();
  const text = "0123456789abcdef".repeat(4 * 1024 * 1024 - 1);
  {
    using db = open(files);
    const id = db.insertNode({ kind: "Big", name: "big", data: { text } });
    assertEquals((db.getNode(id)?.data["text"] as string).length, text.length);
    assertEquals(db.nodeName(id), "big");
  }
  using again = open(files);
  assert(again.getNode(1)?.data["text"] === text);
  again.deleteNode(1);
  again.checkpoint();
  const { fileBytes, freeBytes } = again.stats();
  assertGreater(freeBytes, 64 * 1024 * 1024);
  again.insertNode({ kind: "Big", name: "again", data: { text } });
  again.checkpoint();
  assertLess(again.stats().fileBytes, fileBytes + 1024 * 1024);
  assertSound(again);
});

test("kinds, names, labels and paths of 64 KiB are found by their whole text", () => {
  using db = open(disk());
  const long = "é".repeat(32_000);
  const ids = ["a", "b"].map((end) =>
    db.insertNode({ kind: `${long}${end}`, name: `${long}${end}`, filePath: long, labels: [`${long}l${end}`] })
  );
  assertEquals([...db.nodeIds({ name: `${long}b` })], [ids[1]]);
  assertEquals([...db.nodeIds({ kind: `${long}a` })], [ids[0]]);
  assertEquals([...db.nodeIds({ label: `${long}lb` })], [ids[1]]);
  assertEquals([...db.nodeIds({ glob: `${long}*` })], ids);
  assertEquals(db.mergeNode({ kind: `${long}b`, name: `${long}b` }), { id: ids[1] as number, created: false });
  assertEquals(db.getNode(ids[0] as number)?.filePath, long);
  assertSound(db);
});

test("keys that share a thousand bytes are told apart, in order", () => {
  using db = open(disk());
  const long = "k".repeat(1_000);
  for (const end of ["c", "a", "b", ""]) db.kv.set(long + end, end);
  assertEquals([...db.kv.scan({ prefix: long })].map(({ value }) => value), ["", "a", "b", "c"]);
  db.kv.delete(`${long}a`);
  assertEquals([db.kv.get(`${long}a`), db.kv.get(`${long}b`)], [undefined, "b"]);
  assertSound(db);
});

test("a group gives each function its own commit, undoes the one that throws, and syncs once", () => {
  const files = disk();
  const db = open(files);
  db.insertNode({ kind: "N", name: "first" });
  const syncs = files.count("sync");
  const results = db.transactionGroup<number | undefined>([
    (tx) => tx.insertNode({ kind: "N", name: "a" }),
    (tx) => {
      tx.insertNode({ kind: "N", name: "lost" });
      throw new Error("no");
    },
    () => undefined,
    (tx) => {
      assertEquals(tx.countNodes(), 2);
      return tx.insertNode({ kind: "N", name: "b" });
    },
  ]);
  assertEquals(files.count("sync"), syncs + 1);
  assertEquals(results.map((result) => "lsn" in result ? result.lsn : "error"), [2, "error", undefined, 3]);
  assertEquals([...db.nodes()].map(({ name }) => name), ["first", "a", "b"]);
  assertEquals(db.lsn, 3);
  using again = open(files.afterCrash(new Rng(3)));
  assertEquals([...again.nodes()].map(({ name }) => name), ["first", "a", "b"]);
  assertEquals(again.openReport.replayedCommits, 3);
  assertSound(again);
});

test("with a retention every commit of a group can be read", () => {
  using db = open(disk(), { retention: { commits: 10 } });
  db.transactionGroup([1, 2, 3].map((n) => (tx) => tx.kv.set("n", n)));
  assertEquals(
    [1, 2, 3].map((lsn) => {
      using snapshot = db.snapshot({ lsn });
      return snapshot.kv.get("n");
    }),
    [1, 2, 3],
  );
  assertSound(db);
});

test("a full disk fails the call, changes nothing, and is no reason to stop", () => {
  const files = disk();
  const db = open(files);
  db.insertNode({ kind: "N", name: "before" });
  files.inject({ calls: ["write"], error: "ENOSPC", times: 1 });
  const error = assertThrows(() => db.insertNode({ kind: "N", name: "lost" }), IoError);
  assertInstanceOf(error.cause, Error);
  assertEquals(db.countNodes(), 1);
  db.insertNode({ kind: "N", name: "after" });
  using again = open(files.afterCrash(new Rng(5)));
  assertEquals([...again.nodes()].map(({ name }) => name), ["before", "after"]);
  assertSound(again);
});

test("after a failed sync nothing is written until the database was opened again", () => {
  const files = disk();
  const db = open(files);
  db.insertNode({ kind: "N", name: "before" });
  files.inject({ calls: ["sync"], error: "EIO", times: 1 });
  assertThrows(() => db.insertNode({ kind: "N", name: "unknown" }), IoError);
  assertThrows(() => db.insertNode({ kind: "N", name: "refused" }), IoError, "open it again");
  assertEquals([...db.nodes()].map(({ name }) => name), ["before"]);
  db.close();
  using again = open(files);
  const names = [...again.nodes()].map(({ name }) => name);
  assert(names.length === 1 || names[1] === "unknown", `${names}`);
  again.insertNode({ kind: "N", name: "after" });
  assertSound(again);
});

test("snapshots and iterators read their state while everything is deleted and written anew", () => {
  using db = open(disk());
  const ids = db.insertNodes(Array.from({ length: 3_000 }, (_, n) => ({ kind: "N", name: `n${n}` })));
  using snapshot = db.snapshot();
  const iterator = db.nodes();
  iterator.next();
  for (let round = 0; round < 3; round++) {
    db.transaction((tx) => {
      for (const id of [...tx.nodeIds()]) tx.deleteNode(id);
      tx.insertNodes(Array.from({ length: 3_000 }, (_, n) => ({ kind: "M", name: `m${round} ${n}` })));
    });
    db.checkpoint();
  }
  assertEquals([...snapshot.nodeIds()], ids);
  assertEquals([...iterator].length, 2_999);
  assertEquals(snapshot.countNodes({ kind: "N" }), 3_000);
  assertSound(db);
});

test("an edge to a node that was deleted in the same transaction is refused", () => {
  using db = open(disk());
  db.transaction((tx) => {
    const [a, b] = tx.insertNodes([{ kind: "N", name: "a" }, { kind: "N", name: "b" }]);
    tx.deleteNode(a as number);
    assertThrows(() => tx.insertEdge({ from: a as number, to: b as number, type: "T" }), NotFoundError);
  });
  assertSound(db);
});

test("deleting a node with 200,000 edges deletes each of them once", () => {
  using db = open(disk(), { durability: "off" });
  const hub = db.insertNode({ kind: "N", name: "hub" });
  const others = db.insertNodes(Array.from({ length: 1_000 }, (_, n) => ({ kind: "N", name: `n${n}` })));
  db.insertEdges((function* () {
    for (let n = 0; n < 100_000; n++) {
      yield { from: hub, to: others[n % 1_000] as number, type: "OUT" };
      yield { from: others[(n * 7) % 1_000] as number, to: hub, type: "IN" };
    }
    yield { from: hub, to: hub, type: "SELF" };
    yield { from: others[0] as number, to: others[1] as number, type: "STAYS" };
  })());
  assertEquals([db.degree(hub), db.countEdges()], [100_001, 200_002]);
  db.deleteNode(hub);
  assertEquals([...db.edges()].map(({ type }) => type), ["STAYS"]);
  assertSound(db);
});

test("a database whose making was killed is whole after a power cut in its first commit", () => {
  for (let inMaking = 1; inMaking <= 12; inMaking++) {
    for (let inCommit = 1; inCommit <= 4; inCommit++) {
      for (let seed = 1; seed <= 6; seed++) {
        const first = disk();
        first.crashAfter(inMaking);
        try {
          open(first).close();
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) throw error;
        }
        const second = first.afterKill();
        const db = open(second);
        second.crashAfter(inCommit);
        assertThrows(() => db.insertNode({ kind: "N", name: "n" }));
        using found = open(second.afterCrash(new Rng(seed)));
        assert(found.stats().nodes <= 1);
      }
    }
  }
});

test("names with long common beginnings, zeros and ends at any place are indexed in order", () => {
  const rng = new Rng(3);
  const pieces = ["a", "ab", "document number ", "\0", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "ä", "z".repeat(20)];
  const names = Array.from(
    { length: 4_000 },
    () => Array.from({ length: rng.between(0, 8) }, () => rng.pick(pieces)).join(""),
  );
  using db = open(disk());
  db.importRecords(names.map((name, at) => ({ node: { id: at + 1, kind: at % 2 === 0 ? "K" : "L", name } })));
  assertSound(db);
  for (const name of new Set(names.filter((name) => name.trim() !== "" && !name.includes("\0")))) {
    const expected = names.flatMap((other, at) => other === name ? [at + 1] : []);
    assertEquals([...db.nodes({ name })].map(({ id }) => id), expected, name);
  }
});
