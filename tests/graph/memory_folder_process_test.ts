/** What processes leave of SQLite graphs in memory. */

import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";

const SCRIPT = new URL("./memory_folder_script.ts", import.meta.url);
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

test("a process that ends without closing a SQLite graph in memory leaves no file of it", async () => {
  for (const [how, code] of [["idle", 0], ["exit", 3]] as const) {
    using dir = tempDir();
    const result = await runScript(SCRIPT, { args: [dir.root, how] });
    assertEquals(result, { code, stdout: "node 1\n", stderr: "" });
    assertEquals(readdirSync(dir.root), []);
  }
});

test("a process that may not write to the temporary folder is told so", async () => {
  if (RUNTIME !== "deno") return;
  using dir = tempDir();
  using other = tempDir();
  const permissions = [`--allow-read=${REPOSITORY}`, `--allow-write=${dir.root}`];
  for (const folder of ["-", other.root]) {
    const result = await runScript(SCRIPT, { args: [folder, "idle"], permissions });
    assertEquals(result, { code: 0, stdout: "no-temporary-folder\n", stderr: "" });
  }
  const allowed = await runScript(SCRIPT, { args: [dir.root, "idle"], permissions });
  assertEquals(allowed, { code: 0, stdout: "node 1\n", stderr: "" });
});
