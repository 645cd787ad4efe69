/** Check of what becomes of every page: reached, free, dead, or lost. */

import type { Findings } from "./check_findings.ts";
import { PageSet } from "./check_page_set.ts";
import type { Engine } from "./engine.ts";
import { readFreeList } from "./free_list.ts";
import { FreePages } from "./free_pages.ts";
import { LinkCursor } from "./link_tree.ts";

/** What the walk found, and what it could read. */
export interface WalkedPages {
  /** Pages that the newest state and the header's own trees reach. */
  readonly newest: PageSet;
  /** Pages that any state reaches. */
  readonly all: PageSet;
  /** Whether the tree of dead pages can be read. */
  readonly isDeadSound: boolean;
  /** Whether every page that is used was found. */
  readonly isComplete: boolean;
}

/** Compares free and dead pages with those that are reached, and looks for pages that are none of these. */
export function checkSpace(engine: Engine, findings: Findings, walked: WalkedPages): void {
  const { pager, quarantined, kept } = engine;
  const free = freePagesOf(engine, findings);
  const { pageCount } = pager.freePages;
  const dead = new PageSet(pageCount);
  const noteDead = (pageId: number, birth: number, lsn: number): void => {
    const place = `page ${pageId} of commit ${lsn}`;
    if (pageId === 0 || pageId > pageCount) {
      findings.error("dead-page-outside", "dead pages that the file does not have", place);
      return;
    }
    if (!dead.add(pageId)) findings.error("dead-page-twice", "pages that are dead twice", place);
    if (birth > lsn) findings.error("dead-page-too-young", "dead pages younger than the commit that needs them", place);
    if (walked.newest.has(pageId)) {
      findings.error("dead-page-in-use", "dead pages that the newest state reaches", place);
    }
    if (free?.has(pageId) === true) findings.error("page-free-and-dead", "pages that are free and dead", place);
  };
  for (const { dead: pages, lsn } of kept.all) {
    for (let at = 0; at < pages.length; at += 2) noteDead(pages[at] as number, pages[at + 1] as number, lsn);
  }
  if (walked.isDeadSound) eachDeadPage(engine, noteDead);
  for (const pageId of pager.recycled()) dead.add(pageId);
  let isLeak = false;
  for (let pageId = 1; pageId <= pageCount; pageId++) {
    const isFree = free?.has(pageId) === true || quarantined?.has(pageId) === true;
    if (isFree && walked.all.has(pageId)) {
      findings.error("page-free-and-used", "pages that are free although a state reaches them", `page ${pageId}`);
    } else if (!isFree && !walked.all.has(pageId) && !dead.has(pageId)) isLeak = true;
  }
  // What a damaged page refers to is not lost; what a transaction has freed is nowhere yet.
  if (!isLeak || free === undefined || !walked.isComplete || engine.inTransaction) return;
  for (let pageId = 1; pageId <= pageCount; pageId++) {
    if (free.has(pageId) || quarantined?.has(pageId) === true || walked.all.has(pageId) || dead.has(pageId)) continue;
    findings.warning("leaked-page", "pages that nothing refers to and that are not free", `page ${pageId}`);
  }
}

/** The free pages; undefined when they cannot be read. */
function freePagesOf(engine: Engine, findings: Findings): FreePages | undefined {
  const { pager, header, state, quarantined } = engine;
  const { freePages } = pager;
  // Beside a living writer, a reader needs no free pages and does not load them.
  const isUnknown = engine.options.isVolatile && !engine.inTransaction && freePages.count === 0 &&
    quarantined === undefined && state.lsn === header.lsn && header.freeListBytes > 0;
  if (!isUnknown) return freePages;
  const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes } = header;
  const free = new FreePages(header.pageCount);
  try {
    readFreeList(pager, { pageId, birth, sizeBytes }, free);
    return free;
  } catch (error) {
    findings.caught(error, "list of free pages");
    return undefined;
  }
}

/** Visits the entries of the file's tree of dead pages. */
function eachDeadPage(
  { pager, header }: Engine,
  visit: (pageId: number, birth: number, lsn: number) => void,
): void {
  const cursor = new LinkCursor(pager, header.dead);
  while (cursor.nextRun()) {
    for (let at = cursor.start; at < cursor.end; at++) visit(cursor.c(at), cursor.b(at), cursor.a);
  }
}
