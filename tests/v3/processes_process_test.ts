/** A writer and readers in processes of both runtimes, on one file. */

import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { V3Backend } from "../../lib/v3/mod.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { acquireWriterLock } from "../../lib/v3/writer_lock.ts";
import { assertRounds, roundsOf } from "../crash/kill_rounds.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import type { HeldReport, ReadReport } from "./process_script.ts";
import { crash, otherThan, resultOf, RUNTIMES, startAction, valueOf } from "./processes.ts";

for (const runtime of RUNTIMES) {
  const next = otherThan(runtime);
  test(`readers on both runtimes see whole states only, of a busy writer on ${runtime} and, when it was killed, of one on ${next}`, async () => {
    using folder = tempDir();
    const [path, again, stop] = ["busy.graph", "again", "stop"].map((name) => folder.path(name)) as [
      string,
      string,
      string,
    ];
    const killed = startAction(runtime, "write", path, stop);
    await killed.printed("ready");
    const readers = RUNTIMES.map((reader) => startAction(reader, "read", path, again, stop));
    await Promise.all(readers.map((reader) => reader.printed("enough\n")));
    await crash(killed);
    const writer = startAction(next, "write", path, stop);
    await writer.printed("ready");
    writeFileSync(again, "");
    await Promise.all(readers.map((reader) => reader.printed("enough again\n")));
    writeFileSync(stop, "");
    const rounds = await valueOf<number>(writer);
    for (const reader of readers) {
      const report = await valueOf<ReadReport>(reader);
      assertGreaterOrEqual(rounds, report.rounds);
      assertGreater(report.oldStates, 10);
    }
    assert(!existsSync(`${path}.readers`), "the last reader leaves nothing behind");
    using db = V3Backend.open(path);
    assertEquals(roundsOf(db), rounds);
    assertRounds(db, rounds);
    assertEquals(db.check(), { ok: true, findings: [] });
  });

  test(`a second writer is refused at once and told the process id of the first on ${runtime}`, async () => {
    using folder = tempDir();
    const path = folder.path("one.graph");
    const writer = startAction(runtime, "writeAndStay", path, "3", "1");
    await writer.printed("written");
    for (const second of RUNTIMES) {
      const result = await resultOf(startAction(second, "open", path));
      assert(!result.ok);
      assertEquals([result.error, result.code], ["DatabaseLockedError", "database-locked"]);
      assertStringIncludes(result.message, `process ${writer.pid} `);
      assertEquals(await valueOf(startAction(second, "open", path, "readonly")), 2, "reading goes on");
    }
    await crash(writer);
    assertEquals(await valueOf(startAction(next, "open", path)), 3);
  });

  test(`after a writer on ${runtime} was killed, readers see all that it committed, and keep it when another writer goes on`, async () => {
    using folder = tempDir();
    const [path, go, stop] = ["killed.graph", "go", "stop"].map((name) => folder.path(name)) as [
      string,
      string,
      string,
    ];
    const killed = startAction(runtime, "writeAndStay", path, "12", "5");
    await killed.printed("written");
    const before = startAction(next, "holdState", path, go);
    await before.printed("holding");
    await crash(killed);
    const after = RUNTIMES.map((reader) => startAction(reader, "holdState", path, go));
    await Promise.all(after.map((reader) => reader.printed("holding")));
    assert(existsSync(`${path}.v3wal`), "who only reads leaves the log as it is");

    const writer = startAction(next, "write", path, stop);
    await writer.printed("ready");
    const reader = startAction(runtime, "read", path, stop, stop);
    await reader.printed("enough\n");
    writeFileSync(stop, "");
    const rounds = await valueOf<number>(writer);
    await valueOf(reader);
    writeFileSync(go, "");
    assertEquals(await valueOf<HeldReport>(before), { replayedCommits: 0, heldRounds: 7, rounds });
    for (const held of after) {
      assertEquals(await valueOf<HeldReport>(held), { replayedCommits: 5, heldRounds: 12, rounds });
    }
    using db = V3Backend.open(path);
    assertEquals(db.check(), { ok: true, findings: [] });
    assertGreater(rounds, 12);
  });
}

test("a reader that saw what a dead writer had logged does not go back while the next writer brings that into the file", async () => {
  using folder = tempDir();
  const path = folder.path("next.graph");
  const killed = startAction("bun", "writeAndStay", path, "5", "3");
  await killed.printed("written");
  await crash(killed);
  using reader = V3Backend.openReadOnly(path);
  assertEquals(roundsOf(reader), 5);
  // The next writer has the lock before it has read the log.
  const lock = acquireWriterLock(realFileSystem, path);
  assertEquals([reader.refresh(), roundsOf(reader)], [false, 5]);
  lock.release();
  using _writer = V3Backend.open(path);
  reader.refresh();
  assertRounds(reader, 5);
});
