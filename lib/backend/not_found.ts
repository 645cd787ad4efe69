/** The errors for records that a call needs and that do not exist. */

import { NotFoundError } from "./errors.ts";

/** A call needs a node that does not exist. */
export function nodeNotFound(call: string, id: number, field: string): NotFoundError {
  return new NotFoundError(`${call}: there is no node ${id} (field "${field}"); insert it first`, {
    code: "node-not-found",
    field,
    value: id,
  });
}

/** A call needs an edge that does not exist. */
export function edgeNotFound(call: string, id: number): NotFoundError {
  return new NotFoundError(`${call}: there is no edge ${id} (field "id"); insert it first`, {
    code: "edge-not-found",
    field: "id",
    value: id,
  });
}
