/** CSV (RFC 4180) as rows of an ingest.
 *
 *   ref,kind,name,born          type,from,to,since
 *   ada,Person,Ada,1815         KNOWS,ada,charles,1833
 *
 * A header with `kind` and `name` makes nodes; `ref`, `filePath` and `labels` (a JSON array, or one label) are optional.
 * A header with `type`, `from`, `to` makes edges between refs; `fromId` and `toId` take ids of nodes that exist. All other
 * columns are members of `data`: a cell that parses as JSON is JSON, else it is text. An empty cell leaves its member out,
 * an empty cell in quotes is an empty text.
 */

import { InvalidArgumentError } from "../backend/errors.ts";
import { type JsonValue, parseJson } from "../backend/json.ts";
import { LineReader, MAX_LINE_BYTES } from "../backend/line_reader.ts";
import { type IngestEnd, type IngestRow, type RowSource, UnreadableRow } from "./row_source.ts";

/** How to read a CSV file. */
export interface CsvOptions {
  /** What separates the cells: one character; default a comma. */
  readonly delimiter?: string | undefined;
}

/** Text of a cell; undefined for an empty one without quotes. */
export type CsvCell = string | undefined;

/** A record of a CSV file, with what is wrong with it. */
export interface CsvRecord {
  /** The cells. */
  readonly cells: readonly CsvCell[];
  /** The text of the record, without its line ends. */
  readonly text: string;
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** Why the cells cannot be trusted, when they cannot. */
  readonly problem?: string;
}

/**
 * The rows of a CSV file, read while they are ingested.
 *
 * @throws {NotFoundError} when there is no such file
 */
export function readCsv(file: string, options: CsvOptions = {}): RowSource {
  const delimiter = options.delimiter ?? ",";
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === "\n" || delimiter === "\r") {
    throw new InvalidArgumentError(`readCsv: delimiter is ${JSON.stringify(delimiter)}; give one character`, {
      code: "invalid-delimiter",
      field: "delimiter",
      value: delimiter,
    });
  }
  const reader = new LineReader(file);
  let line = 0;
  return {
    file,
    get line() {
      return line;
    },
    get bytesRead() {
      return reader.bytesRead;
    },
    sizeBytes: reader.sizeBytes,
    *[Symbol.iterator]() {
      let toRow: ((cells: readonly CsvCell[]) => IngestRow) | undefined;
      let width = 0;
      for (const record of csvRecords(reader, delimiter)) {
        line = record.line;
        if (toRow === undefined) {
          toRow = readHeader(record, file);
          width = record.cells.length;
        } else yield readRecord(record, width, toRow);
      }
    },
  };
}

function readRecord(
  record: CsvRecord,
  width: number,
  toRow: (cells: readonly CsvCell[]) => IngestRow,
): IngestRow | UnreadableRow {
  const problem = record.problem ??
    (record.cells.length === width
      ? undefined
      : `the record has ${record.cells.length} cells where the header has ${width}`);
  if (problem !== undefined) {
    return new UnreadableRow(new InvalidArgumentError(problem, { code: "invalid-csv" }), record.text);
  }
  try {
    return toRow(record.cells);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return new UnreadableRow(error, record.text);
    throw error;
  }
}

function readHeader(record: CsvRecord, file: string): (cells: readonly CsvCell[]) => IngestRow {
  const columns = record.cells.map((cell) => cell ?? "");
  const refuse = (problem: string) =>
    new InvalidArgumentError(`${file} line ${record.line}: ${problem}`, {
      code: "invalid-csv-header",
      field: "header",
      value: record.text,
    });
  if (record.problem !== undefined) throw refuse(record.problem);
  const repeated = columns.find((column, index) => columns.indexOf(column) !== index);
  if (repeated !== undefined) throw refuse(`the header names the column ${JSON.stringify(repeated)} twice`);
  if (columns.includes("")) throw refuse("a column of the header has no name");
  const isNodes = columns.includes("kind") && columns.includes("name");
  const hasEnd = (end: "from" | "to") => columns.includes(end) !== columns.includes(`${end}Id`);
  const isEdges = columns.includes("type") && hasEnd("from") && hasEnd("to");
  if (isNodes === isEdges) {
    throw refuse("the header must name the columns kind and name (nodes), or type, from and to (edges)");
  }
  return isNodes ? nodeReader(columns) : edgeReader(columns);
}

