/** `neighbors DB NODE`: what a node is connected to, and how. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import type { GraphReader } from "../backend/graph_reader.ts";
import type { Direction } from "../backend/query.ts";
import type { NodeId } from "../backend/schema.ts";
import {
  type CommandParser,
  databaseArgument,
  directionOption,
  EXIT_OK,
  invocation,
  jsonOption,
  limitOption,
  nodeArgument,
  typesOption,
} from "./command.ts";
import { openForReading } from "./database.ts";
import { findNode, type NodeHeader, nodeHeader, nodeSummary } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { printable, writeTable } from "./table.ts";

/** Arguments of `neighbors`. */
interface NeighborsArguments {
  readonly database: string;
  readonly node: string;
  readonly direction: Direction;
  readonly types: readonly string[] | undefined;
  readonly limit: number | undefined;
  readonly json: boolean;
}

/** `neighbors DB NODE` */
export const neighborsCommand: CommandParser = command(
  "neighbors",
  invocation(
    object({
      database: databaseArgument,
      node: nodeArgument("NODE"),
      direction: directionOption,
      types: typesOption,
      limit: limitOption,
      json: jsonOption,
    }),
    neighbors,
  ),
  {
    brief: message`List the neighbours of a node.`,
    description:
      message`List the neighbours of a node by ascending ids, each once, with the edges that lead there. With --json: one neighbour a line.`,
  },
);

interface Neighbor {
  readonly node: NodeHeader;
  readonly edges: { readonly id: number; readonly type: string; readonly from: NodeId; readonly to: NodeId }[];
}

function neighbors(
  { database, node, direction, types, limit, json }: NeighborsArguments,
  output: Output,
): number {
  using db = openForReading(database);
  const { id } = findNode(db, node);
  const rows = neighborsOf(db, id, { direction, types }, limit ?? Infinity);
  if (json) {
    for (const { node: neighbor, edges } of rows) output.json({ ...nodeSummary(neighbor), edges });
  } else {
    writeTable(
      output,
      [{ title: "id", align: "right" }, { title: "kind" }, { title: "name" }, { title: "edges" }],
      rowTexts(rows, id),
    );
  }
  return EXIT_OK;
}

/** Edges come by neighbour id, so those of one neighbour are next to each other. */
function* neighborsOf(
  graph: GraphReader,
  id: NodeId,
  filter: { direction: Direction; types: readonly string[] | undefined },
  limit: number,
): Generator<Neighbor> {
  let current: Neighbor | undefined;
  let count = 0;
  for (const { id: edgeId, type, from, to } of graph.edgesOf(id, { ...filter, data: false })) {
    const other = from === id ? to : from;
    if (current?.node.id !== other) {
      if (current !== undefined) yield current;
      current = undefined;
      if (count++ >= limit) return;
      current = { node: nodeHeader(graph, other), edges: [] };
    }
    current.edges.push({ id: edgeId, type, from, to });
  }
  if (current !== undefined) yield current;
}

function* rowTexts(rows: Iterable<Neighbor>, start: NodeId): Generator<string[]> {
  for (const { node, edges } of rows) {
    const counts = new Map<string, number>();
    for (const { type, from, to } of edges) {
      const arrow = from === to
        ? `${printable(type)} (loop)`
        : from === start
        ? `${printable(type)} →`
        : `← ${printable(type)}`;
      counts.set(arrow, (counts.get(arrow) ?? 0) + 1);
    }
    const texts = [...counts].map(([arrow, count]) => count === 1 ? arrow : `${arrow} ×${count}`);
    yield [String(node.id), printable(node.kind), printable(node.name), texts.join(", ")];
  }
}
