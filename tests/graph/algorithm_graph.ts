/** The graph that the tests of algorithms run on, and what they hear of a run. */

import type { Progress } from "../../lib/backend/care.ts";
import type { Graph } from "../../lib/graph/graph.ts";

/** Nodes in two parts that no edge joins, with parallel edges, self-loops and gaps between the ids. */
export async function insertParts(graph: Graph, partSize = 20): Promise<number[]> {
  return await graph.transaction((tx) => {
    const ids = tx.insertNodes(Array.from({ length: partSize * 9 / 4 }, (_, at) => ({ kind: "K", name: `${at}` })));
    const kept = ids.filter((_, at) => at % 9 !== 4);
    tx.insertEdges(kept.flatMap((from, at) => {
      const part = at < partSize ? 0 : partSize;
      return [at + 1, at * 3, at * 7 + 2, at * 7 + 2].map((to, which) => ({
        from,
        to: kept[part + to % partSize] as number,
        type: which === 0 ? "NEXT" : at % 50 === 7 ? "RARE" : "FAR",
        data: which < 2 ? { cost: at + which / 8 } : {},
      }));
    }));
    for (const id of ids) if (!kept.includes(id)) tx.deleteNode(id);
    return kept;
  });
}

/** Calls with what they tell, as `phase done/total`. */
export function listen(): { readonly seen: string[]; readonly onProgress: (progress: Progress) => void } {
  const seen: string[] = [];
  return { seen, onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) };
}

/** The phases that a run told. */
export function phases(seen: readonly string[]): string[] {
  return [...new Set(seen.map((text) => text.split(" ")[0] as string))];
}
