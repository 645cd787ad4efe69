/** `import-reference FILE --into DB`: a database of the Rust system's native format into a database of this program. */

import { lstatSync, renameSync, rmSync } from "node:fs";
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { argument, command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { ConflictError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import { fileError } from "../backend/line_file.ts";
import { syncFolder } from "../backend/sync_file.ts";
import { open } from "../graph/open.ts";
import { importReference } from "../reference/import_reference.ts";
import type { ReferenceLoss, ReferenceLossCode, ReferenceReport } from "../reference/report.ts";
import { backendOption, type CommandParser, EXIT_FAILED, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { type ProgressBar, startProgress } from "./progress.ts";
import { countOf, formatCount, formatDuration, printable, writeTable } from "./table.ts";

/** Losses of one code that are shown to a person; `--json` reports all of them. */
const SHOWN_LOSSES = 5;

/** Arguments of `import-reference`. */
interface ImportReferenceArguments {
  readonly file: string;
  readonly database: string;
  readonly backend: "v3" | "sqlite" | undefined;
  readonly salvage: boolean;
  readonly json: boolean;
}

/** `import-reference FILE --into DB` */
export const importReferenceCommand: CommandParser = command(
  "import-reference",
  invocation(
    object({
      file: argument(string({ metavar: "FILE" }), {
        description:
          message`The main file of the old database. Files of its name beside it are read too; none is changed.`,
      }),
      database: option("--into", string({ metavar: "DB" }), {
        description: message`The database file; created when it is missing, else it must be empty.`,
      }),
      backend: backendOption,
      salvage: option("--salvage", {
        description: message`Also scan all pages for nodes and edges that nothing leads to, and bring them back.`,
      }),
      json: jsonOption,
    }),
    importFile,
  ),
  {
    brief: message`Import a native database of the Rust system.`,
    description:
      message`Copy a native V3 database (format version 4, versions 2.0.7 to 3.9.0) of the Rust system with its key-values into a database of this program, in one transaction, and list what could not come over as it was. Exit code 1 when there is such a loss. (SQLite databases of the Rust system need no import: they can be opened.)`,
  },
);

function importFile(args: ImportReferenceArguments, output: Output): number {
  const startMs = performance.now();
  using bar = startProgress(!args.json);
  const report = isThere(args.database) ? importInto(args, bar) : importIntoNew(args, bar);
  bar[Symbol.dispose]();
  const durationMs = performance.now() - startMs;
  if (args.json) output.json({ ...report, durationMs });
  else writeReport(report, args, durationMs, output);
  return report.lossCount === 0 ? EXIT_OK : EXIT_FAILED;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function importInto({ file, database, backend, salvage }: ImportReferenceArguments, bar: ProgressBar): ReferenceReport {
  // A file of the wrong engine is refused as by every other command.
  using db = backend === undefined ? openForWriting(database) : open(database, { backend, create: false });
  return copy(file, db, salvage, bar);
}

/** Under another name until it is whole: a process that is killed leaves no database that looks like one. */
function importIntoNew(args: ImportReferenceArguments, bar: ProgressBar): ReferenceReport {
  const { file, database, backend, salvage } = args;
  const unfinished = `${database}.new`;
  // What an earlier run left that was killed.
  removeDatabase(unfinished);
  try {
    let report: ReferenceReport;
    {
      using db = open(unfinished, { backend });
      report = copy(file, db, salvage, bar);
    }
    if (isThere(database)) {
      throw new ConflictError(`import-reference: there is a file ${database} by now; remove it, or give another path`, {
        code: "file-exists",
        field: "into",
        value: database,
      });
    }
    renameSync(unfinished, database);
    syncFolder(database);
    return report;
  } catch (error) {
    throw fileError("import into", database, error);
  } finally {
    removeDatabase(unfinished);
  }
}

function copy(file: string, db: GraphBackend, salvage: boolean, bar: ProgressBar): ReferenceReport {
  return importReference(file, db, { salvage, onProgress: bar.update });
}

/** Removes an unfinished database with all that can lie beside it. */
function removeDatabase(path: string): void {
  for (
    const suffix of [
      "",
      ".lock",
      ".lock.pid",
      ".v3wal",
      ".v3checkpoint",
      ".v3checkpoint.tmp",
      "-wal",
      "-shm",
      "-journal",
    ]
  ) {
    rmSync(`${path}${suffix}`, { force: true });
  }
}

function writeReport(
  report: ReferenceReport,
  { file, database }: ImportReferenceArguments,
  durationMs: number,
  output: Output,
): void {
  const { version, unusual, lossCount } = report;
  output.line(`${printable(file)}: written by version ${version}`);
  output.line(`imported ${countsText(report)} into ${printable(database)} in ${formatDuration(durationMs)}`);
  const { nodes, edges, keyValues } = report.salvaged;
  if (nodes + edges + keyValues > 0) output.line(`${countsText(report.salvaged)} of them were salvaged`);
  const strange = ([
    ["blank kinds or types", unusual.blankTerms],
    ["texts with NUL", unusual.nulTexts],
    ["texts over 65,536 bytes", unusual.longTexts],
  ] as const).filter(([, count]) => count > 0).map(([what, count]) => `${what} (${formatCount(count)})`);
  if (strange.length > 0) {
    output.line(`came over unchanged, though new records cannot have them: ${strange.join(", ")}`);
  }
  if (lossCount > 0) writeLosses(report, output);
  if (lossCount === 0) output.line("nothing was lost");
  else output.line(`${formatCount(lossCount)} ${lossCount === 1 ? "loss" : "losses"}`);
}

function writeLosses({ losses, lossCount }: ReferenceReport, output: Output): void {
  const groups = new Map<ReferenceLossCode, ReferenceLoss[]>();
  for (const loss of losses) {
    const group = groups.get(loss.code);
    if (group === undefined) groups.set(loss.code, [loss]);
    else group.push(loss);
  }
  output.line("");
  writeTable(
    output,
    [{ title: "lost" }, { title: "times", align: "right" }, { title: "what" }],
    [...groups].flatMap(([code, group]) => groupRows(code, group)),
  );
  const unlisted = lossCount - losses.length;
  if (unlisted > 0) output.line(`... and ${formatCount(unlisted)} more that are only counted`);
}

function groupRows(code: ReferenceLossCode, group: readonly ReferenceLoss[]): string[][] {
  const shown = group.slice(0, SHOWN_LOSSES).map(({ message: text }, index) => {
    return [index === 0 ? code : "", index === 0 ? formatCount(group.length) : "", printable(text)];
  });
  const rest = group.length - shown.length;
  return rest === 0 ? shown : [...shown, ["", "", `... and ${formatCount(rest)} more; --json reports all of them`]];
}

function countsText({ nodes, edges, keyValues }: { nodes: number; edges: number; keyValues: number }): string {
  return `${countOf(nodes, "node")}, ${countOf(edges, "edge")} and ${countOf(keyValues, "key")}`;
}
