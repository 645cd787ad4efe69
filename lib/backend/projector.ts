/** Where `project` finds the code that makes projections, which lies above the contract. */

import { UnsupportedError } from "./errors.ts";
import type { Gang, Projection, ProjectOptions } from "./projection.ts";
import type { ReadStore } from "./store.ts";

/** Makes a projection of what a store reads: alone, or together with other threads that do the same. */
export type Projector = (store: ReadStore, options: ProjectOptions | undefined, gang: Gang | undefined) => Projection;

let installed: Projector | undefined;

/** Tells this thread how projections are made. */
export function installProjector(projector: Projector): void {
  installed = projector;
}

/** The way to make projections. @throws {UnsupportedError} when the part that makes them was not loaded */
export function installedProjector(): Projector {
  if (installed !== undefined) return installed;
  throw new UnsupportedError(
    'project: import "@sqlitegraph/sqlitegraph", which brings the code that makes projections',
    {
      code: "no-projector",
    },
  );
}
