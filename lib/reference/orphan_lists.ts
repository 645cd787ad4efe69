/** Lists of edges that the tree does not lead to, as far as their nodes came over. */

import { EdgeCluster } from "./edge_cluster.ts";
import { edgeKey } from "./edge_key.ts";
import { type EdgeLists, isChainedPage, isPackedPage, nodeOfSlot, SLOT_BYTES, SLOTS_AT } from "./edge_lists.ts";
import type { ImportContext } from "./import_context.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { FIRST_PAGE, PAGE_USE, pageOffset } from "./page_file.ts";
import type { ReferenceId } from "./report.ts";
import type { StrayLists } from "./stray_lists.ts";
import type { TypeTable } from "./type_table.ts";

/** Where a list is that the tree does not lead to. */
export interface OrphanList {
  /** Key that the tree would have for it. */
  readonly high: number;
  readonly low: number;
  readonly pageId: number;
  /** Offset in the file; of a long list: of its first page. */
  readonly offset: number;
  readonly length: number;
  readonly isChain: boolean;
}

/** Offset in a list of the byte that is 1 in version 3, and shortest list with an edge. */
const MARK_AT = 14;
const SHORTEST_LIST = 24;
/** Bytes of a page that are tried as beginnings of lists in vain. */
const MAX_FAILURES = 64;
/** Where the list begins in a page of a long one. */
const PART_AT = 16;
/** Uses that leave no room for lists. */
const OTHER_USES = PAGE_USE.nodeTree | PAGE_USE.edgeTree | PAGE_USE.nodes | PAGE_USE.payload;

/** What the search needs to know of the nodes. */
export interface ListJudge {
  /** Whether a node came over. */
  hasNode(node: ReferenceId): boolean;
  /** Whether all neighbours of a list came over. */
  hasNeighbors(list: EdgeCluster): boolean;
}

/** Finds such lists in the noted pages, by key. Copies of lists that were written again since are among them. */
export function findOrphanLists(
  context: ImportContext,
  types: TypeTable,
  lists: EdgeLists,
  strays: StrayLists,
  judge: ListJudge,
): OrphanList[] {
  return new OrphanSearch(context, types, lists, strays, judge).run();
}

class OrphanSearch {
  readonly #context: ImportContext;
  readonly #list: EdgeCluster;
  readonly #lists: EdgeLists;
  readonly #strays: StrayLists;
  readonly #judge: ListJudge;
  readonly #found: OrphanList[] = [];

  constructor(context: ImportContext, types: TypeTable, lists: EdgeLists, strays: StrayLists, judge: ListJudge) {
    this.#context = context;
    this.#list = new EdgeCluster(types);
    this.#lists = lists;
    this.#strays = strays;
    this.#judge = judge;
  }

  run(): OrphanList[] {
    const { pages, steps } = this.#context;
    for (let pageId = FIRST_PAGE; pageId <= pages.lastPage; pageId++) {
      if (!pages.isUsed(pageId, PAGE_USE.strayLists) || pages.isUsed(pageId, OTHER_USES)) continue;
      steps.step("scan", pageId, pages.lastPage);
      const offset = pageOffset(pageId, TREE_PAGE_BYTES);
      // The first size is the header's: shared pages are as long as that.
      const bytes = pages.source.read(offset, pages.edgePageSizes[0] as number);
      if (bytes.length < SHORTEST_LIST) continue;
      if (isPackedPage(bytes)) this.#packed(pageId, offset, bytes);
      else if (isChainedPage(bytes)) this.#chain(pageId, offset);
      else this.#plain(pageId, offset, bytes.subarray(0, TREE_PAGE_BYTES));
    }
    return this.#found.sort((one, other) => one.high - other.high || one.low - other.low || one.offset - other.offset);
  }

  #add(pageId: number, offset: number, length: number, node: ReferenceId, isIncoming: boolean, isChain = false): void {
    this.#found.push({ ...edgeKey(node, isIncoming), pageId, offset, length, isChain });
  }

  /** Slots that the tree does not lead to: copies of before a later flush, or all of them when the tree is damaged. */
  #packed(pageId: number, offset: number, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = Math.min(SLOTS_AT + SLOT_BYTES * view.getUint16(4), bytes.length - SLOT_BYTES + 1);
    for (let slot = SLOTS_AT; slot < end; slot += SLOT_BYTES) {
      const node = nodeOfSlot(bytes, slot);
      const isIncoming = bytes[slot + 8] === 1;
      if (this.#strays.leadsTo(node, isIncoming, offset)) continue;
      const start = view.getUint16(slot + 10);
      const length = view.getUint16(slot + 12);
      if (length < SHORTEST_LIST || start + length > bytes.length) continue;
      const list = this.#list;
      list.open(bytes.subarray(start, start + length));
      if (list.node !== node || list.isIncoming !== isIncoming || list.count === 0) continue;
      this.#add(pageId, offset + start, length, node, isIncoming);
    }
  }

  #chain(pageId: number, offset: number): void {
    for (const size of this.#context.pages.edgePageSizes) {
      const id = (offset - pageOffset(1, size)) / size + 1;
      if (!Number.isInteger(id) || !this.#beginsList(offset)) continue;
      const bytes = this.#lists.readChain(id, size);
      if (bytes === undefined) continue;
      const list = this.#list;
      list.open(bytes);
      if (list.node === undefined || list.count === 0 || !list.isPlausible || !this.#judge.hasNode(list.node)) continue;
      if (this.#strays.leadsTo(list.node, list.isIncoming, offset)) return;
      this.#add(pageId, offset, bytes.length, list.node, list.isIncoming, true);
      return;
    }
  }

  /** Whether a part of a long list is the first one: reading on from each part would take time by the square of the length. */
  #beginsList(offset: number): boolean {
    const list = this.#list;
    list.open(this.#context.pages.source.read(offset + PART_AT, SHORTEST_LIST));
    return list.version === 3 && list.isPlausible && list.node !== undefined && this.#judge.hasNode(list.node);
  }

  /** A list at the start of the page, and what older lists of a shared page are left behind it. */
  #plain(pageId: number, offset: number, bytes: Uint8Array): void {
    let at = 1;
    let failures = 0;
    const version = bytes[0] as number;
    if (version === 2 || version === 3) {
      const list = this.#list;
      list.open(bytes);
      const { node } = list;
      const isWhole = list.end === "whole" && list.isPlausible && list.count > 0;
      if (node !== undefined && list.count > 0 && list.isPlausible && this.#judge.hasNode(node)) {
        const isReached = this.#strays.leadsTo(node, list.isIncoming, offset);
        if (!isReached && (isWhole || this.#judge.hasNeighbors(list))) {
          this.#add(pageId, offset, bytes.length, node, list.isIncoming);
        }
        at = list.length;
        // Only what was a shared page once has more than one list.
        if (!this.#strays.hasSharedPages) return;
      }
    }
    for (; at + SHORTEST_LIST <= bytes.length; at++) {
      if (failures === MAX_FAILURES) return;
      // Hot: most bytes are none of the version that shared pages hold.
      if (bytes[at] !== 3 || bytes[at + MARK_AT] !== 1) continue;
      const list = this.#list;
      list.open(bytes.subarray(at));
      const { node } = list;
      const isList = list.end === "whole" && list.count > 0 && list.isPlausible;
      if (!isList || node === undefined || !this.#judge.hasNode(node) || !this.#judge.hasNeighbors(list)) {
        failures++;
        continue;
      }
      this.#add(pageId, offset + at, list.length, node, list.isIncoming);
      at += list.length - 1;
    }
  }
}
