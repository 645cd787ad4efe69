/** `npm test`: everything that must hold, on both runtimes, summed up in one last line. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { documentedFiles, examplesOf, runExamplesOnBun } from "./_doc_examples.mjs";
import { countTests } from "./_junit.mjs";
import {
  BUN,
  DENO,
  DENO_PERMISSIONS,
  entryPoints,
  execute,
  filesBelow,
  installIfNeeded,
  readJson,
  ROOT,
  takeRuntime,
  TEMP,
  tsc,
} from "./_tools.mjs";

const HELP = `Usage: npm test -- [--only PART[,PART]] [--runtime bun|deno] [--file TEXT] [--filter TEXT]

  --only     check    types, lint, format, publishing
             docs     examples in doc comments, README.md and docs/
             unit     tests/**/*_test.ts: in-process, on Deno with nothing but read and write of this folder
             process  tests/**/*_process_test.ts: start processes or serve loopback
             pack     the npm package, installed into an empty project
  --runtime  only what runs on this runtime (checks run on neither)
  --file     only test files whose path contains this
  --filter   only tests whose name contains this`;

/** Two at a time: the checks and the runners use about one core each. */
const PARALLEL_STEPS = 2;
const UNCAUGHT = "UNCAUGHT outside a test:"; // printed by _deno_report_uncaught.ts

/** @typedef {{ passed: number, failed: number, skipped?: number, output: string }} Result */
/** @typedef {Result & { seconds: number }} TimedResult */
/** @typedef {{ title: string, part: string, runtime?: "bun" | "deno", run: () => Promise<Result> }} Step */

const { runtime, rest } = takeRuntime(process.argv.slice(2));
const options = parse(rest);
installIfNeeded();
mkdirSync(TEMP, { recursive: true });

/** @type {Step[]} */
const steps = [
  check("manifests agree", compareManifests),
  check("types on Deno (deno check)", DENO, ["check", "--quiet"]),
  check("types on Bun (tsc)", ...tsc("-p", "tsconfig.json")),
  check("types of the scripts (tsc)", ...tsc("-p", "tsconfig.scripts.json")),
  check("lint (deno lint)", DENO, ["lint", "--quiet"]),
  check("format (deno fmt --check)", DENO, ["fmt", "--check", "--quiet"]),
  check("documentation (deno doc --lint)", DENO, ["doc", "--quiet", "--lint", ...entryPoints()]),
  check("publishable (deno publish --dry-run)", DENO, ["publish", "--dry-run", "--allow-dirty", "--quiet"]),
  check("compiled vector kernel (npm run kernel -- --check)", process.execPath, ["scripts/kernel.mjs", "--check"]),
  // The longest first, and the short ones at the end, so that no core is idle for long.
  ...testSteps("unit", "tests", (path) => path.endsWith("_test.ts") && !path.endsWith("_process_test.ts"), []),
  ...testSteps("process", "process tests", (path) => path.endsWith("_process_test.ts"), [
    "--allow-run",
    "--allow-net=127.0.0.1",
  ]),
  { title: "examples on Deno", part: "docs", runtime: "deno", run: runExamplesOnDeno },
  { title: "examples on Bun", part: "docs", runtime: "bun", run: runExamplesOnBun },
  check("npm package (pack:check)", process.execPath, ["scripts/pack_check.mjs"], "pack"),
];

const chosen = steps.filter((step) =>
  (options.only === undefined || options.only.includes(step.part)) &&
  (runtime === undefined || (step.runtime ? step.runtime === runtime : options.only !== undefined))
);
await runSteps(chosen);

/** @param {readonly string[]} args */
function parse(args) {
  /** @type {{ only?: string[], file?: string, filter?: string }} */
  const parsed = {};
  for (let at = 0; at < args.length; at += 2) {
    const [flag, value] = [args[at], args[at + 1]];
    if (flag === "--help" || flag === "-h") {
      console.log(HELP);
      process.exit(0);
    }
    if (flag === "--only" && value) parsed.only = value.split(",");
    else if (flag === "--file" && value) parsed.file = value;
    else if (flag === "--filter" && value) parsed.filter = value;
    else {
      console.error(`unknown or incomplete: ${flag}\n\n${HELP}`);
      process.exit(2);
    }
  }
  const unknown = parsed.only?.find((part) => !["check", "docs", "unit", "process", "pack"].includes(part));
  if (unknown) {
    console.error(`--only does not know ${unknown}\n\n${HELP}`);
    process.exit(2);
  }
  return parsed;
}

/** Starts the steps in order, two at a time, and reports them in that order.
 * @param {readonly Step[]} steps */
async function runSteps(steps) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {((result: TimedResult) => void)[]} */
  const ended = [];
  /** @type {Promise<TimedResult>[]} */
  const results = steps.map((_, index) => new Promise((resolve) => ended[index] = resolve));
  const waiting = steps.entries();
  const runWaiting = async () => {
    for (const [index, step] of waiting) ended[index]?.(await timed(step));
  };
  for (let started = 0; started < PARALLEL_STEPS; started++) runWaiting();
  for (const [index, step] of steps.entries()) {
    console.log(`\n== ${step.title}`);
    const { passed, failed, skipped = 0, output, seconds } = await /** @type {Promise<TimedResult>} */ (results[index]);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    if (failed > 0) console.log(output.trimEnd());
    console.log(`   ${failed > 0 ? "FAILED: " : ""}${summary({ passed, failed, skipped })} (${seconds.toFixed(1)} s)`);
  }
  if (total.passed + total.failed === 0) {
    console.log("\nnothing was chosen, or nothing ran");
    total.failed = 1;
  }
  console.log(`\n${summary(total)}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/** @param {Step} step
 * @returns {Promise<TimedResult>} */
