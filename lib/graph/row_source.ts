/** Rows of an ingest, where they come from, and how far the reading has come. */

import type { GraphError } from "../backend/errors.ts";
import type { Key, KeyValue } from "../backend/key_value.ts";
import type { AnySchema, EdgeInput, NodeId, NodeInput, Schema } from "../backend/schema.ts";

/** An end of an edge: the id of a node that exists, or the `ref` of an earlier row of the same ingest. */
export type IngestEnd = NodeId | {
  /** The `ref` of an earlier node row. */
  readonly ref: string;
};

/** A row that becomes a node. */
export interface IngestNodeRow<S extends Schema = AnySchema> {
  /** The node. */
  readonly node: NodeInput<S>;
  /** A text that later edge rows name this node by; unique within one ingest and not stored. */
  readonly ref?: string | undefined;
}

/** An edge whose ends may be refs. */
export type IngestEdge<S extends Schema = AnySchema> = EdgeInput<S> extends infer E
  ? E extends unknown ? Omit<E, "from" | "to"> & IngestEnds : never
  : never;

/** The ends of an edge of an ingest. */
export interface IngestEnds {
  /** Node that the edge leaves. */
  readonly from: IngestEnd;
  /** Node that the edge enters. */
  readonly to: IngestEnd;
}

/** A row that becomes an edge. */
export interface IngestEdgeRow<S extends Schema = AnySchema> {
  /** The edge. */
  readonly edge: IngestEdge<S>;
}

/** A row that is written to the key-value store. */
export interface IngestKeyValueRow {
  /** Key, value and, optionally, its time to live. */
  readonly kv: {
    /** The key. */
    readonly key: Key;
    /** The value. */
    readonly value: KeyValue;
    /** Time to live in seconds, from the moment of the ingest. */
    readonly ttlSeconds?: number | undefined;
  };
}

/** One row of an ingest: a node, an edge or a key with its value. */
export type IngestRow<S extends Schema = AnySchema> = IngestNodeRow<S> | IngestEdgeRow<S> | IngestKeyValueRow;

/** A row of a file that could not be read; an ingest treats it like any other bad row. */
export class UnreadableRow {
  /** What is wrong with it. */
  readonly reason: GraphError;
  /** Its text. */
  readonly text: string;

  /** Keeps the row for the ingest to throw or to hand to `onSkip`. */
  constructor(reason: GraphError, text: string) {
    this.reason = reason;
    this.text = text;
  }
}

/** Rows of a file. Can be iterated once; reads as it is iterated and closes the file at the end. */
export interface RowSource extends Iterable<IngestRow | UnreadableRow> {
  /** The file that the last row came from. */
  readonly file: string;
  /** Line of the file on which the last row began, from 1. */
  readonly line: number;
  /** Bytes read so far. */
  readonly bytesRead: number;
  /** Bytes in all. */
  readonly sizeBytes: number;
}

/** The rows of several sources, one after the other: later files may name refs of earlier ones. */
export function joinSources(sources: readonly RowSource[]): RowSource {
  let current = sources[0];
  let bytesBefore = 0;
  return {
    get file() {
      return current?.file ?? "";
    },
    get line() {
      return current?.line ?? 0;
    },
    get bytesRead() {
      return bytesBefore + (current?.bytesRead ?? 0);
    },
    sizeBytes: sources.reduce((sum, source) => sum + source.sizeBytes, 0),
    *[Symbol.iterator]() {
      for (const source of sources) {
        current = source;
        yield* source;
        bytesBefore += source.bytesRead;
        current = undefined;
      }
    },
  };
}
