/** `export DB --to FILE`: everything that a database holds, as JSON Lines. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { contentText, formatBytes, printable } from "./table.ts";

/** Arguments of `export`. */
interface ExportArguments {
  readonly database: string;
  readonly file: string;
  readonly json: boolean;
}

/** `export DB --to FILE` */
export const exportCommand: CommandParser = command(
  "export",
  invocation(
    object({
      database: databaseArgument,
      file: option("--to", string({ metavar: "FILE" }), {
        description: message`The file; an existing one is replaced once the new one is complete.`,
      }),
      json: jsonOption,
    }),
    exportFile,
  ),
  {
    brief: message`Write everything to a snapshot file.`,
    description:
      message`Write nodes, edges, key-values and vectors, with their ids, to a snapshot file (JSON Lines) that import reads.`,
  },
);

function exportFile({ database, file, json }: ExportArguments, output: Output): number {
  using db = openForReading(database);
  using bar = startProgress(!json);
  const result = db.exportSnapshot(file, { onProgress: bar.update });
  bar[Symbol.dispose]();
  if (json) output.json(result);
  else {
    const { path, sizeBytes } = result;
    output.line(`exported ${contentText(result)} to ${printable(path)} (${formatBytes(sizeBytes)})`);
  }
  return EXIT_OK;
}
