/** The threads of a program find its modules wherever they are. (From an npm package: `scripts/pack_check.mjs`.) */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { runScript, type ScriptResult } from "../support/script.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";
import { APP_OUTPUT, writeApp } from "./loading_app.ts";

const ROOT = new URL("../../", import.meta.url);
const BUN_ALONE = RUNTIME === "deno" && "Bun alone compiles like this";
const DENO_ALONE = RUNTIME === "bun" && "Deno alone imports from URLs";

function assertRan({ code, stdout, stderr }: ScriptResult): void {
  assertEquals({ code, output: stdout.trim().split("\n").at(-1), stderr }, { code: 0, output: APP_OUTPUT, stderr: "" });
}

const mainOf = (dir: TempDir) => pathToFileURL(dir.path("main.ts"));

test("threads load tasks from files, and an idle pool lets the process end", async () => {
  using dir = tempDir();
  writeApp(dir.root, { moduleOf: (path) => new URL(path, ROOT).href, hasWorker: false });
  assertRan(await runScript(mainOf(dir), { args: [dir.path("closed.graph"), "close"] }));
  assertRan(await runScript(mainOf(dir), { args: [dir.path("open.graph")] }));
});

test("threads start with the entry that the program names, and an idle pool lets the process end", async () => {
  using dir = tempDir();
  writeApp(dir.root, { moduleOf: (path) => new URL(path, ROOT).href, hasWorker: true });
  assertRan(await runScript(mainOf(dir), { args: [dir.path("closed.graph"), "close"] }));
  assertRan(await runScript(mainOf(dir), { args: [dir.path("open.graph")] }));
});

test("a program that defines a task beside the graph that it opens is told why that fails, once", async () => {
  using dir = tempDir();
  writeApp(dir.root, { moduleOf: (path) => new URL(path, ROOT).href, hasWorker: false });
  const { code, stdout, stderr } = await runScript(pathToFileURL(dir.path("alone.ts")), {
    args: [dir.path("a.graph")],
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assert(stdout.startsWith("inside-worker: openGraph: this is a worker thread"), stdout);
});

test("threads load this package from a URL, and the program's tasks from files", { skip: DENO_ALONE }, async () => {
  using dir = tempDir();
  await using server = await serveCheckout();
  writeApp(dir.root, { moduleOf: (path) => server.url + path, hasWorker: false });
  const permissions = [
    "--no-config",
    "--no-lock",
    `--allow-import=${server.host}`,
    `--allow-read=${dir.root}`,
    `--allow-write=${dir.root}`,
  ];
  const result = await runScript(mainOf(dir), { args: [dir.path("app.graph"), "close"], permissions, cwd: dir.root });
  assertRan({ ...result, stderr: result.stderr.replaceAll(/^.*Download.*\n/gm, "") });
});

test("threads of a compiled program start with the entry that it names", { skip: BUN_ALONE }, async () => {
  using dir = tempDir();
  writeApp(dir.root, { moduleOf: (path) => new URL(path, ROOT).pathname, hasWorker: true });
  const { code, stdout, stderr } = await compileAndRun(dir);
  assertEquals({ code, found: stdout.includes(APP_OUTPUT) }, { code: 0, found: true }, stderr);
});

test("a compiled program that names no entry is told how to", { skip: BUN_ALONE }, async () => {
  using dir = tempDir();
  writeApp(dir.root, { moduleOf: (path) => new URL(path, ROOT).pathname, hasWorker: false });
  const { code, stderr } = await compileAndRun(dir);
  assertEquals(code, 1);
  assert(stderr.includes("worker-entry-needed") && stderr.includes("bun build --compile main.ts worker.ts"), stderr);
});

function compileAndRun(dir: TempDir): Promise<ScriptResult> {
  return runScript(new URL("./loading_compile_script.ts", import.meta.url), { args: [dir.root] });
}

/** Serves this package's sources on loopback, as JSR serves them. */
async function serveCheckout(): Promise<AsyncDisposable & { readonly url: string; readonly host: string }> {
  const server = createServer((request, response) => {
    try {
      const text = readFileSync(new URL(`.${request.url}`, ROOT));
      response.setHeader("content-type", "application/typescript");
      response.end(text);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/`,
    host,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
