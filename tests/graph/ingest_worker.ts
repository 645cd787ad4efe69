/** The thread of `ingest_thread.ts`. */

import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { encodeError } from "../../lib/graph/error_codec.ts";
import { EngineIngest } from "../../lib/graph/ingest_engine.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import type { FromThread, ToThread } from "./ingest_thread.ts";

const { backend, path, port, signal } = workerData as {
  readonly backend: "v3" | "sqlite";
  readonly path: string;
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
};
const engine = backend === "v3" ? serveV3(path, {}) : serveSqlite(path);
const answer = (message: FromThread) => port.postMessage(message);

function receive(): ToThread {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    const received = receiveMessageOnPort(port) as { readonly message: ToThread } | undefined;
    if (received !== undefined) return received.message;
    Atomics.wait(signal, 0, seen);
  }
}

answer({ kind: "opened" });
for (let message = receive(); message.kind !== "close"; message = receive()) {
  if (message.kind !== "begin") continue;
  const number = message.ingest;
  const ingest = new EngineIngest(engine, {
    next() {
      const next = receive();
      if (next.kind === "abort") throw new RangeError("the caller gave up");
      return next.kind === "rows" ? next.chunk : undefined;
    },
    report: (report) => answer({ kind: "report", ingest: number, report }),
    committed: () => {},
  }, message.options);
  try {
    while (ingest.runBatch() === "more");
    answer({ kind: "done", ingest: number, result: ingest.result });
  } catch (error) {
    answer({ kind: "failed", ingest: number, error: encodeError(error) });
  }
}
engine.close();
answer({ kind: "closed" });
