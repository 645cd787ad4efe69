/** `salvage DB --to FILE`: what is readable of a damaged database, in a new one. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { UnsupportedError } from "../backend/errors.ts";
import { engineOfFile } from "../graph/file_engine.ts";
import { salvage } from "../v3/salvage.ts";
import { type CommandParser, databaseArgument, EXIT_FAILED, EXIT_OK, invocation, jsonOption } from "./command.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { contentText, countOf, printable, writeTable } from "./table.ts";

/** Arguments of `salvage`. */
interface SalvageArguments {
  readonly database: string;
  readonly file: string;
  readonly json: boolean;
}

/** `salvage DB --to FILE` */
export const salvageCommand: CommandParser = command(
  "salvage",
  invocation(
    object({
      database: databaseArgument,
      file: option("--to", string({ metavar: "FILE" }), {
        description: message`The new file, which must not exist yet.`,
      }),
      json: jsonOption,
    }),
    salvageFile,
  ),
  {
    brief: message`Rescue a damaged database.`,
    description:
      message`Copy what is readable of a damaged V3 database, which nobody has open, into a new file, and list what is not. The damaged file stays as it is. Exit code 1 when something could not be copied.`,
  },
);

function salvageFile({ database, file, json }: SalvageArguments, output: Output): number {
  if (engineOfFile(database) === "sqlite") {
    throw new UnsupportedError(
      `salvage: ${database} is a SQLite database; salvage is for V3 files (the sqlite3 program has .recover for it)`,
      { code: "not-v3", field: "database", value: database },
    );
  }
  using bar = startProgress(!json);
  const report = salvage(database, file, { onProgress: bar.update });
  bar[Symbol.dispose]();
  const { logCommits, losses } = report;
  if (json) output.json(report);
  else {
    writeTable(
      output,
      [{ title: "lost" }, { title: "where" }, { title: "why" }],
      losses.map(({ what, where, message: text }) => [what, printable(where), printable(text)]),
    );
    const log = logCommits === 0 ? "" : `, with ${countOf(logCommits, "commit")} of the log`;
    output.line(`copied ${contentText(report)} to ${printable(file)}${log}`);
    output.line(losses.length === 0 ? "nothing was lost" : `${countOf(losses.length, "part")} could not be copied`);
  }
  return losses.length === 0 ? EXIT_OK : EXIT_FAILED;
}
