/** Node records that the tree does not lead to, found by looking at every page; pages with lists of edges are noted meanwhile. */

import { idOfHalves } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { NodePage } from "./node_page.ts";
import type { NodeRecords } from "./node_records.ts";
import type { NodeRestore } from "./node_restore.ts";
import { FIRST_PAGE, PAGE_USE } from "./page_file.ts";
import type { StrayLists } from "./stray_lists.ts";
import type { TreeEntries } from "./tree_entries.ts";

/** Records, ascending by id, each id once. */
export interface Orphans {
  readonly count: number;
  /** High halves of the ids. */
  readonly high: readonly number[];
  /** Low halves of the ids. */
  readonly low: readonly number[];
  readonly page: readonly number[];
  /** Position of the record in its page. */
  readonly record: readonly number[];
  /** Position of the id in the tree, which has it but leads elsewhere; -1: the tree does not have it. */
  readonly position: readonly number[];
  /** Whether one of them has this position in the tree. */
  hasPosition(position: number): boolean;
}

interface Orphan {
  readonly high: number;
  readonly low: number;
  readonly page: number;
  readonly record: number;
  readonly position: number;
}

/** An entry of the tree that came over. */
const IMPORTED = 1;

/** Looks at every page that may be one of nodes. Further records of ids that are in use are noted as losses. */
export function findOrphans(
  context: ImportContext,
  records: NodeRecords,
  entries: TreeEntries,
  states: Uint8Array,
  restore: NodeRestore,
  strays: StrayLists,
): Orphans {
  const { pages, steps, losses, file } = context;
  const found: Orphan[] = [];
  const page = new NodePage();
  const duplicate = (pageId: number, high: number, low: number): void => {
    const node = idOfHalves(high, low);
    losses.add({
      code: "node-duplicate",
      message: `page ${pageId} has another record of node ${node}, which the tree does not lead to`,
      file,
      page: pageId,
      node,
    });
  };
  for (let pageId = FIRST_PAGE; pageId <= pages.lastPage; pageId++) {
    steps.step("scan", pageId, pages.lastPage);
    if (pages.isUsed(pageId, PAGE_USE.nodeTree | PAGE_USE.edgeTree | PAGE_USE.payload)) continue;
    const bytes = pages.read(pageId);
    if (!maybeNodes(bytes, pageId)) {
      strays.note(pageId, bytes);
      continue;
    }
    if (page.open(bytes, pageId) !== undefined) continue;
    for (let record = 0; record < page.count; record++) {
      const high = (page.idHigh[record] as number) >>> 0;
      const low = page.idLow[record] as number;
      if (page.isDeleted[record] === 1) continue;
      const position = entries.find(high, low);
      if (position >= 0 && entries.page[position] === pageId) {
        if (page.find(high, low, 0) !== record) duplicate(pageId, high, low);
      } else if (position >= 0 && states[position] === IMPORTED) duplicate(pageId, high, low);
      else if (!restore.isDeleted(idOfHalves(high, low))) found.push({ high, low, page: pageId, record, position });
    }
  }
  // Which state is the newest is not known; the later page was given later.
  found.sort((one, other) => one.high - other.high || one.low - other.low || other.page - one.page);
  const kept = found.filter(({ high, low, page: pageId }, index) => {
    const before = found[index - 1];
    if (before === undefined || before.high !== high || before.low !== low) return true;
    duplicate(pageId, high, low);
    return false;
  });
  // Marks the pages, so that edges are not looked for in them.
  for (const { page: pageId } of kept) records.page(pageId);
  const positions = new Set(kept.map(({ position }) => position));
  return {
    count: kept.length,
    high: kept.map(({ high }) => high),
    low: kept.map(({ low }) => low),
    page: kept.map(({ page: pageId }) => pageId),
    record: kept.map(({ record }) => record),
    position: kept.map(({ position }) => position),
    hasPosition: (position) => positions.has(position),
  };
}

/** Whether a page says that it is itself: 8 bytes tell nearly all pages of other sorts apart. */
function maybeNodes(bytes: Uint8Array, pageId: number): boolean {
  if (bytes.length < TREE_PAGE_BYTES) return false;
  const low =
    ((bytes[4] as number) << 24 | (bytes[5] as number) << 16 | (bytes[6] as number) << 8 | (bytes[7] as number)) >>> 0;
  return low === pageId % 0x1_0000_0000;
}
