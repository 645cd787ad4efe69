/**
 * `npm run simulate:import [-- --mutations 10000 --start 1 --folder 3.9.0/mixed]`: damages every file of every golden database so
 * often, imports and inspects it, and stops at the first one that does harm. Each database gets a process of its own, whose
 * memory and time are watched. The same seed does the same, on both runtimes.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatCount, formatDuration } from "../lib/cli/table.ts";
import { HostileDatabase, LIMIT_MS } from "../tests/reference/hostile.ts";
import { GOLDEN_FOLDERS, goldenBytes, goldenFileNames } from "../tests/support/reference_golden.ts";

/** A process that says nothing for so long hangs: it names every case before it begins. */
const SILENCE_MS = 5 * LIMIT_MS;
/** What the runtime, its compiled code and an engine in memory take. */
const BASE_MB = 1024;
const MB = 2 ** 20;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    mutations: { type: "string", default: "10000" },
    start: { type: "string", default: "1" },
    folder: { type: "string" },
    child: { type: "boolean", default: false },
  },
});
const mutations = wholeNumber("mutations", values.mutations);
const start = wholeNumber("start", values.start);

if (values.child) damage(values.folder ?? "");
else process.exitCode = await damageAll();

/** Damages the files of one database in this process. */
function damage(folder: string): void {
  using database = new HostileDatabase(folder);
  for (const name of database.names) {
    for (let seed = start; seed < start + mutations; seed++) {
      console.log(`${name} seed ${seed}`);
      const problem = database.problem(name, seed);
      if (problem === undefined) continue;
      console.log(`FAILED ${name} seed ${seed}: ${problem}`);
      process.exit(1);
    }
  }
}

/** Damages all databases, one after the other. Returns the exit code. */
async function damageAll(): Promise<number> {
  const startMs = performance.now();
  let cases = 0;
  for (const folder of GOLDEN_FOLDERS.filter((name) => name.includes(values.folder ?? ""))) {
    const folderMs = performance.now();
    const problem = await damageApart(folder);
    if (problem !== undefined) {
      console.error(`\n${folder}: ${problem}`);
      console.error("again: npm run simulate:import -- --folder FOLDER --start SEED --mutations 1");
      return 1;
    }
    const files = goldenFileNames(folder).length;
    cases += files * mutations;
    console.log(
      `${folder}: ${formatCount(files * mutations)} damaged files, ${formatDuration(performance.now() - folderMs)}`,
    );
  }
  console.log(
    `\n${formatCount(cases)} damaged files, none did harm (${formatDuration(performance.now() - startMs)})`,
  );
  return 0;
}

/** Runs one database in a process of its own; what is wrong, or undefined. */
function damageApart(folder: string): Promise<string | undefined> {
  const script = fileURLToPath(import.meta.url);
  const own = "Bun" in globalThis ? [script] : ["run", "--no-check", "--allow-all", script];
  const options = ["--child", "--folder", folder, "--mutations", `${mutations}`, "--start", `${start}`];
  const size = goldenFileNames(folder).reduce((sum, name) => sum + goldenBytes(folder, name).length, 0);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const child = spawn(process.execPath, [...own, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  let last = "";
  let failure: string | undefined;
  let timer = setTimeout(stopSilent, SILENCE_MS);
  function stopSilent(): void {
    failure = `hangs after ${last}`;
    child.kill("SIGKILL");
  }
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(stopSilent, SILENCE_MS);
    last = text.trim().split("\n").at(-1) ?? last;
    const failed = text.indexOf("FAILED ");
    if (failed >= 0) failure = text.slice(failed + "FAILED ".length);
    const peakMb = peakMemoryMb(child.pid);
    if (peakMb > BASE_MB + 8 * size / MB) {
      failure = `took ${Math.round(peakMb)} MB, last ${last}`;
      child.kill("SIGKILL");
    }
  });
  child.on("close", (code) => {
    clearTimeout(timer);
    resolve(failure ?? (code === 0 ? undefined : `exit code ${code} after ${last}`));
  });
  return promise;
}

/** The most memory that a process has had, where the system tells. */
function peakMemoryMb(pid: number | undefined): number {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return peak === null ? 0 : Number(peak[1]) / 1024;
  } catch {
    return 0;
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} must be a whole number from 1 on`);
  return number;
}
