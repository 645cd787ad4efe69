/** A small program with tasks, as a user writes it, for the tests of how its threads find their modules. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the program prints on its last line. */
export const APP_OUTPUT = `{"names":["Ada","Bob"],"together":[2,3],"reached":[1,2],"error":"no luck [no-luck]"}`;

/** Where the program's modules of ours come from, and whether it names the entry of its threads. */
export interface AppOptions {
  /** What it imports for a module of ours (`lib/graph/task.ts`). */
  readonly moduleOf: (path: string) => string;
  readonly hasWorker: boolean;
}

/** Writes the program into a folder. Its arguments: the database, and `close` unless the process ends with an open pool. */
export function writeApp(folder: string, options: AppOptions): void {
  for (const [name, text] of Object.entries(appFiles(options))) writeFileSync(join(folder, name), text);
}

function appFiles({ moduleOf, hasWorker }: AppOptions): Readonly<Record<string, string>> {
  const from = (path: string) => JSON.stringify(moduleOf(path));
  return {
    // Of its own, so that a bundler does not take it for a part of this package; and without `sideEffects: false`.
    "package.json": '{ "name": "app", "private": true, "type": "module" }',
    "jobs.ts": `
import { ConflictError } from ${from("lib/backend/errors.ts")};
import { defineTask } from ${from("lib/graph/task.ts")};

export const names = defineTask(import.meta.url, "names", (snapshot, { kind }) => {
  return [...snapshot.nodes({ kind })].map((node) => node.name);
});

export const together = defineTask(import.meta.url, "together", (_, { add }, context) => {
  const words = new Int32Array(context.sharedBuffer(4 * context.workers));
  words[context.worker] = context.worker + add;
  context.barrier();
  return [...words];
});

export const fail = defineTask(import.meta.url, "fail", () => {
  throw new ConflictError("no luck", { code: "no-luck" });
});
`,
    "worker.ts": `
import ${from("workers/worker.ts")};
import "./jobs.ts";
`,
    "main.ts": `
import { ConflictError } from ${from("lib/backend/errors.ts")};
import { bfsTask } from ${from("lib/graph/builtin_tasks.ts")};
import { attachSource } from ${from("lib/graph/sources.ts")};
import { TaskRunner } from ${from("lib/graph/task_runner.ts")};
import { serveV3 } from ${from("lib/v3/served.ts")};
import process from "node:process";
import { fail, names, together } from "./jobs.ts";

const [path, closes] = process.argv.slice(2);
const engine = serveV3(path, {});
const ada = engine.backend.insertNode({ kind: "Person", name: "Ada" });
const bob = engine.backend.insertNode({ kind: "Person", name: "Bob" });
engine.backend.insertEdge({ from: ada, to: bob, type: "KNOWS" });
const source = attachSource(engine.handle);
const worker = ${hasWorker ? `new URL("./worker.ts", import.meta.url)` : "undefined"};
const runner = new TaskRunner(engine.handle, { threads: 2, worker });
const hold = () => source.hold(undefined, "run");
const result = {
  names: await runner.run(names, { kind: "Person" }, hold()),
  together: await runner.run(together, { add: 2 }, hold(), { workers: 2 }),
  reached: await runner.run(bfsTask, { start: ada }, hold()),
  error: await runner.run(fail, undefined, hold()).catch((error) => {
    return error instanceof ConflictError ? error.message + " [" + error.code + "]" : String(error);
  }),
};
console.log(JSON.stringify(result));
if (closes === "close") {
  await runner.close();
  source.close();
  engine.close();
}
`,
  };
}
