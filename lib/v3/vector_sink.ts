/** What an index in memory is told by the engine, and asked. */

import type { VectorCommit } from "./vector_journal.ts";
import type { VectorLinkWriter } from "./vector_links.ts";

export type { VectorCommit } from "./vector_journal.ts";

/** Keeps something in memory that follows the stored vectors. */
export interface VectorSink {
  /**
   * Called before commits are made durable: whatever may fail (no room in memory) must fail here, by throwing. The commits are
   * rolled back then.
   */
  prepare(commits: readonly VectorCommit[]): void;
  /** The prepared commits were not made durable, and are rolled back. Must not throw. */
  abandon(): void;
  /** The prepared commits are durable, and are published when this returns. Must not throw. */
  apply(commits: readonly VectorCommit[]): void;
  /** Whether there are link records that the file lacks. Asked at checkpoints. */
  readonly hasUnwrittenLinks: boolean;
  /**
   * Writes these records, in a transaction that changes nothing else. When that fails, or the process ends before, the file has
   * the records of the last time.
   */
  writeLinks(links: VectorLinkWriter): void;
  /** What `writeLinks` wrote is durable, as part of this commit. */
  linksWritten(lsn: number): void;
}
