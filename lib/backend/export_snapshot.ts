/** Export to a snapshot file (`docs/export.md`). */

import type { ReadAccess } from "./access.ts";
import type { LongCallOptions, TransferResult } from "./care.ts";
import { writeLines } from "./line_file.ts";
import {
  type EdgeRow,
  formatEdge,
  formatHeader,
  formatKeyValue,
  formatNode,
  formatProperty,
  formatVector,
  formatVectorIndex,
  type NodeRow,
  type PropertyRow,
  type SnapshotHeader,
} from "./snapshot_row.ts";
import type { KeyPosition, Page, ReadStore, StoredEntry } from "./store.ts";
import type { StoredVector } from "./vector.ts";
import type { StoredVectorIndex } from "./vector_store.ts";

/** What an export asks of an engine besides the usual reads, all of one state. */
export interface ExportSource {
  /** The usual reads. */
  readonly store: ReadStore;
  /** Smallest id that a new node may get. */
  nextNodeId(): number;
  /** Smallest id that a new edge may get. */
  nextEdgeId(): number;
  /**
   * All nodes, in ascending ids.
   *
   * @throws {CorruptionError} when data is no JSON: a file that cannot be read again is worse than an error now
   */
  nodeRows(): Iterable<NodeRow>;
  /** All edges, in ascending ids. @throws {CorruptionError} as `nodeRows` does */
  edgeRows(): Iterable<EdgeRow>;
  /** Number of property rows of existing nodes: 0 where there are no such things. */
  countProperties(): number;
  /** Property rows of existing nodes. */
  propertyRows(): Iterable<PropertyRow>;
}

/** Rows between two reports of progress. */
const PROGRESS_ROWS = 1000;
const PAGE = 1000;
const ALL_NODES = { kind: undefined, name: undefined, glob: undefined, label: undefined };
const NO_BYTES = new Uint8Array(0);

/** Writes the last commit (inside a transaction: its present state) to a file. */
export function exportSnapshot(
  access: ReadAccess,
  path: string,
  source: ExportSource,
  options: LongCallOptions = {},
): TransferResult {
  options.signal?.throwIfAborted();
  return access.consistently(() => {
    const now = access.now();
    const header = readHeader(source, now);
    const { nodes, edges, keyValues, properties, vectorIndexes, vectors } = header;
    const total = nodes + edges + keyValues + properties + vectorIndexes + vectors;
    const sizeBytes = writeLines(path, withProgress(rows(source, header, now), total, options));
    return { path, sizeBytes, nodes, edges, keyValues, properties, vectorIndexes, vectors };
  });
}

function readHeader(source: ExportSource, now: number): SnapshotHeader {
  const { store } = source;
  const indexes = store.vectorIndexes();
  return {
    lsn: store.lsn,
    timeMs: now,
    nodes: store.countNodes(ALL_NODES) as number,
    edges: store.countEdges(undefined),
    keyValues: store.countValues(now),
    properties: source.countProperties(),
    vectorIndexes: indexes.length,
    vectors: indexes.reduce((sum, { count }) => sum + count, 0),
    nextNodeId: source.nextNodeId(),
    nextEdgeId: source.nextEdgeId(),
  };
}

function* withProgress(lines: Iterable<string>, total: number, options: LongCallOptions): Generator<string> {
  let done = 0;
  for (const line of lines) {
    if (done % PROGRESS_ROWS === 0) {
      options.onProgress?.({ phase: "export", done, total });
      options.signal?.throwIfAborted();
    }
    yield line;
    done++;
  }
  options.onProgress?.({ phase: "export", done: total, total });
  options.signal?.throwIfAborted();
}

function* rows(source: ExportSource, header: SnapshotHeader, now: number): Generator<string> {
  yield formatHeader(header);
  for (const node of source.nodeRows()) yield formatNode(node);
  for (const edge of source.edgeRows()) yield formatEdge(edge);
  for (const row of liveEntries(source.store, now)) yield formatKeyValue(row);
  for (const property of source.propertyRows()) yield formatProperty(property);
  for (const index of source.store.vectorIndexes()) {
    yield formatVectorIndex(index.definition);
    for (const { nodeId, vector, vectorId, metadata } of storedVectors(source.store, index)) {
      yield formatVector({ index: index.definition.name, nodeId, vector, vectorId, metadata });
    }
  }
}

/** All vectors of an index, by node. */
export function* storedVectors(store: ReadStore, index: StoredVectorIndex): Generator<StoredVector> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Page<StoredVector, number> = store.vectorPage<StoredVector>(index, "vector", after, PAGE);
    yield* page.items;
    after = page.next;
  }
}

/** Key-values that have not expired, in byte order of their keys. */
export function* liveEntries(store: ReadStore, now: number): Generator<StoredEntry> {
  let after: KeyPosition | undefined = { key: NO_BYTES, isInclusive: true };
  while (after !== undefined) {
    const page: Page<StoredEntry, KeyPosition> = store.valuePage(NO_BYTES, after, now, PAGE);
    yield* page.items;
    after = page.next;
  }
}
