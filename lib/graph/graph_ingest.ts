/** Options of an ingest that runs on the engine's thread. */

import type { GraphError } from "../backend/errors.ts";
import type { IngestProgress, IngestResult, SkippedRow } from "./ingest.ts";

export type { IngestResult } from "./ingest.ts";

/** How to ingest into a graph with threads. */
export interface GraphIngestOptions {
  /** Called after every batch. */
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  /** Stops the ingest: what was not committed yet is undone, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every bad row, which is then left out. Without it a bad row ends the ingest. */
  readonly onSkip?: ((row: SkippedRow, reason: GraphError) => void) | undefined;
  /** Commits after so many rows. Default: everything is one transaction. */
  readonly batchRows?: number | undefined;
}
