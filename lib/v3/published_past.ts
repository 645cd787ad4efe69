/** Finding kept commits in what the writer has published, without asking it. */

import { FACT, type SharedMemory } from "../snapshot/shared_memory.ts";
import { ByteTree } from "./byte_tree.ts";
import { HISTORY_RECORD, readTags } from "./history.ts";
import { corruptPage } from "./number_branch.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { type CheckedAt, noSuchTag, notKept } from "./past_state.ts";
import { RecordCursor } from "./record_tree.ts";
import { getRecent, type PublishedRoot } from "./root_entry.ts";

/** A kept commit: its roots are in its catalog. */
export interface KeptState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly catalog: TreeRoot;
}

const UTF8 = new TextEncoder();

/**
 * The kept commit that is asked for. To be called in a read that is repeated when pages changed under it.
 *
 * @throws {NotRetainedError} when it is not kept
 */
export function findKept(
  pages: Pages,
  memory: SharedMemory,
  root: PublishedRoot,
  at: CheckedAt,
  call: string,
): KeptState {
  const { lsn, timeMs, tag } = at;
  if (tag !== undefined) return findTag(pages, memory, root, tag, call);
  const { state } = root;
  const { oldestLsn } = new KeptList(pages, memory, root);
  if (timeMs !== undefined) {
    const found = new KeptList(pages, memory, root).before((kept) => kept.timeMs <= timeMs);
    if (found !== undefined) return found;
    throw notKept(call, `a state at ${new Date(timeMs).toISOString()}`, timeMs, oldestLsn, state.lsn);
  }
  const found = new KeptList(pages, memory, root).before((kept) => kept.lsn <= lsn);
  if (found?.lsn === lsn) return found;
  throw notKept(call, `commit ${lsn}`, lsn, oldestLsn, state.lsn);
}

function findTag(pages: Pages, memory: SharedMemory, root: PublishedRoot, tag: string, call: string): KeptState {
  const value = new ByteTree(pages, root.tags).get(UTF8.encode(tag));
  if (value === undefined) throw noSuchTag(tag, [...readTags(pages, root.tags).keys()], call);
  if (value.length !== 8) throw corruptPage(`the tag ${JSON.stringify(tag)}`);
  const lsn = new DataView(value.buffer, value.byteOffset).getFloat64(0, true);
  return findKept(pages, memory, root, { lsn }, call);
}

/** Kept commits, ascending: those of the history, then those that it does not name yet. */
class KeptList {
  readonly #memory: SharedMemory;
  readonly #root: PublishedRoot;
  readonly #cursor: RecordCursor;
  /** The first recent commit that is still kept. */
  readonly #first: number;
  /** Commits of the history below this one are kept only when they have a tag. */
  readonly #retainedFrom: number;
  readonly #tagged: readonly number[];

  constructor(pages: Pages, memory: SharedMemory, root: PublishedRoot) {
    this.#memory = memory;
    this.#root = root;
    this.#cursor = new RecordCursor(pages, root.history);
    const retainedFrom = this.#retainedFrom = memory.facts[FACT.retainedFrom] as number;
    this.#tagged = [...readTags(pages, root.tags).values()].sort((one, other) => one - other);
    let first = root.recentFirst;
    while (first < root.recentEnd && getRecent(memory, first).lsn < retainedFrom) first++;
    this.#first = first;
  }

  /** LSN of the oldest one; of the newest state when there is none. */
  get oldestLsn(): number {
    const { recentEnd, state } = this.#root;
    const recorded = this.#recordAfter(this.#retainedFrom - 1)?.lsn;
    const recent = this.#first < recentEnd ? getRecent(this.#memory, this.#first).lsn : state.lsn;
    return Math.min(this.#tagged[0] ?? Infinity, recorded ?? recent);
  }

  /** The last one that passes a test which all before it pass too. O(log n). */
  before(passes: (kept: KeptState) => boolean): KeptState | undefined {
    const memory = this.#memory;
    let low = this.#first - 1;
    let high = this.#root.recentEnd - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (passes(getRecent(memory, middle))) low = middle;
      else high = middle - 1;
    }
    if (low >= this.#first) return getRecent(memory, low);
    const recorded = this.#recordBefore(passes);
    if (recorded === undefined || recorded.lsn >= this.#retainedFrom) return recorded;
    return this.#tagged.map((lsn) => this.#recordAfter(lsn - 1)).findLast((kept) => kept !== undefined && passes(kept));
  }

  #recordBefore(passes: (kept: KeptState) => boolean): KeptState | undefined {
    let found: KeptState | undefined;
    let low = -1;
    let high = this.#root.state.lsn;
    // Between `low`, behind which the search goes on, and `high`, after which nothing passes.
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const record = this.#recordAfter(middle);
      if (record !== undefined && record.lsn <= high && passes(record)) {
        found = record;
        low = record.lsn;
      } else high = middle;
    }
    return found ?? this.#firstRecord(passes);
  }

  #firstRecord(passes: (kept: KeptState) => boolean): KeptState | undefined {
    const first = this.#recordAfter(-1);
    return first !== undefined && passes(first) ? first : undefined;
  }

  /** The first commit of the history above an LSN. */
  #recordAfter(lsn: number): KeptState | undefined {
    const cursor = this.#cursor;
    cursor.seek(lsn);
    if (!cursor.next()) return undefined;
    if (cursor.end - cursor.at !== HISTORY_RECORD.size) throw corruptPage(`the record of kept commit ${cursor.id}`);
    const view = new DataView(cursor.bytes.buffer, cursor.at, HISTORY_RECORD.size);
    return {
      lsn: cursor.id,
      timeMs: view.getFloat64(HISTORY_RECORD.timeMs, true),
      catalog: {
        pageId: view.getUint32(HISTORY_RECORD.catalogPage, true),
        birth: view.getUint32(HISTORY_RECORD.catalogBirth, true),
        level: view.getUint32(HISTORY_RECORD.catalogLevel, true),
      },
    };
  }
}
