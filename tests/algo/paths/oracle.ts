/** What brute force says of paths in small graphs. */

import { idOf, type SmallGraph } from "../support/random_graphs.ts";

/** A link of a small graph. */
export interface SmallLink {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  readonly edgeId: number;
}

/** All links: two for each undirected edge, one for a self-loop. */
export function linksOf({ edges, isUndirected }: SmallGraph): SmallLink[] {
  return edges.flatMap(([from, to, weight], at) => {
    const link = { from, to, weight, edgeId: at + 1 };
    return isUndirected && from !== to ? [link, { ...link, from: to, to: from }] : [link];
  });
}

/** Least sums of weights between all pairs, in as many rounds as there are nodes; undefined when there is a negative cycle. */
export function leastCosts(
  graph: SmallGraph,
  weightOf = (link: SmallLink): number => link.weight,
): number[][] | undefined {
  const links = linksOf(graph);
  const costs = Array.from(
    { length: graph.size },
    (_, from) => Array.from({ length: graph.size }, (_, to) => from === to ? 0 : Infinity),
  );
  for (let round = 0; round <= graph.size; round++) {
    let isChanged = false;
    for (const row of costs) {
      for (const link of links) {
        const cost = (row[link.from] as number) + weightOf(link);
        if (cost >= (row[link.to] as number)) continue;
        row[link.to] = cost;
        isChanged = true;
      }
    }
    if (!isChanged) return costs;
  }
  return undefined;
}

/** All paths between two nodes that visit none twice, with the least cost for their nodes, by cost, length and nodes. */
export function simplePaths(
  graph: SmallGraph,
  from: number,
  to: number,
  isWeighted = true,
): { nodeIds: number[]; cost: number }[] {
  const links = linksOf(graph);
  const found: { nodeIds: number[]; cost: number }[] = [];
  const walk = (path: number[], cost: number): void => {
    const node = path.at(-1) as number;
    if (node === to) {
      found.push({ nodeIds: path.map(idOf), cost });
      return;
    }
    for (let next = 0; next < graph.size; next++) {
      const weights = links.filter((link) => link.from === node && link.to === next).map(({ weight }) =>
        isWeighted ? weight : 1
      );
      if (path.includes(next) || weights.length === 0) continue;
      walk([...path, next], cost + Math.min(...weights));
    }
  };
  walk([from], 0);
  return found.sort((a, b) => a.cost - b.cost || a.nodeIds.length - b.nodeIds.length || compare(a.nodeIds, b.nodeIds));
}

/** Order of two lists of numbers of one length. */
export function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return (a[at] as number) - (b[at] as number);
  return 0;
}

/** Whether edges lead along nodes; the sum of their weights. */
export function costAlong(
  graph: SmallGraph,
  nodeIds: readonly number[],
  edgeIds: readonly number[] | undefined,
): number {
  const links = linksOf(graph);
  let cost = 0;
  for (let at = 0; at + 1 < nodeIds.length; at++) {
    const link = links.find(({ from, to, edgeId }) =>
      idOf(from) === nodeIds[at] && idOf(to) === nodeIds[at + 1] && edgeId === edgeIds?.[at]
    );
    cost += link === undefined ? NaN : link.weight;
  }
  return edgeIds?.length === nodeIds.length - 1 ? cost : NaN;
}
