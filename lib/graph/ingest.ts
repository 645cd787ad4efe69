/** Ingest: many rows into a graph, in one transaction and constant memory (besides one entry per `ref`). */

import type { Progress } from "../backend/care.ts";
import type { GraphError } from "../backend/errors.ts";
import type { GraphTransaction } from "../backend/graph_backend.ts";
import type { Key, KeyValue } from "../backend/key_value.ts";
import type { AnySchema, EdgeInput, NodeInput, Schema } from "../backend/schema.ts";
import { RefTable } from "./ref_table.ts";
import {
  checkEnd,
  checkKeyValue,
  checkMembers,
  checkRef,
  checkRow,
  EDGE_MEMBERS,
  invalidRows,
  isRowError,
  LEFT_OUT,
  NODE_MEMBERS,
  placedError,
  type RowError,
  takenRef,
  unknownRef,
} from "./row_check.ts";
import { type IngestRow, type RowSource, UnreadableRow } from "./row_source.ts";

/** Rows that are handed to the backend in one call. Larger batches were not faster. */
const BATCH_ROWS = 512;

/** A batch is written early when so many bytes of the file were read for it: long rows must not pile up. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** A row that an ingest left out. */
export interface SkippedRow {
  /** Its number among all rows, from 1. */
  readonly row: number;
  /** The file that it came from, when the rows come from files. */
  readonly file?: string;
  /** The line on which it began, when the rows come from files. */
  readonly line?: number;
  /** The row as it was given; its text when it could not be read. */
  readonly value: unknown;
}

/** How far an ingest has come: `done` of `total` bytes when the rows come from files, else `done` rows. */
export interface IngestProgress extends Progress {
  /** Rows read. */
  readonly rows: number;
  /** Rows left out. */
  readonly skipped: number;
}

/** How to ingest. */
export interface IngestOptions {
  /** Called after every batch; may abort the signal. */
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  /** Stops the ingest: nothing of it stays, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every bad row, which is then left out. Without it a bad row ends the ingest, and nothing of it stays. */
  readonly onSkip?: ((row: SkippedRow, reason: GraphError) => void) | undefined;
}

/** What an ingest wrote. */
export interface IngestResult {
  /** Nodes inserted. */
  readonly nodes: number;
  /** Edges inserted. */
  readonly edges: number;
  /** Keys written. */
  readonly keyValues: number;
  /** Rows left out. */
  readonly skipped: number;
}

/**
 * Inserts rows in order, all of them in one transaction (or in the one that is running). Ends of edges are ids of nodes
 * that exist or refs of earlier rows; a ref to a later row is unknown.
 *
 * @throws {InvalidArgumentError} for a row that is none, with its number or its file and line; nothing stays
 * @throws {NotFoundError} for a ref or id that does not exist; nothing stays
 */
