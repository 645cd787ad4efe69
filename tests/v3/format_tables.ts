/** The tables of docs/format.md. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One table: its heading, the names of its columns, and its cells without backticks. */
export interface Table {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The document. */
export const DOCUMENT: string = readFileSync(fileURLToPath(new URL("../../docs/format.md", import.meta.url)), "utf8");

/** All tables, in their order. */
export const TABLES: readonly Table[] = readTables(DOCUMENT);

function readTables(text: string): Table[] {
  const tables: Table[] = [];
  let heading = "";
  let lines: string[] = [];
  const end = (): void => {
    const [head, , ...rows] = lines.map(cellsOf);
    if (head !== undefined) tables.push({ heading, columns: head, rows });
    lines = [];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("|")) lines.push(line);
    else {
      end();
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    }
  }
  end();
  return tables;
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""));
}

/** The first table under a heading that has a column. */
export function tableOf(heading: string, column: string): Table {
  const table = TABLES.find((table) => table.heading === heading && table.columns.includes(column));
  if (table === undefined) throw new Error(`docs/format.md has no table with ${column} under ${heading}`);
  return table;
}

/** One column of a table. */
export function columnOf({ columns, rows }: Table, column: string): string[] {
  const at = columns.indexOf(column);
  return rows.map((row) => row[at] as string);
}

/** A cell of the row that has a text in a column. */
export function cellOf(table: Table, column: string, text: string, wanted: string): string {
  const at = columnOf(table, column).indexOf(text);
  if (at < 0) throw new Error(`docs/format.md has no ${column} ${text} under ${table.heading}`);
  return columnOf(table, wanted)[at] as string;
}

/** A number as the document writes it. */
export function numberOf(cell: string): number {
  return Number(cell.replaceAll(",", ""));
}
