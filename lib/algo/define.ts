/** What algorithms are made of. */

export { type Algorithm, defineAlgorithm } from "../task/algorithm.ts";
export type { TaskContext } from "../task/task.ts";
export { lookUp } from "../projection/current_run.ts";
export { copied, filled, touched } from "../projection/memory.ts";
export { ParallelRange } from "../projection/parallel_range.ts";
export { defineResult, type NodeGroup, NodeGroups, type NodeValue, NodeValues } from "../projection/results/mod.ts";
