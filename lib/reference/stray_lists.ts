/** Pages with lists of edges that the tree may not lead to: noted on the way through all pages, looked at later. */

import { EdgeCluster } from "./edge_cluster.ts";
import { edgeKey } from "./edge_key.ts";
import { isChainedPage, isPackedPage, nodeOfSlot, SLOT_BYTES, SLOTS_AT } from "./edge_lists.ts";
import type { ImportContext } from "./import_context.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { PAGE_USE, type PageFile, pageOffset } from "./page_file.ts";
import type { ReferenceId } from "./report.ts";
import type { TreeEntries } from "./tree_entries.ts";
import { TypeTable } from "./type_table.ts";

/** The tree of edges, and the pages that it may not lead to all of. */
export class StrayLists {
  /** The tree of edges. */
  readonly entries: TreeEntries;
  /** Whether 3.9.0 wrote to the file, so that a page may have had several lists. */
  readonly hasSharedPages: boolean;
  readonly #pages: PageFile;
  readonly #list = new EdgeCluster(new TypeTable());

  constructor({ pages, header }: ImportContext, entries: TreeEntries) {
    this.#pages = pages;
    this.entries = entries;
    this.hasSharedPages = header.edgeTreeHeight > 0;
  }

  /** Whether the tree has the page at an offset for a node's list. */
  leadsTo(node: ReferenceId, isIncoming: boolean, offset: number): boolean {
    const { entries } = this;
    const { high, low } = edgeKey(node, isIncoming);
    const position = entries.find(high, low);
    if (position < 0) return false;
    const page = entries.page[position] as number;
    for (const size of this.#pages.edgePageSizes) if (pageOffset(page, size) === offset) return true;
    return false;
  }

  /** Notes a page, if there is anything in it that the tree may not lead to. Hot: most pages hold what it does lead to. */
  note(pageId: number, bytes: Uint8Array): void {
    const offset = pageOffset(pageId, TREE_PAGE_BYTES);
    const version = bytes[0];
    if (version === 2 || version === 3) {
      const list = this.#list;
      list.openHead(bytes);
      const isReached = list.node !== undefined && this.leadsTo(list.node, list.isIncoming, offset);
      if (isReached && !this.hasSharedPages) return;
    } else if (isPackedPage(bytes)) {
      // Pages larger than this one have slots beyond it: those are looked at later.
      if (this.#pages.edgePageSizes.length === 1 && this.#leadsToAll(bytes, offset)) return;
    } else if (!isChainedPage(bytes)) return;
    this.#pages.mark(pageId, PAGE_USE.strayLists);
  }

  #leadsToAll(bytes: Uint8Array, offset: number): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = Math.min(SLOTS_AT + SLOT_BYTES * view.getUint16(4), bytes.length - SLOT_BYTES + 1);
    for (let slot = SLOTS_AT; slot < end; slot += SLOT_BYTES) {
      if (!this.leadsTo(nodeOfSlot(bytes, slot), bytes[slot + 8] === 1, offset)) return false;
    }
    return true;
  }
}
