/** A progress bar on standard error. */

import process from "node:process";
import cliProgress from "cli-progress";
import type { Progress } from "../backend/care.ts";

/** A running progress bar. */
export interface ProgressBar extends Disposable {
  /** Moves the bar. `note` is what stands behind it. */
  update(progress: Progress, note?: string): void;
  /** Takes the bar off the screen. */
  [Symbol.dispose](): void;
}

/**
 * Shows a bar when standard error is a terminal and `isWanted`, else nothing. It is drawn inside `update`, so that it moves
 * also while synchronous work keeps timers from running.
 */
export function startProgress(isWanted: boolean): ProgressBar {
  if (!isWanted || process.stderr.isTTY !== true) return { update() {}, [Symbol.dispose]() {} };
  // No option that has to be undone when the process is killed: no hidden cursor, no switched-off line wrap, no signal
  // handler (which could not run during synchronous work, and would keep Ctrl-C from ending the process).
  const bar = new cliProgress.SingleBar({
    format: "{phase} {bar} {percentage}% {note}",
    stream: process.stderr,
    fps: 10,
    clearOnComplete: true,
    linewrap: true,
    barsize: 30,
  }, cliProgress.Presets.shades_classic);
  let phase: string | undefined;
  return {
    update(progress, note = "") {
      const total = Math.max(progress.total ?? progress.done, 1);
      if (phase === undefined) bar.start(total, progress.done, { phase: progress.phase, note });
      else {
        bar.setTotal(total);
        bar.update(progress.done, { phase: progress.phase, note });
      }
      phase = progress.phase;
    },
    [Symbol.dispose]() {
      if (phase !== undefined) bar.stop();
      phase = undefined;
    },
  };
}
