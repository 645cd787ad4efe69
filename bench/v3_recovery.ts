/** Opening after a crash that left a long log. */

import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median, peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { temporaryPath } from "./v3_files.ts";
import { logBytes } from "./v3_log.ts";
import { mixedCommits } from "./v3_mix.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const MIB = 2 ** 20;
const COMMITS_BETWEEN_LOOKS = 1000;

/** Megabytes of log that opening takes in per second, checkpoint included. */
export async function measureRecovery(bench: Harness, options: SuiteOptions): Promise<void> {
  const sizeBytes = sized(options, 256, 8) * MIB;
  const rates: number[] = [];
  let peakMb = 0;
  for (let round = 0; round < 3; round++) {
    using file = temporaryPath();
    const { commits, bytes } = await apart(import.meta.url, fillLog, { path: file.path, sizeBytes });
    const { ms, replayed, peakMb: roundPeakMb } = await apart(import.meta.url, recover, { path: file.path });
    if (replayed !== commits) throw new Error(`recovery found ${replayed} of ${commits} commits`);
    rates.push(bytes / 1e6 / (ms / 1000));
    peakMb = Math.max(peakMb, roundPeakMb);
  }
  const name = `recovery of a log of ${sizeBytes / MIB} MiB`;
  bench.value({ name, unit: "MB/s", value: median(rates), atLeast: 100 });
  bench.value({ name: "resident memory of the recovery", unit: "MB", value: peakMb });
}

/** Commits until the log has a size, and leaves the process without closing anything. */
export function fillLog(
  { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
): { readonly commits: number; readonly bytes: number } {
  const db = V3Backend.open(path, { durability: "normal", logLimitBytes: 4 * sizeBytes });
  const commit = mixedCommits(db);
  let commits = 0;
  for (;; commits++) {
    if (commits % COMMITS_BETWEEN_LOOKS === 0 && commits > 0) {
      const bytes = logBytes(path);
      if (bytes >= sizeBytes) return { commits, bytes };
    }
    commit();
  }
}

/** Opens it again. */
export function recover(
  { path }: { readonly path: string },
): { readonly ms: number; readonly replayed: number; readonly peakMb: number } {
  const start = performance.now();
  using db = V3Backend.open(path);
  const ms = performance.now() - start;
  return { ms, replayed: db.openReport.replayedCommits, peakMb: peakMemoryMb() };
}
