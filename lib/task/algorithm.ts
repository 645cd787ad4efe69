/** Algorithms: tasks that read a projection. */

import type { Projection } from "../projection/mod.ts";
import { newTask, type Task, type TaskContext } from "./task.ts";

/** Parameters that may be left out as a whole when each of them may. */
export type AlgorithmParams<P> = Record<never, never> extends P ? P | undefined : P;

/**
 * A function of (projection, parameters, context) that runs on this thread, `pageRank(projection, params)`, and on the pool of
 * a graph, `graph.run(pageRank, params, { project })`: there on several threads together, and with the same result.
 */
export type Algorithm<P, R> = Task<AlgorithmParams<P>, R, Projection>;

/**
 * Makes a function of a projection runnable on the threads of a pool. As `defineTask`, but each thread gets the projection of
 * the state that is read, which `graph.run` makes, or finds because it made it before.
 *
 * All threads of a run call the function, with the same projection and parameters; what the first one returns is the result.
 * They share what they work out through `context.sharedBuffer` and meet at `context.barrier`; `ParallelRange` deals out nodes.
 * When parameters are left out, the function gets `{}`.
 *
 * @param moduleUrl `import.meta.url`
 * @param name unique within the module; in a compiled program, within the program
 * @throws {InvalidArgumentError} in a compiled program, when two tasks have one name
 *
 * @example
 * ```ts ignore
 * export const degrees: Algorithm<{ direction?: "out" | "in" }, NodeValues> = defineAlgorithm(
 *   import.meta.url,
 *   "degrees",
 *   (projection, { direction = "out" }, context) => {
 *     const { offsets } = projection[direction];
 *     const values = new Int32Array(context.sharedBuffer(4 * projection.nodeCount));
 *     const nodes = new ParallelRange(context, projection.nodeCount);
 *     while (nodes.next()) {
 *       for (let node = nodes.start; node < nodes.end; node++) values[node] = offsets[node + 1]! - offsets[node]!;
 *     }
 *     return NodeValues.of(projection, values);
 *   },
 * );
 *
 * const found = await graph.run(degrees, {}, { workers: 4, project: { types: ["KNOWS"] } });
 * console.log(found.top(3)); // [{ nodeId, value }, ...]
 * ```
 */
export function defineAlgorithm<P extends object = Record<never, never>, R = unknown>(
  moduleUrl: string,
  name: string,
  run: (projection: Projection, params: P, context: TaskContext) => R,
): Algorithm<P, R> {
  return newTask<AlgorithmParams<P>, R, Projection>(
    "defineAlgorithm",
    moduleUrl,
    name,
    "projection",
    (projection, params, context) => run(projection, params ?? {} as P, context),
  );
}
