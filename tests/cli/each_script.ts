/** Runs several command lines in one process, `<JSON: arrays of arguments>`, and ends the output of each with a mark. */

import { writeSync } from "node:fs";
import process from "node:process";
import { runCommandLine } from "../../lib/cli/main.ts";

for (const args of JSON.parse(process.argv[2] as string) as string[][]) {
  const code = await runCommandLine(args);
  writeSync(1, `\0${code}\0`);
  writeSync(2, "\0");
}
