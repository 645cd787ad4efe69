/** The commits that logs are filled with: new nodes with about 200 bytes of data, and edges from them. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { randomNumbers, randomText } from "./v3_random.ts";

const NODES = 5;
const TEXT_LENGTH = 180;

/** A function that commits the next transaction: five nodes, and an edge from each to any node so far. */
export function mixedCommits(db: GraphBackend, seed: number = 1): () => void {
  const next = randomNumbers(seed);
  return () =>
    db.transaction((tx) => {
      for (let index = 0; index < NODES; index++) {
        const data = { text: randomText(next, TEXT_LENGTH), rank: next(1000) };
        const id = tx.insertNode({ kind: "Document", name: `document ${next(1e9)}`, data });
        tx.insertEdge({ from: id, to: 1 + next(id), type: "CITES" });
      }
    });
}
