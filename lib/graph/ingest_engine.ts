/** The half of an ingest that writes: it runs in the engine's thread and takes its rows in chunks. */

import { GraphError, type GraphErrorOptions } from "../backend/errors.ts";
import { nodeNotFound } from "../backend/not_found.ts";
import type { ServedEngine } from "../backend/served_engine.ts";
import type { WriteStore } from "../backend/store.ts";
import { MemoryFileSystem } from "../v3/memory_file_system.ts";
import { realFileSystem } from "../v3/real_file_system.ts";
import { TemporaryTree } from "../v3/temporary_tree.ts";
import { encodeError } from "./error_codec.ts";
import type { IngestResult } from "./ingest.ts";
import { KeyList } from "./key_list.ts";
import { isRowError, LEFT_OUT, takenRef, unknownRef } from "./row_check.ts";
import { ROW } from "./row_chunk.ts";
import { RowReader, type TextPlace } from "./row_reader.ts";
import { addEdgeKeys, addNodeKeys, addValueKeys } from "./written_keys.ts";

/** What the writing half is told at the start: cloneable by `postMessage`. */
export interface EngineIngestOptions {
  /** Commits after so many rows; undefined: everything is one transaction. */
  readonly batchRows: number | undefined;
  /** Whether bad rows are left out. */
  readonly skips: boolean;
}

/** A row that was not written: cloneable. */
export interface BadRow {
  /** Its number among all rows, from 1. */
  readonly row: number;
  /** What is wrong with it (`error_codec.ts`); undefined when the caller's side found out. */
  readonly error: unknown;
}

/** What became of a chunk: cloneable. */
export interface ChunkReport {
  /** Rows taken so far, those that were left out included. */
  readonly rows: number;
  /** Rows that are committed: the first ones. */
  readonly committedRows: number;
  /** Rows of this chunk that were left out, in order. */
  readonly skipped: readonly BadRow[];
  /** The row that ended the ingest: nothing more is taken, and what was not committed is undone. */
  readonly failed: BadRow | undefined;
}

/** Where the rows come from, and who is told of them. */
export interface IngestPort {
  /**
   * The next chunk, or undefined when there are no more. May wait, also in the middle of a transaction. What it throws ends
   * the ingest and undoes what was not committed.
   */
  next(): ArrayBuffer | undefined;
  /** Tells what became of a chunk: once for each, in order. */
  report(report: ChunkReport): void;
  /** Told of each commit, and of the keys of what it wrote. They change with the next batch. */
  committed(lsn: number, written: KeyList): void;
}

/** Thrown to undo a transaction because of a row that was reported already. */
class RowFailure extends Error {}

/** An ingest that runs. */
export class EngineIngest {
  readonly #engine: ServedEngine;
  readonly #port: IngestPort;
  readonly #batchRows: number;
  readonly #skips: boolean;
  readonly #clock: () => number;
  readonly #reader = new RowReader();
  /** Keys of what the batch wrote. */
  readonly #written = new KeyList();
  #refs: TemporaryTree | undefined;
  #skipped: BadRow[] = [];
  #failed: BadRow | undefined;
  #hasReport = false;
  #rows = 0;
  #committedRows = 0;
  #nodes = 0;
  #edges = 0;
  #keyValues = 0;
  #skippedRows = 0;

  /** @param clock time in milliseconds, which times to live begin at */
  constructor(engine: ServedEngine, port: IngestPort, options: EngineIngestOptions, clock: () => number = Date.now) {
    this.#engine = engine;
    this.#port = port;
    this.#batchRows = options.batchRows ?? Infinity;
    this.#skips = options.skips;
    this.#clock = clock;
  }

  /** Whether the next batch would begin by waiting for a chunk. */
  get isWaiting(): boolean {
    return this.#reader.isAtEnd;
  }

  /** What was written so far. */
  get result(): IngestResult {
    return {
      nodes: this.#nodes,
      edges: this.#edges,
      keyValues: this.#keyValues,
      skipped: this.#skippedRows,
    };
  }

