/** Some edges of a projection, with a number for each. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { defineResult, lookUp } from "../define.ts";

/** An edge with its number. */
export interface EdgeValue {
  /** Node that it leaves. */
  readonly from: NodeId;
  /** Node that it enters. */
  readonly to: NodeId;
  /** Its id; undefined unless the projection knew its edges. */
  readonly edgeId: number | undefined;
  /** Its number. */
  readonly value: number;
}

/** What another thread makes the same table of: arrays of the same length. */
export interface EdgeTableHandle {
  /** Node that each edge leaves. */
  readonly from: Float64Array<SharedArrayBuffer>;
  /** Node that each edge enters. */
  readonly to: Float64Array<SharedArrayBuffer>;
  /** Id of each edge, if they are known. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
  /** Number of each edge. */
  readonly values: Float64Array<SharedArrayBuffer>;
}

/**
 * Some edges of a projection, with a number for each, in shared memory. They are in the order of the node that they leave, then
 * the one that they enter, then their ids, and so they are iterated. In an undirected projection an edge leaves the node from
 * which it was followed.
 */
export class EdgeTable implements Iterable<EdgeValue> {
  /** Number of edges. */
  readonly count: number;
  /** Node that each edge leaves. Must not be changed. */
  readonly from: Float64Array<SharedArrayBuffer>;
  /** Node that each edge enters. Must not be changed. */
  readonly to: Float64Array<SharedArrayBuffer>;
  /** Id of each edge; undefined unless the projection knew its edges. Must not be changed. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
  /** Number of each edge. Must not be changed. */
  readonly values: Float64Array<SharedArrayBuffer>;
  /** What another thread makes the same table of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: EdgeTableHandle;

  private constructor(handle: EdgeTableHandle) {
    this.handle = handle;
    this.from = handle.from;
    this.to = handle.to;
    this.edgeIds = handle.edgeIds;
    this.values = handle.values;
    this.count = handle.from.length;
  }

  /** The table that another thread sent the handle of. */
  static from(handle: EdgeTableHandle): EdgeTable {
    return new EdgeTable(handle);
  }

  /** The edges in their order. */
  *[Symbol.iterator](): IterableIterator<EdgeValue> {
    for (let at = 0; at < this.count; at++) {
      yield {
        from: this.from[at] as number,
        to: this.to[at] as number,
        edgeId: this.edgeIds?.[at],
        value: this.values[at] as number,
      };
    }
  }
}

defineResult("sqlitegraph:EdgeTable", EdgeTable);

/** The edges of links, which are given by row and place. */
export function edgeTable(
  { nodeIds, out }: Projection,
  rows: readonly number[],
  links: readonly number[],
  values: readonly number[],
): EdgeTable {
  const column = (): Float64Array<SharedArrayBuffer> => new Float64Array(new SharedArrayBuffer(8 * links.length));
  const { edgeIds, targets } = out;
  const table = {
    from: column(),
    to: column(),
    edgeIds: edgeIds === undefined ? undefined : column(),
    values: column(),
  };
  for (let at = 0; at < links.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const link = links[at] as number;
    table.from[at] = nodeIds[rows[at] as number] as number;
    table.to[at] = nodeIds[targets[link] as number] as number;
    table.values[at] = values[at] as number;
    if (table.edgeIds !== undefined) table.edgeIds[at] = edgeIds?.[link] as number;
  }
  return EdgeTable.from(table);
}
