/** How often long loops look up. */

import type { TaskContext } from "./define.ts";

/** What it needs of a run. */
export type PaceContext = Pick<TaskContext, "throwIfAborted" | "progress" | "total">;

/** Some hundred microseconds of work; some milliseconds where each unit waits for memory. */
const CHECK_EVERY = 16_384;

/** Counts the work of a run: now and then it tells the progress and asks whether the run was cancelled. */
export class Pace {
  readonly #context: PaceContext;
  #units = 0;
  #work = 0;

  /** `total` is the number of units in all, where it is known, 0 where it is not; a unit is a link that is looked at. */
  constructor(context: PaceContext, total?: number) {
    this.#context = context;
    if (total !== undefined) context.total(total);
    context.throwIfAborted();
  }

  /** Some units were done, and work that progress does not count. @throws when the run was cancelled */
  step(units: number, uncounted = 0): void {
    this.#units += units;
    this.#work += units + uncounted;
    if (this.#work >= CHECK_EVERY) this.#look();
  }

  /** All of it was done. */
  end(): void {
    this.#look();
  }

  #look(): void {
    this.#context.progress(this.#units);
    this.#units = 0;
    this.#work = 0;
    this.#context.throwIfAborted();
  }
}
