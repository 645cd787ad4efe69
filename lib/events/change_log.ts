/** Changes of one running transaction, with savepoints. Collected only while somebody listens. */

import type { Change, ChangeCounts, EdgeChange, KeyValueChange, NodeChange } from "../backend/change.ts";
import { isBulk } from "../backend/validate.ts";

/** A change before its commit has a number. */
export type PendingChange = Omit<NodeChange, "lsn"> | Omit<EdgeChange, "lsn"> | Omit<KeyValueChange, "lsn">;

/** A place to roll back to. */
export type ChangeMark = ChangeCounts;

/** Collects the changes of a transaction. Past the bulk limit it only counts, so memory stays bounded. */
export class ChangeLog {
  #changes: PendingChange[] = [];
  #nodes = 0;
  #edges = 0;
  #keyValues = 0;

  /** Number of changes. */
  get size(): number {
    return this.#nodes + this.#edges + this.#keyValues;
  }

  /** Adds a change. */
  add(change: PendingChange): void {
    if (change.type === "node") this.#nodes++;
    else if (change.type === "edge") this.#edges++;
    else this.#keyValues++;
    if (!isBulk(this.size)) this.#changes.push(change);
  }

  /** The current place. */
  mark(): ChangeMark {
    return { nodes: this.#nodes, edges: this.#edges, keyValues: this.#keyValues };
  }

  /** Forgets everything after the mark. */
  rollbackTo(mark: ChangeMark): void {
    this.#nodes = mark.nodes;
    this.#edges = mark.edges;
    this.#keyValues = mark.keyValues;
    if (!isBulk(this.size)) this.#changes.length = this.size;
  }

  /** The changes as they are delivered for this commit; the log is empty afterwards. */
  take(lsn: number): Change[] {
    const counts = this.mark();
    const bulk = isBulk(this.size);
    const changes = this.#changes;
    this.#changes = [];
    this.#nodes = this.#edges = this.#keyValues = 0;
    if (bulk) return [{ type: "bulk", lsn, counts }];
    const delivered: Change[] = changes.map((change) => ({ ...change, lsn }));
    delivered.push({ type: "commit", lsn, counts });
    return delivered;
  }
}
