/** A small program with tasks, as a user writes it, for the tests of how its threads find their modules. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the program prints on its last line. */
export const APP_OUTPUT =
  `{"names":["Ada","Bob"],"together":[2,3],"reached":[1,2],"found":[1,2],"error":"no luck [no-luck]"}`;

/** Where the program's modules of ours come from, and whether it names the entry of its threads. */
export interface AppOptions {
  /** What it imports for a module of ours (`mod.ts`, `workers/worker.ts`). */
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
import { ConflictError, defineTask } from ${from("mod.ts")};

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
import process from "node:process";
import { bfsTask, ConflictError, openGraph } from ${from("mod.ts")};
import { fail, names, together } from "./jobs.ts";

const [path, closes] = process.argv.slice(2);
const worker = ${hasWorker ? `new URL("./worker.ts", import.meta.url)` : "undefined"};
const graph = await openGraph(path, { threads: 2, worker });
const [ada] = await graph.transaction((tx) => {
  const ids = tx.insertNodes([{ kind: "Person", name: "Ada" }, { kind: "Person", name: "Bob" }]);
  tx.insertEdge({ from: ids[0], to: ids[1], type: "KNOWS" });
  return ids;
});
await graph.createVectorIndex("places", { dimension: 1, metric: "euclidean" });
await graph.setVectors("places", [{ nodeId: 1, vector: [1] }, { nodeId: 2, vector: [7] }]);
const result = {
  names: await graph.run(names, { kind: "Person" }),
  together: await graph.run(together, { add: 2 }, { workers: 2 }),
  reached: await graph.run(bfsTask, { start: ada }),
  found: (await graph.searchVectors("places", [[0], [9]], { k: 1 })).map(([match]) => match.nodeId),
  error: await graph.run(fail, undefined).catch((error) => {
    return error instanceof ConflictError ? error.message + " [" + error.code + "]" : String(error);
  }),
};
console.log(JSON.stringify(result));
if (closes === "close") await graph.close();
`,
    // Defines a task and opens a graph: the threads would open it again and again.
    "alone.ts": `
import process from "node:process";
import { defineTask, openGraph } from ${from("mod.ts")};

const count = defineTask(import.meta.url, "count", (snapshot) => snapshot.countNodes());
await using graph = await openGraph(process.argv[2], { threads: 1 });
console.log(await graph.run(count, undefined).catch((error) => error.code + ": " + error.message));
`,
  };
}
