/** A graph of nodes with short names and edges without data between random ones. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { randomNumbers } from "./v3_random.ts";

/** How large. */
export interface RandomGraph {
  readonly nodes: number;
  readonly edges: number;
  /** Every node has the same number of outgoing edges, made in turns. Default: both ends are random. */
  readonly isRegular?: boolean;
}

/** Kind of its nodes. */
export const KIND = "Node";
/** Type of its edges. */
export const TYPE = "LINK";

/** Puts it into an empty database in one transaction: ids are 1 to `nodes`. */
export function insertRandomGraph(db: GraphBackend, { nodes, edges, isRegular = false }: RandomGraph): void {
  const next = randomNumbers(1);
  db.transaction((tx) => {
    for (let id = 1; id <= nodes; id++) tx.insertNode({ kind: KIND, name: `n${id}` });
    for (let index = 0; index < edges; index++) {
      const from = 1 + (isRegular ? index % nodes : next(nodes));
      tx.insertEdge({ from, to: 1 + next(nodes), type: TYPE });
    }
  });
}
