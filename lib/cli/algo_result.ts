/** Results of algorithms, for people and as JSON. */

import type { CatalogueEntry, ResultColumn, ResultTable } from "../algo/catalogue_entry.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import { nodeHeader, nodeSummary, nodeText } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { formatCount, printable, writeTable } from "./table.ts";

const SHOWN_ROWS = 20;
const SHOWN_NODES = 8;
const DIGITS = 6;

/** Writes the facts of a result, then its rows up to a limit. */
export function writeResult(
  { name }: CatalogueEntry,
  { facts = {}, columns, rows }: ResultTable,
  graph: GraphReader,
  { limit, json }: { readonly limit: number | undefined; readonly json: boolean },
  output: Output,
): void {
  if (json) {
    output.json({ algorithm: name, facts });
    for (const row of firstOf(rows, limit ?? Infinity)) {
      output.json(Object.fromEntries(columns.map((column, at) => [column.name, cellJson(graph, column, row[at])])));
    }
    return;
  }
  const lines = Object.entries(facts);
  const width = Math.max(0, ...lines.map(([fact]) => fact.length));
  for (const [fact, value] of lines) output.line(`${printable(fact).padEnd(width)}  ${valueText(value)}`);
  if (columns.length === 0) return;
  if (lines.length > 0) output.line("");
  let isCut = false;
  const shown = firstOf(rows, limit ?? SHOWN_ROWS, () => isCut = true);
  writeTable(output, columns.map(tableColumn), textRows(graph, columns, shown));
  if (isCut && limit === undefined) output.line("... there are more; --limit N shows N of them, --json all");
}

function* firstOf(
  rows: Iterable<readonly unknown[]>,
  limit: number,
  onCut: () => void = () => {},
): Generator<readonly unknown[]> {
  let count = 0;
  for (const row of rows) {
    if (count++ >= limit) {
      onCut();
      return;
    }
    yield row;
  }
}

function* textRows(
  graph: GraphReader,
  columns: readonly ResultColumn[],
  rows: Iterable<readonly unknown[]>,
): Generator<string[]> {
  for (const row of rows) yield columns.map((column, at) => cellText(graph, column, row[at]));
}

function tableColumn({ name, kind }: ResultColumn): { title: string; align: "left" | "right" } {
  return { title: printable(name), align: kind === "number" || kind === "edge" ? "right" : "left" };
}

function cellJson(graph: GraphReader, { kind }: ResultColumn, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (kind === "node") return nodeSummary(nodeHeader(graph, value as number));
  return kind === "nodes" || kind === "edges" ? Array.from(value as ArrayLike<number>) : value;
}

function cellText(graph: GraphReader, { kind }: ResultColumn, value: unknown): string {
  if (value === null || value === undefined) return "";
  switch (kind) {
    case "node":
      return nodeText(nodeHeader(graph, value as number));
    case "nodes":
      return listText(value as ArrayLike<number>, (id) => nodeText(nodeHeader(graph, id)));
    case "edges":
      return listText(value as ArrayLike<number>, String);
    case "edge":
    case "number":
    case "text":
    case "flag":
      return valueText(value);
  }
}

function listText(ids: ArrayLike<number>, text: (id: number) => string): string {
  const shown = Array.from({ length: Math.min(ids.length, SHOWN_NODES) }, (_, at) => text(ids[at] as number));
  const rest = ids.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${formatCount(rest)} more` : "");
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return printable(String(value));
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}
