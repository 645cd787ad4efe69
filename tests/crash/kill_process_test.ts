/** Real processes on real files, killed while they write. */

import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { startScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";
import { assertRounds, GROUP_ROUNDS, type Report, roundsOf } from "./kill_rounds.ts";
import { Rng } from "./rng.ts";

const SCRIPT = new URL("./kill_script.ts", import.meta.url);
const KILLS = 25;

test("what a process reported as committed is there after it was killed, and nothing by halves", async () => {
  using dir = tempDir();
  const path = dir.path("killed.graph");
  // At other moments on each runtime.
  const rng = new Rng(RUNTIME === "bun" ? 1 : 2);
  const seen = { lsn: 0, rounds: 0, nodes: new Set<number>(), edges: new Set<number>() };
  for (let kill = 0; kill < KILLS; kill++) {
    const reports = await writeUntilKilled(path, rng.between(20, 300));
    for (const report of reports) note(report, seen);
    // Now and then nobody repairs anything before the next process comes.
    using db = V3Backend.open(path, { readonly: rng.chance(0.3) });
    const rounds = roundsOf(db);
    assertGreaterOrEqual(rounds, seen.rounds, "a commit that was reported is lost");
    assertLessOrEqual(rounds, seen.rounds + GROUP_ROUNDS, "more was committed than one call can");
    assertRounds(db, rounds);
    assertReported(db, reports.at(-1));
    assertGreaterOrEqual(db.lsn, seen.lsn);
    assertEquals(db.check().findings.filter(({ severity }) => severity === "error"), []);
    if (!db.readonly) {
      db.checkpoint();
      assertEquals(db.check().findings, [], "after a checkpoint");
    }
    seen.rounds = rounds;
  }
  assert(seen.rounds > KILLS, `only ${seen.rounds} rounds were written`);
});

async function writeUntilKilled(path: string, lifeMs: number): Promise<Report[]> {
  const script = startScript(SCRIPT, { args: [path] });
  await script.printed("ready");
  await delay(lifeMs);
  script.kill();
  const { stdout, stderr } = await script.finished;
  assertEquals(stderr, "");
  // The last line may be cut off.
  return stdout.split("\n").slice(1, -1).map((line) => JSON.parse(line) as Report);
}

/** Numbers and ids ascend over all processes: none is ever given twice. */
function note(report: Report, seen: { lsn: number; rounds: number; nodes: Set<number>; edges: Set<number> }): void {
  assert(report.lsn > seen.lsn, `commit ${report.lsn} after commit ${seen.lsn}`);
  seen.lsn = report.lsn;
  seen.rounds = report.round;
  for (const [ids, known] of [[report.nodes, seen.nodes], [report.edges, seen.edges]] as const) {
    for (const id of ids) {
      assert(!known.has(id), `id ${id} was given twice`);
      known.add(id);
    }
  }
}

/** The ids that the last report named are those of its records. */
function assertReported(db: GraphBackend, report: Report | undefined): void {
  if (report === undefined || !db.hasNode(report.nodes[0] as number)) return;
  assertEquals(report.nodes.map((id) => db.nodeName(id)), report.nodes.map((_, at) => `${report.round}.${at}`));
  assertEquals(report.edges.map((id) => db.getEdge(id)?.data["at"]), report.edges.map((_, at) => at));
}
