/** Entry of the threads of the tests: repeats what it is sent, or does what it says. */

import process from "node:process";
import { parentPort } from "node:worker_threads";
import { receiveStart, refuseInThread, threadReady } from "../../lib/graph/thread_start.ts";

const { role, data } = receiveStart();
parentPort?.on("message", (message: unknown) => {
  if (message === "end") process.exit(3);
  if (message === "fail") {
    setTimeout(() => {
      throw new RangeError("failed in a timer");
    });
  }
  parentPort?.postMessage(message === "start" ? { role, data } : message === "refusal" ? refusal() : message);
});
if (data === "early") parentPort?.postMessage("before it was ready");
if (role === "engine") threadReady();

function refusal(): unknown {
  try {
    refuseInThread("openGraph");
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
