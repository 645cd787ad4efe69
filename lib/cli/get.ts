/** `get DB NODE`: one node with its data. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption, nodeArgument } from "./command.ts";
import { openForReading } from "./database.ts";
import { toJsonText } from "./json_text.ts";
import { findNode } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { countOf, printable } from "./table.ts";

/** Arguments of `get`. */
interface GetArguments {
  readonly database: string;
  readonly node: string;
  readonly json: boolean;
}

/** `get DB NODE` */
export const getCommand: CommandParser = command(
  "get",
  invocation(object({ database: databaseArgument, node: nodeArgument("NODE"), json: jsonOption }), get),
  {
    brief: message`Show a node.`,
    description:
      message`Show a node: kind, name, file path, labels, number of edges and data. With --json: the record.`,
  },
);

function get({ database, node, json }: GetArguments, output: Output): number {
  using db = openForReading(database);
  const record = db.requireNode(findNode(db, node).id);
  if (json) {
    output.json(record);
    return EXIT_OK;
  }
  output.line(`id      ${record.id}`);
  output.line(`kind    ${printable(record.kind)}`);
  output.line(`name    ${printable(record.name)}`);
  if (record.filePath !== undefined) output.line(`file    ${printable(record.filePath)}`);
  if (record.labels !== undefined) output.line(`labels  ${record.labels.map(printable).join(", ")}`);
  const outgoing = db.degree(record.id, { direction: "out" });
  output.line(
    `edges   ${countOf(outgoing, "edge")} out, ${countOf(db.degree(record.id, { direction: "in" }), "edge")} in`,
  );
  output.line(`data    ${printable(toJsonText(record.data))}`);
  return EXIT_OK;
}
