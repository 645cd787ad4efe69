/** The vectors that a running transaction wrote. */

import type { VectorMatch, VectorMetric } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import { distanceBy } from "./distance.ts";
import { Nearest } from "./nearest.ts";

/** A change of a node's vector in an index. */
export interface VectorChange {
  /** Number of the index. */
  readonly index: number;
  /** The node. */
  readonly nodeId: number;
  /** Its vector from now on; undefined: none. */
  readonly vector: Float32Array | undefined;
}

/** A change, and the one of the same node before it in this transaction. */
interface JournalEntry extends VectorChange {
  readonly before: VectorChange | undefined;
}

/** Beyond so many changed nodes of an index it costs less to compare everything than to ask for so many more results. */
const MAX_CHANGED = 256;

/**
 * The changes of a transaction in order, with a place to go back to. The newest change of each node counts.
 */
export class VectorChanges {
  readonly #journal: JournalEntry[] = [];
  readonly #newest = new Map<number, Map<number, VectorChange>>();

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#journal.length === 0;
  }

  /** Where the journal ends now. */
  mark(): number {
    return this.#journal.length;
  }

  /** Takes back everything since a mark. */
  rollbackTo(mark: number): void {
    while (this.#journal.length > mark) {
      const { index, nodeId, before } = this.#journal.pop() as JournalEntry;
      const newest = this.#newest.get(index) as Map<number, VectorChange>;
      if (before !== undefined) newest.set(nodeId, before);
      else newest.delete(nodeId);
      if (newest.size === 0) this.#newest.delete(index);
    }
  }

  /** Notes a change. */
  add(index: number, nodeId: number, vector: Float32Array | undefined): void {
    let newest = this.#newest.get(index);
    if (newest === undefined) this.#newest.set(index, newest = new Map());
    const change: VectorChange = { index, nodeId, vector };
    this.#journal.push({ ...change, before: newest.get(nodeId) });
    newest.set(nodeId, change);
  }

  /** The newest change of each node of an index. */
  of(index: number): ReadonlyMap<number, VectorChange> {
    return this.#newest.get(index) ?? NO_CHANGES;
  }

  /** The changes since a mark in order: those of one commit of a group. */
  since(mark: number): readonly VectorChange[] {
    return this.#journal.slice(mark);
  }

  /** Forgets everything. */
  clear(): void {
    this.#journal.length = 0;
    this.#newest.clear();
  }
}

const NO_CHANGES: ReadonlyMap<number, VectorChange> = new Map();

/**
 * A search in a state with changes on top of it: the state's results without changed nodes, and the changed vectors, compared one
 * by one.
 *
 * @param searchBase searches the state below
 * @param searchAll compares every vector, with the changes; for when there are many of them
 */
export function searchChanged(
  changes: ReadonlyMap<number, VectorChange>,
  metric: VectorMetric,
  search: CheckedVectorSearch,
  searchBase: (search: CheckedVectorSearch) => VectorMatch[],
  searchAll: (search: CheckedVectorSearch) => VectorMatch[],
): VectorMatch[] {
  if (changes.size === 0) return searchBase(search);
  if (changes.size > MAX_CHANGED) return searchAll(search);
  const distance = distanceBy(metric);
  const nearest = new Nearest(search.k, search.maxDistance);
  // Each changed node may take the place of a result.
  for (const match of searchBase({ ...search, k: search.k + changes.size })) {
    if (match.vectorId !== undefined || !changes.has(match.nodeId)) nearest.offer(match);
  }
  for (const { nodeId, vector } of changes.values()) {
    if (vector === undefined || search.allowed?.has(nodeId) === false) continue;
    nearest.offer({ nodeId, distance: distance(search.query, vector) });
  }
  return nearest.sorted();
}
