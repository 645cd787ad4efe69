/** Which nodes belong to which. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { NodeId } from "../../backend/schema.ts";
import { NodeIndex, type NodeIndexHandle } from "../../projection/node_index.ts";
import { handleOf } from "../../projection/projection.ts";
import type { Projection } from "../../projection/mod.ts";
import { defineResult } from "../define.ts";
import type { Pace } from "../pace.ts";

/** Most pairs of a relation: 2^27, which take 512 MiB. */
export const MAX_RELATION_PAIRS: number = 2 ** 27;

/** A node and those that belong to it. */
export interface RelatedNodes {
  /** The node. */
  readonly nodeId: NodeId;
  /** Those that belong to it, in ascending ids. */
  readonly related: NodeId[];
}

/** What another thread makes the same relation of. */
export interface NodeRelationHandle {
  /** The nodes. */
  readonly nodes: NodeIndexHandle;
  /** Where the row of each node begins; one more than there are nodes. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** Dense indexes of the nodes that belong to it, ascending in each row. */
  readonly targets: Uint32Array<SharedArrayBuffer>;
}

/**
 * For each node of a projection a set of its nodes, such as its dominance frontier. It lies in shared memory. Iterating gives
 * the nodes whose set is not empty, in ascending ids.
 */
export class NodeRelation implements Iterable<RelatedNodes> {
  /** Number of pairs of a node and one that belongs to it. */
  readonly size: number;
  /** What another thread makes the same relation of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeRelationHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: NodeRelationHandle) {
    this.handle = handle;
    this.size = handle.targets.length;
    this.#nodes = new NodeIndex(handle.nodes);
  }

  /** The relation of a projection's nodes with these rows, which are kept. */
  static of(projection: Projection, rows: Omit<NodeRelationHandle, "nodes">): NodeRelation {
    return new NodeRelation({ nodes: handleOf(projection, "NodeRelation.of").nodes, ...rows });
  }

  /** The relation that another thread sent the handle of. */
  static from(handle: NodeRelationHandle): NodeRelation {
    return new NodeRelation(handle);
  }

  /** The nodes that belong to one, in ascending ids; none for a node that is not in the projection. O(their number). */
  of(nodeId: NodeId): NodeId[] {
    const node = this.#nodes.indexOf(nodeId);
    return node < 0 ? [] : this.#row(node);
  }

  /** How many nodes belong to one. O(1). */
  count(nodeId: NodeId): number {
    const node = this.#nodes.indexOf(nodeId);
    const { offsets } = this.handle;
    return node < 0 ? 0 : (offsets[node + 1] as number) - (offsets[node] as number);
  }

  /** Whether `other` belongs to a node. O(log of its row). */
  has(nodeId: NodeId, other: NodeId): boolean {
    const node = this.#nodes.indexOf(nodeId);
    const target = this.#nodes.indexOf(other);
    if (node < 0 || target < 0) return false;
    const { offsets, targets } = this.handle;
    let low = offsets[node] as number;
    let high = offsets[node + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((targets[middle] as number) < target) low = middle + 1;
      else high = middle;
    }
    return low < (offsets[node + 1] as number) && targets[low] === target;
  }

  /** The pairs turned round. O(nodes + pairs). */
  inverse(): NodeRelation {
    const { nodes, offsets, targets } = this.handle;
    return new NodeRelation({ nodes, ...inverseRows(offsets, targets) });
  }

  /** The nodes in their order, each with those that it is related to. */
  *[Symbol.iterator](): IterableIterator<RelatedNodes> {
    const { offsets } = this.handle;
    for (let node = 0; node < this.#nodes.count; node++) {
      if (offsets[node] === offsets[node + 1]) continue;
      yield { nodeId: this.#nodes.idOf(node), related: this.#row(node) };
    }
  }

  #row(node: number): NodeId[] {
    const { offsets, targets } = this.handle;
    const end = offsets[node + 1] as number;
    const ids: NodeId[] = [];
    for (let at = offsets[node] as number; at < end; at++) ids.push(this.#nodes.idOf(targets[at] as number));
    return ids;
  }
}

defineResult("sqlitegraph:NodeRelation", NodeRelation);

/** Empty rows that will hold `count` pairs. @throws {InvalidArgumentError} when these are too many */
export function newRows(nodeCount: number, count: number, call: string): Omit<NodeRelationHandle, "nodes"> {
  if (count > MAX_RELATION_PAIRS) {
    throw new InvalidArgumentError(
      `${call}: the result would have ${count} pairs of nodes; the limit is ${MAX_RELATION_PAIRS}: project fewer nodes`,
      { code: "result-too-large", field: "projection", value: count },
    );
  }
  return {
    offsets: new Uint32Array(new SharedArrayBuffer(4 * (nodeCount + 1))),
    targets: new Uint32Array(new SharedArrayBuffer(4 * count)),
  };
}

/** Rows with the pairs turned round. */
export function inverseRows(
  offsets: Uint32Array,
  targets: Uint32Array,
  pace?: Pace,
): Omit<NodeRelationHandle, "nodes"> {
  const nodeCount = offsets.length - 1;
  const rows = newRows(nodeCount, targets.length, "inverse");
  const starts = rows.offsets;
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const row = (targets[at] as number) + 1;
      starts[row] = (starts[row] as number) + 1;
    }
    pace?.step(0, end - (offsets[node] as number) + 1);
  }
  for (let node = 0; node < nodeCount; node++) {
    starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  }
  const next = starts.slice(0, nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const row = targets[at] as number;
      const place = next[row] as number;
      rows.targets[place] = node;
      next[row] = place + 1;
    }
    pace?.step(0, end - (offsets[node] as number) + 1);
  }
  return rows;
}
