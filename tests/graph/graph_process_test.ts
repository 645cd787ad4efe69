/** Processes with a graph: how they end, and what is left of them. */

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { open } from "../../lib/graph/open.ts";
import { runScript, startScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS } from "./graph_subject.ts";

const SCRIPT = new URL("./graph_script.ts", import.meta.url);
const WRITERS = 8;
const KILLS = 5;

for (const backend of BACKENDS) {
  test(`${backend}: an open graph that nobody waits for lets its process end`, async () => {
    using dir = tempDir();
    const { code, stdout, stderr } = await runScript(SCRIPT, { args: ["idle", dir.path("a.graph"), backend] });
    assertEquals([code, stdout, stderr], [0, "idle\n", ""]);
    using db = open(dir.path("a.graph"));
    assertEquals(db.countNodes(), 1);
  });

  test(`${backend}: a call that nobody awaits yet keeps its process alive until it is answered`, async () => {
    using dir = tempDir();
    const { code, stdout, stderr } = await runScript(SCRIPT, { args: ["pending", dir.path("a.graph"), backend] });
    assertEquals([code, stdout, stderr], [0, "committed\n", ""]);
    using db = open(dir.path("a.graph"));
    assertEquals(db.countNodes(), 1);
  });

  test(`${backend}: what was acknowledged is there after the process was killed, and nothing by halves`, async () => {
    using dir = tempDir();
    const path = dir.path("a.graph");
    let nodesBefore = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const script = startScript(SCRIPT, { args: ["write", path, backend] });
      await script.printed("ready");
      await script.printed("done 1 1 ");
      await delay(40 * kill);
      script.kill();
      const { stdout } = await script.finished;
      const acknowledged = roundsIn(stdout);
      using db = open(path);
      let rounds = 0;
      for (let writer = 1; writer <= WRITERS; writer++) {
        const round = db.kv.get(`round ${writer}`) as number | undefined ?? 0;
        // A round more may have been committed that nobody was told of.
        const told = acknowledged.get(writer) ?? 0;
        assert(
          round === told || round === told + 1,
          `writer ${writer} was told of round ${told}, the file has ${round}`,
        );
        rounds += round;
      }
      assertEquals([db.countNodes(), db.countEdges()], [nodesBefore + 2 * rounds, nodesBefore / 2 + rounds]);
      assertEquals(db.check().findings.filter(({ severity }) => severity === "error"), []);
      nodesBefore += 2 * rounds;
      db.transaction((tx) => {
        for (let writer = 1; writer <= WRITERS; writer++) tx.kv.delete(`round ${writer}`);
      });
    }
    assertGreaterOrEqual(nodesBefore, 2 * KILLS);
  });
}

/** The last round that each writer was told of; the last line may be cut off. */
function roundsIn(stdout: string): Map<number, number> {
  const rounds = new Map<number, number>();
  for (const line of stdout.split("\n").slice(0, -1)) {
    const [word, writer, round] = line.split(" ");
    if (word === "done") rounds.set(Number(writer), Number(round));
  }
  return rounds;
}