export function ingestRows<S extends Schema = AnySchema>(
  db: GraphTransaction<S>,
  rows: Iterable<IngestRow<S> | UnreadableRow> | RowSource,
  options: IngestOptions = {},
): IngestResult {
  if (typeof (rows as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function") {
    throw invalidRows(rows);
  }
  // Inside, a row is unknown JSON: the backend checks nodes, edges and key-values, whatever the schema says.
  return db.transaction((tx) => new Ingest(tx as unknown as GraphTransaction, options).run(rows));
}

interface Position {
  readonly row: number;
  readonly file: string | undefined;
  readonly line: number;
}

interface PendingNode {
  readonly node: NodeInput;
  readonly ref: string | undefined;
  readonly value: unknown;
  readonly position: Position;
}

interface BadRow {
  readonly value: unknown;
  readonly position: Position;
  readonly error: RowError;
}

/** An end above 0 is an id; an end below 0 is the node at place −end − 1 of the same batch. */
interface PendingEdge {
  readonly edge: { from: number; to: number; type: string };
  readonly value: unknown;
  readonly position: Position;
}

class Ingest {
  readonly #tx: GraphTransaction;
  readonly #options: IngestOptions;
  readonly #refs = new RefTable();
  #nodes: PendingNode[] = [];
  #edges: PendingEdge[] = [];
  #bad: BadRow[] = [];
  #source: RowSource | undefined;
  #batchStart = 0;
  #rowCount = 0;
  #nodeCount = 0;
  #edgeCount = 0;
  #keyValueCount = 0;
  #skippedCount = 0;

  constructor(tx: GraphTransaction, options: IngestOptions) {
    this.#tx = tx;
    this.#options = options;
  }

  run(rows: Iterable<unknown>): IngestResult {
    this.#source = isRowSource(rows) ? rows : undefined;
    this.#options.signal?.throwIfAborted();
    for (const row of rows) {
      this.#rowCount++;
      const position = { row: this.#rowCount, file: this.#source?.file, line: this.#source?.line ?? 0 };
      try {
        this.#take(row, position);
      } catch (error) {
        this.#refuse(row, position, error);
        if (this.#options.onSkip === undefined) this.#flush();
      }
      if (this.#isBatchFull()) this.#flush();
    }
    this.#flush();
    return {
      nodes: this.#nodeCount,
      edges: this.#edgeCount,
      keyValues: this.#keyValueCount,
      skipped: this.#skippedCount,
    };
  }

  #isBatchFull(): boolean {
    if (Math.max(this.#nodes.length, this.#edges.length, this.#bad.length) >= BATCH_ROWS) return true;
    if (this.#source !== undefined) return this.#source.bytesRead - this.#batchStart >= BATCH_BYTES;
    return this.#rowCount - this.#batchStart >= 2 * BATCH_ROWS; // key-values and skipped rows report progress too
  }

  #take(row: unknown, position: Position): void {
    if (row instanceof UnreadableRow) throw row.reason;
    const { node, edge, kv, ref } = checkRow(row);
    if (node !== undefined) this.#takeNode(node, ref, row, position);
    else if (edge !== undefined) this.#takeEdge(edge, row, position);
    else this.#takeKeyValue(kv);
  }

  #takeNode(node: unknown, ref: unknown, value: unknown, position: Position): void {
    checkMembers(node, NODE_MEMBERS, "node");
    const name = ref === undefined ? undefined : checkRef(ref);
    if (name !== undefined) {
      if (this.#refs.get(name) !== undefined) throw takenRef(name);
      this.#refs.add(name, -this.#nodes.length - 1);
    }
    this.#nodes.push({ node: node as NodeInput, ref: name, value, position });
  }

  #takeEdge(edge: unknown, value: unknown, position: Position): void {
    const { from, to, type, data } = checkMembers(edge, EDGE_MEMBERS, "edge");
    const input = {
      from: this.#end(from, "from"),
      to: this.#end(to, "to"),
      type: type as string,
      ...(data === undefined ? undefined : { data }),
    };
    this.#edges.push({ edge: input, value, position });
  }

  #end(end: unknown, field: "from" | "to"): number {
    const ref = checkEnd(end, field);
    if (typeof ref === "number") return ref;
    const target = this.#refs.get(ref);
    if (target === undefined || target === LEFT_OUT) throw unknownRef(ref, field);
    return target;
  }

  #takeKeyValue(kv: unknown): void {
    const { key, value, ttlSeconds } = checkKeyValue(kv);
    this.#tx.kv.set(key as Key, value as KeyValue, { ttlSeconds: ttlSeconds as number | undefined });
    this.#keyValueCount++;
  }

  /** Writes the waiting nodes, then the waiting edges: an edge never waits for a node of a later batch. */
  #flush(): void {
    const ids = this.#flushNodes();
    this.#flushEdges(ids);
    this.#nodes = [];
    this.#edges = [];
    this.#report();
    this.#batchStart = this.#source?.bytesRead ?? this.#rowCount;
    const { onProgress, signal } = this.#options;
    if (onProgress !== undefined) {
      onProgress({
        phase: "ingest",
        rows: this.#rowCount,
        skipped: this.#skippedCount,
        done: this.#source?.bytesRead ?? this.#rowCount,
        ...(this.#source === undefined ? undefined : { total: this.#source.sizeBytes }),
      });
    }
    signal?.throwIfAborted();
  }

  /** Ids of the batch's nodes by their place; `LEFT_OUT` where there is none. */
  #flushNodes(): number[] {
    const pending = this.#nodes;
    const ids = this.#insertAll(
      pending,
      () => this.#tx.insertNodes(pending.map(({ node }) => node)),
      ({ node }) => this.#tx.insertNode(node),
    );
    pending.forEach(({ ref }, place) => {
      const id = ids[place] ?? LEFT_OUT;
      if (id !== LEFT_OUT) this.#nodeCount++;
      if (ref !== undefined) this.#refs.replace(ref, id);
    });
    return ids;
  }

  #flushEdges(nodeIds: readonly number[]): void {
    const resolved: PendingEdge[] = [];
    for (const pending of this.#edges) {
      const { edge, value, position } = pending;
      if (edge.from < 0) edge.from = nodeIds[-edge.from - 1] ?? LEFT_OUT;
      if (edge.to < 0) edge.to = nodeIds[-edge.to - 1] ?? LEFT_OUT;
      if (edge.from !== LEFT_OUT && edge.to !== LEFT_OUT) resolved.push(pending);
      else {
        const field = edge.from === LEFT_OUT ? "from" : "to";
        const { ref } = (value as { edge: Record<"from" | "to", { ref: string }> }).edge[field];
        this.#refuse(value, position, unknownRef(ref, field));
      }
    }
    const ids = this.#insertAll(
      resolved,
      () => this.#tx.insertEdges(resolved.map(({ edge }) => edge as EdgeInput)),
      ({ edge }) => this.#tx.insertEdge(edge as EdgeInput),
    );
    for (const id of ids) if (id !== LEFT_OUT) this.#edgeCount++;
  }

  /** A batch that the backend refuses is inserted once more, row by row, to find the bad ones. */
  #insertAll<P extends { readonly value: unknown; readonly position: Position }>(
    pending: readonly P[],
    insertBatch: () => number[],
    insertOne: (row: P) => number,
  ): number[] {
    if (pending.length === 0) return [];
    try {
      return insertBatch();
    } catch (error) {
      if (!isRowError(error)) throw error;
    }
    return pending.map((row) => {
      try {
        return insertOne(row);
      } catch (error) {
        this.#refuse(row.value, row.position, error);
        return LEFT_OUT;
      }
    });
  }

  /** Notes a bad row; any other error ends the ingest. */
  #refuse(value: unknown, position: Position, error: unknown): void {
    if (!isRowError(error)) throw error;
    this.#bad.push({ value, position, error });
  }

  /** Reports the bad rows of a batch in their order: the first ends the ingest, unless the caller wants it left out. */
  #report(): void {
    const bad = this.#bad.sort((a, b) => a.position.row - b.position.row);
    this.#bad = [];
    const { onSkip } = this.#options;
    for (const { value, position, error } of bad) {
      if (onSkip === undefined) throw placedError(error, position);
      this.#skippedCount++;
      const { row, file, line } = position;
      const given = value instanceof UnreadableRow ? value.text : value;
      onSkip({ row, ...(file === undefined ? undefined : { file, line }), value: given }, error);
    }
  }
}

function isRowSource(rows: Iterable<unknown>): rows is RowSource {
  return "bytesRead" in rows && "sizeBytes" in rows;
}
