/** What differs between the vectors of two states. */

import type { Difference } from "../backend/care.ts";
import { compareUtf8 } from "../backend/text_order.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { byteDifferences } from "./byte_entries.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { type GraphState, TREE } from "./state.ts";
import { readTrees } from "./trees.ts";
import { VectorIndexes } from "./vector_indexes.ts";
import { indexOfKey, nodeOfKey, partOfKey, VECTOR_HEAD_SIZE } from "./vector_key.ts";

type Operation = "insert" | "update" | "delete";

/**
 * Indexes by name, then vectors by number of their index and by node. A vector that was written again as it was is no
 * difference.
 */
export function* vectorDifferences(pages: Pages, from: GraphState, to: GraphState): Generator<Difference> {
  const [old, now] = [from, to].map(({ roots }) => new VectorIndexes(pages, readTrees(pages, roots)).all());
  yield* indexDifferences(old as readonly StoredVectorIndex[], now as readonly StoredVectorIndex[]);
  const names = new Map([...old ?? [], ...now ?? []].map(({ number, definition }) => [number, definition.name]));
  const roots = [from, to].map((state) => state.roots[TREE.vectors] as TreeRoot);
  let last: { readonly index: number; readonly nodeId: number; readonly operation: Operation } | undefined;
  const told = (): Difference[] =>
    last === undefined ? [] : [{
      type: "vector",
      operation: last.operation,
      index: names.get(last.index) ?? "",
      nodeId: last.nodeId,
    }];
  for (const { key, operation } of byteDifferences(pages, roots[0] as TreeRoot, roots[1] as TreeRoot, headBytes)) {
    const index = indexOfKey(key, 0);
    const nodeId = nodeOfKey(key, 0);
    if (last?.index === index && last.nodeId === nodeId) continue;
    yield* told();
    // All parts of a vector come and go with the first one.
    last = { index, nodeId, operation: partOfKey(key, 0) === 0 ? operation : "update" };
  }
  yield* told();
}

/** The commit that wrote a vector is no part of it. */
function headBytes(key: Uint8Array): number {
  return partOfKey(key, 0) === 0 ? VECTOR_HEAD_SIZE : 0;
}

function* indexDifferences(
  old: readonly StoredVectorIndex[],
  now: readonly StoredVectorIndex[],
): Generator<Difference> {
  const numbers = (indexes: readonly StoredVectorIndex[]): Map<string, number> =>
    new Map(indexes.map(({ definition, number }) => [definition.name, number]));
  const before = numbers(old);
  const after = numbers(now);
  for (const index of [...new Set([...before.keys(), ...after.keys()])].sort(compareUtf8)) {
    const [was, is] = [before.get(index), after.get(index)];
    if (was === is) continue;
    yield {
      type: "vectorIndex",
      operation: was === undefined ? "insert" : is === undefined ? "delete" : "update",
      index,
    };
  }
}
