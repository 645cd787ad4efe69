/** Walk through everything that the file holds: the newest state, the header's own trees, the kept commits. */

import { walkByteTree } from "./check_byte_tree.ts";
import type { Findings } from "./check_findings.ts";
import { walkLinkTree, walkRecordTree } from "./check_number_tree.ts";
import type { PageVisits } from "./check_visits.ts";
import { readCatalog } from "./catalog.ts";
import { EDGE_DATA_OVERFLOW } from "./edge_record.ts";
import type { Engine } from "./engine.ts";
import { readFreeList } from "./free_list.ts";
import { FreePages } from "./free_pages.ts";
import { HISTORY_RECORD, readTags } from "./history.ts";
import type { KeptCommit } from "./kept_commits.ts";
import { LinkTree } from "./link_tree.ts";
import { NODE_FLAG } from "./node_record.ts";
import { PAGE_FIRST_AT, PAGE_SECOND_AT, PAGE_TYPE } from "./page.ts";
import type { TreeRoot } from "./pages.ts";
import { RecordCursor } from "./record_tree.ts";
import { EMPTY_STATE, TREE, TREE_KINDS, TREE_NAMES } from "./state.ts";
import { STRING_OVERFLOW } from "./string_table.ts";
import type { ReadTrees } from "./trees.ts";

/** What was found of the trees of one state. */
export interface WalkedTrees {
  /** Number of entries by tree. */
  readonly entries: Record<keyof ReadTrees, number>;
  /** Whether the pages of a tree can be read and are in order; chains of records may be damaged. */
  readonly sound: Record<keyof ReadTrees, boolean>;
}

const CHAIN_FLAGS: Readonly<Record<number, number>> = {
  [TREE.nodes]: NODE_FLAG.dataOverflow | NODE_FLAG.overflow,
  [TREE.edges]: EDGE_DATA_OVERFLOW,
  [TREE.strings]: STRING_OVERFLOW,
};

/** Walks the trees of a state. */
export function walkTrees(visits: PageVisits, roots: readonly TreeRoot[], lsn: number, where: string): WalkedTrees {
  const entries: Record<string, number> = {};
  const sound: Record<string, boolean> = {};
  TREE_NAMES.forEach((name, tree) => {
    const root = roots[tree] as TreeRoot;
    const { errors } = visits.findings;
    const { chainErrors } = visits;
    visits.part(`${where}${name}`, lsn);
    const kind = TREE_KINDS[tree];
    entries[name] = kind === "record"
      ? walkRecordTree(visits, root, CHAIN_FLAGS[tree] as number)
      : kind === "link"
      ? walkLinkTree(visits, root)
      : walkByteTree(visits, root);
    const treeErrors = visits.findings.errors - errors;
    sound[name] = treeErrors === 0 || (kind === "record" && treeErrors === visits.chainErrors - chainErrors);
  });
  return { entries: entries as WalkedTrees["entries"], sound: sound as WalkedTrees["sound"] };
}

/** Walks the trees that belong to the file itself. Returns whether the dead pages can be read. */
export function walkSystemTrees(visits: PageVisits, engine: Engine): boolean {
  const { header } = engine;
  const { findings } = visits;
  const walk = (name: string, run: () => void): boolean => {
    const { errors } = findings;
    visits.part(name, header.lsn);
    run();
    return findings.errors === errors;
  };
  const isDeadSound = walk("list of dead pages", () => walkLinkTree(visits, header.dead));
  const isHistorySound = walk("history", () => walkRecordTree(visits, header.history, 0));
  const areTagsSound = walk("tags", () => walkByteTree(visits, header.tags));
  if (walk("list of free pages", () => walkFreeList(visits, engine))) checkFreeList(findings, engine);
  if (isHistorySound) checkHistory(findings, engine, isDeadSound);
  if (areTagsSound) checkTags(findings, engine);
  return isDeadSound;
}

