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

import { receiveStart } from "../lib/graph/worker_thread.ts";

if (receiveStart().role === "engine") await import("./engine.ts");
else await import("./reader.ts");
