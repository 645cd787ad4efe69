/** What an algorithm needs of its projection. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { Projection } from "../backend/projection.ts";

/** @throws {InvalidArgumentError} when edges cannot be followed both ways */
export function requireUndirected(projection: Projection, call: string): void {
  if (projection.isUndirected) return;
  throw new InvalidArgumentError(
    `${call}: the projection is directed, and this is defined on undirected graphs; project with { undirected: true }`,
    { code: "undirected-needed", field: "projection" },
  );
}

/** @throws {InvalidArgumentError} when edges can be followed both ways */
export function requireDirected(projection: Projection, call: string): void {
  if (!projection.isUndirected) return;
  throw new InvalidArgumentError(
    `${call}: the projection is undirected, and this is defined on directed graphs; project without { undirected: true }`,
    { code: "directed-needed", field: "projection" },
  );
}

/** The weights of the links that leave each node. @throws {InvalidArgumentError} when there are none */
export function requireWeights(projection: Projection, call: string): Float64Array<SharedArrayBuffer> {
  const { weights } = projection.out;
  if (weights !== undefined) return weights;
  throw new InvalidArgumentError(
    `${call}: the projection has no weights; project with { weight: { field: "NAME", default: 1 } }`,
    { code: "weights-needed", field: "projection" },
  );
}

/** The edges of the links that leave each node. @throws {InvalidArgumentError} when the projection does not know them */
export function requireEdgeIds(projection: Projection, call: string): Float64Array<SharedArrayBuffer> {
  const { edgeIds } = projection.out;
  if (edgeIds !== undefined) return edgeIds;
  throw new InvalidArgumentError(
    `${call}: the projection does not know its edges; project with { edgeIds: true }`,
    { code: "edge-ids-needed", field: "projection" },
  );
}
