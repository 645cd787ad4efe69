/** Ways from one node to another that have nothing in common. */

import { type Algorithm, defineAlgorithm } from "../define.ts";
import { type NodeLists, NodeListsBuilder } from "../node_lists.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import type { FlowNetwork } from "./flow_network.ts";
import { PushRelabel } from "./push_relabel.ts";
import { splitNetwork } from "./split_network.ts";
import { networkOf, type TerminalParams, TERMINALS, terminalsOf } from "./terminals.ts";

/**
 * As many paths from the source to the sink as there can be when no two use the same edge: as many as edges must be cut to
 * separate the nodes (Menger). A path is the ids of its nodes from the source to the sink, none of them twice. Shorter paths
 * are first, equally long ones by their ids; the paths together are not the shortest. In an undirected projection an edge may be
 * used once, either way. Each of several parallel edges may be used. Progress counts arcs that were looked at.
 *
 * A maximum flow, taken apart. O(n² √m), in practice close to linear. Menger, Zur allgemeinen Kurventheorie, 1927; Ford,
 * Fulkerson 1956.
 *
 * @throws {InvalidArgumentError} for bad parameters, and when source and sink are one node
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const edgeDisjointPaths: Algorithm<TerminalParams, NodeLists> = defineAlgorithm(
  import.meta.url,
  "edgeDisjointPaths",
  (projection, params: TerminalParams, context): NodeLists => {
    const checked = checkParams(TERMINALS, params, projection, "edgeDisjointPaths");
    const { from, to } = terminalsOf(projection, checked, "edgeDisjointPaths");
    const pace = new Pace(context);
    const network = networkOf(projection, 1, pace);
    const count = flowOf(network, from, to, pace);
    return listed(projection.nodeIds, takePaths(network, from, to, count, pace), pace);
  },
);

/**
 * As many paths from the source to the sink as there can be when no two have a node in common besides these. Where no edge leads
 * from the one to the other, they are as many as `minVertexCut` has nodes (Menger); such an edge is a path by itself, and
 * parallel ones are one. Paths and their order are as in `edgeDisjointPaths`. Progress counts arcs that were looked at.
 *
 * A maximum flow of a network with split nodes, taken apart. O(n² √m), in practice close to linear. Menger 1927; Even 1975.
 *
 * @throws {InvalidArgumentError} for bad parameters, and when source and sink are one node
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const nodeDisjointPaths: Algorithm<TerminalParams, NodeLists> = defineAlgorithm(
  import.meta.url,
  "nodeDisjointPaths",
  (projection, params: TerminalParams, context): NodeLists => {
    const checked = checkParams(TERMINALS, params, projection, "nodeDisjointPaths");
    const { from, to } = terminalsOf(projection, checked, "nodeDisjointPaths");
    const { nodeCount, nodeIds } = projection;
    const pace = new Pace(context);
    const network = splitNetwork(projection.out, 1, pace);
    const count = flowOf(network, from + nodeCount, to, pace);
    const paths = takePaths(network, from + nodeCount, to, count, pace).map((path) => {
      // Between the two terminals each node is there twice, one after the other: where it is entered and where it is left.
      const nodes: number[] = [from];
      for (let at = 1; at < path.length; at++) {
        const node = path[at] as number;
        if (node < nodeCount) nodes.push(node);
      }
      return nodes;
    });
    return listed(nodeIds, paths, pace);
  },
);

function flowOf(network: FlowNetwork, source: number, sink: number, pace: Pace): number {
  const preflow = new PushRelabel(network, pace);
  const count = preflow.flood(source, sink);
  preflow.settle(source, sink);
  return count;
}

/** Takes a flow of ones apart: nodes of each path, without the circles that it makes. */
function takePaths(
  { offsets, heads, mates, residuals }: FlowNetwork,
  source: number,
  sink: number,
  count: number,
  pace: Pace,
): number[][] {
  const nodeCount = offsets.length - 1;
  const nextArcs = offsets.slice(0, nodeCount);
  // Nodes of the path that is being made.
  const isOnPath = new Uint8Array(nodeCount);
  const paths: number[][] = [];
  for (let made = 0; made < count; made++) {
    const path = [source];
    isOnPath[source] = 1;
    for (let node = source; node !== sink;) {
      const first = nextArcs[node] as number;
      let arc = first;
      // What comes to a node leaves it through a link, and links are before opposites of links.
      while ((residuals[arc] as number) >= (residuals[mates[arc] as number] as number)) arc++;
      nextArcs[node] = arc + 1;
      pace.step(0, 1 + arc - first);
      node = heads[arc] as number;
      if (isOnPath[node] === 0) {
        isOnPath[node] = 1;
        path.push(node);
      } else {
        while (path.at(-1) !== node) isOnPath[path.pop() as number] = 0;
      }
    }
    for (const node of path) isOnPath[node] = 0;
    paths.push(path);
  }
  return paths;
}

/** The shortest path first. */
function listed(nodeIds: Float64Array<SharedArrayBuffer>, paths: number[][], pace: Pace): NodeLists {
  const lists = new NodeListsBuilder(nodeIds);
  for (const path of paths.sort(byLength)) {
    for (const node of path) lists.push(node);
    lists.endList();
    pace.step(0, path.length);
  }
  pace.end();
  return lists.build();
}

function byLength(first: readonly number[], second: readonly number[]): number {
  let order = first.length - second.length;
  for (let at = 0; at < first.length && order === 0; at++) order = (first[at] as number) - (second[at] as number);
  return order;
}
