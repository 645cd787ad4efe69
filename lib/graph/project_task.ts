/** The task that makes projections: a module of its own, so that only threads which make some load the code for it. */

import type { ProjectOptions } from "../backend/projection.ts";
import "../projection/install.ts";
import { defineTask, type Task } from "../task/task.ts";

/** `snapshot.project` on other threads, all of the run together: what `projectionFrom` takes. */
export const projectTask: Task<ProjectOptions, unknown> = defineTask(
  import.meta.url,
  "sqlitegraph:project",
  (snapshot, options: ProjectOptions, context) => snapshot.project(options, context).handle,
);
