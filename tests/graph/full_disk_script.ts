/** A process that can write no large files, with a graph that becomes one: `<database> <backend>`. */

import process from "node:process";
import { GraphError } from "../../lib/backend/errors.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import type { IngestRow } from "../../lib/graph/row_source.ts";

const ROWS = 200_000;
const BATCH_ROWS = 500;

const [path, backend] = process.argv.slice(2) as [string, "v3" | "sqlite"];

/** More than there is room for. */
function* rows(): Generator<IngestRow> {
  for (let row = 0; row < ROWS; row++) {
    yield { node: { kind: "Row", name: `row ${row}`, data: { text: "x".repeat(100) } }, ref: `${row}` };
  }
}

/** The class of what a promise rejects with. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "ok", (error) => error instanceof GraphError ? error.constructor.name : `${error}`);
}

process.on("unhandledRejection", (error) => console.log("unhandled", error));
const graph = await openGraph(path, { backend, durability: "normal" });
await graph.insertNode({ kind: "Before", name: "before" });
console.log("one transaction:", await outcome(graph.ingest(rows())));
console.log("nodes:", (await graph.stats()).nodes);
console.log("batches:", await outcome(graph.ingest(rows(), { batchRows: BATCH_ROWS })));
const { nodes } = await graph.stats();
console.log("whole batches:", nodes > BATCH_ROWS && (nodes - 1) % BATCH_ROWS === 0);
console.log("large value:", await outcome(graph.kv.set("large", "y".repeat(16 * 1024 * 1024))));
console.log("deletion:", await outcome(graph.deleteNode(1)));
const snapshot = graph.snapshot();
console.log("seen:", snapshot.countNodes() === nodes - 1 && snapshot.kv.count() === 0);
console.log("findings:", (await graph.check()).findings.length);
snapshot.release();
// The checkpoint at its end may find no room either. What was committed lies in the log then.
console.log("closed:", ["ok", "IoError"].includes(await outcome(graph.close())));
