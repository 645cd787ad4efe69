/** Compiles the program in a folder with Bun and runs it where its sources cannot be found by accident. */

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const [folder = "."] = process.argv.slice(2);
const program = join(folder, "elsewhere", process.platform === "win32" ? "app.exe" : "app");
mkdirSync(join(folder, "elsewhere"));
run([process.execPath, "build", "--compile", "main.ts", "worker.ts", "--outfile", program], folder);
run([program, "app.graph", "close"], join(folder, "elsewhere"));

function run([command = "", ...args]: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  console.log(stdout);
  console.error(stderr);
  if (status !== 0) process.exit(status ?? 1);
}
