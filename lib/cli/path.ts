/** `path DB FROM TO`: a path with the fewest edges. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import { NotFoundError } from "../backend/errors.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import type { Direction, EdgeFilter } from "../backend/query.ts";
import type { NodeId } from "../backend/schema.ts";
import {
  type CommandParser,
  databaseArgument,
  directionOption,
  EXIT_OK,
  invocation,
  jsonOption,
  nodeArgument,
  typesOption,
} from "./command.ts";
import { openForReading } from "./database.ts";
import { findNode, nodeHeader, nodeSummary, nodeText } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { countOf, printable } from "./table.ts";

/** Arguments of `path`. */
interface PathArguments {
  readonly database: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  readonly types: readonly string[] | undefined;
  readonly json: boolean;
}

/** `path DB FROM TO` */
export const pathCommand: CommandParser = command(
  "path",
  invocation(
    object({
      database: databaseArgument,
      from: nodeArgument("FROM"),
      to: nodeArgument("TO"),
      direction: directionOption,
      types: typesOption,
      json: jsonOption,
    }),
    path,
  ),
  {
    brief: message`Find a shortest path.`,
    description:
      message`Find a path with the fewest edges between two nodes. Exit code 1 when there is none. With --json: its nodes, and of each step the edge with the smallest id.`,
  },
);

function path({ database, from, to, direction, types, json }: PathArguments, output: Output): number {
  using db = openForReading(database);
  const start = findNode(db, from);
  const end = findNode(db, to);
  const filter: EdgeFilter = { direction, types };
  const ids = db.shortestPath(start.id, end.id, filter);
  if (ids === undefined) {
    throw new NotFoundError(`there is no path from ${nodeText(start)} to ${nodeText(end)} along these edges`, {
      code: "path-not-found",
    });
  }
  const nodes = ids.map((id) => nodeHeader(db, id));
  const edges = ids.slice(1).map((id, index) => edgeBetween(db, ids[index] as NodeId, id, filter));
  if (json) {
    output.json({ length: edges.length, nodes: nodes.map(nodeSummary), edges });
    return EXIT_OK;
  }
  nodes.forEach((node, index) => {
    const edge = edges[index - 1];
    const arrow = edge === undefined
      ? ""
      : edge.to === node.id
      ? `  ${printable(edge.type)} → `
      : `  ← ${printable(edge.type)} `;
    output.line(arrow + nodeText(node));
  });
  output.line(countOf(edges.length, "edge"));
  return EXIT_OK;
}

interface Step {
  readonly id: number;
  readonly type: string;
  readonly from: NodeId;
  readonly to: NodeId;
}

function edgeBetween(graph: GraphReader, from: NodeId, to: NodeId, filter: EdgeFilter): Step | undefined {
  const [edge] = graph.edgesBetween(from, to, filter);
  return edge === undefined ? undefined : { id: edge.id, type: edge.type, from: edge.from, to: edge.to };
}
