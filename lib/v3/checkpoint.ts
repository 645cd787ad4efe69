/**
 * Writing the newest state to the file: pages, then one header slot (the point from which it counts), then the other. Pages
 * that only the header before needed become free after that, and not before.
 */

import { ByteTreeWriter } from "./byte_writer.ts";
import { writeCatalog } from "./catalog.ts";
import { type Engine, LSN_BLOCK } from "./engine.ts";
import { eachFreeListPage, writeFreeList } from "./free_list.ts";
import type { FreePages } from "./free_pages.ts";
import { FLAG_PINNED_DEAD, type Header } from "./header.ts";
import { encodeHistory, encodeTag } from "./history.ts";
import { isReadBy, type KeptCommit, type KeptCommits } from "./kept_commits.ts";
import { DeadPages } from "./dead_pages.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";
import { livePins } from "./reader_registry.ts";
import { RecordTreeWriter } from "./record_tree_writer.ts";
import type { GraphState } from "./state.ts";

/** Names of kept commits, as they are to be after the checkpoint. */
export type Tags = ReadonlyMap<string, number>;

/** What a checkpoint is told. */
export interface CheckpointRequest {
  /** State to write: the newest one, or that of the running transaction, which it then commits. */
  readonly state: GraphState;
  /** Pages that the running transaction freed before, each followed by its birth. */
  readonly freed: readonly number[];
  readonly tags: Tags;
  /** Whether the tags differ from those in the file. */
  readonly areTagsChanged: boolean;
}

/**
 * Writes a state. To be called within a transaction of the pager whose pages have the state's LSN as their birth; ends that
 * transaction when it succeeds. When it throws, nothing counts yet and the transaction is to be rolled back, unless the engine
 * is poisoned.
 *
 * @returns the state, with its catalog
 */
export function writeCheckpoint(engine: Engine, request: CheckpointRequest): GraphState {
  const { pager, kept, header, writer } = engine;
  const state = writeCatalog(pager, request.state);
  const freed = [...request.freed, ...pager.takeFreed()];
  markReaders(engine);
  // Tags name commits that are kept: the newest one, or one that was kept before.
  const newest = kept.keep(state);
  const { isRetained: wasRetained, catalog: oldCatalog } = newest;
  if (engine.isRetaining) kept.retain(newest);
  newest.catalog = state.catalog;
  pager.savepoint();
  let plan: DeadPages;
  let next: Omit<Header, "counter">;
  try {
    plan = new DeadPages(pager, header.dead, kept, newest, freed);
    const history = writeHistory(pager, header.history, kept, plan);
    const tags = request.areTagsChanged ? writeTags(pager, header.tags, request.tags) : header.tags;
    freeOldList(engine);
    // The trees of the file itself are reached by headers only.
    const system = pager.takeFreed();
    plan.freeSystemPages(system);
    const list = writeFreeList(pager, () => image(engine, plan));
    next = {
      ...header,
      flags: plan.hasUnrecorded ? FLAG_PINNED_DEAD : 0,
      lsn: state.lsn,
      nextLsn: Math.max(engine.nextLsn, state.lsn + 1),
      lsnCeiling: Math.max(header.lsnCeiling, Math.max(engine.nextLsn, state.lsn + 1) + LSN_BLOCK),
      timeMs: state.timeMs,
      nodeCount: state.nodeCount,
      edgeCount: state.edgeCount,
      keyCount: state.keyCount,
      nextNodeId: writer.nextNodeId,
      nextEdgeId: writer.nextEdgeId,
      nodeIdCeiling: Math.max(header.nodeIdCeiling, writer.nextNodeId),
      edgeIdCeiling: Math.max(header.edgeIdCeiling, writer.nextEdgeId),
      pageCount: list.pageCount,
      freeListPage: list.pageId,
      freeListBirth: list.birth,
      freeListBytes: list.sizeBytes,
      catalog: state.catalog,
      history,
      dead: plan.root,
      tags,
      retention: engine.retention,
    };
    pager.writeDirty();
    try {
      engine.file.sync();
    } catch (error) {
      engine.poison(error);
      throw error;
    }
  } catch (error) {
    pager.rollback();
    newest.catalog = oldCatalog;
    if (!wasRetained) kept.unretain(newest);
    kept.dropUnneeded(newest);
    throw error;
  }
  try {
    engine.headerFile.write(next);
  } catch (error) {
    engine.poison(error);
    throw error;
  }
  pager.release();
  pager.commit(() => {});
  plan.carryOut(pinsNow(engine), (pageId) => engine.reclaim(pageId));
  try {
    pager.cutFile(pager.freePages.cut());
  } catch {
    // The new state counts already; the file is longer than it need be until the next checkpoint cuts it.
  }
  engine.syncedLsn = state.lsn;
  return state;
}

function livePinsOf(engine: Engine): number[] {
  return engine.options.isVolatile ? [] : livePins(engine.fileSystem, engine.path);
}

/** What readers pin; everything when that cannot be found out: the header has been written, nothing may fail any more. */
function pinsNow(engine: Engine): number[] {
  try {
    return livePinsOf(engine);
  } catch {
    return [0];
  }
}

/** Notes which commits readers in other processes may be reading. */
function markReaders(engine: Engine): void {
  const pins = livePinsOf(engine);
  if (!pins.some((lsn) => lsn < engine.openedLsn)) engine.endQuarantine();
  for (const commit of engine.kept.all) commit.isRead = isReadBy(commit, pins);
}

/** The history with every commit that is kept for good. */
function writeHistory(pages: MutablePages, root: TreeRoot, kept: KeptCommits, plan: DeadPages): TreeRoot {
  const tree = new RecordTreeWriter(pages, root);
  for (const commit of kept.all) {
    if (isRecorded(commit)) {
      const record = encodeHistory(commit, plan.recorded(commit));
      tree.put(commit.lsn, record, 0, record.length);
    } else if (commit.isRecorded) tree.delete(commit.lsn);
  }
  return tree.root;
}

/** Whether a commit stays readable after the database was closed. */
export function isRecorded(commit: KeptCommit): boolean {
  return commit.tags > 0 || commit.isRetained;
}

function writeTags(pages: MutablePages, root: TreeRoot, tags: Tags): TreeRoot {
  const tree = new ByteTreeWriter(pages, root);
  tree.clear();
  const text = new TextEncoder();
  for (const [name, lsn] of tags) tree.put(text.encode(name), encodeTag(lsn));
  return tree.root;
}

function freeOldList({ pager, header }: Engine): void {
  const pages: number[] = [];
  const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes } = header;
  eachFreeListPage(pager, { pageId, birth, sizeBytes }, (partId, partBirth) => pages.push(partId, partBirth));
  for (let at = 0; at < pages.length; at += 2) pager.free(pages[at] as number, pages[at + 1] as number);
}

/** The pages that are free once the new header counts. */
function image({ pager, quarantined }: Engine, plan: DeadPages): FreePages {
  const free = pager.freePages.clone();
  for (const pageId of pager.recycled()) free.add(pageId);
  quarantined?.eachRun((first, length) => {
    for (let pageId = first; pageId < first + length; pageId++) free.add(pageId);
  });
  plan.eachFreePage((pageId) => free.add(pageId));
  return free;
}
