/** What the rows of an ingest must look like, and what is said of those that do not. */

import { type GraphError, InvalidArgumentError, NotFoundError } from "../backend/errors.ts";
import { show } from "../backend/validate.ts";

/** An error that is about one row: the row can be left out. */
export type RowError = InvalidArgumentError | NotFoundError;

/** Where a row came from. */
export interface RowPlace {
  /** Its number among all rows, from 1. */
  readonly row: number;
  /** The file, when the rows come from files. */
  readonly file?: string | undefined;
  /** The line on which it began, when the rows come from files. */
  readonly line?: number | undefined;
}

/** Members of the parts of a row. */
export const ROW_MEMBERS: ReadonlySet<string> = new Set(["node", "edge", "kv", "ref"]);
export const NODE_MEMBERS: ReadonlySet<string> = new Set(["kind", "name", "data", "filePath", "labels"]);
export const EDGE_MEMBERS: ReadonlySet<string> = new Set(["type", "from", "to", "data"]);
export const KEY_VALUE_MEMBERS: ReadonlySet<string> = new Set(["key", "value", "ttlSeconds"]);
const END_MEMBERS: ReadonlySet<string> = new Set(["ref"]);

/** Stands for the id of a node whose row was left out. Its ref stays taken, so that the answer is the same in any batch. */
export const LEFT_OUT = 0;

/** The members of a plain object; one that is not known is refused, so that a misspelt one is not lost. Hot. */
export function checkMembers(value: unknown, known: ReadonlySet<string>, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidRow(`${what} is ${show(value)}; give an object`, what, value);
  }
  for (const key in value) {
    if (known.has(key)) continue;
    const hint = key === "id"
      ? "ids are given by the database; name a row with ref"
      : `known: ${[...known].join(", ")}`;
    throw invalidRow(`${what} has the unknown member ${show(key)}; ${hint}`, key, value);
  }
  return value as Record<string, unknown>;
}

/** A row as its members, of which exactly one of `node`, `edge` and `kv` is there, and `ref` beside a node only. Hot. */
export function checkRow(row: unknown): Record<string, unknown> {
  const members = checkMembers(row, ROW_MEMBERS, "the row");
  const { node, edge, kv, ref } = members;
  if (Number(node !== undefined) + Number(edge !== undefined) + Number(kv !== undefined) !== 1) {
    throw invalidRow("the row must have exactly one of node, edge and kv", "row", row);
  }
  if (ref !== undefined && node === undefined) {
    throw invalidRow("ref names a node; only a row with a node takes one", "ref", ref);
  }
  return members;
}

/** The ref of a node's row. */
export function checkRef(ref: unknown): string {
  if (typeof ref === "string") return ref;
  throw invalidRow(`ref is ${show(ref)}; give a text`, "ref", ref);
}

/** An end of an edge: an id (a number), or a ref (a text). Hot. */
export function checkEnd(end: unknown, field: "from" | "to"): number | string {
  if (typeof end === "number" && Number.isSafeInteger(end) && end > 0) return end;
  const ref = typeof end === "object" && end !== null && !Array.isArray(end)
    ? checkMembers(end, END_MEMBERS, field)["ref"]
    : undefined;
  if (typeof ref === "string") return ref;
  throw invalidRow(`${field} is ${show(end)}; give a node's id or { ref: "..." }`, field, end);
}

/** The members of a key-value row, which has a value. */
export function checkKeyValue(kv: unknown): Record<string, unknown> {
  const members = checkMembers(kv, KEY_VALUE_MEMBERS, "kv");
  if (members["value"] === undefined) throw invalidRow("kv has no value; null is one", "kv.value", undefined);
  return members;
}

function invalidRow(message: string, field: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(message, { code: "invalid-row", field, value });
}

/** A ref that an earlier row has. */
export function takenRef(ref: string): InvalidArgumentError {
  return invalidRow(`an earlier row has the ref ${show(ref)} already; refs are unique`, "ref", ref);
}

/** A ref that no earlier row has. */
export function unknownRef(ref: string, field: string): NotFoundError {
  return new NotFoundError(`no earlier row has the ref ${show(ref)} (field "${field}"); put the node's row first`, {
    code: "unknown-ref",
    field,
    value: ref,
  });
}

/** Rows that cannot be gone through. */
export function invalidRows(rows: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`ingest: rows is ${show(rows)}; give an array, a generator or a file's rows`, {
    code: "invalid-argument",
    field: "rows",
    value: rows,
  });
}

/** Whether an error is about one row. */
export function isRowError(error: unknown): error is RowError {
  return error instanceof InvalidArgumentError || error instanceof NotFoundError;
}

/** The error with the row's place in front of its message, and perhaps something behind it. */
export function placedError(error: RowError, { row, file, line }: RowPlace, behind = ""): GraphError {
  const where = file === undefined ? `row ${row}` : `${file} line ${line}`;
  const { code, field, value } = error;
  const ErrorClass = error instanceof NotFoundError ? NotFoundError : InvalidArgumentError;
  return new ErrorClass(`ingest: ${where}: ${error.message}${behind}`, {
    code,
    cause: error,
    ...(field === undefined ? undefined : { field }),
    ...(value === undefined ? undefined : { value }),
  });
}
