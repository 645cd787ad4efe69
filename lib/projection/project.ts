/** Projections of what a store reads, made by the calling thread. */

import type { ProjectOptions } from "../backend/projection.ts";
import type { ReadStore } from "../backend/store.ts";
import { buildProjection } from "./build.ts";
import { ALONE } from "./gang.ts";
import { checkProjectOptions, checkWhere } from "./options.ts";
import type { Projection } from "./projection.ts";

/** What `project` of snapshots and databases does. */
export function projectStore(store: ReadStore, options: ProjectOptions | undefined): Projection {
  const checked = checkProjectOptions(options, "project");
  return buildProjection(store, checked, checkWhere(options?.where, "project"), ALONE);
}
