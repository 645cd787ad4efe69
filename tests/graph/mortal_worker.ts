/** Entry of an engine's thread that ends in the middle of its work when a file `<database>.die` appears. */

import { existsSync, unlinkSync } from "node:fs";
import { workerData } from "node:worker_threads";
import process from "node:process";

const { path } = (workerData as { data: { path: string } }).data;
const { load } = Atomics;

// The engine looks at its mailbox before everything else.
Atomics.load = ((...args: Parameters<typeof load>) => {
  const file = `${path}.die`;
  if (existsSync(file)) {
    unlinkSync(file);
    if (import.meta.url.endsWith("?exit")) process.exit(1);
    throw new Error("the engine is mortal");
  }
  return load(...args);
}) as typeof load;

await import("../../workers/worker.ts");
