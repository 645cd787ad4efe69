/** Links in bulk: the leaves of a link tree, decoded column by column. */

import { type LinkBatch, type LinkPosition, MIN_LINK_BATCH } from "../backend/links.ts";
import { LinkLeaf } from "./link_leaf.ts";
import { LinkWay } from "./link_tree.ts";
import { PAGE_SIZE } from "./page.ts";
import { type Pages, StaleRead, type TreeRoot } from "./pages.ts";

/** Reads many links at once. Measured: 60 to 90 million links a second from pages in memory. */
export class LinkPageReader {
  /** Leaves are copied and checked before they are read: what a batch holds was never changed by another thread. */
  readonly #copy: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly #view: DataView = new DataView(this.#copy.buffer);
  readonly #leaf: LinkLeaf = new LinkLeaf();
  readonly #way: LinkWay = new LinkWay();

  /**
   * Fills a batch with the entries of a tree from a position on, of the groups up to one.
   *
   * @param types numbers of the types that pass; undefined lets all pass
   * @param withEdges whether the batch gets the third numbers of the entries
   * @returns where the next batch starts; undefined at the end
   */
  read(
    pages: Pages,
    root: TreeRoot,
    types: readonly number[] | undefined,
    from: LinkPosition,
    untilNode: number,
    withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined {
    const way = this.#way;
    let { node, neighbor, edge } = from;
    batch.clear();
    if (root.pageId === 0) return undefined;
    while (node <= untilNode) {
      // A leaf has fewer entries than that.
      if (batch.capacity - batch.count < MIN_LINK_BATCH) return { node, neighbor, edge };
      const address = way.descend(pages, root, node, neighbor, edge);
      this.#copy.set(pages.bytes.subarray(address, address + PAGE_SIZE));
      if (!pages.isSettled()) throw new StaleRead();
      this.#leaf.read(this.#view, 0);
      this.#append(types, node, neighbor, edge, untilNode, withEdges, batch);
      if (!way.hasNext) return undefined;
      node = way.nextA;
      neighbor = way.nextB;
      edge = way.nextC;
    }
    return undefined;
  }

  #append(
    types: readonly number[] | undefined,
    node: number,
    neighbor: number,
    edge: number,
    untilNode: number,
    withEdges: boolean,
    batch: LinkBatch,
  ): void {
    const leaf = this.#leaf;
    const { nodes, ends } = batch;
    const first = leaf.groupFrom(node);
    if (first === leaf.groups) return;
    let start = leaf.groupStart(first);
    if (leaf.a(first) === node) start = leaf.entryFrom(start, leaf.groupEnd(first), neighbor, edge);
    const shift = batch.count - start;
    let row = batch.rowCount;
    let end = start;
    // Hot from here on.
    for (let group = first; group < leaf.groups; group++) {
      const a = leaf.a(group);
      if (a > untilNode) break;
      const groupEnd = leaf.groupEnd(group);
      if (groupEnd === end) continue;
      end = groupEnd;
      nodes[row] = a;
      ends[row++] = shift + end;
    }
    leaf.copyB(start, end, batch.neighbors, batch.count);
    if (withEdges) leaf.copyC(start, end, batch.edges, batch.count);
    if (types === undefined || (leaf.widthType === 0 && types.includes(leaf.baseType))) {
      batch.rowCount = row;
      batch.count = shift + end;
    } else if (leaf.widthType > 0) {
      this.#keepTypes(types, start - batch.count, row, withEdges, batch);
    }
  }

  /** Keeps of the rows behind the batch's end, up to one, the links whose type passes; the leaf has link i at `shift` + i. */
  #keepTypes(types: readonly number[], shift: number, rows: number, withEdges: boolean, batch: LinkBatch): void {
    const leaf = this.#leaf;
    const { nodes, ends, neighbors, edges } = batch;
    let kept = batch.count;
    let keptRows = batch.rowCount;
    let at = kept;
    for (let row = keptRows; row < rows; row++) {
      const before = kept;
      for (const end = ends[row] as number; at < end; at++) {
        if (!types.includes(leaf.type(shift + at))) continue;
        neighbors[kept] = neighbors[at] as number;
        if (withEdges) edges[kept] = edges[at] as number;
        kept++;
      }
      if (kept === before) continue;
      nodes[keptRows] = nodes[row] as number;
      ends[keptRows++] = kept;
    }
    batch.rowCount = keptRows;
    batch.count = kept;
  }
}
