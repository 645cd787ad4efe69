/** Which edges of a graph stand for which edges of a rule. */

import type { GraphReader } from "../../backend/graph_reader.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";
import type { FoundEdge } from "./rewrite_rule.ts";

/**
 * A different edge of the graph for each edge to find: small ids first, as far as all can have one. Undefined when there are too
 * few. Berge, Two theorems in graph theory, 1957 (augmenting paths).
 *
 * @param types types that count at all; undefined: all
 */
export function assignEdges(
  reader: GraphReader,
  edges: readonly FoundEdge[],
  nodes: Readonly<Record<string, NodeId>>,
  types: readonly string[] | undefined,
): EdgeId[] | undefined {
  const choices = edges.map(({ from, to, types: wanted, direction }) => {
    const both = wanted === undefined
      ? types
      : types === undefined
      ? wanted
      : wanted.filter((type) => types.includes(type));
    const [one, other] = [nodes[from] as number, nodes[to] as number];
    return reader.edgesBetween(one, other, { direction, types: both }).map(({ id }) => id);
  });
  // Which edge to find has taken an edge of the graph.
  const takenBy = new Map<EdgeId, number>();
  for (let place = 0; place < edges.length; place++) {
    if (!take(place, choices, takenBy)) return undefined;
  }
  const found = new Array<EdgeId>(edges.length);
  for (const [id, place] of takenBy) found[place] = id;
  return found;
}

/** Finds an edge for one more, breadth first along those that could take another one instead. */
function take(place: number, choices: readonly EdgeId[][], takenBy: Map<EdgeId, number>): boolean {
  // For each edge of the graph that was met, the place that would take it.
  const wantedBy = new Map<EdgeId, number>();
  const queue = [place];
  for (const wanting of queue) {
    for (const id of choices[wanting] as readonly EdgeId[]) {
      if (wantedBy.has(id)) continue;
      wantedBy.set(id, wanting);
      const owner = takenBy.get(id);
      if (owner !== undefined) {
        queue.push(owner);
        continue;
      }
      let free = id;
      for (;;) {
        const taker = wantedBy.get(free) as number;
        // What it gives away for this is for the one before it.
        const given = [...takenBy].find(([, other]) => other === taker)?.[0];
        takenBy.set(free, taker);
        if (given === undefined) return true;
        free = given;
      }
    }
  }
  return false;
}
