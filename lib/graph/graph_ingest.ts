/** Options of an ingest that runs on the engine's thread. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { GraphError } from "../backend/errors.ts";
import { checkObject, show } from "../backend/validate.ts";
import type { IngestProgress, SkippedRow } from "./ingest.ts";
import type { EngineIngestOptions } from "./ingest_engine.ts";

export type { IngestResult } from "./ingest.ts";

/** How far an ingest into a graph with threads has come. */
export interface GraphIngestProgress extends IngestProgress {
  /** Rows that are committed so far, the first ones: they stay whatever happens. */
  readonly committed: number;
}

/** How to ingest into a graph with threads. */
export interface GraphIngestOptions {
  /** Called after every few thousand rows; may abort the signal. */
  readonly onProgress?: ((progress: GraphIngestProgress) => void) | undefined;
  /** Stops the ingest: what was not committed yet is undone, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every bad row, which is then left out. Without it a bad row ends the ingest. */
  readonly onSkip?: ((row: SkippedRow, reason: GraphError) => void) | undefined;
  /** Commits after so many rows. Default: everything is one transaction. */
  readonly batchRows?: number | undefined;
}

/** Checks the options and gives those that travel to the engine's thread. */
export function engineIngestOptions(options: GraphIngestOptions): EngineIngestOptions {
  checkObject(options, "ingest", "options");
  const { batchRows, onSkip } = options;
  if (batchRows !== undefined && (!Number.isSafeInteger(batchRows) || batchRows < 1)) {
    throw new InvalidArgumentError(`ingest: batchRows is ${show(batchRows)}; give an integer from 1 or leave it out`, {
      code: "invalid-count",
      field: "batchRows",
      value: batchRows,
    });
  }
  return { batchRows, skips: onSkip !== undefined };
}