const NODE_COLUMNS: ReadonlySet<string> = new Set(["ref", "kind", "name", "filePath", "labels"]);
const EDGE_COLUMNS: ReadonlySet<string> = new Set(["type", "from", "to", "fromId", "toId"]);

function nodeReader(columns: readonly string[]): (cells: readonly CsvCell[]) => IngestRow {
  const dataColumns = columnsBesides(columns, NODE_COLUMNS);
  const [ref, kind, name, filePath, labels] = [...NODE_COLUMNS].map((column) => columns.indexOf(column)) as Place[];
  return (cells) => {
    const refText = cellAt(cells, ref);
    return {
      node: {
        kind: cellAt(cells, kind) ?? "",
        name: cellAt(cells, name) ?? "",
        filePath: cellAt(cells, filePath),
        labels: readLabels(cellAt(cells, labels)),
        data: readData(cells, dataColumns),
      },
      ref: refText === undefined ? undefined : ownText(refText),
    };
  };
}

function edgeReader(columns: readonly string[]): (cells: readonly CsvCell[]) => IngestRow {
  const dataColumns = columnsBesides(columns, EDGE_COLUMNS);
  const [type, from, to, fromId, toId] = [...EDGE_COLUMNS].map((column) => columns.indexOf(column)) as Place[];
  return (cells) => ({
    edge: {
      type: cellAt(cells, type) ?? "",
      from: readEnd(cellAt(cells, from), cellAt(cells, fromId), "from"),
      to: readEnd(cellAt(cells, to), cellAt(cells, toId), "to"),
      data: readData(cells, dataColumns),
    },
  });
}

/** Place of a column, −1 when the file does not have it. */
type Place = number;

function cellAt(cells: readonly CsvCell[], place: Place | undefined): CsvCell {
  return place === undefined || place < 0 ? undefined : cells[place];
}

function columnsBesides(columns: readonly string[], known: ReadonlySet<string>): [place: number, name: string][] {
  return columns.map((name, place): [number, string] => [place, name]).filter(([, name]) => !known.has(name));
}

function readData(cells: readonly CsvCell[], columns: readonly [number, string][]): { [name: string]: JsonValue } {
  const data: { [name: string]: JsonValue } = {};
  for (const [place, name] of columns) {
    const cell = cells[place];
    if (cell === undefined) continue;
    const value = readCell(cell);
    if (name === "__proto__") Object.defineProperty(data, name, { value, enumerable: true });
    else data[name] = value;
  }
  return data;
}

