/** `backup DB --to FOLDER`: a verified copy. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import type { GraphBackend } from "../backend/graph_backend.ts";
import { V3Backend } from "../graph/v3_backend.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading, openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { countOf, formatBytes, formatDuration, printable } from "./table.ts";

/** Arguments of `backup`. */
interface BackupArguments {
  readonly database: string;
  readonly folder: string;
  readonly json: boolean;
}

/** `backup DB --to FOLDER` */
export const backupCommand: CommandParser = command(
  "backup",
  invocation(
    object({
      database: databaseArgument,
      folder: option("--to", string({ metavar: "FOLDER" }), {
        description: message`Folder for the copy and its manifest; created when it is missing.`,
      }),
      json: jsonOption,
    }),
    backup,
  ),
  {
    brief: message`Write a verified copy.`,
    description:
      message`Write a copy of the database that opens like the original, and a manifest with its SHA-256. Other processes go on working; of a V3 database that one of them writes, the copy shows the last checkpoint.`,
  },
);

function backup({ database, folder, json }: BackupArguments, output: Output): number {
  using db = openWhole(database);
  using bar = startProgress(!json);
  const result = db.backup(folder, { onProgress: bar.update });
  bar[Symbol.dispose]();
  if (json) {
    output.json(result);
    return EXIT_OK;
  }
  const { nodes, edges, keyValues } = result;
  output.line(`copy      ${printable(result.path)} (${formatBytes(result.sizeBytes)})`);
  output.line(`manifest  ${printable(result.manifestPath)}`);
  output.line(`sha256    ${result.sha256}`);
  output.line(`holds     ${countOf(nodes, "node")}, ${countOf(edges, "edge")} and ${countOf(keyValues, "key")}`);
  output.line(`took      ${formatDuration(result.durationMs)}`);
  return EXIT_OK;
}

/** A crash leaves commits in V3's log. A copy of the file has them only once they were brought into it. */
function openWhole(database: string): GraphBackend {
  const db = openForReading(database);
  if (!(db instanceof V3Backend) || db.openReport.replayedCommits === 0) return db;
  db.close();
  return openForWriting(database);
}
