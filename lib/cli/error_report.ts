/** Errors as text for people and as JSON for programs. */

import { GraphError } from "../backend/errors.ts";
import { toJsonText } from "./json_text.ts";
import { AmbiguousNodeError, nodeSummary } from "./node_argument.ts";
import { printable } from "./table.ts";

/** An error for a person: `NotFoundError [node-not-found]: ...`. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.toString() : String(error);
  return text.split("\n").map(printable).join("\n");
}

/** The members of an error that a program can use. */
export function errorJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === "string" ? { code } : undefined),
    message: error.message,
    ...(error instanceof GraphError && error.field !== undefined ? { field: error.field } : undefined),
    ...(error instanceof AmbiguousNodeError ? { candidates: error.candidates.map(nodeSummary) } : undefined),
  };
}

/** An error as one line of JSON. */
export function errorJsonText(error: unknown): string {
  return toJsonText({ error: errorJson(error) });
}
