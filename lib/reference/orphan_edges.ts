/** Edges in lists that the tree does not lead to, as far as the list that it does lead to lacks them. */

import type { EdgeBag } from "./edge_bag.ts";
import { EdgeCluster } from "./edge_cluster.ts";
import { isIncomingKey } from "./edge_key.ts";
import { edgeNumber } from "./edge_number.ts";
import type { EdgeTree } from "./edge_tree.ts";
import { HEADER_BYTES } from "./header.ts";
import type { ImportContext } from "./import_context.ts";
import type { LostEnds } from "./lost_ends.ts";
import type { NodeIds } from "./node_ids.ts";
import { findOrphanLists, type OrphanList } from "./orphan_lists.ts";
import type { ReferenceId } from "./report.ts";
import type { StrayLists } from "./stray_lists.ts";
import type { TypeTable } from "./type_table.ts";

/** How often a list has each edge, by `edgeNumber`. */
type EdgeCounts = Map<number, number>;

/** Such edges of one file. */
export class OrphanEdges {
  readonly #context: ImportContext;
  readonly #ids: NodeIds;
  readonly #tree: EdgeTree;
  readonly #list: EdgeCluster;
  readonly #orphans: readonly OrphanList[];

  constructor(context: ImportContext, ids: NodeIds, types: TypeTable, tree: EdgeTree, strays: StrayLists) {
    this.#context = context;
    this.#ids = ids;
    this.#tree = tree;
    this.#list = new EdgeCluster(types);
    this.#orphans = findOrphanLists(context, types, tree.lists, strays, {
      hasNode: (node) => ids.indexOfReference(node) >= 0,
      hasNeighbors: (list) => tree.hasNeighbors(list),
    });
  }

  /** The list with a number, which is the origin of its edges in the bag. */
  list(origin: number): OrphanList {
    return this.#orphans[origin - 1] as OrphanList;
  }

  /** Puts the edges into a bag. */
  collect(bag: EdgeBag): void {
    let known: EdgeCounts = new Map();
    this.#orphans.forEach((orphan, index) => {
      this.#context.steps.step("scan", index, this.#orphans.length);
      const before = this.#orphans[index - 1];
      if (before?.high !== orphan.high || before.low !== orphan.low) known = this.#knownEdges(orphan);
      this.#open(orphan);
      this.#take(bag, orphan, known, index + 1);
    });
  }

  #knownEdges({ high, low }: OrphanList): EdgeCounts {
    const known: EdgeCounts = new Map();
    const position = this.#tree.find(high, low);
    const list = this.#list;
    if (position < 0 || !this.#tree.open(list, position)) return known;
    for (let index = 0; index < list.count; index++) {
      const key = edgeNumber(this.#tree.neighbor(list, index), list.types[index] as number);
      known.set(key, (known.get(key) ?? 0) + 1);
    }
    return known;
  }

  #open({ offset, length, isChain }: OrphanList): void {
    const { source, edgePageSizes } = this.#context.pages;
    if (!isChain) return this.#list.open(source.read(offset, length));
    for (const size of edgePageSizes) {
      const bytes = this.#tree.lists.readChain((offset - HEADER_BYTES) / size + 1, size);
      if (bytes?.length === length) return this.#list.open(bytes);
    }
  }

  #take(bag: EdgeBag, orphan: OrphanList, known: EdgeCounts, origin: number): void {
    const list = this.#list;
    const own = list.node === undefined ? -1 : this.#ids.indexOfReference(list.node);
    if (own < 0) return;
    const isIncoming = isIncomingKey(orphan.high);
    const seen: EdgeCounts = new Map();
    for (let index = 0; index < list.count; index++) {
      const neighbor = this.#tree.neighbor(list, index);
      if (neighbor < 0) continue;
      const type = list.types[index] as number;
      const key = edgeNumber(neighbor, type);
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      const knownTimes = known.get(key) ?? 0;
      if (times <= knownTimes) continue;
      // The bag gets all of them as soon as there is one more than the tree's list has: it counts on its own.
      for (let time = times === knownTimes + 1 ? 1 : times; time <= times; time++) {
        const weight = list.weights[index] as number;
        if (isIncoming) bag.add(neighbor, own, type, weight, origin);
        else bag.add(own, neighbor, type, weight, origin);
      }
    }
  }

  /** Names the edges whose ends did not come over. */
  nameLostEnds(lostEnds: LostEnds): void {
    for (const orphan of this.#orphans) {
      this.#open(orphan);
      const node = this.#list.node as ReferenceId;
      if (isIncomingKey(orphan.high)) lostEnds.incoming(this.#list, node);
      else lostEnds.outgoing(this.#list, node);
    }
  }
}
