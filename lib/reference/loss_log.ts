/** Collects losses: a bounded list, and all of them as a number. */

import { MAX_LISTED_LOSSES, type ReferenceLoss } from "./report.ts";

/** The losses of one import. */
export class LossLog {
  /** The first ones. */
  readonly list: ReferenceLoss[] = [];
  /** Number of all. */
  count = 0;

  /** Adds a loss. */
  add(loss: ReferenceLoss): void {
    this.count++;
    if (this.list.length < MAX_LISTED_LOSSES) this.list.push(loss);
  }

  /** Whether further losses are only counted: their messages need not be made. */
  get isFull(): boolean {
    return this.list.length >= MAX_LISTED_LOSSES;
  }

  /** Counts losses that are not listed. */
  addUnlisted(count: number): void {
    this.count += count;
  }
}
