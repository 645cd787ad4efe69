/** `npm run docs`: writes docs/algorithms.md from the catalogue. */

import { writeFileSync } from "node:fs";
import { FAMILIES, type Family } from "../lib/algo/catalogue.ts";
import type { CatalogueEntry } from "../lib/algo/catalogue_entry.ts";
import type { ParamSpec } from "../lib/algo/params.ts";
import { fallbackText, projectionText } from "../lib/cli/algo_list.ts";
import { isRequired, wording } from "../lib/cli/algo_params.ts";

/** The file that is written. */
export const ALGORITHMS_DOCUMENT: URL = new URL("../docs/algorithms.md", import.meta.url);

/** A function that is no algorithm of one projection, and therefore in no family. */
export interface OtherFunction {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly summary: string;
  /** Time. */
  readonly complexity: string;
  /** Where it comes from. */
  readonly source: string;
  /** Functions of the reference that it does the work of. */
  readonly replaces?: readonly string[];
}

/** Functions beside the catalogue: of snapshots, of transactions, of several projections, of plain arrays. */
export const OTHER_FUNCTIONS: readonly OtherFunction[] = [
  {
    name: "traverse",
    summary: "Visits nodes one by one, breadth-first or depth-first, with depth, parent and edge, until told to stop",
    complexity: "O(n + m)",
    source: "Moore 1959; Tarjan 1972",
  },
  {
    name: "subgraphMatches",
    summary: "Finds places where a graph looks like a pattern, one by one",
    complexity: "exponential in the pattern",
    source: "Jüttner, Madarasi 2018",
  },
  {
    name: "findSubgraphPatterns",
    summary: "The same in a snapshot, with kinds of nodes and types of edges",
    complexity: "exponential in the pattern",
    source: "Jüttner, Madarasi 2018",
    replaces: ["find_subgraph_patterns"],
  },
  {
    name: "rewriteGraphPatterns",
    summary: "Replaces what looks like a pattern, in one transaction",
    complexity: "exponential in the pattern",
    source: "Ehrig, Pfender, Schneider 1973",
    replaces: ["rewrite_graph_patterns"],
  },
  {
    name: "diffGraphs",
    summary: "What differs between two snapshots: nodes, edges and their data",
    complexity: "O(n + m)",
    source: "a merge of sorted ids",
    replaces: ["graph_diff"],
  },
  {
    name: "discoverSourcesAndSinks",
    summary: "Nodes of a snapshot that taint can come from and come to, by rules; the default rules are exported",
    complexity: "O(n · rules)",
    source: "",
    replaces: ["discover_sources_and_sinks", "discover_sources_and_sinks_default"],
  },
  {
    name: "happensBeforeAnalysis",
    summary: "Which events of a trace nothing orders, with vector clocks, and the races among them",
    complexity: "O(events · threads)",
    source: "Fidge 1988; Mattern 1989",
    replaces: ["happens_before_analysis"],
  },
  {
    name: "projectVersions",
    summary: "Projections of kept commits, one after the other",
    complexity: "O(n + m) for each",
    source: "",
  },
  {
    name: "temporalSweep",
    summary: "Components, the largest one and the cycle rank of each version",
    complexity: "O(n + m) for each version",
    source: "",
  },
  {
    name: "componentLineage",
    summary: "How components are born, merge, split and die",
    complexity: "O(n + m) for each version",
    source: "",
  },
  {
    name: "cycleLineage",
    summary: "The same for components that hold cycles",
    complexity: "O(n + m) for each version",
    source: "",
  },
  {
    name: "Digraph",
    summary: "A directed graph in memory with values at nodes and edges; projects like a database",
    complexity: "O(1) for most calls",
    source: "",
  },
  {
    name: "kronecker, erdosRenyi, barabasiAlbert, wattsStrogatz, stochasticBlock",
    summary: "Random graphs by seed, equal on every runtime",
    complexity: "O(n + m)",
    source: "Murphy et al. 2010; Batagelj, Brandes 2005; Barabási, Albert 1999; Watts, Strogatz 1998",
  },
  {
    name: "grid, tree, star, chain, cycle, complete",
    summary: "Regular graphs",
    complexity: "O(n + m)",
    source: "",
  },
];

