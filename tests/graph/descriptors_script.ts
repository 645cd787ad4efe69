/** Opens and closes graphs again and again and prints what is still open of their folder: `<how> <folder> <backend>`. */

import { readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Snapshot } from "../../lib/backend/graph_backend.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { countKind } from "./graph_tasks.ts";

const ROUNDS = 8;
/** How often a thread of the pool reads as well. */
const RUN_EVERY = 5;

const [how, folder, backend] = process.argv.slice(2) as [string, string, "v3" | "sqlite"];
const path = join(folder, "a.graph");

/** Nobody releases them. */
const snapshots: Snapshot[] = [];

/** A graph in the file: what was there before is gone. */
async function openNew(options: { readonly worker?: URL } = {}): Promise<Graph> {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  const graph = await openGraph(path, { backend, durability: "off", threads: 1, ...options });
  await graph.insertNode({ kind: "K", name: "n" });
  const snapshot = graph.snapshot();
  snapshot.countNodes();
  snapshots.push(snapshot);
  return graph;
}

const rounds: Readonly<Record<string, (count: number) => Promise<void>>> = {
  async closed(count) {
    const graph = await openNew();
    if (count % RUN_EVERY === 0) await graph.run(countKind, { kind: "K" });
    await graph.close();
  },
  async refused() {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(path, "this is no database");
    if (!await openGraph(path, { backend }).then(() => false, () => true)) throw new Error("it was opened");
  },
  async died() {
    const graph = await openNew({ worker: new URL("./mortal_worker.ts?throw", import.meta.url) });
    writeFileSync(`${path}.die`, "");
    while (await graph.insertNode({ kind: "K", name: "n" }).then(() => true, () => false));
    await graph.close();
  },
};

for (let count = 0; count < ROUNDS; count++) {
  await rounds[how]?.(count);
  const open = openFiles();
  if (open.length > 0) throw new Error(`after round ${count + 1} there are open: ${open.join(", ")}`);
}
console.log(`${ROUNDS} rounds`);

/** Files of the folder that this process has open, also those that were removed. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").map(targetOf).filter((target) => target.startsWith(folder));
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // The one that read the folder is gone by now.
    return "";
  }
}
