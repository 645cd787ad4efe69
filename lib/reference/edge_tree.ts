/** The lists of edges that the tree leads to, with the nodes that they speak of. */

import type { EdgeCluster } from "./edge_cluster.ts";
import { isIncomingKey, nodeOfEdgeKey } from "./edge_key.ts";
import { EdgeLists, type ListState } from "./edge_lists.ts";
import type { ImportContext } from "./import_context.ts";
import type { NodeIds } from "./node_ids.ts";
import { PAGE_USE } from "./page_file.ts";
import type { ReferenceId, ReferenceLoss } from "./report.ts";
import type { TreeEntries } from "./tree_entries.ts";
import type { TypeTable } from "./type_table.ts";

/** Why a list cannot be used, or not all of it. */
const LIST_LOSSES: Readonly<Record<Exclude<ListState, "whole">, readonly [ReferenceLoss["code"], string]>> = {
  cut: ["cluster-cut", "does not end inside its page"],
  damaged: ["cluster-damaged", "contradicts itself"],
  foreign: ["cluster-foreign", "was overwritten by another node's"],
  absent: ["cluster-damaged", "is not there"],
};

/** Lists by position in the tree: first the outgoing ones, then the incoming ones, each by node. */
export class EdgeTree {
  /** Number of lists. */
  readonly count: number;
  /** Position of the first list of incoming edges. */
  readonly firstIncoming: number;
  /** Where lists are. */
  readonly lists: EdgeLists;
  readonly #context: ImportContext;
  readonly #ids: NodeIds;
  readonly #types: TypeTable;
  readonly #entries: TreeEntries;
  /** 1: what is wrong with the list has been noted, if anything. */
  readonly #isNoted: Uint8Array;

  constructor(context: ImportContext, ids: NodeIds, types: TypeTable, entries: TreeEntries) {
    this.#context = context;
    this.#ids = ids;
    this.#types = types;
    this.#entries = entries;
    this.lists = new EdgeLists(context, (list) => this.#isSound(list));
    this.count = entries.count;
    this.#isNoted = new Uint8Array(entries.count);
    let firstIncoming = 0;
    while (firstIncoming < entries.count && !isIncomingKey(entries.high[firstIncoming] as number)) firstIncoming++;
    this.firstIncoming = firstIncoming;
    for (let position = 0; position < entries.count; position++) {
      context.pages.mark(entries.page[position] as number, PAGE_USE.listStart);
    }
  }

  /** Position of the list with a key, or -1. */
  find(high: number, low: number): number {
    return this.#entries.find(high, low);
  }

  /** The node whose list is at a position. */
  node(position: number): ReferenceId {
    return nodeOfEdgeKey(this.#entries.high[position] as number, this.#entries.low[position] as number);
  }

  /** The page that the tree has for a list. */
  page(position: number): number {
    return this.#entries.page[position] as number;
  }

  /** Reads a list; false when nothing of it can be used. What is wrong with it is noted once. Hot. */
  open(list: EdgeCluster, position: number): boolean {
    const state = this.lists.open(list, this.page(position), this.node(position), position >= this.firstIncoming);
    if (state !== "whole" && this.#isNoted[position] === 0) this.#note(position, state);
    return state !== "foreign" && state !== "absent";
  }

  #note(position: number, state: Exclude<ListState, "whole">): void {
    this.#isNoted[position] = 1;
    const [code, what] = LIST_LOSSES[state];
    const page = this.page(position);
    const node = this.node(position);
    const direction = position < this.firstIncoming ? "outgoing" : "incoming";
    this.#context.losses.add({
      code,
      message:
        `the list of ${direction} edges of node ${node} in page ${page} ${what}; the other ends' lists stand for it`,
      file: this.#context.file,
      page,
      node,
    });
  }

  /** Position (in `NodeIds`) of the node at the other end of an edge, or -1. Hot. */
  neighbor(list: EdgeCluster, index: number): number {
    const id = list.ids[index] as number;
    return id > 0 ? this.#ids.indexOf(id) : this.#ids.indexOfReference(list.neighbor(index));
  }

  /** Whether all nodes at the other ends came over. */
  hasNeighbors(list: EdgeCluster): boolean {
    for (let index = 0; index < list.idCount; index++) if (this.neighbor(list, index) < 0) return false;
    return true;
  }

  /** Whether every node and type of a list is one. */
  #isSound(list: EdgeCluster): boolean {
    if (!this.hasNeighbors(list)) return false;
    for (let index = 0; index < list.count; index++) {
      if (this.#types.isDamaged(list.types[index] as number)) return false;
    }
    return true;
  }
}
