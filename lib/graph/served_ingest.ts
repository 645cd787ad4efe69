/** An ingest in the engine's thread: its rows come from the mailbox, also in the middle of its transaction. */

import type { ServedEngine } from "../backend/served_engine.ts";
import type { FromEngine, ToEngine } from "./engine_protocol.ts";
import { encodeError } from "./error_codec.ts";
import { type ChunkReport, EngineIngest, type EngineIngestOptions, type IngestPort } from "./ingest_engine.ts";
import type { KeyList } from "./key_list.ts";

/** What an ingest asks of its thread. */
export interface IngestHost {
  /** Waits until a message has arrived, and gives those of the ingest to it (`take`). Throws when nobody sends any more. */
  waitForMessages(): void;
  /** Sends a message to the caller. */
  post(message: FromEngine): void;
  /** Told of each commit, and of the keys of what it wrote. */
  committed(lsn: number, written: KeyList): void;
}

/** Thrown to undo what is not committed. */
class Aborted extends Error {}

/** The ingest that runs. */
export class ServedIngest implements IngestPort {
  readonly #id: number;
  readonly #host: IngestHost;
  readonly #ingest: EngineIngest;
  readonly #chunks: ArrayBuffer[] = [];
  #hasEnded = false;
  #isAborted = false;

  constructor(id: number, options: EngineIngestOptions, engine: ServedEngine, host: IngestHost) {
    this.#id = id;
    this.#host = host;
    this.#ingest = new EngineIngest(engine, this, options);
  }

  /** Takes a message if it is one of the ingest. */
  take(message: ToEngine): boolean {
    if (message.kind === "rows") this.#chunks.push(message.chunk);
    else if (message.kind === "endOfRows") this.#hasEnded = true;
    else if (message.kind === "abortIngest") this.#isAborted = true;
    else return false;
    return true;
  }

  /** Whether the next batch can begin without waiting for the caller. */
  get isReady(): boolean {
    return !this.#ingest.isWaiting || this.#chunks.length > 0 || this.#hasEnded || this.#isAborted;
  }

  /** Writes the next batch; gives the answer when it was the last one. */
  runBatch(): FromEngine | undefined {
    const id = this.#id;
    try {
      if (this.#isAborted) {
        this.#ingest.close();
        return { kind: "aborted", id };
      }
      if (this.#ingest.runBatch() === "more") return undefined;
      return { kind: "answer", id, value: this.#ingest.result };
    } catch (error) {
      return error instanceof Aborted ? { kind: "aborted", id } : { kind: "failed", id, error: encodeError(error) };
    }
  }

  next(): ArrayBuffer | undefined {
    for (;;) {
      if (this.#isAborted) throw new Aborted();
      const chunk = this.#chunks.shift();
      if (chunk !== undefined || this.#hasEnded) return chunk;
      this.#host.waitForMessages();
    }
  }

  report(report: ChunkReport): void {
    this.#host.post({ kind: "rowsTaken", report });
  }

  committed(lsn: number, written: KeyList): void {
    this.#host.committed(lsn, written);
  }
}
