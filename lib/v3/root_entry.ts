/**
 * A state as an entry of the ring of published states:
 *
 *   0 LSN        1 commit time   2 nodes        3 edges       4 keys        5 next string
 *   6 catalog: page, birth, level      9 LSN of the catalog
 *  10 roots of the trees, three numbers each
 *  49 history: page, birth, level     52 tags: page, birth, level
 *  55 first and end of the entries in the ring of recent commits that the history lacks
 */

import { RECENT_NUMBERS, RECENT_RING, ROOT_NUMBERS, type SharedMemory } from "../snapshot/shared_memory.ts";
import type { TreeRoot } from "./pages.ts";
import { type GraphState, TREE_NAMES } from "./state.ts";

const CATALOG = 6;
const ROOTS = 10;
const HISTORY = 49;
const TAGS = 52;
const RECENT = 55;

/** What is published besides the state. */
export interface RootExtras {
  /** Tree of kept commits in the file. */
  readonly history: TreeRoot;
  /** Tree of tags. */
  readonly tags: TreeRoot;
  /** Entries of the ring of recent commits: from `recentFirst` to `recentEnd` - 1, counted since the begin. */
  readonly recentFirst: number;
  readonly recentEnd: number;
}

/** A published entry. */
export interface PublishedRoot extends RootExtras {
  readonly state: GraphState;
}

/** A kept commit that the file's history does not name yet. */
export interface RecentCommit {
  readonly lsn: number;
  readonly timeMs: number;
  readonly catalog: TreeRoot;
}

/** Writes an entry. */
export function encodeRoot(state: GraphState, extras: RootExtras, entry: Float64Array): void {
  entry.fill(0, 0, ROOT_NUMBERS);
  entry[0] = state.lsn;
  entry[1] = state.timeMs;
  entry[2] = state.nodeCount;
  entry[3] = state.edgeCount;
  entry[4] = state.keyCount;
  entry[5] = state.nextString;
  putRoot(entry, CATALOG, state.catalog);
  entry[9] = state.catalogLsn;
  for (let tree = 0; tree < TREE_NAMES.length; tree++) putRoot(entry, ROOTS + 3 * tree, state.roots[tree] as TreeRoot);
  putRoot(entry, HISTORY, extras.history);
  putRoot(entry, TAGS, extras.tags);
  entry[RECENT] = extras.recentFirst;
  entry[RECENT + 1] = extras.recentEnd;
}

/** Reads an entry. */
export function decodeRoot(entry: Float64Array): PublishedRoot {
  return {
    state: {
      lsn: entry[0] as number,
      timeMs: entry[1] as number,
      nodeCount: entry[2] as number,
      edgeCount: entry[3] as number,
      keyCount: entry[4] as number,
      nextString: entry[5] as number,
      catalog: getRoot(entry, CATALOG),
      catalogLsn: entry[9] as number,
      roots: TREE_NAMES.map((_, tree) => getRoot(entry, ROOTS + 3 * tree)),
    },
    history: getRoot(entry, HISTORY),
    tags: getRoot(entry, TAGS),
    recentFirst: entry[RECENT] as number,
    recentEnd: entry[RECENT + 1] as number,
  };
}

function putRoot(entry: Float64Array, at: number, { pageId, birth, level }: TreeRoot): void {
  entry[at] = pageId;
  entry[at + 1] = birth;
  entry[at + 2] = level;
}

function getRoot(entry: Float64Array, at: number): TreeRoot {
  return { pageId: entry[at] as number, birth: entry[at + 1] as number, level: entry[at + 2] as number };
}

/** Writes an entry of the ring of recent commits. */
export function putRecent({ recent }: SharedMemory, index: number, { lsn, timeMs, catalog }: RecentCommit): void {
  const at = index % RECENT_RING * RECENT_NUMBERS;
  recent[at] = lsn;
  recent[at + 1] = timeMs;
  putRoot(recent, at + 2, catalog);
}

/** Reads an entry of the ring of recent commits. */
export function getRecent({ recent }: SharedMemory, index: number): RecentCommit {
  const at = index % RECENT_RING * RECENT_NUMBERS;
  return { lsn: recent[at] as number, timeMs: recent[at + 1] as number, catalog: getRoot(recent, at + 2) };
}
