/** Nodes in groups. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { lookUp } from "../current_run.ts";
import { NodeIndex, type NodeIndexHandle } from "../node_index.ts";
import { handleOf } from "../projection.ts";
import { checkLength } from "./node_values.ts";
import { defineResult } from "./result_class.ts";

/** A group of nodes. */
export interface NodeGroup {
  /** Its number, from 0. */
  readonly group: number;
  /** Its nodes, in ascending ids. */
  readonly nodeIds: NodeId[];
}

/** What another thread makes the same groups of. */
export interface NodeGroupsHandle {
  /** The nodes. */
  readonly nodes: NodeIndexHandle;
  /** Group of each node, -1 for none. */
  readonly groups: Int32Array<SharedArrayBuffer>;
  /** Size of each group. */
  readonly sizes: Uint32Array<SharedArrayBuffer>;
}

/** Nodes by group: those of group g are at `starts[g]` to `starts[g + 1]` - 1 of `members`. */
interface Members {
  readonly starts: Uint32Array;
  readonly members: Uint32Array;
}

/**
 * The nodes of a projection in groups that do not overlap, such as components or communities; some nodes may be in none. Groups
 * are numbered from the largest on, of equal ones from that with the smallest node id on: so equal groups have equal numbers,
 * whoever found them. Everything lies in shared memory. Iterating gives the groups in their order.
 */
export class NodeGroups implements Iterable<NodeGroup> {
  /** Number of groups. */
  readonly count: number;
  /** Group of each node by dense index, as in the projection; -1 for none. Must not be changed. */
  readonly groups: Int32Array<SharedArrayBuffer>;
  /** Number of nodes of each group: descending. Must not be changed. */
  readonly sizes: Uint32Array<SharedArrayBuffer>;
  /** Ids of the nodes by dense index: ascending. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** What another thread makes the same groups of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: NodeGroupsHandle;
  readonly #nodes: NodeIndex;
  #members: Members | undefined;

  private constructor(handle: NodeGroupsHandle) {
    this.handle = handle;
    this.groups = handle.groups;
    this.sizes = handle.sizes;
    this.count = handle.sizes.length;
    this.#nodes = new NodeIndex(handle.nodes);
    this.nodeIds = this.#nodes.ids;
  }

  /**
   * Groups of a projection's nodes, from a label for each, by dense index: nodes with equal labels are in one group. Labels are
   * integers below the number of nodes, for example the dense index of one member; negative ones put a node in no group. O(n).
   *
   * In a run of an algorithm, it throws when the run is cancelled.
   *
   * @throws {InvalidArgumentError} when there is not one label for each node, or one is too large
   */
  static of(projection: Projection, labels: ArrayLike<number>): NodeGroups {
    const { nodes } = handleOf(projection, "NodeGroups.of");
    checkLength(labels, nodes.count, "NodeGroups.of");
    return new NodeGroups({ nodes, ...numbered(labels) });
  }

  /** The groups that another thread sent the handle of. */
  static from(handle: NodeGroupsHandle): NodeGroups {
    return new NodeGroups(handle);
  }

  /** Group of a node; undefined when it is in none, or not in the projection. O(1), or O(log n) where ids lie far apart. */
  groupOf(nodeId: NodeId): number | undefined {
    const index = this.#nodes.indexOf(nodeId);
    const group = index < 0 ? -1 : this.groups[index] as number;
    return group < 0 ? undefined : group;
  }

