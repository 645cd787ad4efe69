/** What algorithms there are, and what one of them needs. */

import type { Family } from "../algo/catalogue.ts";
import type { CatalogueEntry } from "../algo/catalogue_entry.ts";
import type { ParamSpec } from "../algo/params.ts";
import { isRequired, wording } from "./algo_params.ts";
import type { Output } from "./output.ts";
import { writeTable } from "./table.ts";

/** Writes all algorithms, by families. */
export function listAlgorithms(families: readonly Family[], json: boolean, output: Output): void {
  if (json) {
    for (const { title, entries } of families) {
      for (const entry of entries) output.json({ family: title, ...summary(entry) });
    }
    return;
  }
  // One table, so that the columns of all families are in line.
  const rows = families.flatMap(({ title, entries }, index) => [
    ...(index === 0 ? [] : [["", ""]]),
    [title.toUpperCase()],
    ...entries.map((entry) => [`  ${entry.name}`, entry.summary]),
  ]);
  const width = Math.max(...rows.map(([name = "", text]) => text === undefined ? 0 : name.length));
  for (const [name = "", text = ""] of rows) output.line(`${name.padEnd(width)}  ${text}`.trimEnd());
  output.line("\nalgo NAME explains one.");
}

/** Writes what an algorithm finds, and its parameters. */
export function describeAlgorithm(entry: CatalogueEntry, json: boolean, output: Output): void {
  if (json) {
    output.json(summary(entry));
    return;
  }
  output.line(`${entry.name}: ${entry.summary}.`);
  output.line(`${entry.complexity}${entry.source === "" ? "" : `; ${entry.source}`}`);
  if (entry.isParallel) output.line("runs on several threads with --workers");
  const projected = projectionText(entry);
  if (projected !== "") output.line(`reads the graph ${projected}`);
  const params = Object.entries(entry.params);
  if (params.length === 0) return;
  output.line("");
  const rows = params.map(([name, spec]) => [name, wording(spec), fallbackText(spec), spec.doc]);
  writeTable(output, ["parameter", "value", "default", "meaning"].map((title) => ({ title })), rows);
}

/** How the graph is read unless it is told otherwise: `undirected, weighted by "weight"`. */
export function projectionText({ project }: CatalogueEntry): string {
  return [
    ...(project?.undirected === true ? ["undirected"] : []),
    ...(project?.weight === undefined ? [] : [`weighted by ${JSON.stringify(project.weight.field)}`]),
  ].join(", ");
}

/** The default of a parameter; `needed` where there is none. */
export function fallbackText(spec: ParamSpec): string {
  if (isRequired(spec)) return "needed";
  return "default" in spec && spec.default !== undefined ? String(spec.default) : "";
}

function summary({ name, summary, params, complexity, source, isParallel, project }: CatalogueEntry): object {
  return { name, summary, parallel: isParallel, complexity, source, project, params };
}
