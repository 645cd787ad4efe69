/** Processes that use the engine `hnswlib` end, whether they close the index or not. */

import { assertEquals } from "@std/assert";
import { runScript } from "../support/script.ts";
import { test } from "../support/test.ts";

const SCRIPT = new URL("./hnswlib_script.ts", import.meta.url);

async function outputOf(how: string): Promise<string> {
  const { code, stdout, stderr } = await runScript(SCRIPT, { args: [how] });
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim();
}

test("closing an index ends its thread", async () => {
  assertEquals(await outputOf("thread"), "the thread ended");
});

test("a process ends that has closed the index, and one that has it open", async () => {
  assertEquals(await outputOf("close"), "found node 3");
  assertEquals(await outputOf("open"), "found node 3");
});

test("a thread that is not the main one opens an index, and the process ends", async () => {
  assertEquals(await outputOf("inner"), "found node 3");
});