async function timed(step) {
  const start = performance.now();
  const result = await step.run().catch((error) => ({ passed: 0, failed: 1, output: String(error?.stack ?? error) }));
  return { ...result, seconds: (performance.now() - start) / 1000 };
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** A step that is one check: a program whose exit code tells, or a function that returns what is wrong.
 * @param {string} title
 * @param {string | (() => string[])} command
 * @param {readonly string[]} [args]
 * @param {string} [part]
 * @returns {Step} */
function check(title, command, args = [], part = "check") {
  const run = async () => {
    if (typeof command !== "string") {
      const problems = command();
      return { passed: problems.length ? 0 : 1, failed: problems.length ? 1 : 0, output: problems.join("\n") };
    }
    const { code, output } = await execute(command, args);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output: withoutNoise(output) };
  };
  return { title, part, run };
}

/** `deno doc` follows the types that tsconfig.json names for Bun, and warns about each file that it cannot resolve.
 * @param {string} output */
function withoutNoise(output) {
  return output.replace(/^Warning Failed resolving types\..*\n\s+at .*\n?/gm, "");
}

/** The same tests on both runtimes.
 * @param {string} part
 * @param {string} title
 * @param {(path: string) => boolean} isWanted
 * @param {string[]} permissions
 * @returns {Step[]} */
