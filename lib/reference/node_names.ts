/** Kinds and names by node from the `.v3index` sidecar, for nodes whose own are lost. */

import type { NameGroup, NameIndex } from "./name_index.ts";
import type { TreeEntries } from "./tree_entries.ts";

const UNKNOWN = 0;
const AMBIGUOUS = -1;
const HALF = 0x1_0000_0000;

/** What the index says about each entry of the node tree: a number each, not a map. */
export class NodeNames {
  readonly #index: NameIndex;
  readonly #kinds: Int32Array;
  readonly #names: Int32Array;

  constructor(index: NameIndex, entries: TreeEntries) {
    this.#index = index;
    this.#kinds = groupsOf(index, index.kinds, entries);
    this.#names = groupsOf(index, index.names, entries);
  }

  /** Kind of the node at a position of the tree, when the index gives it exactly one. */
  kind(position: number): string | undefined {
    return textOf(this.#index.kinds, this.#kinds[position] ?? UNKNOWN);
  }

  /** Name of the node at a position of the tree, when the index gives it exactly one. */
  name(position: number): string | undefined {
    return textOf(this.#index.names, this.#names[position] ?? UNKNOWN);
  }
}

/** Number of the group (from 1) that each entry is in. */
function groupsOf({ ids }: NameIndex, groups: readonly NameGroup[], entries: TreeEntries): Int32Array {
  const found = new Int32Array(entries.count);
  groups.forEach(({ firstId, endId }, group) => {
    for (let index = firstId; index < endId; index++) {
      const id = ids[index] as number;
      if (Number.isNaN(id)) continue;
      const position = entries.find(Math.floor(id / HALF) >>> 0, id >>> 0);
      if (position < 0) continue;
      const before = found[position] as number;
      found[position] = before === UNKNOWN || before === group + 1 ? group + 1 : AMBIGUOUS;
    }
  });
  return found;
}

function textOf(groups: readonly NameGroup[], number: number): string | undefined {
  return number > UNKNOWN ? groups[number - 1]?.text : undefined;
}
