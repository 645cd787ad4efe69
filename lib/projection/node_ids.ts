/** The ids of the nodes that a projection holds. */

import type { Gang } from "../backend/projection.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { ReadStore } from "../backend/store.ts";
import { checkNodeCount } from "./adjacency.ts";

/** Ids read at once. */
const PAGE_SIZE = 8_192;

const ALL_NODES: CheckedNodeFilter = {
  kind: undefined,
  label: undefined,
  name: undefined,
  glob: undefined,
};

/** Ids of the nodes that pass one of the filters (undefined: all nodes), and the predicate: ascending, each once. */
export function readNodeIds(
  store: ReadStore,
  filters: readonly CheckedNodeFilter[] | undefined,
  where: ((nodeId: number) => boolean) | undefined,
  gang: Gang,
): Float64Array {
  let ids = new Float64Array(filters === undefined ? store.countNodes(ALL_NODES) ?? 0 : 0);
  let count = 0;
  for (const filter of filters ?? [ALL_NODES]) {
    for (let after: number | undefined = 0; after !== undefined;) {
      gang.throwIfAborted();
      const page: { readonly items: readonly number[]; readonly next: number | undefined } = store.nodePage<number>(
        filter,
        "id",
        after,
        PAGE_SIZE,
      );
      const { items } = page;
      if (count + items.length > ids.length) ids = grown(ids, count + items.length);
      for (let at = 0; at < items.length; at++) {
        const id = items[at] as number;
        if (where === undefined || where(id)) ids[count++] = id;
      }
      checkNodeCount(count);
      after = page.next;
    }
  }
  const found = ids.subarray(0, count);
  return filters === undefined || filters.length < 2 ? found : distinct(found.sort());
}

function grown(ids: Float64Array<ArrayBuffer>, least: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(least, 2 * ids.length));
  larger.set(ids);
  return larger;
}

/** Ascending numbers, each once, in their own place. */
export function distinct(sorted: Float64Array): Float64Array {
  let kept = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (kept === 0 || sorted[at] !== sorted[kept - 1]) sorted[kept++] = sorted[at] as number;
  }
  return sorted.subarray(0, kept);
}
