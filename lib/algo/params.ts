/** Parameters of algorithms: what they are, for checks, the command line and the documentation alike. */

import { InvalidArgumentError, NotFoundError } from "../backend/errors.ts";
import type { Projection } from "../backend/projection.ts";
import { checkId, checkObject, show } from "../backend/validate.ts";

interface Described {
  /** What it means, as one clause: "chance of following an edge". */
  readonly doc: string;
}

/** A number. */
export interface NumberParam extends Described {
  readonly kind: "number" | "integer";
  /** Value when it is left out. */
  readonly default?: number | undefined;
  /** Smallest value. */
  readonly min?: number | undefined;
  /** Largest value. */
  readonly max?: number | undefined;
  /** The value is larger than this. */
  readonly above?: number | undefined;
  /** The value is smaller than this. */
  readonly below?: number | undefined;
}

/** True or false. */
export interface FlagParam extends Described {
  readonly kind: "flag";
  /** Value when it is left out. */
  readonly default: boolean;
}

/** One of several words. */
export interface ChoiceParam extends Described {
  readonly kind: "choice";
  /** The words. */
  readonly options: readonly string[];
  /** Value when it is left out. */
  readonly default: string;
}

/** A node, or several, by id. They must be in the projection. */
export interface NodeParam extends Described {
  readonly kind: "node" | "nodes";
}

/** Another graph: a projection or its handle. Checked by its algorithm; at the command line, the file of a database. */
export interface ProjectionParam extends Described {
  readonly kind: "projection";
}

/** Anything else: a function, pairs of nodes, a pattern. Checked by its algorithm. */
export interface ValueParam extends Described {
  readonly kind: "value";
  /** How it is written on a command line, as JSON; undefined when it cannot be. */
  readonly example?: string | undefined;
}

/** What a parameter is. */
export type ParamSpec = (NumberParam | FlagParam | ChoiceParam | NodeParam | ProjectionParam | ValueParam) & {
  /** Whether it may be left out although it has no default. */
  readonly optional?: boolean | undefined;
};

/** One for each parameter. */
export type ParamSpecs<P> = { readonly [K in keyof P]-?: ParamSpec };

/** Parameters with their defaults; those of `Optional` may still be undefined. */
export type CheckedParams<P, Optional extends keyof P = never> =
  & { readonly [K in Exclude<keyof P, Optional>]-?: Exclude<P[K], undefined> }
  & { readonly [K in Optional]-?: P[K] | undefined };

/**
 * Fills in defaults.
 *
 * @throws {InvalidArgumentError} for unknown, missing and bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export function checkParams<P extends object, Optional extends keyof P = never>(
  specs: ParamSpecs<P>,
  params: P | undefined,
  projection: Projection,
  call: string,
): CheckedParams<P, Optional> {
  const given = checkObject(params ?? {}, call, "params");
  const known = specs as Readonly<Record<string, ParamSpec>>;
  for (const field of Object.keys(given)) {
    if (Object.hasOwn(known, field)) continue;
    const names = Object.keys(known);
    const hint = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
    throw invalid(call, field, given[field], `is no parameter; ${hint}`);
  }
  const checked: Record<string, unknown> = {};
  for (const [field, spec] of Object.entries(known)) {
    checked[field] = checkParam(spec, given[field], projection, call, field);
  }
  return checked as CheckedParams<P, Optional>;
}

function checkParam(spec: ParamSpec, value: unknown, projection: Projection, call: string, field: string): unknown {
  if (value === undefined) {
    const fallback = "default" in spec ? spec.default : undefined;
    if (fallback !== undefined || spec.optional === true) return fallback;
    throw invalid(call, field, value, `is missing; give ${expected(spec)}: ${spec.doc}`);
  }
  switch (spec.kind) {
    case "number":
    case "integer":
      if (isNumberOf(spec, value)) return value;
      break;
    case "flag":
      if (typeof value === "boolean") return value;
      break;
    case "choice":
      if (spec.options.includes(value as string)) return value;
      break;
    case "node":
      return checkNode(value, projection, call, field);
    case "nodes":
      if (isList(value)) return Array.from(value, (id, at) => checkNode(id, projection, call, `${field}[${at}]`));
      break;
    case "projection":
    case "value":
      return value;
  }
  throw invalid(call, field, value, `is ${show(value)}; give ${expected(spec)}`);
}

function isNumberOf({ kind, min, max, above, below }: NumberParam, value: unknown): boolean {
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  if (kind === "integer" && !Number.isSafeInteger(value)) return false;
  if (min !== undefined && value < min || max !== undefined && value > max) return false;
  return !(above !== undefined && value <= above || below !== undefined && value >= below);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value) && "length" in value;
}

function checkNode(value: unknown, projection: Projection, call: string, field: string): number {
  const id = checkId(value, call, field);
  if (projection.indexOf(id) >= 0) return id;
  throw new NotFoundError(
    `${call}: there is no node ${id} in this projection (field ${JSON.stringify(field)}); give one that it holds`,
    { code: "node-not-found", field, value: id },
  );
}

/** What a parameter takes, in words. */
export function expected(spec: ParamSpec): string {
  switch (spec.kind) {
    case "number":
    case "integer":
      return `${spec.kind === "integer" ? "an integer" : "a number"}${range(spec)}`;
    case "flag":
      return "true or false";
    case "choice":
      return spec.options.map((option) => JSON.stringify(option)).join(" or ");
    case "node":
      return "the id of a node";
    case "nodes":
      return "an array of ids of nodes";
    case "projection":
      return "a projection, or its handle";
    case "value":
      return spec.example === undefined ? "a value" : `a value such as ${spec.example}`;
  }
}

function range({ min, max, above, below }: NumberParam): string {
  const lower = min !== undefined ? `from ${min}` : above !== undefined ? `above ${above}` : "";
  const upper = max !== undefined ? `up to ${max}` : below !== undefined ? `below ${below}` : "";
  return [lower, upper].filter((text) => text !== "").map((text) => ` ${text}`).join("");
}

/** The error for a parameter that an algorithm refuses. */
export function invalid(call: string, field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} ${problem}`, { code: "invalid-parameter", field, value });
}
