/** Weights as strengths of links. */

import type { Projection } from "../../backend/projection.ts";
import { InvalidArgumentError } from "../../backend/errors.ts";
import type { TaskContext } from "../define.ts";
import { weightRange } from "../paths/weight_range.ts";

/** @throws {InvalidArgumentError} when a link has a negative weight */
export function requireStrengths({ out: { weights } }: Projection, call: string, context: TaskContext): void {
  if (weights === undefined) return;
  const { min } = weightRange(weights, context);
  if (min >= 0) return;
  throw new InvalidArgumentError(
    `${call}: the smallest weight is ${min}, and weights are strengths here, which are not negative; project other weights, ` +
      "or none",
    { code: "negative-weight", field: "projection", value: min },
  );
}
