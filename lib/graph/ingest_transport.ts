/** The way of an ingest's rows from the caller's thread to the engine's. */

import type { EngineClient, IngestCalls } from "./engine_client.ts";
import type { IngestTransport } from "./ingest_driver.ts";
import type { ChunkReport, EngineIngestOptions } from "./ingest_engine.ts";
import type { IngestResult } from "./graph_ingest.ts";

/** Begins an ingest in the engine's thread. */
export class EngineTransport implements IngestTransport {
  readonly #calls: IngestCalls;
  /** Chunks that the engine has not answered, oldest first. */
  readonly #unanswered: PromiseWithResolvers<ChunkReport>[] = [];
  /** Resolves when the engine has ended the ingest, however it ended. */
  readonly ended: Promise<void>;

  constructor(client: EngineClient, options: EngineIngestOptions) {
    this.#calls = client.ingest(options, (report) => this.#unanswered.shift()?.resolve(report));
    this.ended = this.#calls.result.then(() => {}, (error) => {
      for (const { reject } of this.#unanswered.splice(0)) reject(error);
    });
  }

  send(chunk: ArrayBuffer): Promise<ChunkReport> {
    const answer = Promise.withResolvers<ChunkReport>();
    try {
      this.#calls.send({ kind: "rows", chunk });
      this.#unanswered.push(answer);
    } catch (error) {
      answer.reject(error);
    }
    return answer.promise;
  }

  // deno-lint-ignore require-await -- what `send` throws is to reject
  async finish(): Promise<IngestResult> {
    this.#calls.send({ kind: "endOfRows" });
    return this.#calls.result;
  }

  async abort(): Promise<void> {
    try {
      this.#calls.send({ kind: "abortIngest" });
      await this.#calls.result;
    } catch {
      // Why it ends is told by whoever ends it.
    }
  }
}
