/** Preloaded before each documented example on Deno: every example starts in an empty folder of its own. */
import { mkdtempSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";

process.chdir(mkdtempSync(fileURLToPath(new URL("../.tmp/examples-deno/", import.meta.url))));
