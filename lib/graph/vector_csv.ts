/** Vectors in CSV (RFC 4180), behind the id or the kind and name of their node: a number a column, or all in one as JSON.
 *
 *   nodeId,x,y          kind,name,vector
 *   17,0.1,0.2          Person,Ada,"[0.1, 0.2]"
 */

import { InvalidArgumentError } from "../backend/errors.ts";
import { LineReader } from "../backend/line_reader.ts";
import type { VectorInput } from "../backend/vector.ts";
import { type CsvCell, type CsvRecord, csvRecords } from "./csv.ts";
import { UnreadableRow } from "./row_source.ts";
import { ownerOf } from "./vector_json_lines.ts";
import type { VectorRow, VectorSource } from "./vector_source.ts";

/** How to read a CSV file of vectors. */
export interface VectorCsvOptions {
  /** What separates the cells; default a comma. */
  readonly delimiter?: string | undefined;
  /** Kind of the nodes of a file with a column `name` and none `kind`. */
  readonly kind?: string | undefined;
}

/**
 * The vectors of a CSV file, read while they are taken.
 *
 * @throws {NotFoundError} when there is no such file
 */
export function readVectorCsv(file: string, { delimiter = ",", kind }: VectorCsvOptions = {}): VectorSource {
  const reader = new LineReader(file);
  let line = 0;
  return {
    file,
    get place() {
      return { unit: "line" as const, number: line };
    },
    get bytesRead() {
      return reader.bytesRead;
    },
    sizeBytes: reader.sizeBytes,
    *[Symbol.iterator]() {
      let columns: Columns | undefined;
      for (const record of csvRecords(reader, delimiter)) {
        line = record.line;
        if (columns === undefined) columns = readHeader(record, file);
        else yield readRecord(record, columns, kind);
      }
    },
  };
}

/** Places of the columns; −1 for one that the file does not have. */
interface Columns {
  readonly width: number;
  readonly nodeId: number;
  readonly kind: number;
  readonly name: number;
  readonly numbers: readonly number[];
}

function readHeader(record: CsvRecord, file: string): Columns {
  const names = record.cells.map((cell) => cell ?? "");
  const [nodeId, kind, name] = ["nodeId", "kind", "name"].map((column) => names.indexOf(column)) as [
    number,
    number,
    number,
  ];
  const owners = new Set([nodeId, kind, name]);
  const numbers = names.map((_name, place) => place).filter((place) => !owners.has(place));
  const problem = record.problem ??
    ((nodeId >= 0) === (name >= 0)
      ? "the header must name the column nodeId, or name (and kind)"
      : numbers.length === 0
      ? "the header names no column for numbers"
      : undefined);
  if (problem === undefined) return { width: names.length, nodeId, kind, name, numbers };
  throw new InvalidArgumentError(`${file} line ${record.line}: ${problem}`, {
    code: "invalid-csv-header",
    field: "header",
    value: record.text,
  });
}

function readRecord({ cells, text, problem }: CsvRecord, columns: Columns, kind?: string): VectorRow | UnreadableRow {
  try {
    if (problem !== undefined) throw invalid(problem);
    if (cells.length !== columns.width) {
      throw invalid(`the record has ${cells.length} cells where the header has ${columns.width}`);
    }
    const nodeId = cells[columns.nodeId];
    if (nodeId !== undefined && !/^\d+$/.test(nodeId)) throw invalid(`nodeId is ${JSON.stringify(nodeId)}; give an id`);
    const owner = ownerOf(
      nodeId === undefined ? undefined : Number(nodeId),
      cells[columns.kind] ?? kind,
      cells[columns.name],
    );
    return { owner, vector: readNumbers(cells, columns.numbers) };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return new UnreadableRow(error, text);
    throw error;
  }
}

function readNumbers(cells: readonly CsvCell[], places: readonly number[]): VectorInput {
  const only = places.length === 1 ? cells[places[0] as number] : undefined;
  if (only?.startsWith("[") === true) {
    try {
      return JSON.parse(only) as VectorInput;
    } catch (error) {
      throw invalid(`the vector is no JSON: ${(error as Error).message}`);
    }
  }
  return places.map((place) => {
    const cell = cells[place];
    const number = cell === undefined || cell.trim() === "" ? NaN : Number(cell);
    if (!Number.isNaN(number)) return number;
    throw invalid(`cell ${place + 1} is ${JSON.stringify(cell ?? "")}; give a number`);
  });
}

function invalid(problem: string): InvalidArgumentError {
  return new InvalidArgumentError(problem, { code: "invalid-csv" });
}
