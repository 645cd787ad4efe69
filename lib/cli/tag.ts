/** `tag add|list|remove`: names for commits, which stay readable. */

import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { argument, command } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { NotFoundError } from "../backend/errors.ts";
import { type CommandParser, databaseArgument, EXIT_OK, type Invocation, invocation, jsonOption } from "./command.ts";
import { openForReading, openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { formatCount, formatTime, printable, writeTable } from "./table.ts";

/** Arguments of `tag add` and `tag remove`. */
interface TagArguments {
  readonly database: string;
  readonly name: string;
  readonly json: boolean;
}

const tagArguments = {
  database: databaseArgument,
  name: argument(string({ metavar: "NAME" }), { description: message`The tag.` }),
  json: jsonOption,
};

const addCommand = command("add", invocation(object(tagArguments), add), {
  brief: message`Name the last commit.`,
  description: message`Name the last commit: this state stays readable until the tag is removed.`,
});

const listCommand = command("list", invocation(object({ database: databaseArgument, json: jsonOption }), list), {
  brief: message`List the tags.`,
  description: message`List the tags in byte order of their names. With --json: one tag a line.`,
});

const removeCommand = command("remove", invocation(object(tagArguments), remove), {
  brief: message`Remove a tag.`,
  description: message`Remove a tag. Exit code 1 when there is no such tag.`,
});

/** `tag add|list|remove` */
export const tagCommand: CommandParser = command(
  "tag",
  or(addCommand, listCommand, removeCommand) as unknown as Parser<"sync", Invocation, unknown>,
  {
    brief: message`Name states that stay readable.`,
    description: message`Name states of a V3 database. A named state stays readable until its tag is removed.`,
  },
);

function add({ database, name, json }: TagArguments, output: Output): number {
  using db = openForWriting(database);
  const tag = db.tag(name);
  if (json) output.json(tag);
  else output.line(`tagged commit ${formatCount(tag.lsn)} as ${printable(name)}`);
  return EXIT_OK;
}

function list({ database, json }: { readonly database: string; readonly json: boolean }, output: Output): number {
  using db = openForReading(database);
  const times = new Map([...db.commits()].map(({ lsn, timeMs }) => [lsn, timeMs]));
  const tags = db.tags().map(({ name, lsn }) => ({ name, lsn, timeMs: times.get(lsn) ?? 0 }));
  if (json) { for (const tag of tags) output.json(tag); }
  else {
    const rows = tags.map(({ name, lsn, timeMs }) => [printable(name), formatCount(lsn), formatTime(timeMs)]);
    writeTable(output, [{ title: "tag" }, { title: "commit", align: "right" }, { title: "time" }], rows);
  }
  return EXIT_OK;
}

function remove({ database, name, json }: TagArguments, output: Output): number {
  using db = openForWriting(database);
  if (!db.untag(name)) {
    throw new NotFoundError(`there is no tag ${JSON.stringify(name)}; tag list shows those that there are`, {
      code: "tag-not-found",
      field: "name",
      value: name,
    });
  }
  if (json) output.json({ name, removed: true });
  return EXIT_OK;
}
