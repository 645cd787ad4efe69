/** A process with transactions, ingests and readers is killed: what was acknowledged is there, and nothing by halves. */

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { open } from "../../lib/graph/open.ts";
import { startScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { audit, makeBank } from "./isolation_bank.ts";

const SCRIPT = new URL("./isolation_script.ts", import.meta.url);
const ACCOUNTS = 60;
const KILLS = 4;

for (const backend of ["v3", "sqlite"] as const) {
  test(`${backend}: a process is killed in the middle of transactions and ingests: the books balance, and nothing acknowledged is lost`, async () => {
    using dir = tempDir();
    const path = dir.path("bank.graph");
    makeBank(path, backend, ACCOUNTS);
    let committed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const script = startScript(SCRIPT, { args: [path, `${ACCOUNTS}`, `${kill}`] });
      await script.printed("loads ");
      await script.printed("w1 ");
      await delay(70 * kill);
      script.kill();
      const { stdout, stderr } = await script.finished;
      assertEquals(stderr, "");
      using db = open(path);
      assertEquals(audit(db, ACCOUNTS).fault, undefined);
      for (const [key, number] of numbersIn(stdout)) {
        const found = db.kv.get(key);
        // One more may have been committed that nobody was told of.
        assert(found === number || found === number + 1, `${key} has ${found}, acknowledged was ${number}`);
        committed += number;
      }
      assertEquals(db.check().findings.filter(({ severity }) => severity === "error"), []);
    }
    assertGreaterOrEqual(committed, KILLS * 2);
  });
}

/** The last number of everybody who was told of one; the last line may be cut off. */
function numbersIn(stdout: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const line of stdout.split("\n").slice(0, -1)) {
    const [key, number] = line.split(" ") as [string, string];
    assert(key !== "fault", line);
    if (key !== "ready") numbers.set(key, Number(number));
  }
  return numbers;
}
