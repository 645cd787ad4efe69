/** What graphs leave open: nothing, and at once. */

import { assertEquals } from "@std/assert";
import process from "node:process";
import { runScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS } from "./graph_subject.ts";

const SCRIPT = new URL("./descriptors_script.ts", import.meta.url);

for (const backend of BACKENDS) {
  for (const how of ["closed", "refused", "died"]) {
    test(`${backend}: no file stays open after a graph that was ${how}`, async () => {
      // Only there a process can read which files it has open.
      if (process.platform !== "linux") return;
      using dir = tempDir();
      const result = await runScript(SCRIPT, { args: [how, dir.root, backend], permissions: ["--allow-all"] });
      assertEquals(result, { code: 0, stdout: "8 rounds\n", stderr: "" });
    });
  }
}
