/** Snapshots that nobody releases. */

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { runScript } from "../support/script.ts";
import { TEMP_ROOT, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS } from "./graph_subject.ts";

const SCRIPT = new URL("./abandoned_script.ts", import.meta.url);
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

for (const backend of BACKENDS) {
  test(`${backend}: what snapshots held is given free when they are garbage, with one warning`, async () => {
    using dir = tempDir();
    const { code, stdout, stderr } = await runScript(SCRIPT, {
      args: [dir.path("a.graph"), backend],
      permissions: ["--v8-flags=--expose-gc", `--allow-read=${REPOSITORY}`, `--allow-write=${TEMP_ROOT}`],
    });
    assertEquals([code, stdout], [0, "held\nreleased\n"]);
    assertEquals(stderr.match(/was not released/g)?.length, 1);
    assertMatch(stderr, /a snapshot of .*a\.graph was not released; declare it with using, or call release/);
  });
}
