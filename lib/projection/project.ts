/** Projections of what a store reads. */

import type { Gang, Projection, ProjectOptions } from "../backend/projection.ts";
import type { ReadStore } from "../backend/store.ts";
import { buildProjection } from "./build.ts";
import { ALONE } from "./gang.ts";
import { checkProjectOptions, checkWhere } from "./options.ts";

/** What `project` of snapshots and databases does. */
export function projectStore(store: ReadStore, options: ProjectOptions | undefined, gang: Gang = ALONE): Projection {
  const checked = checkProjectOptions(options, "project");
  return buildProjection(store, checked, checkWhere(options?.where, "project"), gang);
}
