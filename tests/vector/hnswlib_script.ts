/** For hnswlib_process_test.ts: uses the engine `hnswlib` and ends as the argument says. */

import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { CallerPlace, hnswlibMemory, OPERATION } from "../../lib/vector/hnswlib/mailbox.ts";
import { startHnswlib } from "../../lib/vector/hnswlib/thread.ts";
import { definitionOf, manyVectors, openIndex, readFrom, searchOf } from "./hnswlib_index.ts";

const how = (isMainThread ? process.argv[2] : workerData) as string;

if (how === "thread") {
  const memory = hnswlibMemory();
  const thread = startHnswlib({ memory, definition: definitionOf() });
  CallerPlace.take(memory).ask(OPERATION.close);
  // The process waits for the end of the thread.
  thread.ref();
  thread.once("exit", () => console.log("the thread ended"));
} else if (how === "inner") {
  const worker = new Worker(new URL(import.meta.url), { workerData: "open" });
  worker.once("message", (text: string) => console.log(text));
} else {
  const vectors = manyVectors(50, 8);
  const index = openIndex(definitionOf(), vectors, 1);
  const [first] = index.search(searchOf(vectors.get(3) as Float32Array, { k: 1 }), 1, readFrom(vectors));
  const text = `found node ${first?.nodeId}`;
  if (isMainThread) console.log(text);
  else parentPort?.postMessage(text);
  if (how === "close") index.release();
}
