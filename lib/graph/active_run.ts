/** A run whose threads have not all ended, as the thread that waits for it sees it. */

import type { Progress } from "../backend/care.ts";
import { RunControl } from "./run_control.ts";

const PROGRESS_INTERVAL_MS = 100;

/** How far a part of a run has come. */
type Told = (control: RunControl) => Progress;

/** Stops a run, and tells how far it has come. */
export class ActiveRun {
  readonly #stop = new AbortController();
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  #control: RunControl | undefined;
  #told: Told | undefined;
  /** What was told last: the part of the run, and the units. */
  #lastTold: readonly [RunControl | undefined, number] = [undefined, 0];

  constructor(onProgress: ((progress: Progress) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Ends when the run is stopped. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Begins a part of the run, which so many threads do together. The part before it has ended.
   *
   * @throws the reason when the run was stopped
   */
  begin(workers: number, told: Told): RunControl {
    this.#tell();
    this.signal.throwIfAborted();
    this.#told = told;
    return this.#control = new RunControl(workers);
  }

  /** Stops the run: its threads are told, and who waits for it gets the reason at once. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
    this.#control?.cancel();
  }

  /** Tells threads that may still work that what they read is given up. */
  revoke(): void {
    this.#control?.revoke();
  }

  /**
   * Waits for the work of this run, which goes on until its threads have noticed that it was stopped. Rejects at once when it
   * is stopped, and stops it when `onProgress` throws.
   */
  async watch<R>(work: Promise<R>): Promise<R> {
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    if (this.signal.aborted) reject(this.signal.reason);
    this.signal.addEventListener("abort", () => reject(this.signal.reason));
    // Whoever gave up does not hear how the work ended.
    work.catch(() => {});
    stopped.catch(() => {});
    const timer = this.#onProgress && setInterval(() => this.#tell(), PROGRESS_INTERVAL_MS);
    try {
      const result = await Promise.race([work, stopped]);
      this.#tell();
      this.signal.throwIfAborted();
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  #tell(): void {
    const control = this.#control;
    if (control === undefined || this.#told === undefined || this.signal.aborted) return;
    const progress = this.#told(control);
    if (this.#lastTold[0] === control && this.#lastTold[1] === progress.done) return;
    this.#lastTold = [control, progress.done];
    try {
      this.#onProgress?.(progress);
    } catch (error) {
      this.stop(error);
    }
  }
}
