/** Weights that centralities take. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { TaskContext } from "../define.ts";
import type { ParamSpec } from "../params.ts";
import { weightRange } from "../paths/weight_range.ts";
import { requireWeights } from "../require.ts";

/** Whether weights count. */
export interface WeightedParams {
  /** True: links count as much as their weights say, which the projection must have. Default false: all alike. */
  readonly weighted?: boolean | undefined;
}

/** What `weighted` takes. */
export const WEIGHTED: ParamSpec = { kind: "flag", doc: "links count as their weights say", default: false };

/** @throws {InvalidArgumentError} when there are no weights, or negative ones, or, where `isZeroFine` is false, one is 0 */
export function checkWeights(projection: Projection, call: string, context: TaskContext, isZeroFine = true): void {
  const weights = requireWeights(projection, call);
  const { min } = weightRange(weights, context);
  if (min > 0 || isZeroFine && min === 0 || weights.length === 0) return;
  throw new InvalidArgumentError(
    `${call}: an edge has the weight ${min}, and weights must ${isZeroFine ? "not be negative" : "be above 0"} here`,
    { code: min < 0 ? "negative-weight" : "zero-weight", field: "projection", value: min },
  );
}
