/** Algorithms that one thread does alone. */

import type { Projection } from "../projection/mod.ts";
import { type Algorithm, defineAlgorithm, type TaskContext } from "./define.ts";

/** As `defineAlgorithm`; when several threads run it, only the first one does the work. */
export function defineForOneThread<P extends object, R>(
  moduleUrl: string,
  name: string,
  run: (projection: Projection, params: P, context: TaskContext) => R,
): Algorithm<P, R> {
  // What the other threads return is not read.
  return defineAlgorithm<P, R>(
    moduleUrl,
    name,
    (projection, params, context) => context.worker === 0 ? run(projection, params, context) : undefined as R,
  );
}
