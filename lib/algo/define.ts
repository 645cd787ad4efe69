/** What algorithms are made of. */

export { type Algorithm, defineAlgorithm } from "../graph/algorithm.ts";
export type { TaskContext } from "../graph/task.ts";
