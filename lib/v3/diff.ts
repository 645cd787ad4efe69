/**
 * What differs between two states. The trees of both are walked from their roots, level by level, and only pages that one of
 * them has alone are kept; so it takes as long as what was changed is large, not as the graph is.
 */

import type { Difference } from "../backend/care.ts";
import { keyToUser } from "../backend/validate.ts";
import { expiresAtOf, NEVER_EXPIRES } from "../kv/mod.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { areSameBytes, ByteEntries, CHAIN_POINTER_SIZE, isSameChain } from "./byte_entries.ts";
import { ByteTree } from "./byte_tree.ts";
import { addByteChildren, addRecordChildren, changedLeaves, type PageList } from "./changed_leaves.ts";
import { EDGE_DATA_OVERFLOW } from "./edge_record.ts";
import { expiryKey, expiryOf, keyOfExpiry } from "./expiry_key.ts";
import { NODE_FLAG } from "./node_record.ts";
import { entryCount } from "./number_branch.ts";
import { PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { isHole, RECORD_WIDTH_AT, recordId, recordStart, slotCount } from "./record_leaf.ts";
import { type GraphState, TREE } from "./state.ts";
import { vectorDifferences } from "./vector_diff.ts";

/**
 * What was inserted, updated or deleted on the way from one state to another, which may be older: nodes and edges by id, then
 * keys in byte order, vector indexes by name, vectors by number of their index and by node. A node or edge whose content is the same is no difference, however often it was written; a key that was
 * written again is one, as its version differs. Whether a key has expired is judged by the time of each state's commit.
 *
 * The pages of both states must remain until the iterator ends. O(d log n) for d differences; in memory are the ids of the
 * pages that differ, and the keys that expired in between.
 */
export function* diffStates(pages: Pages, from: GraphState, to: GraphState): IterableIterator<Difference> {
  yield* recordDifferences(pages, from, to, "node");
  yield* recordDifferences(pages, from, to, "edge");
  yield* keyDifferences(pages, from, to);
  yield* vectorDifferences(pages, from, to);
}

/** Differences between the nodes or the edges of two states. */
function* recordDifferences(
  pages: Pages,
  from: GraphState,
  to: GraphState,
  type: "node" | "edge",
): Generator<Difference> {
  const tree = type === "node" ? TREE.nodes : TREE.edges;
  const chainFlags = type === "node" ? NODE_FLAG.dataOverflow | NODE_FLAG.overflow : EDGE_DATA_OVERFLOW;
  const leaves = changedLeaves(pages, from.roots[tree] as TreeRoot, to.roots[tree] as TreeRoot, addRecordChildren);
  const old = new RecordEntries(pages, leaves.old);
  const now = new RecordEntries(pages, leaves.now);
  old.next();
  now.next();
  while (old.id !== Infinity || now.id !== Infinity) {
    if (old.id < now.id) {
      yield { type, operation: "delete", id: old.id };
      old.next();
    } else if (now.id < old.id) {
      yield { type, operation: "insert", id: now.id };
      now.next();
    } else {
      if (!isSameRecord(pages, old, now, chainFlags)) yield { type, operation: "update", id: now.id };
      old.next();
      now.next();
    }
  }
}

/** The records of some leaves of a record tree, one after the other. It stands in a copy of a leaf. */
class RecordEntries {
  /** Id of the record; Infinity behind the last one. */
  id = -1;
  /** Where the record begins and ends in `bytes`. */
  at = 0;
  end = 0;
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly #view = new DataView(this.bytes.buffer);
  readonly #pages: Pages;
  readonly #leaves: PageList;
  #nextLeaf = 0;
  #width = 0;
  #slot = 0;
  #count = 0;

  constructor(pages: Pages, leaves: PageList) {
    this.#pages = pages;
    this.#leaves = leaves;
  }

  /** Goes to the next record. Hot. */
  next(): void {
    const view = this.#view;
    for (;;) {
      while (this.#slot < this.#count) {
        const slot = this.#slot++;
        if (isHole(view, 0, this.#width, slot)) continue;
        this.id = recordId(view, 0, this.#width, slot);
        this.at = recordStart(view, 0, this.#width, slot);
        this.end = recordStart(view, 0, this.#width, slot - 1);
        return;
      }
      if (!this.#load()) {
        this.id = Infinity;
        return;
      }
    }
  }

  #load(): boolean {
    const { pageIds, births } = this.#leaves;
    const leaf = this.#nextLeaf;
    if (leaf === pageIds.length) return false;
    const address = this.#pages.fetch(pageIds[leaf] as number, births[leaf] as number);
    entryCount(this.#pages, address, PAGE_TYPE.recordLeaf, 0);
    this.bytes.set(this.#pages.bytes.subarray(address, address + PAGE_SIZE));
    this.#nextLeaf = leaf + 1;
    this.#width = this.#view.getUint8(RECORD_WIDTH_AT);
    this.#slot = 0;
    this.#count = slotCount(this.#view, 0);
    return true;
  }
}

/** Whether two records say the same: a chain may have been written again with the same bytes. Hot. */
function isSameRecord(pages: Pages, old: RecordEntries, now: RecordEntries, chainFlags: number): boolean {
  const length = old.end - old.at;
  if (now.end - now.at !== length) return false;
  const hasChain = length > 0 && ((old.bytes[old.at] as number) & chainFlags) !== 0;
  const plain = hasChain ? length - CHAIN_POINTER_SIZE : length;
  if (!areSameBytes(old.bytes, old.at, now.bytes, now.at, plain)) return false;
  return !hasChain || isSameChain(pages, old.bytes, old.at + plain, now.bytes, now.at + plain);
}

/** Differences between the keys that have not expired in two states. */
function* keyDifferences(pages: Pages, from: GraphState, to: GraphState): Generator<Difference> {
  const leaves = changedLeaves(pages, rootOfKeys(from), rootOfKeys(to), addByteChildren);
  const old = new ByteEntries(pages, leaves.old);
  const now = new ByteEntries(pages, leaves.now);
  const expired = expiredBetween(pages, from, to);
  const expiry = from.timeMs < to.timeMs ? "delete" : "insert";
  let nextExpired = 0;
  old.next();
  now.next();
  while (old.hasEntry || now.hasEntry) {
    const order = !now.hasEntry ? -1 : !old.hasEntry ? 1 : old.compare(now);
    const entry = order <= 0 ? old : now;
    for (; nextExpired < expired.length; nextExpired++) {
      const key = expired[nextExpired] as Uint8Array;
      const behind = entry.compareTo(key, 0, key.length);
      if (behind < 0) break;
      if (behind > 0) yield { type: "kv", operation: expiry, key: keyToUser(key) };
    }
    const wasVisible = order <= 0 && isShown(old, from.timeMs);
    const isVisible = order >= 0 && isShown(now, to.timeMs);
    if (wasVisible !== isVisible) {
      yield { type: "kv", operation: isVisible ? "insert" : "delete", key: keyToUser(entry.key()) };
    } else if (isVisible && !old.hasSameValue(now)) {
      yield { type: "kv", operation: "update", key: keyToUser(entry.key()) };
    }
    if (order <= 0) old.next();
    if (order >= 0) now.next();
  }
  for (; nextExpired < expired.length; nextExpired++) {
    yield { type: "kv", operation: expiry, key: keyToUser(expired[nextExpired] as Uint8Array) };
  }
}

function rootOfKeys(state: GraphState): TreeRoot {
  return state.roots[TREE.keyValues] as TreeRoot;
}

const NO_KEY = new Uint8Array(0);

/**
 * The keys that the older of two states shows and whose time was up in the newer one, in byte order. Nothing was written when
 * they expired, so no page tells of them. Each of them is a difference, if only because it was written again.
 */
function expiredBetween(pages: Pages, from: GraphState, to: GraphState): Uint8Array[] {
  const [older, newer] = from.timeMs < to.timeMs ? [from, to] : [to, from];
  const keys: Uint8Array[] = [];
  if (older.timeMs === newer.timeMs) return keys;
  const values = new ByteTree(pages, rootOfKeys(older));
  const cursor = new ByteCursor(new ByteTree(pages, older.roots[TREE.expiries] as TreeRoot));
  for (cursor.seek(expiryKey(older.timeMs, NO_KEY)); cursor.next();) {
    const entry = cursor.key();
    if (expiryOf(entry) > newer.timeMs) break;
    const key = keyOfExpiry(entry);
    // The index has whole milliseconds only.
    const head = values.getHead(key);
    const expiresAt = head === undefined ? NEVER_EXPIRES : expiresAtOf(head);
    if (expiresAt > older.timeMs && expiresAt <= newer.timeMs) keys.push(key);
  }
  return keys.sort(compareBytes);
}

/** Whether the value of a key has not expired at a time. */
function isShown(entry: ByteEntries, now: number): boolean {
  return isUnexpired(expiresAtOf(entry.leaf, entry.valueStart), now);
}

function isUnexpired(expiresAt: number, now: number): boolean {
  return expiresAt === NEVER_EXPIRES || expiresAt > now;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    if (one[at] !== other[at]) return (one[at] as number) - (other[at] as number);
  }
  return one.length - other.length;
}
