/** The half of an ingest that runs on the caller's thread: takes the rows, sends them in chunks, tells what became of them. */

import type { GraphError } from "../backend/errors.ts";
import { noteGarbage } from "../v3/garbage.ts";
import { decodeError } from "./error_codec.ts";
import type { GraphIngestOptions, IngestResult } from "./graph_ingest.ts";
import { type BadRow, type ChunkReport, committedNote } from "./ingest_engine.ts";
import { invalidRows, placedError, type RowError } from "./row_check.ts";
import { RowEncoder } from "./row_encoder.ts";

/** Chunks that are sent and not answered: the next rows wait then. */
const MAX_CHUNKS_UNDER_WAY = 4;

/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 64;

/** After so long other work of this thread comes between two rows. */
const MAX_BLOCK_MS = 2;

/** Rows wait at most so long for others that are to be sent with them, as far as rows come at all. */
const MAX_CHUNK_AGE_MS = 50;

/** Estimated bytes that a row leaves behind on this thread, with its objects and texts. */
const ROW_GARBAGE = 512;

/** The way to an `EngineIngest`, which was told of the ingest before. */
export interface IngestTransport {
  /** Sends a chunk, whose memory is given away. Resolves once the engine has taken its rows; chunks are answered in order. */
  send(chunk: ArrayBuffer): Promise<ChunkReport>;
  /** Says that there are no more chunks. Resolves once everything is committed. */
  finish(): Promise<IngestResult>;
  /** Ends the ingest early. Resolves once what was not committed is undone. */
  abort(reason: unknown): Promise<void>;
}

/**
 * Sends rows to the engine. The thread is never blocked for long, whatever the rows come from, and memory is bounded.
 *
 * @throws what `ingestRows` throws, the reason of an aborted signal, and whatever ends the engine
 */
export function ingestInto(
  transport: IngestTransport,
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  options: GraphIngestOptions,
): Promise<IngestResult> {
  return new IngestDriver(transport, options).run(rows);
}

/** Rows that were sent. */
interface SentRows {
  /** Number of the row before the first one. */
  readonly before: number;
  /** The rows as they were given, when somebody wants to see those that are left out. */
  readonly values: unknown[] | undefined;
  /** What is wrong with those that were refused here, by row number. */
  readonly errors: Map<number, RowError>;
}

class IngestDriver {
  readonly #transport: IngestTransport;
  readonly #options: GraphIngestOptions;
  readonly #encoder = new RowEncoder();
  readonly #batchRows: number;
  #rows = 0;
  #skipped = 0;
  #chunk: SentRows;
  #chunkBegan = 0;
  #lastPause = 0;
  /** Answers that are waited for, oldest first. */
  readonly #underWay: Promise<void>[] = [];
  #hasStopped = false;
  /** Whether the engine ended the ingest by itself. */
  #hasEnded = false;
  #stop: (error: unknown) => void = () => {};

  constructor(transport: IngestTransport, options: GraphIngestOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#batchRows = options.batchRows ?? Infinity;
    this.#chunk = this.#newChunk();
  }

  async run(rows: AsyncIterable<unknown> | Iterable<unknown>): Promise<IngestResult> {
    const { signal } = this.#options;
    // Whatever happens first ends the ingest, also while the next row is waited for.
    const stopped = new Promise<never>((_resolve, reject) => this.#stop = reject);
    stopped.catch(() => {});
    const abort = () => this.#stop(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      await Promise.race([this.#sendAll(rows), stopped]);
      return await Promise.race([this.#transport.finish(), stopped]);
    } catch (error) {
      this.#hasStopped = true;
      if (!this.#hasEnded) await this.#transport.abort(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async #sendAll(rows: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    this.#lastPause = performance.now();
    if (typeof (rows as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator] === "function") {
      for await (const row of rows) {
        if (this.#hasStopped) return;
        if (this.#add(row)) await this.#pause();
      }
    } else if (typeof (rows as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] === "function") {
      for (const row of rows as Iterable<unknown>) {
        if (this.#add(row)) await this.#pause();
        if (this.#hasStopped) return;
      }
    } else throw invalidRows(rows);
    if (this.#hasStopped) return;
    if (this.#encoder.rows > 0) this.#send();
    while (this.#underWay.length > 0) await this.#underWay[0];
  }

  /** Adds a row. Returns whether it is time for a pause. Hot. */
  #add(row: unknown): boolean {
    this.#rows++;
    if (this.#encoder.rows === 0) this.#chunkBegan = performance.now();
    const error = this.#encoder.add(row);
    this.#chunk.values?.push(row);
    if (error !== undefined) this.#chunk.errors.set(this.#rows, error);
    if (this.#encoder.isFull) return true;
    return this.#rows % ROWS_PER_LOOK === 0 || this.#rows % this.#batchRows === 0;
  }

  /** Sends the chunk when it is time to, waits while many are under way, lets other work of this thread happen. */
  async #pause(): Promise<void> {
    const now = performance.now();
    if (this.#encoder.isFull || now - this.#chunkBegan > MAX_CHUNK_AGE_MS) {
      this.#send();
      while (this.#underWay.length >= MAX_CHUNKS_UNDER_WAY) await this.#underWay[0];
    }
    if (now - this.#lastPause < MAX_BLOCK_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastPause = performance.now();
  }

  #newChunk(): SentRows {
    return {
      before: this.#rows,
      values: this.#options.onSkip === undefined ? undefined : [],
      errors: new Map(),
    };
  }

  #send(): void {
    noteGarbage(this.#encoder.rows * ROW_GARBAGE);
    const sent = this.#chunk;
    this.#chunk = this.#newChunk();
    const answer = this.#transport.send(this.#encoder.take()).then((report) => this.#take(report, sent), (error) => {
      this.#hasEnded = true;
      throw error;
    }).catch((error) => {
      this.#hasStopped = true;
      this.#stop(error);
    }).then(() => {
      this.#underWay.shift();
    });
    this.#underWay.push(answer);
  }

  /** Tells what became of a chunk. What the caller's functions throw ends the ingest. */
  #take({ rows, committedRows, skipped, failed }: ChunkReport, sent: SentRows): void {
    if (this.#hasStopped) return;
    const { onProgress, onSkip, signal } = this.#options;
    for (let at = 0; at < skipped.length; at++) {
      const badRow = skipped[at] as BadRow;
      this.#skipped++;
      onSkip?.({ row: badRow.row, value: sent.values?.[badRow.row - sent.before - 1] }, reasonOf(badRow, sent));
    }
    if (failed !== undefined) {
      this.#hasEnded = true;
      throw placedError(reasonOf(failed, sent), failed, committedNote(committedRows));
    }
    onProgress?.({ phase: "ingest", rows, skipped: this.#skipped, done: rows, committed: committedRows });
    signal?.throwIfAborted();
  }
}

/** What is wrong with a row: what this side found, or the other. */
function reasonOf({ row, error }: BadRow, sent: SentRows): RowError {
  return sent.errors.get(row) !== undefined && error === undefined
    ? sent.errors.get(row) as RowError
    : decodeError(error) as GraphError;
}
