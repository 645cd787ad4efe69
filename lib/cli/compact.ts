/** `compact DB --to FILE`: the same database in a new file without gaps. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { UnsupportedError } from "../backend/errors.ts";
import { V3Backend } from "../graph/v3_backend.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { contentText, formatBytes, printable } from "./table.ts";

/** Arguments of `compact`. */
interface CompactArguments {
  readonly database: string;
  readonly file: string;
  readonly history: boolean;
  readonly json: boolean;
}

/** `compact DB --to FILE` */
export const compactCommand: CommandParser = command(
  "compact",
  invocation(
    object({
      database: databaseArgument,
      file: option("--to", string({ metavar: "FILE" }), {
        description: message`The new file, which must not exist yet.`,
      }),
      history: option("--history", {
        description: message`Take tags and kept commits along; by default only the last state.`,
      }),
      json: jsonOption,
    }),
    compact,
  ),
  {
    brief: message`Write a file without gaps.`,
    description:
      message`Write a V3 database into a new file without gaps. Ids, commit number and times stay. Other processes go on working.`,
  },
);

function compact({ database, file, history, json }: CompactArguments, output: Output): number {
  using db = openForReading(database);
  if (!(db instanceof V3Backend)) {
    throw new UnsupportedError(`compact: ${database} is a SQLite database; backup writes a copy of it without gaps`, {
      code: "not-v3",
      field: "database",
      value: database,
    });
  }
  const { fileBytes } = db.stats();
  using bar = startProgress(!json);
  const result = db.compact(file, { history, onProgress: bar.update });
  bar[Symbol.dispose]();
  if (json) output.json({ ...result, fileBytes });
  else {
    const { path, sizeBytes } = result;
    const sizes = `${formatBytes(sizeBytes)}, before ${formatBytes(fileBytes)}`;
    output.line(`wrote ${contentText(result)} to ${printable(path)} (${sizes})`);
  }
  return EXIT_OK;
}
