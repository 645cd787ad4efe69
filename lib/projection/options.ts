/** Checks of the options of a projection. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { ProjectOptions, WeightField } from "../backend/projection.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import { checkDirection, checkLookup, checkObject, show } from "../backend/validate.ts";

/** Options that passed all checks. They can be sent to other threads, and equal ones have equal JSON. */
export interface CheckedProjectOptions {
  /** Types that pass, each once and sorted; undefined: all. */
  readonly types: readonly string[] | undefined;
  /** Filters of which a node must pass one; undefined: all nodes. */
  readonly nodeFilters: readonly CheckedNodeFilter[] | undefined;
  /** Which links the rows hold. */
  readonly direction: "out" | "in" | "both";
  /** Where weights come from. */
  readonly weight: { readonly field: string; readonly fallback: number | undefined } | undefined;
  /** Whether links know their edges. */
  readonly hasEdgeIds: boolean;
  /** Whether self-loops and parallel links are dropped. */
  readonly isSimple: boolean;
}

const KNOWN: ReadonlySet<string> = new Set(
  [
    "types",
    "kinds",
    "labels",
    "direction",
    "undirected",
    "weight",
    "edgeIds",
    "simple",
    "where",
  ] satisfies (keyof ProjectOptions)[],
);

/** Options with their defaults filled in, but for `where`. @throws {InvalidArgumentError} when they make no sense */
export function checkProjectOptions(options: ProjectOptions | undefined, call: string): CheckedProjectOptions {
  const given = checkObject(options ?? {}, call, "options");
  for (const field of Object.keys(given)) {
    if (KNOWN.has(field)) continue;
    throw invalid(call, field, given[field], `is no option of a projection; there are ${[...KNOWN].join(", ")}`);
  }
  const isUndirected = checkFlag(given["undirected"], call, "undirected");
  const direction = given["direction"] === undefined && isUndirected
    ? "both"
    : checkDirection(given["direction"], call);
  if (given["undirected"] !== undefined && isUndirected !== (direction === "both")) {
    throw invalid(
      call,
      "undirected",
      isUndirected,
      `is ${isUndirected}, but direction is "${direction}"; leave one of them out`,
    );
  }
  return {
    types: checkTexts(given["types"], call, "types"),
    nodeFilters: nodeFiltersOf(checkTexts(given["kinds"], call, "kinds"), checkTexts(given["labels"], call, "labels")),
    direction,
    weight: checkWeight(given["weight"], call),
    hasEdgeIds: checkFlag(given["edgeIds"], call, "edgeIds"),
    isSimple: checkFlag(given["simple"], call, "simple"),
  };
}

/** The predicate on node ids. */
export function checkWhere(where: unknown, call: string): ((nodeId: number) => boolean) | undefined {
  if (where === undefined || typeof where === "function") return where as ((nodeId: number) => boolean) | undefined;
  throw invalid(call, "where", where, `is ${show(where)}; give a function of a node id`);
}

function invalid(call: string, field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} ${problem}`, { code: "invalid-projection-options", field, value });
}

/** A flag; undefined is false. */
export function checkFlag(value: unknown, call: string, field: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw invalid(call, field, value, `is ${show(value)}; give true or false`);
}

function checkTexts(texts: unknown, call: string, field: string): string[] | undefined {
  if (texts === undefined) return undefined;
  if (!Array.isArray(texts)) throw invalid(call, field, texts, `is ${show(texts)}; give an array`);
  return [...new Set(texts.map((text: unknown) => checkLookup(text, call, field)))].sort();
}

function nodeFiltersOf(
  kinds: readonly string[] | undefined,
  labels: readonly string[] | undefined,
): CheckedNodeFilter[] | undefined {
  if (kinds === undefined && labels === undefined) return undefined;
  const all: readonly undefined[] = [undefined];
  return (kinds ?? all).flatMap((kind) =>
    (labels ?? all).map((label) => ({ kind, label, name: undefined, glob: undefined }))
  );
}

function checkWeight(weight: unknown, call: string): CheckedProjectOptions["weight"] {
  if (weight === undefined) return undefined;
  const { field, default: fallback } = checkObject(weight, call, "weight") as Partial<WeightField>;
  if (fallback !== undefined && !Number.isFinite(fallback)) {
    throw invalid(call, "weight.default", fallback, `is ${show(fallback)}; give a finite number or leave it out`);
  }
  return { field: checkLookup(field, call, "weight.field"), fallback };
}
