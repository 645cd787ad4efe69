/** What the entry points share. Plain JavaScript, because they run on Node before anything else is installed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** The only folder that anything here writes to, besides `node_modules/` and `dist/`. */
export const TEMP = join(ROOT, ".tmp");

const EXE = process.platform === "win32" ? ".exe" : "";
export const BUN = join(ROOT, "node_modules/bun/bin/bun.exe"); // the name on every platform
export const DENO = join(ROOT, `node_modules/deno/deno${EXE}`);
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** Arguments of `execute` for the TypeScript compiler.
 * @param {string[]} args
 * @returns {[string, string[]]} */
export function tsc(...args) {
  return [process.execPath, [TSC, ...args]];
}

/** Arguments of `execute` for npm, which is a script on Windows.
 * @param {string[]} args
 * @returns {[string, string[]]} */
export function npm(...args) {
  const path = process.env["npm_execpath"];
  return path?.endsWith(".js") ? [process.execPath, [path, ...args]] : ["npm", args];
}

/** Permissions of everything that runs in-process: read the package, write the temporary folder. Absolute, because a
 * relative path would move with the working directory. */
export const DENO_PERMISSIONS = ["--no-prompt", `--allow-read=${ROOT}`, `--allow-write=${TEMP}`];

/** Runs `npm ci` unless what is installed is what the lock file says. */
export function installIfNeeded() {
  if (isInstalled()) return;
  console.log("Installing dependencies (npm ci) ...");
  const [command, args] = npm("ci", "--no-audit", "--no-fund");
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", shell: command === "npm" && EXE !== "" });
  if (status !== 0) {
    console.error("npm ci failed. It needs the npm registry once; see its output above.");
    process.exit(1);
  }
}

/** Compares contents, not times: a checkout may make the lock file newer than what was installed from it. */
function isInstalled() {
  const installedLock = join(ROOT, "node_modules/.package-lock.json");
  if (![installedLock, BUN, DENO, TSC].every((path) => existsSync(path))) return false;
  const wanted = readJson(join(ROOT, "package-lock.json")).packages;
  const installed = readJson(installedLock).packages;
  return Object.keys(wanted).every((path) => {
    if (path === "") return true;
    return installed[path] ? installed[path].version === wanted[path].version : wanted[path].optional === true;
  });
}

/** @param {string} path */
export function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The files the repository's packages are imported by: `["./mod.ts", "./lib/cli/main.ts"]`.
 * @returns {string[]} */
export function entryPoints() {
  return Object.values(readJson(join(ROOT, "deno.json")).exports);
}

/** Files below `folder` that `isWanted` takes, as sorted paths relative to the root with forward slashes.
 * @param {string} folder
 * @param {(path: string) => boolean} isWanted
 * @returns {string[]} */
export function filesBelow(folder, isWanted) {
  const start = join(ROOT, folder);
  if (!existsSync(start)) return [];
  const paths = readdirSync(start, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  return paths.filter((path) => !path.startsWith("tests/fixtures/") && isWanted(path)).sort();
}

const running = new Set();

/** Ends everything that was started, and what that started. */
function killAll() {
  for (const child of running) kill(child);
  process.exit(130);
}
process.on("SIGINT", killAll);
process.on("SIGTERM", killAll);

/** @param {import("node:child_process").ChildProcess} child */
function kill(child) {
  try {
    if (EXE === "" && child.pid) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/** @typedef {{ code: number, output: string, stdout: string }} Execution */

/** Runs a program to its end and keeps what it prints. A program that cannot start, is killed or takes longer than
 * `timeoutMs` has a code other than 0.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, echo?: boolean }} [options]
 * @returns {Promise<Execution>} */
export function execute(command, args, options = {}) {
  const { cwd = ROOT, env = {}, timeoutMs = 30 * 60_000, echo = false } = options;
  return new Promise((resolve) => {
    let output = "";
    let stdout = "";
    const child = spawn(command, args, {
      cwd,
      detached: EXE === "", // a group of its own, so that a hanging test's children can be ended too
      shell: command === "npm" && EXE !== "",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, DENO_NO_UPDATE_CHECK: "1", ...env },
    });
    running.add(child);
    const timer = setTimeout(() => {
      output += `\nended after ${timeoutMs / 1000} s without a result\n`;
      kill(child);
    }, timeoutMs);
    /** @param {string} text */
    const take = (text) => {
      output += text;
      if (echo) process.stdout.write(text);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => take(`${error}\n`));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      if (signal) output += `\nended by ${signal}\n`;
      resolve({ code: code ?? 1, output, stdout });
    });
  });
}

/** Runs a program on this terminal and ends with its exit code.
 * @param {string} command
 * @param {readonly string[]} args */
export function handOver(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  if (error) console.error(String(error));
  return status ?? 1;
}

/** Takes `--runtime bun|deno` out of the arguments.
 * @param {readonly string[]} args
 * @returns {{ runtime: "bun" | "deno" | undefined, rest: string[] }} */
export function takeRuntime(args) {
  const rest = [...args];
  const at = rest.findIndex((arg) => arg === "--runtime" || arg.startsWith("--runtime="));
  if (at < 0) return { runtime: undefined, rest };
  const [flag = ""] = rest.splice(at, 1);
  const value = flag.includes("=") ? flag.slice(flag.indexOf("=") + 1) : rest.splice(at, 1)[0];
  if (value !== "bun" && value !== "deno") {
    console.error(`--runtime takes bun or deno, not ${value ?? "nothing"}`);
    process.exit(2);
  }
  return { runtime: value, rest };
}
