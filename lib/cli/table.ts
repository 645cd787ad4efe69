/** Text for people: tables, numbers, sizes, and texts that cannot do anything to a terminal. */

import type { Output } from "./output.ts";

/** A column of a table. */
export interface Column {
  /** Its heading. */
  readonly title: string;
  /** Numbers are aligned to the right. */
  readonly align?: "left" | "right";
}

/** Rows that are looked at to find the widths of the columns; later ones may stick out. */
const MEASURED_ROWS = 500;

/** Writes a table, row by row, so that a list of any length starts at once and needs no memory. */
export function writeTable(output: Output, columns: readonly Column[], rows: Iterable<readonly string[]>): void {
  let waiting: (readonly string[])[] | undefined = [];
  let widths: number[] = [];
  const writeRow = (cells: readonly string[]) => {
    const padded = columns.map(({ align }, index) => {
      const cell = cells[index] ?? "";
      if (align === "right") return " ".repeat(Math.max(0, (widths[index] ?? 0) - textWidth(cell))) + cell;
      return cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - textWidth(cell)));
    });
    output.line(padded.join("  ").trimEnd());
  };
  const writeWaiting = () => {
    const measured = [columns.map(({ title }) => title), ...waiting ?? []];
    widths = columns.map((_column, index) => Math.max(...measured.map((cells) => textWidth(cells[index] ?? ""))));
    measured.forEach(writeRow);
    waiting = undefined;
  };
  for (const row of rows) {
    if (waiting === undefined) {
      writeRow(row);
      continue;
    }
    waiting.push(row);
    if (waiting.length >= MEASURED_ROWS) writeWaiting();
  }
  if (waiting !== undefined && waiting.length > 0) writeWaiting();
}

function textWidth(text: string): number {
  let width = 0;
  for (const _character of text) width++;
  return width;
}

// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** A stored text without control characters and the like, which are shown as `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** A text cut to so many characters, with `…` where something is missing. For people only, never for `--json`. */
export function shorten(text: string, length: number): string {
  const characters = [...text.slice(0, 2 * length + 2)];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** 1234567 as `1,234,567`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** What a file holds: "4 nodes, 3 edges and 2 keys", with vectors where there are any. */
export function contentText(
  { nodes, edges, keyValues, vectors }: {
    readonly nodes: number;
    readonly edges: number;
    readonly keyValues: number;
    readonly vectors: number;
  },
): string {
  const records = `${countOf(nodes, "node")}, ${countOf(edges, "edge")}`;
  if (vectors === 0) return `${records} and ${countOf(keyValues, "key")}`;
  return `${records}, ${countOf(keyValues, "key")} and ${countOf(vectors, "vector")}`;
}

/** `1 node`, `2 nodes` */
export function countOf(count: number, singular: string): string {
  return `${formatCount(count)} ${singular}${count === 1 ? "" : "s"}`;
}

/** 1234567 as `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** 1234 as `1.23 s`, 12 as `12 ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 100_000) return `${(durationMs / 1000).toFixed(2)} s`;
  return `${Math.floor(durationMs / 60_000)} min ${Math.round((durationMs % 60_000) / 1000)} s`;
}

/** A time in milliseconds since 1970 as `2026-01-31T12:00:00.000Z`. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
