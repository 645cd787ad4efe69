/** Entry of the threads that hold the vector library `hnswlib-wasm`. No logic. */

import { receiveStart } from "../lib/graph/thread_start.ts";
import { type HnswlibStart, serveHnswlib } from "../lib/vector/hnswlib/server.ts";

await serveHnswlib(receiveStart().data as HnswlibStart);
