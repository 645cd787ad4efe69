/** The contract of backups: a verified copy with a manifest, in a folder. */

import { assert, assertEquals, assertMatch, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Progress } from "../../lib/backend/care.ts";
import { GraphError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefused, fingerprint, untyped } from "./refusal.ts";
import { graphTest, START_MS, type Subject } from "./subject.ts";

function fill(db: GraphBackend): void {
  const { nodes: { a } } = graphOf(db, "a->b, b->a, a->a");
  db.updateNode(a, { data: { big: 2n ** 70n, zero: -0 }, filePath: "/f" });
  db.addLabel(a, "L");
  db.kv.set("k", { n: 2n ** 60n });
  db.kv.set(new Uint8Array([0, 255]), NaN, { ttlSeconds: 1_000 });
  db.deleteNode(db.insertNode({ kind: "N", name: "deleted" }));
}

/** Declares the tests of backups. */
export function backupContract(subject: Subject): void {
  graphTest(subject, "a backup makes its folder and holds an equal database, with a manifest", (db, world) => {
    fill(db);
    const folder = world.at("new", "copies");
    const result = db.backup(folder);
    const { nodes, edges, keyValues, lsn } = fingerprint(db);
    assertEquals([result.nodes, result.edges, result.keyValues, result.lsn], [nodes, edges, keyValues, lsn]);
    assertEquals([dirname(result.path), dirname(result.manifestPath)], [folder, folder]);
    assertEquals(readdirSync(folder).length, 2, "the copy and its manifest, nothing else");
    assertEquals(statSync(result.path).size, result.sizeBytes);
    assertEquals(createHash("sha256").update(readFileSync(result.path)).digest("hex"), result.sha256);
    assertMatch(result.sha256, /^[0-9a-f]{64}$/);
    assert(result.durationMs >= 0);
    // The manifest may name the copy relative to itself, so that the folder can be moved.
    const manifest = JSON.parse(readFileSync(result.manifestPath, "utf8"));
    const { path, manifestPath, ...facts } = result;
    assertEquals({ ...manifest, ...facts }, manifest);
    assertEquals([basename(manifest.path), basename(manifest.manifestPath)], [basename(path), basename(manifestPath)]);

    const copy = world.open(result.path);
    assertEquals(contentOf(copy), contentOf(db));
    assertEquals(copy.lsn, lsn);
    const given = [...db.nodeIds()].at(-1)! + 1;
    assert(copy.insertNode({ kind: "N", name: "n" }) > given, "ids are not given again in the copy either");
    assertEquals(db.countNodes(), nodes!, "the original is another database");
  });

  graphTest(subject, "a backup tells when it began", (db, world) => {
    fill(db);
    world.nowMs += 12_345;
    assertEquals(db.backup(world.at("copies")).timeMs, START_MS + 12_345);
    using system = subject.open(":memory:");
    const before = Date.now();
    const { timeMs } = system.backup(world.at("system"));
    assert(timeMs >= before && timeMs <= Date.now());
  });

  graphTest(subject, "two backups at the same time into the same folder have different names", (db, world) => {
    fill(db);
    const folder = world.at("copies");
    const first = db.backup(folder);
    graphOf(db, "later");
    const second = db.backup(folder);
    assertNotEquals(first.path, second.path);
    assertNotEquals(first.manifestPath, second.manifestPath);
    assertEquals([first.nodes + 1, second.nodes], [second.nodes, db.countNodes()]);
    for (const { path, sha256 } of [first, second]) {
      assertEquals(createHash("sha256").update(readFileSync(path)).digest("hex"), sha256);
    }
    assertEquals(readdirSync(folder).length, 4);
  });

  graphTest(
    subject,
    "folders with quotes, blanks and Unicode are plain folders, and what lies there stays",
    (db, world) => {
      fill(db);
      for (const name of ["it's", 'quo"te', "a b;--", "漢 😀 ü", "per%20cent?#"]) {
        const folder = world.at(name);
        mkdirSync(folder);
        writeFileSync(world.at(name, "mine.txt"), "mine");
        const { path, manifestPath } = db.backup(folder);
        assert(existsSync(path) && existsSync(manifestPath) && path.startsWith(folder));
        assertEquals(readFileSync(world.at(name, "mine.txt"), "utf8"), "mine");
        assertEquals(contentOf(world.open(path, { readonly: true })), contentOf(db));
      }
    },
  );

  graphTest(subject, "an empty database can be backed up", (db, world) => {
    const { path, nodes, edges, keyValues } = db.backup(world.at("copies"));
    assertEquals([nodes, edges, keyValues], [0, 0, 0]);
    assertEquals(contentOf(world.open(path)), { nodes: [], edges: [], keyValues: [] });
  });

  graphTest(subject, "a backup reports its progress, phase by phase", (db, world) => {
    fill(db);
    const told: Progress[] = [];
    db.backup(world.at("copies"), { onProgress: (progress) => void told.push(progress) });
    assert(told.length > 0);
    told.forEach(({ phase, done, total }, at) => {
      assert(phase !== "" && done >= 0 && (total === undefined || done <= total), JSON.stringify(told[at]));
      if (told[at - 1]?.phase === phase) assert(done >= told[at - 1]!.done, "it does not go back");
    });
  });

  graphTest(subject, "a backup that is aborted throws the reason and leaves nothing behind", (db, world) => {
    fill(db);
    const before = contentOf(db);
    const steps: Progress[] = [];
    db.backup(world.at("whole"), { onProgress: (progress) => void steps.push(progress) });
    for (let at = 0; at < Math.min(steps.length, 20); at++) {
      const folder = world.at(`aborted ${at}`);
      mkdirSync(folder);
      const controller = new AbortController();
      const reason = new RangeError("stopped");
      let step = 0;
      const onProgress = () => {
        if (step++ === at) controller.abort(reason);
      };
      const error = assertThrows(() => db.backup(folder, { onProgress, signal: controller.signal }));
      assertStrictEquals(error, reason, `aborted in step ${at}, ${steps[at]!.phase}`);
      assertEquals(readdirSync(folder), []);
    }
    const signal = AbortSignal.abort(new RangeError("before"));
    assertStrictEquals(assertThrows(() => db.backup(world.at("never"), { signal })), signal.reason);
    assert(!existsSync(world.at("never")) || readdirSync(world.at("never")).length === 0);
    assertEquals(contentOf(db), before);
    assertEquals(db.backup(world.at("after")).nodes, before.nodes.length);
  });

  graphTest(subject, "an error of onProgress ends the backup and leaves nothing behind", (db, world) => {
    fill(db);
    const failure = new RangeError("a defect of the caller");
    const onProgress = () => {
      throw failure;
    };
    assertStrictEquals(assertThrows(() => db.backup(world.at("copies"), { onProgress })), failure);
    assert(!existsSync(world.at("copies")) || readdirSync(world.at("copies")).length === 0);
    db.kv.set("still", "writable");
  });

  graphTest(subject, "a folder that cannot be one is refused", (db, world) => {
    fill(db);
    writeFileSync(world.at("file"), "mine");
    assertThrows(() => db.backup(world.at("file")), GraphError);
    assertThrows(() => db.backup(world.at("file", "below")), GraphError);
    assertEquals(readFileSync(world.at("file"), "utf8"), "mine");
    for (const folder of [undefined, null, 5]) {
      assertRefused(db, InvalidArgumentError, () => db.backup(untyped(folder)), "folder");
    }
  });
}
