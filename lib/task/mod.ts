/**
 * What modules of tasks need, and nothing else: every thread of a pool loads them, and each module costs it memory.
 *
 * @example
 * ```ts ignore
 * import { defineTask } from "@sqlitegraph/sqlitegraph/task";
 *
 * export const countKind = defineTask(
 *   import.meta.url,
 *   "countKind",
 *   (snapshot, { kind }: { kind: string }) => snapshot.countNodes({ kind }),
 * );
 * ```
 *
 * @module
 */
export * from "./algorithm.ts";
export {
  type AlgorithmMapOptions,
  type AlgorithmRunOptions,
  defineTask,
  type MapOptions,
  type MapOptionsBySource,
  type ProjectionChoice,
  type RunOptions,
  type RunOptionsBySource,
  type Task,
  type TaskArguments,
  type TaskContext,
  type TaskOf,
  type TaskSource,
  type TaskSources,
} from "./task.ts";
export type { NodeIndexHandle } from "../projection/node_index.ts";
export { ParallelRange } from "../projection/parallel_range.ts";
export {
  defineResult,
  type NodeGroup,
  NodeGroups,
  type NodeGroupsHandle,
  type NodeValue,
  NodeValues,
  type NodeValuesHandle,
  type NodeValuesOptions,
  type NumberArray,
  type ResultClass,
  type SharedNumbers,
  type SharedResult,
} from "../projection/results/mod.ts";
