/** Writes the Kronecker graph of a measure for other programs: `algo_edges.ts FILE [SCALE]`, three 32-bit integers for each
 * directed edge: both ends and its weight. See `igraph.py`. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { kronecker } from "../lib/algo/generate/mod.ts";

const [file = "", scale = "16"] = process.argv.slice(2);
const { nodeCount, out: { offsets, targets, weights } } = kronecker({ scale: Number(scale) }).withWeights().project({
  simple: true,
});
const rows = new Uint32Array(3 * targets.length);
for (let node = 0; node < nodeCount; node++) {
  for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
    rows.set([node, targets[at] as number, weights?.[at] ?? 1], 3 * at);
  }
}
writeFileSync(file, rows);
