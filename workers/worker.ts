/**
 * Entry of the threads of a graph, for programs whose modules have no URL of their own (`bun build --compile`). Their
 * `worker.ts` imports this module and those that define tasks:
 *
 * ```ts ignore
 * import "@sqlitegraph/sqlitegraph/worker";
 * import "./jobs.ts";
 * ```
 *
 * @module
 */

import { receiveStart } from "../lib/graph/thread_start.ts";

const { role } = receiveStart();
if (role === "engine") await import("./engine.ts");
else if (role === "hnswlib") await import("./hnswlib.ts");
else {
  // A thread of a compiled program cannot load the modules of tasks when it needs them.
  await import("../lib/graph/project_task.ts");
  await import("../lib/graph/link_task.ts");
  await import("../lib/graph/search_task.ts");
  await import("./reader.ts");
}
