/** `inspect FILE`: what a file consists of, whoever made it. */

import { statSync } from "node:fs";
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { argument, command } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { CorruptionError, NotFoundError } from "../backend/errors.ts";
import { readStart } from "../backend/line_file.ts";
import { engineOfFile } from "../graph/file_engine.ts";
import { isReferenceFile } from "../reference/header.ts";
import { inspectReference } from "../reference/inspect.ts";
import { inspectionText } from "../reference/inspect_text.ts";
import { inspectSqlite, type SqliteInspection } from "../sqlite/inspect.ts";
import { inspectV3, type V3Inspection } from "../v3/inspect.ts";
import { type CommandParser, EXIT_OK, invocation, jsonOption } from "./command.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { formatBytes, formatCount, formatTime, printable, writeTable } from "./table.ts";

/** Arguments of `inspect`. */
interface InspectArguments {
  readonly file: string;
  readonly json: boolean;
}

/** `inspect FILE` */
export const inspectCommand: CommandParser = command(
  "inspect",
  invocation(
    object({
      file: argument(string({ metavar: "FILE" }), {
        description:
          message`A database file: of this program (V3 or SQLite), or of the Rust system (its native V3 format).`,
      }),
      json: jsonOption,
    }),
    inspect,
  ),
  {
    brief: message`Show what a file consists of.`,
    description:
      message`Show header, pages, trees or tables, and the files beside it. Works on damaged files and on files that cannot be opened; changes nothing.`,
  },
);

/** Magic, and the version of the format. */
const HEAD_BYTES = 12;
/** The last byte of the version, which is big-endian. */
const VERSION_AT = 11;
const REFERENCE_VERSION = 4;

function inspect({ file, json }: InspectArguments, output: Output): number {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new NotFoundError(`inspect: there is no file ${file}; check the path`, {
      code: "file-not-found",
      field: "file",
      value: file,
    });
  }
  if (engineOfFile(file) === "sqlite") writeSqlite(inspectSqlite(file), json, output);
  else if (isOfReference(readStart(file, HEAD_BYTES))) {
    using bar = startProgress(!json);
    const inspection = inspectReference(file, { onProgress: bar.update });
    bar[Symbol.dispose]();
    if (json) output.json({ engine: "reference", ...withoutInfinity(inspection) });
    else for (const line of inspectionText(inspection).split("\n")) output.line(printable(line));
  } else if (engineOfFile(file) === "v3") {
    using bar = startProgress(!json);
    const inspection = inspectV3(file, { onProgress: bar.update });
    bar[Symbol.dispose]();
    writeV3(inspection, json, output);
  } else {
    throw new CorruptionError(`inspect: ${file} is no database; check the path`, {
      code: "not-a-database",
      field: "file",
      value: file,
    });
  }
  return EXIT_OK;
}

/** The reference and our V3 have the magic in common. */
function isOfReference(head: Uint8Array): boolean {
  return isReferenceFile(head) && head[VERSION_AT] === REFERENCE_VERSION;
}

/** JSON has no number beyond all others: `null` stands for one. */
function withoutInfinity<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function writeSqlite(inspection: SqliteInspection, json: boolean, output: Output): void {
  if (json) {
    output.json({ engine: "sqlite", ...inspection });
    return;
  }
  const { path, sizeBytes, pageBytes, pageCount, freePages, journalMode, logBytes, tables } = inspection;
  output.line(`${printable(path)}: a SQLite database`);
  output.line(
    `size     ${formatBytes(sizeBytes)}, log ${formatBytes(logBytes)} (journal mode ${printable(journalMode)})`,
  );
  output.line(`pages    ${formatCount(pageCount)} of ${pageBytes} bytes, ${formatCount(freePages)} of them free`);
  output.line("");
  writeTable(
    output,
    [{ title: "table" }, { title: "rows", align: "right" }],
    tables.map(({ name, rows }) => [printable(name), formatCount(rows)]),
  );
}

function writeV3(inspection: V3Inspection, json: boolean, output: Output): void {
  if (json) {
    output.json({ engine: "v3", ...inspection });
    return;
  }
  const { path, sizeBytes, formatVersion, header, slots, pageCount, pages, logBytes, keyValueCopyBytes } = inspection;
  const copy = keyValueCopyBytes === 0 ? "" : `, copy of key-values ${formatBytes(keyValueCopyBytes)}`;
  output.line(`${printable(path)}: a V3 database, format version ${formatVersion}`);
  output.line(`size     ${formatBytes(sizeBytes)}, log ${formatBytes(logBytes)}${copy}`);
  output.line(`commit   ${formatCount(header.lsn)} at the last checkpoint, ${formatTime(header.timeMs)}`);
  output.line(`nodes    ${formatCount(header.nodeCount)}, next id ${formatCount(header.nextNodeId)}`);
  output.line(`edges    ${formatCount(header.edgeCount)}, next id ${formatCount(header.nextEdgeId)}`);
  output.line(`keys     ${formatCount(header.keyCount)}`);
  slots.forEach(({ isSound, isChosen, counter = 0, lsn = 0 }, index) => {
    const state = isSound ? `write ${formatCount(counter)}, commit ${formatCount(lsn)}` : "damaged";
    output.line(`header ${index + 1} ${state}${isChosen ? " (counts)" : ""}`);
  });
  output.line(`pages    ${formatCount(pageCount)}, in use or free ${formatCount(header.pageCount)}`);
  output.line("");
  writeTable(
    output,
    [{ title: "page type" }, { title: "pages", align: "right" }],
    pages.map(({ type, pages: count }) => [type, formatCount(count)]),
  );
}
