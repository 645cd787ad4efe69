/** The edges between two sets of nodes. */

import type { Projection } from "../../projection/mod.ts";
import type { Pace } from "../pace.ts";
import { type EdgeTable, edgeTable } from "./edge_table.ts";
import type { Capacities } from "./flow_network.ts";

/** The edges that lead from marked nodes to others, with their capacities and the sum of these. O(n + m). */
export function crossing(
  projection: Projection,
  isMarked: Uint8Array,
  capacities: Capacities,
  pace: Pace,
): { readonly value: number; readonly edges: EdgeTable } {
  const { offsets, targets } = projection.out;
  const rows: number[] = [];
  const links: number[] = [];
  const values: number[] = [];
  let sum = 0;
  for (let node = 0; node < isMarked.length; node++) {
    if (isMarked[node] === 0) continue;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      if (isMarked[targets[link] as number] === 1) continue;
      const capacity = typeof capacities === "number" ? capacities : capacities[link] as number;
      rows.push(node);
      links.push(link);
      values.push(capacity);
      sum += capacity;
    }
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return { value: sum, edges: edgeTable(projection, rows, links, values) };
}
