/** Entry of the threads of the tests of tasks: as the real one, over states of `task_states.ts`. */

import "../../lib/graph/builtin_tasks.ts";
import { serveJobs } from "../../lib/graph/job_server.ts";
import { taskHandler } from "../../lib/graph/task_worker.ts";
import { borrowedStates } from "./task_states.ts";

const run: (job: unknown) => Promise<unknown> = await serveJobs(() => taskHandler(() => borrowedStates));

export default run;