function testSteps(part, title, isWanted, permissions) {
  const { file, filter } = options;
  const files = filesBelow("tests", (path) => isWanted(path) && (file === undefined || path.includes(file)));
  if (files.length === 0 && (part === "process" || file !== undefined)) return [];
  const paths = files.map((path) => `./${path}`);
  const onBun = () => {
    const pattern = filter === undefined ? [] : ["-t", filter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")];
    const report = join(TEMP, `junit-${part}-bun.xml`);
    const reporter = ["--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
    // Each file in a global object of its own: what earlier files left makes the later ones up to four times slower.
    return runTests(report, files, BUN, ["test", "--isolate", "--timeout", "60000", ...reporter, ...pattern, ...paths]);
  };
  const onDeno = () => {
    const pattern = filter === undefined ? [] : ["--filter", filter];
    const report = join(TEMP, `junit-${part}-deno.xml`);
    const setUp = ["--no-check", "--preload", "scripts/_deno_report_uncaught.ts", `--junit-path=${report}`];
    return runTests(report, files, DENO, [
      "test",
      ...setUp,
      ...DENO_PERMISSIONS,
      ...permissions,
      ...pattern,
      ...paths,
    ]);
  };
  return [
    { title: `${title} on Deno`, part, runtime: "deno", run: onDeno },
    { title: `${title} on Bun`, part, runtime: "bun", run: onBun },
  ];
}

/** Runs a test runner and counts from its JUnit file. What that cannot show (a crash, an error outside a test, a file
 * without any test) counts as one failure each.
 * @param {string} report
 * @param {readonly string[]} files
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [settings]
 * @returns {Promise<Result>} */
async function runTests(report, files, command, args, settings = {}) {
  rmSync(report, { force: true });
  const { code, output } = await execute(command, args, settings);
  const counts = countTests(report);
  const isFiltered = options.filter !== undefined;
  const problems = [];
  const hasResults = counts.passed + counts.failed + counts.skipped > 0;
  if (output.includes(UNCAUGHT) && counts.failed === 0) problems.push("an error outside a test, see above");
  if (!hasResults && !isFiltered) problems.push("no results");
  else if (!isFiltered) {
    // Deno's report names the file that declares a test, which may be a helper; its output names the one that was loaded.
    for (const [, file = ""] of output.matchAll(/^running [1-9]\d* tests? from (?:\.\/)?(.+)$/gm)) {
      counts.files.add(file);
    }
    for (const file of files) if (!counts.files.has(file)) problems.push(`no test of ${file} was run`);
  }
  const nothingMatched = isFiltered && counts.passed + counts.failed === 0;
  if (code !== 0 && counts.failed + problems.length === 0 && !nothingMatched) {
    problems.push(`exit code ${code}, although no test failed`);
  }
  const shown = output.split("\n").filter((line) => !/ \.\.\. (ok|ignored) \(|^running \d+ tests? from /.test(line));
  return {
    passed: counts.passed,
    failed: counts.failed + problems.length,
    skipped: isFiltered ? 0 : counts.skipped, // a filter makes skipped tests of all others
    output: [...shown, ...problems.map((problem) => `error: ${problem}`)].join("\n"),
  };
}

async function runExamplesOnDeno() {
  const folder = join(TEMP, "examples-deno");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const report = join(TEMP, "junit-docs-deno.xml");
  const setUp = ["--doc", "--preload", "scripts/_deno_own_folder.ts", `--junit-path=${report}`];
  const result = await runTests(report, [], DENO, [
    "test",
    ...setUp,
    ...DENO_PERMISSIONS,
    ...documentedFiles().filter((path) => examplesOf(path).length > 0),
  ]);
  // The two runtimes find examples by two programs: they must find the same.
  const expected = documentedFiles().flatMap(examplesOf).length;
  const found = result.passed + result.failed;
  if (result.failed === 0 && found !== expected) {
    return { ...result, failed: 1, output: `Deno found ${found} examples, scripts/_doc_examples.mjs ${expected}` };
  }
  if (result.failed === 0) rmSync(folder, { recursive: true, force: true });
  return result;
}

/** What several manifests say must be the same, and dependencies are pinned. */
function compareManifests() {
  const npmManifest = readJson(join(ROOT, "package.json"));
  const denoManifest = readJson(join(ROOT, "deno.json"));
  const tsPaths = readJson(join(ROOT, "tsconfig.json")).compilerOptions.paths;
  const problems = [];
  for (const field of ["name", "version", "license"]) {
    if (npmManifest[field] !== denoManifest[field]) problems.push(`package.json and deno.json differ in "${field}"`);
  }
  for (const [entry, source] of Object.entries(denoManifest.exports)) {
    if (!existsSync(join(ROOT, source))) problems.push(`deno.json exports ${source}, which is missing`);
    const built = source.replace(/^\.\//, "./dist/").replace(/\.ts$/, "");
    const target = npmManifest.exports[entry];
    if (target?.default !== `${built}.js` || target?.types !== `${built}.d.ts`) {
      problems.push(`package.json must export "${entry}" as ${built}.js with its types`);
    }
    const imported = npmManifest.name + entry.slice(1);
    if (tsPaths[imported]?.[0] !== source) problems.push(`tsconfig.json must map ${imported} to ${source}`);
  }
  for (const list of ["dependencies", "devDependencies", "optionalDependencies"]) {
    for (const [name, version] of Object.entries(npmManifest[list] ?? {})) {
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) problems.push(`package.json must pin ${name} (${version})`);
    }
  }
  const locked = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages[""];
  if (locked.version !== npmManifest.version) problems.push("package-lock.json is behind package.json: npm install");
  return problems;
}
