/** Runs algorithms on threads without a database: on projections that the test made. */

import type { Algorithm } from "../../lib/task/algorithm.ts";
import { TaskRunner } from "../../lib/graph/task_runner.ts";
import { ThreadPool } from "../../lib/graph/thread_pool.ts";
import type { Projection } from "../../lib/projection/mod.ts";

const ENTRY = new URL("../graph/task_entry.ts", import.meta.url);

/** Threads for the time of a test. */
export interface AlgorithmThreads extends AsyncDisposable {
  /** Runs an algorithm on some of them, and gives its result. */
  run<P, R>(algorithm: Algorithm<P, R>, params: NoInfer<P>, projection: Projection, workers: number): Promise<R>;
}

/**
 * Some threads.
 *
 * @example
 * ```ts ignore
 * await using threads = algorithmThreads(3);
 * const ranks = await threads.run(pageRank, {}, projectEdges({ from: [1], to: [2] }), 3);
 * ```
 */
export function algorithmThreads(count: number): AlgorithmThreads {
  const runner = new TaskRunner(undefined, {
    threads: count,
    open: ({ size = 1, data }) => Promise.resolve(new ThreadPool(size, ENTRY, data)),
  });
  return {
    run: (algorithm, params, projection, workers) => runner.run(algorithm, params as never, projection, { workers }),
    [Symbol.asyncDispose]: () => runner.close(),
  };
}
