/** Entry of the threads that run tasks. */

import "../lib/graph/builtin_tasks.ts";
import { serveJobs } from "../lib/graph/job_server.ts";
import { loadBorrowing } from "../lib/graph/sources.ts";
import { taskHandler } from "../lib/graph/task_worker.ts";

const run: (job: unknown) => Promise<unknown> = await serveJobs(async (handle) =>
  taskHandler(await loadBorrowing(handle))
);

export default run;
