/** `npm run pack:check`: packs the npm package, installs it into an empty project, and uses it there as a user would: on
 * Bun, on Deno, in the type checker, and as a smoke test without promise on Node 22 or later. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build } from "./build.mjs";
import { BUN, DENO, execute, installIfNeeded, npm, readJson, ROOT, tsc } from "./_tools.mjs";

const PROGRAM = `import { open } from "@sqlitegraph/sqlitegraph";

using db = open(":memory:");
const ada: number = db.insertNode({ kind: "Person", name: "Ada" });
const charles: number = db.insertNode({ kind: "Person", name: "Charles" });
db.insertEdge({ from: ada, to: charles, type: "KNOWS" });
const found: readonly number[] = db.neighbors(ada);
if (found.length !== 1 || found[0] !== charles) throw new Error("neighbors: " + found.join());
console.log("works");
`;

installIfNeeded();
// Outside the repository, where no parent folder's node_modules or deno.json can stand in for what the package lacks.
const folder = mkdtempSync(join(tmpdir(), "sqlitegraph-pack-"));
try {
  process.exitCode = await checkPackage();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function checkPackage() {
  await build();
  const packed = await mustRun("npm pack", ...npm("pack", "--json", "--pack-destination", folder));
  const [{ filename, files, unpackedSize }] = toList(JSON.parse(packed));
  console.log(`packed ${filename}: ${files.length} files, ${unpackedSize} bytes`);
  const paths = new Set(files.map((/** @type {{ path: string }} */ file) => file.path));
  const missing = exported().filter((path) => !paths.has(path.replace(/^\.\//, "")));
  if (missing.length > 0) throw new Error(`package.json exports what is not in the package: ${missing.join(", ")}`);

  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const { "@types/node": types } = readJson(join(ROOT, "package.json")).devDependencies;
  const wanted = [join(folder, filename), `@types/node@${types}`];
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
  await mustRun("npm install", ...npm("install", ...flags, ...wanted), project);

  writeFileSync(join(project, "program.ts"), PROGRAM);
  writeFileSync(join(project, "program.mjs"), PROGRAM.replaceAll(/: (readonly )?number(\[\])?(?= =)/g, ""));
  const threads = join(project, "threads");
  mkdirSync(threads);
  await mustRun("write a program with threads", BUN, ["tests/graph/loading_write_script.ts", threads]);
  const checks = [
    ...["nodenext", "bundler"].map((resolution) => ({
      name: `declarations (${resolution})`,
      command: typeCheck(project, resolution),
    })),
    { name: "Bun", command: execute(BUN, ["program.ts"], { cwd: project }) },
    {
      name: "Deno",
      command: execute(DENO, ["run", "--no-prompt", `--allow-read=${project}`, "program.mjs"], { cwd: project }),
    },
    { name: "threads on Bun", command: execute(BUN, ["main.ts", "bun.graph", "close"], { cwd: threads }) },
    {
      name: "threads on Deno",
      command: execute(DENO, ["run", "--no-prompt", ...readWrite(project), "main.ts", "deno.graph", "close"], {
        cwd: threads,
      }),
    },
    ...commands().flatMap((path) => [
      { name: `${path} --help on Bun`, command: execute(BUN, [path, "--help"], { cwd: project }) },
      {
        name: `${path} --help on Deno`,
        command: execute(DENO, ["run", "--no-prompt", `--allow-read=${project}`, path, "--help"], { cwd: project }),
      },
    ]),
    { name: "Node (smoke test, no promise)", command: runOnNode(project) },
  ];
  let failed = 0;
  for (const { name, command } of checks) {
    const result = await command;
    if (result === undefined) continue;
    console.log(`${name}: ${result.code === 0 ? "ok" : "FAILED"}`);
    if (result.code !== 0) console.log(result.output.trimEnd());
    if (result.code !== 0) failed++;
  }
  return failed > 0 ? 1 : 0;
}

/** `npm pack --json` lists packages, or since npm 11.6 maps their names to them.
 * @param {any} answer */
function toList(answer) {
  return Array.isArray(answer) ? answer : Object.values(answer);
}

/** @param {string} folder */
function readWrite(folder) {
  return [`--allow-read=${folder}`, `--allow-write=${folder}`];
}

/** Every file that package.json's `exports` and `bin` name.
 * @returns {string[]} */
function exported() {
  const { exports, bin = {} } = readJson(join(ROOT, "package.json"));
  const targets = Object.values(exports).flatMap((target) => typeof target === "string" ? [target] : values(target));
  return [...targets, ...values(bin)];
}

/** The commands as they are in a project that has installed the package. */
function commands() {
  const { name, bin = {} } = readJson(join(ROOT, "package.json"));
  return values(bin).map((path) => `node_modules/${name}/${path}`);
}

/** @param {Record<string, string>} record */
function values(record) {
  return Object.values(record);
}

/** Runs a program that must succeed and returns what it wrote to standard output.
 * @param {string} what
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd] */
async function mustRun(what, command, args, cwd = ROOT) {
  const { code, output, stdout } = await execute(command, args, { cwd });
  if (code !== 0) throw new Error(`${what} failed:\n${output}`);
  return stdout;
}

/** Checks the declarations themselves as well (no skipLibCheck), as strictly as a user may.
 * @param {string} project
 * @param {string} resolution */
function typeCheck(project, resolution) {
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const modules = resolution === "bundler" ? ["--module", "esnext"] : ["--module", "nodenext"];
  const [command, args] = tsc(...flags, ...modules, "--moduleResolution", resolution, "--target", "es2024");
  // esnext.disposable: `using` is newer than es2024.
  const types = ["--lib", "es2024,esnext.disposable", "--types", "node", "--skipLibCheck", "false"];
  return execute(command, [...args, ...types, "program.ts"], { cwd: project });
}

/** Node 22 has no `using` yet, so its program closes the database by hand.
 * @param {string} project */
async function runOnNode(project) {
  const major = Number(process.versions.node.split(".")[0]);
  /** @type {[string, string[]]} */
  let node = [process.execPath, []];
  if (major < 22) {
    node = npm("exec", "--yes", "--package=node@22", "--", "node");
    const [command, args] = node;
    const probe = await execute(command, [...args, "--version"], { cwd: project, timeoutMs: 120_000 });
    if (probe.code !== 0) {
      console.log("Node (smoke test, no promise): skipped, there is no Node 22 or later at hand");
      return undefined;
    }
  }
  const program = PROGRAM.replaceAll(/: (readonly )?number(\[\])?(?= =)/g, "").replace("using db", "const db");
  writeFileSync(join(project, "program_node.mjs"), program + "db.close();\n");
  const [command, args] = node;
  return execute(command, [...args, "program_node.mjs"], { cwd: project, timeoutMs: 120_000 });
}
