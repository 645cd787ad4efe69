/** Reads the rows of a range of nodes: one chunk of a projection. */

import { LinkBatch, type LinkPosition } from "../backend/links.ts";
import type { ReadStore } from "../backend/store.ts";
import { checkLinkCount } from "./adjacency.ts";
import type { NodeIndex } from "./node_index.ts";
import type { CheckedProjectOptions } from "./options.ts";
import { orderRows } from "./row_order.ts";

/** Rows in their final form. */
export interface Chunk {
  /** Links up to and including each row. */
  readonly ends: Uint32Array;
  /** Targets of the links. */
  readonly targets: Uint32Array;
  /** Their edges, where those matter. */
  readonly edges: Float64Array | undefined;
  /** How many of them are self-loops. */
  readonly loops: number;
}

/** Reads chunks, one after the other, with the same buffers. */
export class ChunkReader {
  readonly #store: ReadStore;
  readonly #nodes: NodeIndex;
  readonly #options: CheckedProjectOptions;
  readonly #throwIfAborted: () => void;
  /** Whether the order of parallel edges matters, so that their ids are needed. */
  readonly #withEdges: boolean;
  readonly #batch = new LinkBatch();
  readonly #indexes: Int32Array;
  readonly #first: RowBuffer;
  #second: RowBuffer | undefined;
  #joined: RowBuffer | undefined;

  constructor(store: ReadStore, nodes: NodeIndex, options: CheckedProjectOptions, throwIfAborted: () => void) {
    const { weight, hasEdgeIds } = options;
    this.#store = store;
    this.#nodes = nodes;
    this.#options = options;
    this.#throwIfAborted = throwIfAborted;
    this.#withEdges = hasEdgeIds || weight !== undefined;
    this.#indexes = new Int32Array(this.#batch.capacity);
    this.#first = new RowBuffer(this.#withEdges);
  }

  /** The rows of the nodes with dense indexes `start` to `end` - 1. */
  read(start: number, end: number): Chunk {
    const { direction, isSimple } = this.#options;
    const rowCount = end - start;
    let rows = this.#first;
    this.#readInto(rows, direction === "in" ? "in" : "out", start, end);
    if (direction === "both") {
      this.#second ??= new RowBuffer(this.#withEdges);
      this.#joined ??= new RowBuffer(this.#withEdges);
      this.#readInto(this.#second, "in", start, end);
      joinRows(rows, this.#second, rowCount, start, this.#joined);
      rows = this.#joined;
    }
    const { count, loops } = orderRows(rows, rowCount, start, isSimple);
    return {
      ends: rows.ends.slice(0, rowCount),
      targets: rows.targets.slice(0, count),
      edges: rows.edges?.slice(0, count),
      loops,
    };
  }

  #readInto(rows: RowBuffer, direction: "out" | "in", start: number, end: number): void {
    const store = this.#store;
    const { types } = this.#options;
    const { ids } = this.#nodes;
    const batch = this.#batch;
    const lastId = ids[end - 1] as number;
    rows.begin(end - start);
    let next: LinkPosition | undefined = { node: ids[start] as number, neighbor: 0, edge: 0 };
    while (next !== undefined) {
      this.#throwIfAborted();
      next = store.linkPage(direction, types, next, lastId, this.#withEdges, batch);
      const missing = this.#nodes.indexAll(batch.neighbors, batch.count, this.#indexes);
      rows.append(batch, this.#indexes, missing > 0, ids, start);
    }
    rows.finish(end - start);
  }
}

/** Rows that grow. */
class RowBuffer {
  ends: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  targets: Uint32Array<ArrayBuffer> = new Uint32Array(1 << 16);
  edges: Float64Array<ArrayBuffer> | undefined;
  count = 0;
  /** Rows that have begun. */
  #row = 0;

  constructor(withEdges: boolean) {
    this.edges = withEdges ? new Float64Array(this.targets.length) : undefined;
  }

  begin(rowCount: number): void {
    if (this.ends.length < rowCount) this.ends = new Uint32Array(rowCount);
    this.count = 0;
    this.#row = 0;
  }

  /**
   * Adds a batch, whose links lead to the nodes with these dense indexes. Links of nodes that are not here are left out, as
   * are those to nodes that are not (index -1). Hot.
   */
  append(batch: LinkBatch, indexes: Int32Array, hasMissing: boolean, ids: Float64Array, firstRow: number): void {
    this.reserve(this.count + batch.count);
    const { ends, targets, edges } = this;
    const { nodes, rowCount } = batch;
    let row = this.#row;
    let count = this.count;
    let from = 0;
    for (let at = 0; at < rowCount; at++) {
      const node = nodes[at] as number;
      const end = batch.ends[at] as number;
      // The rows up to this one have ended.
      while ((ids[firstRow + row] as number) < node) ends[row++] = count;
      if (ids[firstRow + row] === node) {
        if (hasMissing) {
          for (; from < end; from++) {
            const target = indexes[from] as number;
            if (target < 0) continue;
            targets[count] = target;
            if (edges !== undefined) edges[count] = batch.edges[from] as number;
            count++;
          }
        } else if (edges === undefined) {
          for (; from < end; from++) targets[count++] = indexes[from] as number;
        } else {
          for (; from < end; from++) {
            edges[count] = batch.edges[from] as number;
            targets[count++] = indexes[from] as number;
          }
        }
      }
      from = end;
    }
    this.#row = row;
    this.count = count;
  }

  /** Ends the last rows. */
  finish(rowCount: number): void {
    this.ends.fill(this.count, this.#row, rowCount);
  }

  reserve(count: number): void {
    if (count <= this.targets.length) return;
    checkLinkCount(count, this.edges !== undefined);
    const capacity = Math.max(count, 2 * this.targets.length);
    const targets = new Uint32Array(capacity);
    targets.set(this.targets);
    this.targets = targets;
    if (this.edges === undefined) return;
    const edges = new Float64Array(capacity);
    edges.set(this.edges);
    this.edges = edges;
  }
}

/** Rows of the links either way, one behind the other; a self-loop, which is in both, once. */
function joinRows(out: RowBuffer, back: RowBuffer, rowCount: number, firstRow: number, joined: RowBuffer): void {
  joined.begin(rowCount);
  joined.reserve(out.count + back.count);
  const { ends, targets, edges } = joined;
  let count = 0;
  let at = 0;
  let backAt = 0;
  for (let row = 0; row < rowCount; row++) {
    const own = firstRow + row;
    for (const end = out.ends[row] as number; at < end; at++) {
      if (edges !== undefined) edges[count] = out.edges?.[at] as number;
      targets[count++] = out.targets[at] as number;
    }
    for (const end = back.ends[row] as number; backAt < end; backAt++) {
      const target = back.targets[backAt] as number;
      if (target === own) continue;
      if (edges !== undefined) edges[count] = back.edges?.[backAt] as number;
      targets[count++] = target;
    }
    ends[row] = count;
  }
  joined.count = count;
}
