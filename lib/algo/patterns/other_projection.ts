/** Parameters that are projections. */

import type { Projection } from "../../projection/mod.ts";
import { handleOf, projectionFrom } from "../../projection/mod.ts";
import { show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";

/** A second graph: a projection, or its `handle`, which alone can be sent to the threads of a pool. */
export type OtherProjection = Projection | Projection["handle"];

/** The projection that a parameter is. @throws {InvalidArgumentError} when it is none */
export function checkProjection(value: unknown, call: string, field: string): Projection {
  if (typeof value !== "object" || value === null) {
    throw invalid(call, field, value, `is ${show(value)}; give a projection, or its handle for a run on a pool`);
  }
  if (!("nodeCount" in value)) return projectionFrom(value);
  const projection = value as Projection;
  handleOf(projection, call);
  return projection;
}

/** @throws {InvalidArgumentError} when edges of one can be followed both ways, and those of the other cannot */
export function checkSameKind(one: Projection, other: Projection, call: string, field: string): void {
  if (one.isUndirected === other.isUndirected) return;
  throw invalid(
    call,
    field,
    other,
    `is ${other.isUndirected ? "undirected" : "directed"}, and the first one is not; project both alike`,
  );
}