/** The text of docs/algorithms.md, as `deno fmt` leaves it. */
export function algorithmsDocument(): string {
  const count = FAMILIES.reduce((sum, { entries }) => sum + entries.length, 0);
  return `# Algorithms

<!-- Written by \`npm run docs\` from lib/algo/**/catalogue.ts. -->

The ${count} algorithms of the catalogue, all exported from \`@sqlitegraph/sqlitegraph/algo\`. Each is a function of a
projection: \`pageRank(projection, params)\` on this thread, \`graph.run(pageRank, params, { project, workers })\` on the
threads of a graph, and \`sqlitegraph algo pagerank FILE --param damping=0.9\` at the shell. n is the number of nodes, m
that of links. A parameter without default or question mark must be given. Those with \`yes\` under "parallel" share one
run among several threads, with the same result; the others run on one. Under "reads" stands what the shell projects
unless it is told otherwise. Orders of results, errors and how parallel edges and self-loops count are in the doc
comment of each function.

${FAMILIES.map(familyText).join("\n\n")}

## Beside the catalogue

${
    tableText(
      ["function", "does", "time", "source"],
      OTHER_FUNCTIONS.map(({ name, summary, complexity, source }) => [
        name.split(", ").map((one) => `\`${one}\``).join(", "),
        summary,
        complexity,
        source,
      ]),
    )
  }

## Functions of the reference

What does the work of each function of sqlitegraph 3.2.5. Variants with progress are the same function here: progress
and cancellation are options of every call.

${
    tableText(
      ["there", "here"],
      [...replacements()].sort(byFirst).map(([old, names]) => [`\`${old}\``, names.join(", ")]),
    )
  }
`;
}

/** Functions of the reference, and what does their work. */
export function replacements(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (name: string, replaces: readonly string[] = []) => {
    for (const old of replaces) found.set(old, [...found.get(old) ?? [], `\`${name}\``]);
  };
  for (const { entries } of FAMILIES) for (const { algorithm, replaces } of entries) add(algorithm.taskName, replaces);
  for (const { name, replaces } of OTHER_FUNCTIONS) add(name, replaces);
  return found;
}

function familyText({ title, entries }: Family): string {
  const rows = entries.map((entry) => [
    `\`${entry.name}\``,
    `\`${entry.algorithm.taskName}\``,
    entry.summary,
    Object.entries(entry.params).map(paramText).join(", "),
    projectionText(entry),
    entry.complexity,
    entry.source,
    entry.isParallel ? "yes" : "",
  ]);
  const head = ["name", "function", "finds", "parameters", "reads", "time", "source", "parallel"];
  const params = paramRows(entries);
  const paramTable = tableText(["parameter", "value", "default", "meaning", "of"], params);
  return `## ${title}\n\n${tableText(head, rows)}${params.length === 0 ? "" : `\n\n${paramTable}`}`;
}

function paramText([name, spec]: [string, ParamSpec]): string {
  if (isRequired(spec)) return `\`${name}\``;
  const fallback = fallbackText(spec);
  return fallback === "" ? `\`${name}?\`` : `\`${name} = ${fallback}\``;
}

/** Each parameter once, with the algorithms that have it. */
function paramRows(entries: readonly CatalogueEntry[]): string[][] {
  const found = new Map<string, { readonly cells: string[]; readonly names: string[] }>();
  for (const { name: algorithm, params } of entries) {
    for (const [name, spec] of Object.entries(params)) {
      const example = spec.kind === "value" && spec.example !== undefined ? `JSON: \`${spec.example}\`` : wording(spec);
      const cells = [`\`${name}\``, example, fallbackText(spec), spec.doc];
      const key = cells.join("\n");
      const row = found.get(key) ?? { cells, names: [] };
      row.names.push(algorithm);
      found.set(key, row);
    }
  }
  const rows = [...found.values()].map(({ cells, names }) => [...cells, names.join(", ")]);
  return rows.sort(byFirst);
}

function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  const [one, other] = [String(a[0]), String(b[0])];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A table in Markdown, its columns in line. */
function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((title, at) => Math.max(3, title.length, ...cells.map((row) => [...row[at] ?? ""].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - [...cell].length)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

if (import.meta.main) writeFileSync(ALGORITHMS_DOCUMENT, algorithmsDocument());
