/** Adjacency in bulk: the links of a range of nodes, many thousands at a time, in typed arrays. */

import type { EdgeRecord } from "./schema.ts";
import type { ReadStore } from "./store.ts";

/** Links that a batch holds at most, unless told otherwise. */
const DEFAULT_CAPACITY = 16_384;

/** Least capacity: an engine may add so many links at once. */
export const MIN_LINK_BATCH = 4_096;

/** Where reading of links starts: at this one, or the first one behind it. */
export interface LinkPosition {
  /** Its node. */
  readonly node: number;
  /** The node at its other end; 0 for the first of its node. */
  readonly neighbor: number;
  /** Its edge; 0 for the first with this neighbour. */
  readonly edge: number;
}

/**
 * Links by node. Row r, of node `nodes[r]`, has the links from `ends[r - 1]` (0 for the first) to `ends[r]` - 1; nodes ascend,
 * and the links of one node may lie in several rows one after the other.
 */
export class LinkBatch {
  /** Most links, and rows. */
  readonly capacity: number;
  /** Node of each row. */
  readonly nodes: Float64Array<ArrayBuffer>;
  /** Index behind the last link of each row. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** The node at the other end of each link. */
  readonly neighbors: Float64Array<ArrayBuffer>;
  /** Edge of each link; not filled unless asked for. */
  readonly edges: Float64Array<ArrayBuffer>;
  /** Number of rows. */
  rowCount = 0;
  /** Number of links. */
  count = 0;

  /** Makes an empty batch of at least 4,096 links. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.capacity = Math.max(capacity, MIN_LINK_BATCH);
    this.nodes = new Float64Array(this.capacity);
    this.ends = new Uint32Array(this.capacity);
    this.neighbors = new Float64Array(this.capacity);
    this.edges = new Float64Array(this.capacity);
  }

  /** Forgets its links. */
  clear(): void {
    this.rowCount = 0;
    this.count = 0;
  }

  /** Adds a link; its node is not below that of the one before. */
  push(node: number, neighbor: number, edge: number): void {
    const { rowCount, count } = this;
    if (rowCount === 0 || this.nodes[rowCount - 1] !== node) this.nodes[this.rowCount++] = node;
    this.neighbors[count] = neighbor;
    this.edges[count] = edge;
    this.count = count + 1;
    this.ends[this.rowCount - 1] = this.count;
  }
}

/** `ReadStore.linkPage` for a store without a quicker way: node by node. */
export function linkPageByNode(
  store: ReadStore,
  direction: "out" | "in",
  types: readonly string[] | undefined,
  from: LinkPosition,
  untilNode: number,
  batch: LinkBatch,
): LinkPosition | undefined {
  batch.clear();
  const filter = { kind: undefined, name: undefined, glob: undefined, label: undefined };
  let after = from.node - 1;
  while (after < untilNode) {
    const page = store.nodePage<number>(filter, "id", after, MIN_LINK_BATCH);
    for (const node of page.items) {
      if (node > untilNode) return undefined;
      const edges = store.edgesOf(node, direction, types, false);
      for (let at = node === from.node ? firstFrom(edges, direction, from) : 0; at < edges.length; at++) {
        const edge = edges[at] as EdgeRecord;
        const neighbor = direction === "out" ? edge.to : edge.from;
        if (batch.count === batch.capacity) return { node, neighbor, edge: edge.id };
        batch.push(node, neighbor, edge.id);
      }
    }
    if (page.next === undefined) return undefined;
    after = page.next;
  }
  return undefined;
}

function firstFrom(edges: readonly EdgeRecord[], direction: "out" | "in", { neighbor, edge }: LinkPosition): number {
  const at = edges.findIndex((one) => {
    const other = direction === "out" ? one.to : one.from;
    return other > neighbor || (other === neighbor && one.id >= edge);
  });
  return at < 0 ? edges.length : at;
}
