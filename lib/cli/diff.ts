/** `diff DB FROM TO`: what differs between two kept states. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { argument, command } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { Difference, SnapshotAt } from "../backend/care.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import { keyJson, keyText } from "./key_text.ts";
import { nodeHeader, nodeText } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { printable, writeTable } from "./table.ts";

/** Arguments of `diff`. */
interface DiffArguments {
  readonly database: string;
  readonly from: string;
  readonly to: string;
  readonly json: boolean;
}

function stateArgument(metavar: "FROM" | "TO"): Parser<"sync", string, unknown> {
  return argument(string({ metavar }), {
    description:
      message`A kept state: the number of its commit (0 for the last one), or its tag (:NAME for one of digits).`,
  });
}

/** `diff DB FROM TO` */
export const diffCommand: CommandParser = command(
  "diff",
  invocation(
    object({ database: databaseArgument, from: stateArgument("FROM"), to: stateArgument("TO"), json: jsonOption }),
    diff,
  ),
  {
    brief: message`Show what differs between two states.`,
    description:
      message`List the nodes, edges and keys that differ between two kept states of a V3 database: nodes and edges by ids, then keys in byte order. With --json: one difference a line.`,
  },
);

function diff({ database, from, to, json }: DiffArguments, output: Output): number {
  using db = openForReading(database);
  using before = db.snapshot(stateOf(from));
  using after = db.snapshot(stateOf(to));
  const differences = db.diff(before.lsn, after.lsn);
  if (json) {
    for (const difference of differences) output.json(differenceJson(difference));
    return EXIT_OK;
  }
  const rows = function* () {
    for (const difference of differences) {
      const { operation, type } = difference;
      const graph = operation === "delete" ? before : after;
      yield [operation, type === "kv" ? "key" : type, textOf(graph, difference)];
    }
  };
  writeTable(output, [{ title: "change" }, { title: "of" }, { title: "what" }], rows());
  return EXIT_OK;
}

function stateOf(text: string): SnapshotAt {
  if (/^\d+$/.test(text)) return { lsn: Number(text) };
  return { tag: text.startsWith(":") ? text.slice(1) : text };
}

function differenceJson(difference: Difference): object {
  if (difference.type !== "kv") return difference;
  const { type, operation, key } = difference;
  return { type, operation, ...keyJson(key) };
}

function textOf(graph: GraphReader, difference: Difference): string {
  if (difference.type === "kv") return keyText(difference.key);
  if (difference.type === "node") return nodeText(nodeHeader(graph, difference.id));
  if (difference.type === "vectorIndex") return printable(difference.index);
  if (difference.type === "vector") {
    return `${printable(difference.index)} of ${nodeText(nodeHeader(graph, difference.nodeId))}`;
  }
  const { id, from, to, type } = graph.requireEdge(difference.id);
  return `${id}: ${nodeText(nodeHeader(graph, from))} ${printable(type)} → ${nodeText(nodeHeader(graph, to))}`;
}
