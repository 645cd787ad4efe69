/** A process that ends with a SQLite graph in memory still open: `<folder, or - for the system's> <how it ends>`. */

import process from "node:process";
import { GraphError } from "../../lib/backend/errors.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";

const [folder, how] = process.argv.slice(2) as [string, "idle" | "exit"];
const temporaryFolder = folder === "-" ? undefined : folder;
try {
  const graph = await openGraph(":memory:", { backend: "sqlite", temporaryFolder });
  console.log(`node ${await graph.insertNode({ kind: "K", name: "n" })}`);
} catch (error) {
  console.log((error as GraphError).code);
}
if (how === "exit") process.exit(3);
