/** A process that forgets to release its snapshots, and collects its garbage: `<database> <backend>`. */

import process from "node:process";
import type { Graph } from "../../lib/graph/graph.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";

const VALUES = 64;
const VALUE_BYTES = 64 * 1024;
/** What the snapshots hold when all of it was deleted. */
const HELD_BYTES = VALUES * VALUE_BYTES;
const TRIES = 200;

const [path, backend] = process.argv.slice(2) as [string, "v3" | "sqlite"];
const { gc, Bun } = globalThis as unknown as { gc?: () => void; Bun?: { gc(force: boolean): void } };

/** Bytes of the database and its log that hold something, once all is removed that nobody reads. */
async function usedBytes(graph: Graph): Promise<number> {
  // A checkpoint without a commit has nothing to do. That of SQLite fails while somebody reads a state in the log.
  await graph.kv.set("looked", true);
  await graph.checkpoint().catch(() => {});
  const { fileBytes, freeBytes, logBytes } = await graph.stats();
  return fileBytes - freeBytes + logBytes;
}

/** Takes snapshots, looks whether they hold what is deleted meanwhile, and leaves without releasing them. */
async function forgetSnapshots(graph: Graph): Promise<boolean> {
  const snapshots = [graph.snapshot(), graph.snapshot()];
  await graph.transaction((tx) => {
    for (let value = 0; value < VALUES; value++) tx.kv.delete(`value/${value}`);
  });
  snapshots.push(graph.snapshot());
  const isHeld = await usedBytes(graph) > HELD_BYTES;
  return isHeld && snapshots[0]?.kv.count() === VALUES && snapshots[2]?.kv.count() === 0;
}

await using graph = await openGraph(path, { backend, durability: "off" });
await graph.transaction((tx) => {
  for (let value = 0; value < VALUES; value++) tx.kv.set(`value/${value}`, "x".repeat(VALUE_BYTES));
});
console.log(await forgetSnapshots(graph) ? "held" : "not held");
let tries = 0;
do {
  gc?.();
  Bun?.gc(true);
  // Finalizers run between turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 5));
} while (await usedBytes(graph) > HELD_BYTES && ++tries < TRIES);
console.log(tries < TRIES ? "released" : "kept");
