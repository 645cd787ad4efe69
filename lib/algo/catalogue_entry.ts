/** An algorithm as the command line and the documentation know it. */

import type { Projection, ProjectOptions } from "../backend/projection.ts";
import type { Algorithm } from "../task/algorithm.ts";
import type { ParamSpec, ParamSpecs } from "./params.ts";

/** A column of a result. Nodes are ids; the command line adds their names. */
export interface ResultColumn {
  /** Its heading, and its member's name in JSON. */
  readonly name: string;
  /** What its cells are: `nodes` are arrays of ids. */
  readonly kind: "node" | "nodes" | "edge" | "edges" | "number" | "text" | "flag";
}

/** A result as it is printed. */
export interface ResultTable {
  /** What can be said in one line each: `components: 3`. */
  readonly facts?: Readonly<Record<string, number | string | boolean | null>> | undefined;
  /** The columns of the rows; none when the facts are all. */
  readonly columns: readonly ResultColumn[];
  /** The rows in documented order, made as they are read: the command line stops at its limit. */
  readonly rows: Iterable<readonly unknown[]>;
}

/** What is known of an algorithm. */
export interface Described<P, R> {
  /** Its name at the shell: `strong-components`. */
  readonly name: string;
  /** The algorithm. */
  readonly algorithm: Algorithm<P, R>;
  /** What it finds, in one sentence without a full stop. */
  readonly summary: string;
  /** Its parameters. */
  readonly params: ParamSpecs<P>;
  /** Time in terms of nodes n and links m: `O(n + m)`. */
  readonly complexity: string;
  /** The paper or book that it comes from: `Brandes 2001`. */
  readonly source: string;
  /** Whether several threads share one run. */
  readonly isParallel: boolean;
  /** The projection that the shell makes unless it is told otherwise. */
  readonly project?: ProjectOptions | undefined;
  /** Functions of the Rust system that it does the work of. */
  readonly replaces?: readonly string[] | undefined;
  /** Its result as a table. */
  table(result: R, projection: Projection): ResultTable;
}

/** What is known of any algorithm. */
export interface CatalogueEntry extends Omit<Described<never, never>, "algorithm" | "params" | "table"> {
  /** The algorithm, whose parameters were made from `params`. */
  readonly algorithm: Algorithm<Readonly<Record<string, unknown>>, unknown>;
  /** Its parameters. */
  readonly params: Readonly<Record<string, ParamSpec>>;
  /** Its result as a table. */
  table(result: unknown, projection: Projection): ResultTable;
}

/** An entry of the catalogue: what is described, for callers that do not know its types. */
export function catalogued<P extends object, R>(described: Described<P, R>): CatalogueEntry {
  // Whoever calls it makes parameters from their descriptions, which the algorithm checks again.
  return described as unknown as CatalogueEntry;
}
