/** `npm run bench -- SUITE [--json FILE] [--runtime bun|deno] [--quick] [--only NAME,...]`: runs `bench/run.ts` on one runtime or on both in turn. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { BUN, DENO, filesBelow, handOver, installIfNeeded, ROOT, takeRuntime, TEMP } from "./_tools.mjs";

const HELP = `Usage: npm run bench -- SUITE [--json FILE] [--runtime bun|deno] [--quick] [--only NAME,...]

Runs bench/suites/SUITE.ts on Bun and then on Deno, or on one of them, and prints a table for each.

  --json FILE      write the results as well. Without --runtime an array of two, with it one object:
                   { suite, runtime, entries: [{ name, median, unit, reference, ratio, bar, direction, holds }] }
                   direction is "at most" or "at least"; what an entry does not have is null.
  --runtime NAME   bun or deno
  --quick          small sizes, to try the suite itself (algo, v3, snapshot, vector)
  --only NAME,...  these measures of the suite (algo, v3, snapshot, vector)
  --help           this text

The exit code is 1 when a suite fails to run. A bar that is not reached is shown, but is no failure.

Suites: `;

const { runtime, rest } = takeRuntime(process.argv.slice(2));
const jsonAt = rest.indexOf("--json");
const jsonFile = jsonAt < 0 ? undefined : rest.splice(jsonAt, 2)[1];
const flags = rest.includes("--quick") ? rest.splice(rest.indexOf("--quick"), 1) : [];
if (rest.includes("--only")) flags.push(...rest.splice(rest.indexOf("--only"), 2));
const [suite, ...unknown] = rest;
const suites = filesBelow("bench/suites", (path) => path.endsWith(".ts"))
  .map((path) => path.slice("bench/suites/".length, -".ts".length))
  .filter((name) => !name.includes("/") && !name.startsWith("_"));

if (suite === "--help" || suite === "-h") {
  console.log(HELP + suites.join(", "));
} else if (suite === undefined || !suites.includes(suite) || unknown.length > 0 || (jsonAt >= 0 && !jsonFile)) {
  console.error(HELP + suites.join(", "));
  process.exitCode = 2;
} else {
  installIfNeeded();
  run(suite);
}

/** @param {string} name */
function run(name) {
  const results = [];
  for (const each of runtime ? [runtime] : ["bun", "deno"]) {
    const resultFile = join(TEMP, `bench-${name}-${each}-${process.pid}.json`);
    mkdirSync(TEMP, { recursive: true });
    const args = [join(ROOT, "bench/run.ts"), name, resultFile, ...flags];
    // Collecting garbage between rounds keeps one entry's litter out of the next one's time.
    const code = each === "bun"
      ? handOver(BUN, ["--expose-gc", ...args])
      : handOver(DENO, ["run", "--allow-all", "--no-prompt", "--v8-flags=--expose-gc", ...args]);
    if (code !== 0) {
      process.exitCode = 1;
      return;
    }
    results.push(JSON.parse(readFileSync(resultFile, "utf8")));
    rmSync(resultFile);
  }
  if (!jsonFile) return;
  const target = resolve(process.env["INIT_CWD"] ?? ".", jsonFile);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, JSON.stringify(runtime ? results[0] : results, null, 2) + "\n");
}
