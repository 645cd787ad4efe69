/** What a run of the suite was asked for on the command line. */
export interface SuiteOptions {
  /** Small sizes: to try the suite itself, the figures say little. */
  readonly isQuick: boolean;
  /** Names of the measures to take; empty for all. */
  readonly only: readonly string[];
}

/** The size of a measure: in full, or to try it. */
export function sized(options: SuiteOptions, full: number, quick: number): number {
  return options.isQuick ? quick : full;
}