  /** Ids of a group's nodes, ascending; none for a group that does not exist. O(size), and O(n) the first time. */
  nodeIdsOf(group: number): NodeId[] {
    const { starts, members } = this.#members ??= membersOf(this.groups, this.sizes);
    const [start = 0, end = 0] = [starts[group], starts[group + 1]];
    const ids: NodeId[] = [];
    for (let at = start; at < end; at++) ids.push(this.#nodes.idOf(members[at] as number));
    return ids;
  }

  /** Iterates in the documented order. */
  *[Symbol.iterator](): IterableIterator<NodeGroup> {
    for (let group = 0; group < this.count; group++) yield { group, nodeIds: this.nodeIdsOf(group) };
  }
}

defineResult("sqlitegraph:NodeGroups", NodeGroups);

/** Nodes between two looks at the signal. */
const CHECK_EVERY = 131_072;

/** Gives labels their numbers: by descending size, then by the first node that has one. Hot. */
function numbered(given: ArrayLike<number>): Pick<NodeGroupsHandle, "groups" | "sizes"> {
  const nodeCount = given.length;
  const groups = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
  const labels = given instanceof Int32Array ? given : integers(given, groups);
  // Nodes of each label; later its number.
  const counts = new Int32Array(nodeCount);
  // Labels in the order of their first nodes; where the groups will be, if that is free.
  const found = labels === groups ? new Int32Array(nodeCount) : groups;
  let count = 0;
  for (let start = 0; start < nodeCount; start += CHECK_EVERY) {
    lookUp();
    const end = Math.min(start + CHECK_EVERY, nodeCount);
    for (let node = start; node < end; node++) {
      const label = labels[node] as number;
      if (label < 0) continue;
      if (label >= nodeCount) throw badLabel(label, nodeCount);
      const before = counts[label] as number;
      if (before === 0) found[count++] = label;
      counts[label] = before + 1;
    }
  }
  const sizes = numberLabels(found.subarray(0, count), counts);
  for (let start = 0; start < nodeCount; start += CHECK_EVERY) {
    lookUp();
    const end = Math.min(start + CHECK_EVERY, nodeCount);
    for (let node = start; node < end; node++) {
      const label = labels[node] as number;
      groups[node] = label < 0 ? -1 : counts[label] as number;
    }
  }
  return { groups, sizes };
}

/** Labels of any kind as integers of 32 bits; those of no group are -1. */
function integers(labels: ArrayLike<number>, into: Int32Array): Int32Array {
  const nodeCount = labels.length;
  for (let node = 0; node < nodeCount; node++) {
    if (node % CHECK_EVERY === 0) lookUp();
    const label = labels[node] as number;
    if (!(label < nodeCount) || label >= 0 && !Number.isInteger(label)) throw badLabel(label, nodeCount);
    into[node] = label < 0 ? -1 : label;
  }
  return into;
}

/**
 * Turns the number of nodes of each label into its place when the largest are first and equal ones stay in their order; returns
 * the sizes by place. Sorted by counting.
 */
function numberLabels(labels: Int32Array, counts: Int32Array): Uint32Array<SharedArrayBuffer> {
  const sizes = new Uint32Array(new SharedArrayBuffer(4 * labels.length));
  let largest = 0;
  for (let at = 0; at < labels.length; at++) {
    const size = counts[labels[at] as number] as number;
    if (size > largest) largest = size;
  }
  // The number of labels of each size, then where those of each size begin: of the sizes that occur, which are few.
  const next = new Int32Array(largest + 1);
  const occurring: number[] = [];
  for (let at = 0; at < labels.length; at++) {
    if (at % CHECK_EVERY === 0) lookUp();
    const size = counts[labels[at] as number] as number;
    if (next[size] === 0) occurring.push(size);
    next[size] = (next[size] as number) + 1;
  }
  let before = 0;
  for (const size of occurring.sort((a, b) => b - a)) {
    const labelsOfSize = next[size] as number;
    next[size] = before;
    before += labelsOfSize;
  }
  for (let at = 0; at < labels.length; at++) {
    if (at % CHECK_EVERY === 0) lookUp();
    const label = labels[at] as number;
    const size = counts[label] as number;
    const place = next[size] as number;
    next[size] = place + 1;
    sizes[place] = size;
    counts[label] = place;
  }
  return sizes;
}

function membersOf(groups: Int32Array, sizes: Uint32Array): Members {
  const starts = new Uint32Array(sizes.length + 1);
  for (let group = 0; group < sizes.length; group++) {
    starts[group + 1] = (starts[group] as number) + (sizes[group] as number);
  }
  const members = new Uint32Array(starts[sizes.length] as number);
  const next = starts.slice();
  for (let node = 0; node < groups.length; node++) {
    const group = groups[node] as number;
    if (group < 0) continue;
    const place = next[group] as number;
    members[place] = node;
    next[group] = place + 1;
  }
  return { starts, members };
}

function badLabel(label: number, nodeCount: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `NodeGroups.of: ${show(label)} is no label; labels are integers below the number of nodes, which is ${nodeCount}`,
    { code: "invalid-label", field: "labels", value: label },
  );
}
