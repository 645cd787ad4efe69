/**
 * Entry of an engine's thread that ends in the middle of its work when a file `<database>.die` appears; for `:memory:`, a file
 * `die` in the temporary folder.
 */

import { existsSync, unlinkSync } from "node:fs";
import { workerData } from "node:worker_threads";
import process from "node:process";
import type { EngineStart } from "../../lib/graph/engine_protocol.ts";

const { data: { path, options }, entry } = workerData as { data: EngineStart; entry: string };
const file = path === ":memory:" ? `${options.temporaryFolder}/die` : `${path}.die`;
const { load } = Atomics;

// The engine looks at its mailbox before everything else.
Atomics.load = ((...args: Parameters<typeof load>) => {
  if (existsSync(file)) {
    unlinkSync(file);
    // Bun leaves the query out of a module's own URL.
    if (entry.endsWith("?exit")) process.exit(1);
    throw new Error("the engine is mortal");
  }
  return load(...args);
}) as typeof load;

await import("../../workers/worker.ts");
