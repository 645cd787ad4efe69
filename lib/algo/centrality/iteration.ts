/** Iterations until scores hardly change. */

import type { ParamSpec } from "../params.ts";

/** When an iteration ends. */
export interface IterationParams {
  /**
   * Ends when a pass changes the scores by less: the sum of the absolute changes of all scores, in parts of the sum of all scores. 0:
   * only when they change no more.
   */
  readonly tolerance?: number | undefined;
  /** Most passes over all nodes; default see there. */
  readonly maxIterations?: number | undefined;
}

/** What `IterationParams` takes. */
export function iterationParams(
  tolerance: number,
  maxIterations: number,
): { readonly tolerance: ParamSpec; readonly maxIterations: ParamSpec } {
  return {
    tolerance: { kind: "number", doc: "ends when a pass changes the scores by less", default: tolerance, min: 0 },
    maxIterations: { kind: "integer", doc: "most passes over all nodes", default: maxIterations, min: 0 },
  };
}

/** Whether a change ends the iteration. */
export function isSmall(change: number, tolerance: number): boolean {
  return change < tolerance || change === 0;
}
