/** An inspection as text for people. */

import { basename } from "node:path";
import type { ReferenceInspection, TreeInspection } from "./inspect.ts";
import type { PageCensus, ReferencePageKind } from "./inspect_pages.ts";
import type { SidecarInspection } from "./inspect_sidecars.ts";

const PAGE_KIND_TEXT: Readonly<Record<ReferencePageKind, string>> = {
  nodeTree: "node tree",
  edgeTree: "edge tree",
  lostTree: "of no tree that is reached",
  nodes: "nodes",
  payload: "long data of nodes",
  edges: "edges of one node",
  packedEdges: "edges of several nodes",
  chainedEdges: "edges of a hub, in parts",
  unreadable: "unreadable",
  empty: "empty",
  unknown: "unknown",
};

/** The inspection, line by line, in English. Texts that files hold are not in it, but paths and names of files are. */
export function inspectionText(inspection: ReferenceInspection): string {
  const { path, sizeBytes, version, headerProblems, nodeTree, edgeTree, edgeRootFrom } = inspection;
  return [
    `${path}: a database of the Rust system, format version 4`,
    `written by   ${version}`,
    `size         ${number(sizeBytes)} bytes, ${count(inspection.pageCount, "page")}`,
    "",
    "header",
    ...table(inspection.header.map(({ name, offset, value, meaning }) => [name, `@${offset}`, number(value), meaning])),
    ...headerProblems.map((problem) => `  ! ${problem}`),
    "",
    "trees",
    ...treeLines("nodes", nodeTree, ""),
    ...treeLines("edges", edgeTree, edgeTree.root === 0 ? "" : ` (root by the ${edgeRootFrom})`),
    "",
    "pages",
    ...pageLines(inspection.census),
    "",
    "sidecars",
    ...(inspection.sidecars.length === 0 ? ["  none"] : inspection.sidecars.flatMap(sidecarLines)),
  ].join("\n");
}

function treeLines(name: string, tree: TreeInspection, note: string): string[] {
  const { root, height, pages, entries, problems, problemCount } = tree;
  if (root === 0) return [`  ${name}  empty`];
  const lines = [
    `  ${name}  root ${number(root)}, height ${height}, ${count(pages, "page")}, ${count(entries, "entry")}${note}`,
    ...problems.map(({ page, message }) => `  ! page ${number(page)}: ${message}`),
  ];
  const more = problemCount - problems.length;
  return more === 0 ? lines : [...lines, `  ! ${number(more)} more`];
}

function pageLines({ kinds, nodeRecords, unreachedRecords, deletedRecords }: PageCensus): string[] {
  const rows = kinds.filter(({ pages }) => pages > 0).map(({ kind, pages, unreached }) => [
    PAGE_KIND_TEXT[kind],
    number(pages),
    unreached === 0 || kind === "empty" || kind === "unknown" ? "" : `unreached: ${number(unreached)}`,
  ]);
  const records = `  records of nodes: ${number(nodeRecords)}, deleted: ${number(deletedRecords)}`;
  return [
    ...table(rows),
    unreachedRecords === 0 ? records : `${records}, unreached: ${number(unreachedRecords)}`,
  ];
}

function sidecarLines({ path, sizeBytes, state, content, problems }: SidecarInspection): string[] {
  const parts = Object.entries(content).map(([name, value]) => {
    return `${name} ${typeof value === "number" ? number(value) : String(value)}`;
  });
  return [
    `  ${basename(path)}  ${number(sizeBytes)} bytes, ${state}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`,
    ...problems.map((problem) => `  ! ${problem}`),
  ];
}

/** Rows as lines with their columns below each other; those after the first that hold numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] as number;
      return column > 0 && column < row.length - 1 ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  ).map((line) => `  ${line}`);
}

/** `1 page`, `2 pages`, `2 entries` */
function count(value: number, what: "page" | "entry"): string {
  const plural = what === "page" ? "pages" : "entries";
  return `${number(value)} ${value === 1 ? what : plural}`;
}

/** 1234567 as `1,234,567`; a number beyond 2^53 as such. */
function number(value: number): string {
  if (!Number.isFinite(value)) return "beyond 2^53";
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
