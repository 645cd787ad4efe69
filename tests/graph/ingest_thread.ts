/** An engine's thread that knows nothing but ingest, and the way to it. */

import { type MessagePort, Worker } from "node:worker_threads";
import { decodeError } from "../../lib/graph/error_codec.ts";
import type { IngestResult } from "../../lib/graph/ingest.ts";
import type { IngestTransport } from "../../lib/graph/ingest_driver.ts";
import type { ChunkReport, EngineIngestOptions } from "../../lib/graph/ingest_engine.ts";

/** What the thread is told. */
export type ToThread =
  | { readonly kind: "begin"; readonly ingest: number; readonly options: EngineIngestOptions }
  | { readonly kind: "rows"; readonly chunk: ArrayBuffer }
  | { readonly kind: "end" | "abort" | "close" };

/** What it answers. */
export type FromThread =
  | { readonly kind: "report"; readonly ingest: number; readonly report: ChunkReport }
  | { readonly kind: "done"; readonly ingest: number; readonly result: IngestResult }
  | { readonly kind: "failed"; readonly ingest: number; readonly error: unknown }
  | { readonly kind: "opened" | "closed" };

/** A thread that has a database open. */
export interface IngestThread {
  /** Chunks that were sent and not answered, at most so far. */
  readonly mostUnderWay: number;
  /** Begins an ingest. */
  begin(options: EngineIngestOptions): IngestTransport;
  /** Closes the database and ends the thread. */
  close(): Promise<void>;
}

/** Opens a database in a new thread. */
export async function startIngestThread(backend: "v3" | "sqlite", path: string): Promise<IngestThread> {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./ingest_worker.ts", import.meta.url), {
    workerData: { backend, path, port: port2, signal },
    transferList: [port2 as unknown as MessagePort],
  });
  const tell = (message: ToThread, transfer: ArrayBuffer[] = []) => {
    port1.postMessage(message, transfer);
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  let current = 0;
  let sent: PromiseWithResolvers<ChunkReport>[] = [];
  let end = Promise.withResolvers<IngestResult>();
  let next = Promise.withResolvers<void>();
  let mostUnderWay = 0;
  port1.onmessage = ({ data }: { data: FromThread }) => {
    // Whoever was told of a bad row does not wait for the end.
    if ("ingest" in data && data.ingest !== current) return;
    switch (data.kind) {
      case "report":
        sent.shift()?.resolve(data.report);
        break;
      case "done":
        end.resolve(data.result);
        break;
      case "failed":
        for (const chunk of sent) chunk.reject(decodeError(data.error));
        end.reject(decodeError(data.error));
        break;
      default:
        next.resolve();
    }
  };
  await next.promise;
  return {
    get mostUnderWay() {
      return mostUnderWay;
    },
    begin(options) {
      sent = [];
      end = Promise.withResolvers();
      end.promise.catch(() => {});
      tell({ kind: "begin", ingest: ++current, options });
      return {
        send(chunk) {
          const answer = Promise.withResolvers<ChunkReport>();
          sent.push(answer);
          mostUnderWay = Math.max(mostUnderWay, sent.length);
          tell({ kind: "rows", chunk }, [chunk]);
          return answer.promise;
        },
        finish() {
          tell({ kind: "end" });
          return end.promise;
        },
        async abort() {
          tell({ kind: "abort" });
          await end.promise.catch(() => {});
        },
      };
    },
    async close() {
      next = Promise.withResolvers();
      tell({ kind: "close" });
      await next.promise;
      port1.close();
      await worker.terminate();
    },
  };
}
