/** `vector import DB NAME FILE`: vectors of a file into an index. */

import { extname } from "node:path";
import { object } from "@optique/core/constructs";
import { lineBreak, message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { type GraphError, InvalidArgumentError } from "../backend/errors.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import { LineReader } from "../backend/line_reader.ts";
import type { NodeId } from "../backend/schema.ts";
import type { VectorIndexInfo } from "../backend/vector.ts";
import { readFvecs } from "../graph/fvecs.ts";
import type { SkippedRow } from "../graph/ingest.ts";
import { readNpy } from "../graph/npy.ts";
import { readVectorCsv } from "../graph/vector_csv.ts";
import { importVectors, type VectorImportProgress } from "../graph/vector_import.ts";
import { readVectorLines } from "../graph/vector_json_lines.ts";
import { type MatrixSource, type VectorSource, withOwners } from "../graph/vector_source.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption, UsageError } from "./command.ts";
import { openForReading, openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { SkipReport } from "./skip_report.ts";
import { countOf, formatCount, formatDuration, printable } from "./table.ts";
import { indexArgument } from "./vector_argument.ts";

/** Ids of nodes that are read from a database at once. */
const ID_PAGE = 4096;

const FORMATS = ["jsonl", "csv", "tsv", "fvecs", "npy"] as const;

type Format = typeof FORMATS[number];

/** Arguments of `vector import`. */
interface ImportArguments {
  readonly database: string;
  readonly name: string;
  readonly file: string;
  readonly format: Format | undefined;
  readonly ids: string | undefined;
  readonly kind: string | undefined;
  readonly create: boolean;
  readonly skip: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `vector import DB NAME FILE` */
export const vectorImportCommand: CommandParser = command(
  "import",
  invocation(
    object({
      database: databaseArgument,
      name: indexArgument,
      file: argument(string({ metavar: "FILE" }), { description: message`The file with the vectors.` }),
      format: optional(option("--format", choice(FORMATS, { metavar: "FORMAT" }), {
        description: message`Format of the file; default by its name (.csv, .tsv, .fvecs, .npy), else jsonl.`,
      })),
      ids: optional(option("--ids", string({ metavar: "FILE" }), {
        description: message`For fvecs and npy: ids of the nodes, one a line, in the order of the rows.`,
      })),
      kind: optional(option("--kind", string({ metavar: "KIND" }), {
        description:
          message`For fvecs and npy: the rows belong to the nodes of this kind by ascending id. For the others: kind of nodes of which only the name is given.`,
      })),
      create: option("--create", { description: message`Make nodes that are missing, by kind and name.` }),
      skip: option("--skip", {
        description:
          message`Leave bad rows out and report them on standard error; by default a bad row ends the import.`,
      }),
      dryRun: option("--dry-run", { description: message`Check all rows and write nothing.` }),
      json: jsonOption,
    }),
    importFile,
  ),
  {
    brief: message`Import vectors of nodes.`,
    description:
      message`Give nodes the vectors of a file, in transactions of some thousand rows. A vector that a node has already is replaced: after a bad row, correct the file and import it again.`,
    footer: message`A line of JSON Lines is one of${lineBreak()}
{"nodeId": 17, "vector": [0.1, 0.2]}${lineBreak()}
{"kind": "Person", "name": "Ada", "vector": [0.1, 0.2]}${lineBreak()}
A CSV file has a column nodeId, or kind and name, and behind them a column for each number or one with a JSON array.${lineBreak()}
fvecs: for each row its dimension (i32) and its numbers (f32). npy: a NumPy array of two dimensions, <f4, <f8 or <f2.`,
  },
);

function importFile(args: ImportArguments, output: Output): number {
  const startMs = performance.now();
  const format = formatOf(args);
  checkUsage(args, format);
  using db = args.dryRun ? openForReading(args.database) : openForWriting(args.database);
  // Also brings the index into memory, where vectors are linked as they come: later searches find them linked.
  const index = db.vectorIndex(args.name).stats();
  const source = openSource(args, format, db, index);
  const skips = new SkipReport(output, args.json);
  using bar = startProgress(!args.json);
  const onProgress = (progress: VectorImportProgress) => {
    const rate = progress.rows / ((performance.now() - startMs) / 1000);
    bar.update(progress, `${countOf(progress.rows, "row")}, ${formatCount(rate)} rows/s`);
  };
  const onSkip = args.skip ? (row: SkippedRow, reason: GraphError) => skips.add(row, reason) : undefined;
  const options = { isCreating: args.create, isDryRun: args.dryRun, onSkip, onProgress };
  const result = importVectors(db, index, source, options);
  bar[Symbol.dispose]();
  const durationMs = performance.now() - startMs;
  if (args.json) {
    output.json({ ...result, dryRun: args.dryRun, durationMs });
    return EXIT_OK;
  }
  skips.finish();
  const { vectors, created, skipped } = result;
  const nodes = created === 0 ? "" : ` and made ${countOf(created, "node")}`;
  const left = skipped === 0 ? "" : `; skipped ${countOf(skipped, "row")}`;
  const rate = `${formatCount(vectors / (durationMs / 1000))} rows/s`;
  const what = args.dryRun ? "would have imported" : "imported";
  const into = `into ${printable(args.name)}`;
  output.line(
    `${what} ${countOf(vectors, "vector")} ${into}${nodes} in ${formatDuration(durationMs)} (${rate})${left}`,
  );
  return EXIT_OK;
}

function formatOf({ file, format }: ImportArguments): Format {
  const ending = extname(file).slice(1).toLowerCase();
  return format ?? FORMATS.find((each) => each === ending) ?? "jsonl";
}

function checkUsage({ ids, kind, create }: ImportArguments, format: Format): void {
  if (format !== "fvecs" && format !== "npy") {
    if (ids !== undefined) throw new UsageError(`--ids is for fvecs and npy files; rows of ${format} name their nodes`);
    return;
  }
  if ((ids === undefined) === (kind === undefined)) {
    throw new UsageError(`${format} files do not name nodes: give one of --ids and --kind`);
  }
  if (create) throw new UsageError(`--create needs kinds and names, which ${format} files do not have`);
}

function openSource(args: ImportArguments, format: Format, db: GraphReader, index: VectorIndexInfo): VectorSource {
  const { file, kind } = args;
  if (format === "fvecs") return matrixSource(readFvecs(file), args, db, index);
  if (format === "npy") return matrixSource(readNpy(file), args, db, index);
  if (format === "jsonl") return readVectorLines(file, kind);
  return readVectorCsv(file, { kind, delimiter: format === "tsv" ? "\t" : "," });
}

/** A row too much or too little would give all vectors behind it to the wrong nodes: nothing is written then. */
function matrixSource(
  matrix: MatrixSource,
  { ids, kind }: ImportArguments,
  db: GraphReader,
  index: VectorIndexInfo,
): VectorSource {
  const { file, rowCount, dimension } = matrix;
  if (rowCount > 0 && dimension !== index.dimension) {
    throw new InvalidArgumentError(
      `${file} has vectors of dimension ${dimension}; index ${
        JSON.stringify(index.name)
      } has the dimension ${index.dimension}`,
      { code: "wrong-dimension", field: "file", value: dimension },
    );
  }
  const nodeCount = ids === undefined ? db.countNodes({ kind }) : countOfIds(ids);
  if (rowCount !== nodeCount) {
    const nodes = ids === undefined
      ? `there are ${countOf(nodeCount, "node")} of kind ${kind}; give the ids of the rows' nodes with --ids`
      : `${ids} has ${countOf(nodeCount, "id")}`;
    throw new InvalidArgumentError(`${file} has ${countOf(rowCount, "row")}, but ${nodes}`, {
      code: "wrong-row-count",
      field: ids === undefined ? "kind" : "ids",
      value: rowCount,
    });
  }
  return withOwners(matrix, ids === undefined ? idsOfKind(db, kind) : idsOfFile(ids));
}

function countOfIds(file: string): number {
  let count = 0;
  for (const _id of idsOfFile(file)) count++;
  return count;
}

/** The lines of a file, as numbers where they are. */
function* idsOfFile(file: string): Generator<unknown, void, undefined> {
  for (const line of new LineReader(file).lines()) {
    const text = line.trim();
    if (text !== "") yield /^\d+$/.test(text) ? Number(text) : text;
  }
}

/** Page by page: no state of the database is held while others are committed. */
function* idsOfKind(db: GraphReader, kind: string | undefined): Generator<NodeId, void, undefined> {
  for (let after = 0;;) {
    const page = [...db.nodeIds({ kind, after, limit: ID_PAGE })];
    yield* page;
    if (page.length < ID_PAGE) return;
    after = page.at(-1) as NodeId;
  }
}
