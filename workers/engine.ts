/** Entry of the thread that writes a graph. No logic. */

import type { EngineStart } from "../lib/graph/engine_protocol.ts";
import { serveEngine } from "../lib/graph/engine_service.ts";
import { receiveStart, threadReady } from "../lib/graph/thread_start.ts";

threadReady();
await serveEngine(receiveStart().data as EngineStart);
