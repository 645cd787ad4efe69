/** `import FILE... --into DB`: rows of JSON Lines or CSV files, or a snapshot file, into a database. */

import { extname } from "node:path";
import { object } from "@optique/core/constructs";
import { lineBreak, message } from "@optique/core/message";
import { multiple, optional } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { GraphError } from "../backend/errors.ts";
import { readCsv } from "../graph/csv.ts";
import { type IngestProgress, ingestRows, type SkippedRow } from "../graph/ingest.ts";
import { isSnapshotFile, readJsonLines } from "../graph/json_lines.ts";
import { joinSources, type RowSource } from "../graph/row_source.ts";
import { backendOption, type CommandParser, EXIT_OK, invocation, jsonOption, UsageError } from "./command.ts";
import { openOrCreate } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { SkipReport } from "./skip_report.ts";
import { countOf, formatCount, formatDuration } from "./table.ts";

type Format = "jsonl" | "csv" | "tsv" | "snapshot";

/** Arguments of `import`. */
interface ImportArguments {
  readonly files: readonly string[];
  readonly database: string;
  readonly backend: "v3" | "sqlite" | undefined;
  readonly format: Format | undefined;
  readonly skip: boolean;
  readonly replace: boolean;
  readonly json: boolean;
}

/** `import FILE... --into DB` */
export const importCommand: CommandParser = command(
  "import",
  invocation(
    object({
      files: multiple(
        argument(string({ metavar: "FILE" }), {
          description: message`A JSON Lines, CSV or snapshot file. Later files may name refs of earlier ones.`,
        }),
        { min: 1 },
      ),
      database: option("--into", string({ metavar: "DB" }), {
        description: message`The database file; created when it is missing.`,
      }),
      backend: backendOption,
      format: optional(option("--format", choice(["jsonl", "csv", "tsv", "snapshot"], { metavar: "FORMAT" }), {
        description: message`Format of the files; default by name (.csv, .tsv) and content.`,
      })),
      skip: option("--skip", {
        description:
          message`Leave bad rows out and report them on standard error; by default a bad row ends the import.`,
      }),
      replace: option("--replace", {
        description: message`For a snapshot file: first remove everything that the database holds.`,
      }),
      json: jsonOption,
    }),
    importFiles,
  ),
  {
    brief: message`Import rows or a snapshot file.`,
    description: message`Import all rows of the files in one transaction: all of them or nothing.`,
    footer: message`A line of JSON Lines is one of${lineBreak()}
{"node": {"kind": "Person", "name": "Ada", "data": {"born": 1815}}, "ref": "ada"}${lineBreak()}
{"edge": {"type": "KNOWS", "from": {"ref": "ada"}, "to": 17, "data": {}}}${lineBreak()}
{"kv": {"key": "session", "value": 1, "ttlSeconds": 60}}${lineBreak()}
where a ref names an earlier node of the import and a number is the id of a node that exists.${lineBreak()}
${lineBreak()}
A CSV file has nodes (columns kind, name and, if wanted, ref, filePath, labels) or edges (columns type, from, to with refs, or
fromId, toId with ids). Further columns are data: a cell that parses as JSON is JSON, else text; an empty one is left out.`,
  },
);

function importFiles(args: ImportArguments, output: Output): number {
  const startMs = performance.now();
  const [file] = args.files as [string];
  const isSnapshot = args.format === "snapshot" || (args.format === undefined && args.files.some(isSnapshotFile));
  if (isSnapshot && args.files.length > 1) throw new UsageError("a snapshot file is imported alone; give one file");
  if (isSnapshot && args.skip) throw new UsageError("--skip is for rows; a snapshot file is imported as a whole");
  if (args.replace && !isSnapshot) throw new UsageError("--replace is for snapshot files; these files hold rows");
  if (isSnapshot) return importSnapshotFile(file, args, output, startMs);
  // The files are opened first: a wrong name must not leave a new, empty database behind.
  const source = joinSources(args.files.map((path) => openRows(path, args.format)));
  return importRows(source, args, output, startMs);
}

function openRows(file: string, format: Format | undefined): RowSource {
  const chosen = format ?? extname(file).slice(1).toLowerCase();
  if (chosen === "csv") return readCsv(file);
  if (chosen === "tsv") return readCsv(file, { delimiter: "\t" });
  return readJsonLines(file);
}

function importSnapshotFile(file: string, args: ImportArguments, output: Output, startMs: number): number {
  using db = openOrCreate(args.database, args.backend);
  using bar = startProgress(!args.json);
  const onProgress = bar.update;
  const { nodes, edges, keyValues, properties } = db.importSnapshot(file, { replace: args.replace, onProgress });
  bar[Symbol.dispose]();
  const durationMs = performance.now() - startMs;
  if (args.json) output.json({ nodes, edges, keyValues, properties, skipped: 0, durationMs });
  else output.line(`imported ${countsText({ nodes, edges, keyValues })} in ${formatDuration(durationMs)}`);
  return EXIT_OK;
}

function importRows(source: RowSource, args: ImportArguments, output: Output, startMs: number): number {
  const skips = new SkipReport(output, args.json);
  using db = openOrCreate(args.database, args.backend);
  using bar = startProgress(!args.json);
  const onProgress = (progress: IngestProgress) => {
    const rate = progress.rows / ((performance.now() - startMs) / 1000);
    bar.update({ ...progress, phase: "import" }, `${countOf(progress.rows, "row")}, ${formatCount(rate)} rows/s`);
  };
  const onSkip = args.skip ? (row: SkippedRow, reason: GraphError) => skips.add(row, reason) : undefined;
  const result = ingestRows(db, source, { onProgress, onSkip });
  bar[Symbol.dispose]();
  const durationMs = performance.now() - startMs;
  if (args.json) {
    output.json({ ...result, durationMs });
    return EXIT_OK;
  }
  skips.finish();
  const rows = result.nodes + result.edges + result.keyValues;
  const rate = `${formatCount(rows / (durationMs / 1000))} rows/s`;
  const skipped = result.skipped === 0 ? "" : `; skipped ${countOf(result.skipped, "row")}`;
  output.line(`imported ${countsText(result)} in ${formatDuration(durationMs)} (${rate})${skipped}`);
  return EXIT_OK;
}

function countsText(counts: { nodes: number; edges: number; keyValues: number }): string {
  const { nodes, edges, keyValues } = counts;
  return `${countOf(nodes, "node")}, ${countOf(edges, "edge")} and ${countOf(keyValues, "key")}`;
}
