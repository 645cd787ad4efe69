/** Leaves of a damaged file that no tree leads to any more, found by a look at every page. */

import { readKey } from "./byte_cell.ts";
import { cellAt, cellCount } from "./byte_page.ts";
import type { PageSet } from "./check_page_set.ts";
import { PAGE_TYPE, PAGE_TYPE_AT } from "./page.ts";
import { RECORD_WIDTH_AT, recordId, slotCount } from "./record_leaf.ts";
import { byteTreeOf, type RecordTreeName, recordTreeOf } from "./salvage_classify.ts";
import type { FoundLeaf } from "./salvage_range.ts";
import type { SalvageSource } from "./salvage_source.ts";

/** Leaves by the tree that they belong to. */
export interface FoundLeaves {
  readonly nodes: FoundLeaf<number>[];
  readonly edges: FoundLeaf<number>[];
  readonly strings: FoundLeaf<number>[];
  readonly keyValues: FoundLeaf<Uint8Array>[];
  readonly texts: FoundLeaf<Uint8Array>[];
  readonly catalog: FoundLeaf<Uint8Array>[];
  readonly vectorIndexes: FoundLeaf<Uint8Array>[];
  readonly vectors: FoundLeaf<Uint8Array>[];
  /** Pages with another content than was written. */
  readonly damaged: number[];
  /** Youngest page of all, 0 without any. */
  youngest: number;
}

/**
 * Finds leaves.
 *
 * @param lastLsn pages that are younger do not count: they belong to what the log tells, or to nothing
 * @param excluded pages that are known not to matter
 */
export function findLeaves(source: SalvageSource, lastLsn: number, excluded: PageSet): FoundLeaves {
  const found: FoundLeaves = {
    nodes: [],
    edges: [],
    strings: [],
    keyValues: [],
    texts: [],
    catalog: [],
    vectorIndexes: [],
    vectors: [],
    damaged: [],
    youngest: 0,
  };
  source.scan((pages, pageId, bornAt) => {
    if (!(bornAt <= lastLsn)) return;
    if (bornAt > found.youngest) found.youngest = bornAt;
    if (excluded.has(pageId)) return;
    const type = pages.bytes[PAGE_TYPE_AT];
    if (type === PAGE_TYPE.recordLeaf) {
      const tree: RecordTreeName | undefined = recordTreeOf(pages, 0, source.pageCount);
      if (tree === undefined) return;
      const width = pages.view.getUint8(RECORD_WIDTH_AT);
      const first = recordId(pages.view, 0, width, 0);
      const last = recordId(pages.view, 0, width, slotCount(pages.view, 0) - 1);
      found[tree].push({ pageId, bornAt, first, last });
    } else if (type === PAGE_TYPE.byteLeaf) {
      const tree = byteTreeOf(pages, 0);
      if (tree === undefined) return;
      // Of a copy: keys with chains make the source fetch pages.
      const page = pages.bytes.slice();
      try {
        const first = readKey(source.pages, page, cellAt(page, 0, 0));
        const last = readKey(source.pages, page, cellAt(page, 0, cellCount(page, 0) - 1));
        found[tree].push({ pageId, bornAt, first, last });
      } catch (error) {
        source.losses.caught(
          "page",
          `page ${pageId} (${tree})`,
          error,
          "; it was found by itself and cannot be placed",
        );
      }
    }
  }, (pageId) => {
    if (!excluded.has(pageId)) found.damaged.push(pageId);
  });
  return found;
}