function walkFreeList(visits: PageVisits, { header }: Engine): void {
  const { view } = visits.pages;
  let pageId = header.freeListPage;
  let birth = header.freeListBirth;
  while (pageId !== 0) {
    const address = visits.enter(pageId, birth);
    if (address < 0 || !visits.expect(pageId, address, PAGE_TYPE.freeList, 0)) return;
    pageId = view.getUint32(address + PAGE_FIRST_AT, true);
    birth = view.getUint32(address + PAGE_SECOND_AT, true);
  }
}

function checkFreeList(findings: Findings, { header, pager }: Engine): void {
  const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes } = header;
  try {
    readFreeList(pager, { pageId, birth, sizeBytes }, new FreePages(header.pageCount));
  } catch (error) {
    findings.caught(error, "list of free pages");
  }
}

/** The history names commits that are kept, and the right number of dead pages for each. */
function checkHistory(findings: Findings, { header, pager, kept }: Engine, isDeadSound: boolean): void {
  const cursor = new RecordCursor(pager, header.history);
  const dead = new LinkTree(pager, header.dead);
  for (cursor.seek(-1); cursor.next();) {
    const place = `commit ${cursor.id}`;
    if (cursor.end - cursor.at !== HISTORY_RECORD.size) {
      findings.error("history-corrupt", "records of kept commits with another size", place);
      continue;
    }
    if (kept.get(cursor.id) === undefined || cursor.id > header.lsn) {
      findings.error("history-corrupt", "commits in the history that are not kept", place);
    }
    if (!isDeadSound) continue;
    const view = new DataView(cursor.bytes.buffer, cursor.at, HISTORY_RECORD.size);
    const stored = view.getUint32(HISTORY_RECORD.deadPages, true);
    const found = dead.count(cursor.id);
    if (stored === found) continue;
    findings.error(
      "dead-count",
      "kept commits with a wrong number of dead pages",
      `${place}: ${stored}, there are ${found}`,
    );
  }
}

function checkTags(findings: Findings, { header, pager, kept }: Engine): void {
  try {
    for (const [name, lsn] of readTags(pager, header.tags)) {
      if (kept.get(lsn) !== undefined) continue;
      findings.error(
        "tag-without-commit",
        "tags of commits that are not kept",
        `${JSON.stringify(name)} on commit ${lsn}`,
      );
    }
  } catch (error) {
    findings.caught(error, "tags");
  }
}

/** Walks a kept commit, as far as it shares no pages with those that were walked before. */
export function walkCommit(visits: PageVisits, engine: Engine, commit: KeptCommit): void {
  const where = `commit ${commit.lsn}, `;
  const { catalog } = commit;
  const isHeader = commit.isHeader && commit.lsn === engine.header.lsn;
  const root = catalog ?? (isHeader ? engine.header.catalog : undefined);
  visits.nextState();
  visits.part(`${where}catalog`, commit.lsn);
  if (root !== undefined && root.pageId !== 0) {
    const { errors } = visits.findings;
    walkByteTree(visits, root);
    if (visits.findings.errors > errors && commit.state === undefined) return;
  }
  let roots: readonly TreeRoot[] | undefined = commit.state?.roots;
  if (roots === undefined && root !== undefined) {
    try {
      const state = root.pageId === 0 ? EMPTY_STATE : readCatalog(engine.pager, root);
      if (state.lsn !== commit.lsn) {
        visits.findings.error(
          "catalog-mismatch",
          "kept commits whose catalog is that of another one",
          `commit ${commit.lsn}: ${state.lsn}`,
        );
      }
      ({ roots } = state);
    } catch (error) {
      visits.findings.caught(error, `catalog of commit ${commit.lsn}`);
    }
  }
  // Commits without either are kept for readers in other processes: their pages are in the lists of dead pages.
  if (roots !== undefined) walkTrees(visits, roots, commit.lsn, where);
}
