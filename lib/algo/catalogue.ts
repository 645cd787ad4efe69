/** All algorithms of the catalogue: what the command line runs and docs/algorithms.md lists. */

import type { CatalogueEntry } from "./catalogue_entry.ts";
import { CENTRALITY } from "./centrality/catalogue.ts";
import { COMMUNITY } from "./community/catalogue.ts";
import { FLOW } from "./flow/catalogue.ts";
import { PATHS } from "./paths/catalogue.ts";
import { PATTERNS } from "./patterns/catalogue.ts";
import { PROGRAM } from "./program/catalogue.ts";
import { STRUCTURE } from "./structure/catalogue.ts";

/** Algorithms that belong together. */
export interface Family {
  /** What they are about. */
  readonly title: string;
  /** Their entries, in the order of their names. */
  readonly entries: readonly CatalogueEntry[];
}

/** All families. */
export const FAMILIES: readonly Family[] = [
  { title: "Traversal, paths, reachability", entries: PATHS },
  { title: "Components, orders, cycles, cores", entries: STRUCTURE },
  { title: "Centrality", entries: CENTRALITY },
  { title: "Communities, similarity, walks, partitions", entries: COMMUNITY },
  { title: "Flows, cuts, matchings, colourings", entries: FLOW },
  { title: "Control flow and program analysis", entries: PROGRAM },
  { title: "Patterns and comparisons", entries: PATTERNS },
];

/** The entry with this name. */
export function entryNamed(name: string): CatalogueEntry | undefined {
  for (const { entries } of FAMILIES) {
    const entry = entries.find((one) => one.name === name);
    if (entry !== undefined) return entry;
  }
  return undefined;
}
