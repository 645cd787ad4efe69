/** A process with a graph, for tests that watch how it ends: `<what> <path> <backend>`. */

import process from "node:process";
import { openGraph } from "../../lib/graph/open_graph.ts";

const [what, path, backend] = process.argv.slice(2) as [string, string, "v3" | "sqlite"];
const graph = await openGraph(path, { backend });

switch (what) {
  case "idle":
    // Nothing waits: the process ends by itself, without `close`.
    await graph.insertNode({ kind: "K", name: "n" });
    graph.subscribe({}, () => {});
    console.log("idle");
    break;
  case "pending":
    // Nothing else keeps the process alive, and nobody awaits it here.
    void graph.transaction(async (tx) => {
      tx.insertNode({ kind: "K", name: "n" });
      await graph.check();
    }).then(() => console.log("committed"));
    break;
  case "write": {
    const write = async (writer: number): Promise<void> => {
      for (let round = 1;; round++) {
        const lsn = await graph.transaction((tx) => {
          const from = tx.insertNode({ kind: "K", name: `${writer}` });
          const to = tx.insertNode({ kind: "K", name: `${writer}` });
          tx.insertEdge({ from, to, type: "T" });
          tx.kv.set(`round ${writer}`, round);
          return tx.lsn;
        });
        console.log(`done ${writer} ${round} ${lsn}`);
      }
    };
    console.log("ready");
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
  }
}
