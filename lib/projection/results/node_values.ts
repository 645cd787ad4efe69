/** A number for each node. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { checkCount } from "../../backend/validate.ts";
import { NodeIndex, type NodeIndexHandle } from "../node_index.ts";
import { handleOf } from "../projection.ts";
import { type NumberArray, shared, type SharedNumbers } from "./shared_numbers.ts";
import { isSame, topIndexes } from "./top_indexes.ts";
import { defineResult } from "./result_class.ts";

/** A node and its number. */
export interface NodeValue {
  /** The node. */
  readonly nodeId: NodeId;
  /** Its number. */
  readonly value: number;
}

/** How values are to be read. */
export interface NodeValuesOptions {
  /** The number that stands for "no value", for example NaN, or -1 for nodes that a search did not reach. */
  readonly none?: number | undefined;
}

/** What another thread makes the same values of. */
export interface NodeValuesHandle {
  /** The nodes. */
  readonly nodes: NodeIndexHandle;
  /** Their numbers. */
  readonly values: SharedNumbers;
  /** The number that stands for none. */
  readonly none: number | undefined;
}

/**
 * A number for each node of a projection, such as its rank or its distance. The numbers lie in shared memory: a thread that
 * returns them copies nothing. Iterating gives nodes with a value in ascending ids.
 */
export class NodeValues implements Iterable<NodeValue> {
  /** Numbers by dense index, as in the projection. Must not be changed. */
  readonly values: SharedNumbers;
  /** Ids of the nodes by dense index: ascending. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** The number that stands for "no value", if there is one. */
  readonly none: number | undefined;
  /** What another thread makes the same values of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeValuesHandle;
  readonly #nodes: NodeIndex;

  private constructor(handle: NodeValuesHandle) {
    this.handle = handle;
    this.values = handle.values;
    this.none = handle.none;
    this.#nodes = new NodeIndex(handle.nodes);
    this.nodeIds = this.#nodes.ids;
  }

  /**
   * The numbers of a projection's nodes, by dense index. An array in shared memory is kept, another one is copied.
   *
   * @throws {InvalidArgumentError} when there is not one for each node
   */
  static of(projection: Projection, values: NumberArray, { none }: NodeValuesOptions = {}): NodeValues {
    const { nodes } = handleOf(projection, "NodeValues.of");
    checkLength(values, nodes.count, "NodeValues.of");
    return new NodeValues({ nodes, values: shared(values), none });
  }

  /** The values that another thread sent the handle of. */
  static from(handle: NodeValuesHandle): NodeValues {
    return new NodeValues(handle);
  }

  /** Number of nodes, with and without a value. */
  get nodeCount(): number {
    return this.values.length;
  }

  /** Value of a node; undefined when it has none or is not in the projection. O(1), or O(log n) where ids lie far apart. */
  get(nodeId: NodeId): number | undefined {
    const index = this.#nodes.indexOf(nodeId);
    return index < 0 || !this.#hasValue(index) ? undefined : this.values[index];
  }

  /** The nodes with the largest values: descending, equal ones in ascending ids, NaN last. O(n log count). */
  top(count: number): NodeValue[] {
    return this.#best(count, 1, "top");
  }

  /** The nodes with the smallest values: ascending, equal ones in ascending ids, NaN last. O(n log count). */
  bottom(count: number): NodeValue[] {
    return this.#best(count, -1, "bottom");
  }

  #best(count: number, sign: 1 | -1, call: string): NodeValue[] {
    const wanted = checkCount(count, 0, call, "count");
    return topIndexes(this.values, wanted, sign, this.none).map((index) => this.#at(index));
  }

  /** Iterates in the documented order. */
  *[Symbol.iterator](): IterableIterator<NodeValue> {
    for (let index = 0; index < this.values.length; index++) if (this.#hasValue(index)) yield this.#at(index);
  }

  #at(index: number): NodeValue {
    return { nodeId: this.#nodes.idOf(index), value: this.values[index] as number };
  }

  #hasValue(index: number): boolean {
    return this.none === undefined || !isSame(this.values[index] as number, this.none);
  }
}

defineResult("sqlitegraph:NodeValues", NodeValues);

/** @throws {InvalidArgumentError} when there is not one number for each node */
export function checkLength(values: ArrayLike<number>, nodeCount: number, call: string): void {
  if (values.length === nodeCount) return;
  throw new InvalidArgumentError(
    `${call}: there are ${values.length} numbers and ${nodeCount} nodes; give one for each node, by dense index`,
    { code: "invalid-length", field: "values", value: values.length },
  );
}