/** First characters that JSON can begin with: most texts need no attempt to parse them. */
const JSON_START = /^[\s"[{\-\dtfn]/;

/** A cell that parses as JSON is JSON, else it is text. */
export function readCell(cell: string): JsonValue {
  if (!JSON_START.test(cell)) return cell;
  try {
    return parseJson(cell);
  } catch {
    return cell;
  }
}

function readLabels(cell: CsvCell): string[] | undefined {
  if (cell === undefined) return undefined;
  const value = readCell(cell);
  return Array.isArray(value) ? value as string[] : [cell];
}

function readEnd(ref: CsvCell, id: CsvCell, field: "from" | "to"): IngestEnd {
  if (id === undefined) {
    if (ref !== undefined) return { ref };
    throw new InvalidArgumentError(`${field} is empty; give a ref`, { code: "invalid-row", field });
  }
  const nodeId = /^\d+$/.test(id) ? Number(id) : NaN;
  if (Number.isSafeInteger(nodeId) && nodeId > 0) return nodeId;
  throw new InvalidArgumentError(`${field}Id is ${JSON.stringify(id)}; give the id of a node`, {
    code: "invalid-row",
    field: `${field}Id`,
    value: id,
  });
}

/** A text that keeps nothing else in memory: engines share the bytes of a slice with the text that it was cut from. */
function ownText(text: string): string {
  return ` ${text}`.slice(1);
}

/** The records of a CSV file: cells in quotes may hold delimiters, doubled quotes and line ends. Blank lines are none. */
export function* csvRecords(reader: LineReader, delimiter: string): Generator<CsvRecord, void, undefined> {
  let open: CsvParser | undefined;
  let start = 0;
  for (const text of reader.lines()) {
    if (open === undefined) {
      if (text === "" || text === "\r") continue;
      open = new CsvParser(delimiter, reader.line);
      start = reader.bytesRead;
    }
    if (!open.takeLine(text)) {
      if (reader.bytesRead - start < MAX_LINE_BYTES) continue;
      const where = `${reader.file} line ${open.record().line}`;
      throw new InvalidArgumentError(`${where}: a quote is not closed within ${MAX_LINE_BYTES} bytes`, {
        code: "line-too-long",
      });
    }
    yield open.record();
    open = undefined;
  }
  if (open !== undefined) yield open.record();
}

/** The cells of one record, line by line. */
class CsvParser {
  readonly #delimiter: string;
  readonly #line: number;
  readonly #cells: CsvCell[] = [];
  readonly #lines: string[] = [];
  /** Text so far of the cell in quotes that is open. */
  #quoted: string | undefined;
  #problem: string | undefined;

  constructor(delimiter: string, line: number) {
    this.#delimiter = delimiter;
    this.#line = line;
  }

  /** Takes a line; true when the record is complete. */
  takeLine(text: string): boolean {
    this.#lines.push(text);
    const end = text.endsWith("\r") ? text.length - 1 : text.length;
    let at = this.#quoted === undefined ? 0 : this.#takeQuoted(text, 0, end);
    while (at >= 0) {
      if (text[at] === '"' && at < end) {
        this.#quoted = "";
        at = this.#takeQuoted(text, at + 1, end);
      } else at = this.#takePlain(text, at, end);
    }
    return this.#quoted === undefined;
  }

  /** Reads on in a cell with quotes; the start of the next cell, or −1 at the end of the line. */
  #takeQuoted(text: string, start: number, end: number): number {
    let from = start;
    for (;;) {
      const quote = text.indexOf('"', from);
      if (quote < 0) {
        this.#quoted += `${text.slice(from)}\n`;
        return -1;
      }
      this.#quoted += text.slice(from, quote);
      if (text[quote + 1] !== '"') return this.#closeQuoted(text, quote + 1, end);
      this.#quoted += '"';
      from = quote + 2;
    }
  }

  #closeQuoted(text: string, at: number, end: number): number {
    this.#cells.push(this.#quoted);
    this.#quoted = undefined;
    if (at >= end) return -1;
    if (text[at] === this.#delimiter) return at + 1;
    this.#problem ??= `there is text after the closing quote of cell ${this.#cells.length}`;
    return -1;
  }

  #takePlain(text: string, start: number, end: number): number {
    const delimiter = text.indexOf(this.#delimiter, start);
    const cellEnd = delimiter < 0 ? end : delimiter;
    const cell = text.slice(start, cellEnd);
    if (cell.includes('"')) this.#problem ??= `cell ${this.#cells.length + 1} has a quote inside; put it in quotes`;
    this.#cells.push(cell === "" ? undefined : cell);
    return delimiter < 0 ? -1 : delimiter + 1;
  }

  record(): CsvRecord {
    const problem = this.#quoted === undefined ? this.#problem : "a quote is never closed";
    return {
      cells: this.#cells,
      text: this.#lines.join("\n"),
      line: this.#line,
      ...(problem === undefined ? undefined : { problem }),
    };
  }
}
