/** What a filter of a vector search lets pass, as a set of node ids. */

import type { NodeFilter } from "./query.ts";
import { NodeIdSet } from "./node_id_set.ts";
import { checkNodeFilter } from "./record_input.ts";
import type { NodeRecord } from "./schema.ts";
import type { Page, ReadStore } from "./store.ts";
import type { CheckedVectorFilter } from "./vector_input.ts";
import type { StoredVectorIndex } from "./vector_store.ts";

const PAGE_SIZE = 4096;

/** Looks at the signal after so many nodes for which the user's function was called. */
const NODES_PER_LOOK = 1024;

/**
 * The nodes that pass a filter. Conditions on kinds and labels read their indexes, `where` is called for the nodes that are left
 * and have a vector. O(nodes that pass one of the conditions).
 */
export function resolveVectorFilter(
  store: ReadStore,
  index: StoredVectorIndex,
  filter: CheckedVectorFilter,
  signal: AbortSignal | undefined,
): NodeIdSet {
  const { kinds, labels, nodeIds, where } = filter;
  const sets: NodeIdSet[] = [];
  if (nodeIds !== undefined) sets.push(NodeIdSet.of(nodeIds));
  if (kinds !== undefined) sets.push(nodesOfAny(store, kinds.map((kind) => ({ kind }))));
  if (labels !== undefined) sets.push(nodesOfAny(store, labels.map((label) => ({ label }))));
  if (where !== undefined || sets.length === 0) sets.push(nodesWithVector(store, index));
  const passing = sets.reduce(intersection);
  return where === undefined ? passing : nodesWhere(store, passing, where, signal);
}

function nodesOfAny(store: ReadStore, filters: readonly NodeFilter[]): NodeIdSet {
  const parts = filters.map((filter) => {
    const checked = checkNodeFilter(filter, "searchVectors");
    return collect((after) => store.nodePage<number>(checked, "id", after, PAGE_SIZE));
  });
  const [only] = parts;
  // One part is ascending as it is.
  return parts.length === 1 && only !== undefined ? new NodeIdSet(Float64Array.from(only)) : NodeIdSet.of(parts.flat());
}

function nodesWithVector(store: ReadStore, index: StoredVectorIndex): NodeIdSet {
  const ids = collect((after) => store.vectorPage<number>(index, "nodeId", after, PAGE_SIZE));
  return new NodeIdSet(Float64Array.from(ids));
}

function collect(page: (after: number) => Page<number, number>): number[] {
  const ids: number[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const { items, next }: Page<number, number> = page(after);
    for (const id of items) ids.push(id);
    after = next;
  }
  return ids;
}

function intersection(one: NodeIdSet, other: NodeIdSet): NodeIdSet {
  const [a, b] = [one.ids, other.ids];
  const both = new Float64Array(Math.min(a.length, b.length));
  let length = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const difference = (a[i] as number) - (b[j] as number);
    if (difference === 0) both[length++] = a[i] as number;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return new NodeIdSet(both.slice(0, length));
}

function nodesWhere(
  store: ReadStore,
  nodes: NodeIdSet,
  where: (node: never) => boolean,
  signal: AbortSignal | undefined,
): NodeIdSet {
  const passing: number[] = [];
  nodes.ids.forEach((id, at) => {
    if (at % NODES_PER_LOOK === 0) signal?.throwIfAborted();
    const node: NodeRecord | undefined = store.readNode(id, true);
    if (node !== undefined && where(node as never)) passing.push(id);
  });
  return new NodeIdSet(Float64Array.from(passing));
}
