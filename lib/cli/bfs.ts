/** `bfs DB START`: what can be reached from a node, nearest first. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import type { Direction } from "../backend/query.ts";
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
import { findNode, nodeHeader, nodeSummary } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { printable, writeTable } from "./table.ts";

/** Arguments of `bfs`. */
interface BfsArguments {
  readonly database: string;
  readonly start: string;
  readonly depth: number | undefined;
  readonly direction: Direction;
  readonly types: readonly string[] | undefined;
  readonly limit: number | undefined;
  readonly json: boolean;
}

/** `bfs DB START` */
export const bfsCommand: CommandParser = command(
  "bfs",
  invocation(
    object({
      database: databaseArgument,
      start: nodeArgument("START"),
      depth: optional(
        option("--depth", integer({ metavar: "N", min: 0 }), {
          description: message`Largest distance; default no limit.`,
        }),
      ),
      direction: directionOption,
      types: typesOption,
      limit: limitOption,
      json: jsonOption,
    }),
    bfs,
  ),
  {
    brief: message`List what can be reached from a node.`,
    description:
      message`List the nodes that can be reached from a node, itself included, nearest first (breadth-first search). With --json: one node a line.`,
  },
);

function bfs({ database, start, depth, direction, types, limit, json }: BfsArguments, output: Output): number {
  using db = openForReading(database);
  const ids = db.bfs(findNode(db, start).id, { depth, direction, types }).slice(0, limit);
  if (json) {
    for (const id of ids) output.json(nodeSummary(nodeHeader(db, id)));
    return EXIT_OK;
  }
  const rows = function* () {
    for (const id of ids) {
      const { kind, name } = nodeHeader(db, id);
      yield [String(id), printable(kind), printable(name)];
    }
  };
  writeTable(output, [{ title: "id", align: "right" }, { title: "kind" }, { title: "name" }], rows());
  return EXIT_OK;
}
