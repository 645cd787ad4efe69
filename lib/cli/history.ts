/** `history DB`: the commits that can still be read. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { formatCount, formatTime, printable, writeTable } from "./table.ts";

/** `history DB` */
export const historyCommand: CommandParser = command(
  "history",
  invocation(object({ database: databaseArgument, json: jsonOption }), history),
  {
    brief: message`List the commits that can be read.`,
    description:
      message`List the kept commits of a V3 database, oldest first: those with a tag, those that its retention keeps, and the last one. With --json: one commit a line.`,
  },
);

function history({ database, json }: { readonly database: string; readonly json: boolean }, output: Output): number {
  using db = openForReading(database);
  const names = new Map<number, string[]>();
  for (const { name, lsn } of db.tags()) names.set(lsn, [...names.get(lsn) ?? [], name]);
  const commits = [...db.commits()].map((commit) => ({ ...commit, tags: names.get(commit.lsn) ?? [] }));
  if (json) {
    for (const commit of commits) output.json(commit);
    return EXIT_OK;
  }
  writeTable(
    output,
    [
      { title: "commit", align: "right" },
      { title: "time" },
      { title: "nodes", align: "right" },
      { title: "edges", align: "right" },
      { title: "tags" },
    ],
    commits.map(({ lsn, timeMs, nodes, edges, tags }) => [
      formatCount(lsn),
      formatTime(timeMs),
      formatCount(nodes),
      formatCount(edges),
      tags.map(printable).join(", "),
    ]),
  );
  return EXIT_OK;
}