  /**
   * Writes the next batch in a transaction of its own and commits it.
   *
   * @returns `done` after the last one, also when a row ended the ingest (which was reported)
   * @throws what `next` throws, and what makes a transaction fail; the ingest is over then
   */
  runBatch(): "more" | "done" {
    try {
      if (this.#reader.isAtEnd && !this.#nextChunk()) return this.#finish();
      const [result] = this.#engine.group([({ store }) => this.#writeBatch(store)]);
      if (result === undefined || "error" in result) throw result?.error;
      this.#committedRows = this.#rows;
      if (result.lsn !== undefined) this.#port.committed(result.lsn, this.#written);
      if (this.#reader.isAtEnd) this.#report();
      return result.value ? "more" : this.#finish();
    } catch (error) {
      this.close();
      if (!(error instanceof RowFailure)) throw withCommitted(error, this.#committedRows);
      this.#report();
      return "done";
    }
  }

  /** Gives up what the ingest holds besides its transaction. May be called again. */
  close(): void {
    this.#reader.close();
    this.#refs?.close();
    this.#refs = undefined;
  }

  #finish(): "done" {
    this.close();
    return "done";
  }

  #nextChunk(): boolean {
    this.#report();
    const chunk = this.#port.next();
    if (chunk === undefined) return false;
    this.#reader.open(chunk);
    this.#hasReport = true;
    return true;
  }

  /** Tells of the chunk that was taken, if that was not done. */
  #report(): void {
    if (!this.#hasReport) return;
    this.#hasReport = false;
    const skipped = this.#skipped;
    this.#skipped = [];
    this.#port.report({ rows: this.#rows, committedRows: this.#committedRows, skipped, failed: this.#failed });
  }

  /** Writes rows up to the end of the batch. Returns whether there may be more. Hot. */
  #writeBatch(store: WriteStore): boolean {
    const reader = this.#reader;
    const end = this.#rows + this.#batchRows;
    this.#written.clear();
    while (this.#rows < end) {
      if (reader.isAtEnd && !this.#nextChunk()) return false;
      this.#rows++;
      try {
        switch (reader.next()) {
          case ROW.edge:
            this.#writeEdge(store);
            break;
          case ROW.node:
            this.#writeNode(store);
            break;
          case ROW.value:
            this.#writeKeyValue(store);
            break;
          default:
            this.#refuseBad();
        }
      } catch (error) {
        if (!isRowError(error)) throw error;
        this.#refuse(encodeError(error));
      }
    }
    return true;
  }

  #writeEdge(store: WriteStore): void {
    const { fromRef, toRef, term, data } = this.#reader;
    const from = fromRef.start < 0 ? this.#reader.from : this.#resolve(fromRef, "from");
    const to = toRef.start < 0 ? this.#reader.to : this.#resolve(toRef, "to");
    // The nodes of refs too: between two batches somebody else may have deleted them.
    if (!store.nodeExists(from)) throw nodeNotFound("insertEdge", from, "from");
    if (!store.nodeExists(to)) throw nodeNotFound("insertEdge", to, "to");
    const id = store.insertEdge({ from, to, type: term, data });
    addEdgeKeys(this.#written, id, from, to, term);
    this.#edges++;
  }

  #writeNode(store: WriteStore): void {
    const reader = this.#reader;
    const node = reader.readNode();
    const { ref } = reader;
    let id = LEFT_OUT;
    if (ref.start < 0) id = store.insertNode(node);
    else {
      this.#requireNewRef(ref);
      try {
        id = store.insertNode(node);
      } finally {
        this.#takeRef(ref, id);
      }
    }
    addNodeKeys(this.#written, id, node.kind, node.name, node.labels);
    this.#nodes++;
  }

  #writeKeyValue(store: WriteStore): void {
    const { key, value, ttlMs } = this.#reader.readKeyValue();
    const now = this.#clock();
    store.setValue(key, value, now, ttlMs === undefined ? undefined : now + ttlMs);
    addValueKeys(this.#written, key);
    this.#keyValues++;
  }

  /** A row that the caller's side refused: what only this side can know comes first. */
  #refuseBad(): void {
    const { fromRef, toRef, ref } = this.#reader;
    if (fromRef.start >= 0) this.#resolve(fromRef, "from");
    if (toRef.start >= 0) this.#resolve(toRef, "to");
    if (ref.start >= 0) {
      this.#requireNewRef(ref);
      this.#takeRef(ref, LEFT_OUT);
    }
    this.#refuse(undefined);
  }

  #refuse(error: unknown): void {
    const badRow = { row: this.#rows, error };
    if (!this.#skips) {
      this.#failed = badRow;
      throw new RowFailure();
    }
    this.#skipped.push(badRow);
    this.#skippedRows++;
  }

  #resolve(place: TextPlace, field: "from" | "to"): number {
    const reader = this.#reader;
    const id = this.#refs?.get(reader.bytes, place.start, place.end) ?? LEFT_OUT;
    if (id === LEFT_OUT) throw unknownRef(reader.refAt(place), field);
    return id;
  }

  #requireNewRef(place: TextPlace): void {
    const reader = this.#reader;
    if (this.#refs?.get(reader.bytes, place.start, place.end) !== undefined) throw takenRef(reader.refAt(place));
  }

  #takeRef({ start, end }: TextPlace, id: number): void {
    this.#refs ??= temporaryRefs(this.#engine.backend.path);
    this.#refs.add(this.#reader.bytes, start, end, id);
  }
}

/** Refs are kept beside the database: that is where we may write. */
function temporaryRefs(path: string): TemporaryTree {
  const isMemory = path === ":memory:";
  return new TemporaryTree({
    files: isMemory ? new MemoryFileSystem() : realFileSystem,
    path: `${isMemory ? "" : path}.refs`,
  });
}

/** The same error; it says how many rows stay when some do. */
function withCommitted(error: unknown, rows: number): unknown {
  if (rows === 0 || !(error instanceof GraphError)) return error;
  const { code, field, value } = error;
  const ErrorClass = error.constructor as new (message: string, options: GraphErrorOptions) => GraphError;
  return new ErrorClass(`ingest: ${error.message}${committedNote(rows)}`, {
    code,
    cause: error,
    ...(field === undefined ? undefined : { field }),
    ...(value === undefined ? undefined : { value }),
  });
}

/** What an error says of rows that stay. */
export function committedNote(rows: number): string {
  return rows === 0 ? "" : `; the first ${rows} rows were committed and stay`;
}
