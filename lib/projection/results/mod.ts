/** What algorithms return: numbers and groups of nodes, in shared memory. */
export { type NodeGroup, NodeGroups, type NodeGroupsHandle } from "./node_groups.ts";
export { type NodeValue, NodeValues, type NodeValuesHandle, type NodeValuesOptions } from "./node_values.ts";
export {
  defineResult,
  type PackedResult,
  packResult,
  type ResultClass,
  type SharedResult,
  unpackResult,
} from "./result_class.ts";
export type { NumberArray, SharedNumbers } from "./shared_numbers.ts";
