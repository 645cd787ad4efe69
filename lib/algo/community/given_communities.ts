/** Communities as parameters. */

import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { filled, lookUp } from "../define.ts";
import { invalid, type ParamSpec } from "../params.ts";
import { indexOf } from "./scored_pairs.ts";

/**
 * Communities of nodes: `NodeGroups` of the same projection, such as those that `louvain` finds, or an array with the ids of the
 * nodes of each community.
 */
export type CommunitiesGiven = { readonly groups: ArrayLike<number> } | readonly (readonly NodeId[])[];

/** Nodes read between two looks at the signal. */
const CHECK_EVERY = 65_536;

/** What takes communities. */
export const COMMUNITIES_PARAM: ParamSpec = {
  kind: "value",
  doc: "communities: groups that were found, or an array of ids for each",
  example: "[[1,2],[3,4]]",
};

/**
 * A label below the number of nodes for each node, by dense index: the dense index of the first node with the same one. Nodes that
 * are in no community have labels of their own.
 *
 * @throws {InvalidArgumentError} for what are no communities, and those that overlap
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export function givenLabels(projection: Projection, given: unknown, call: string): Int32Array {
  const labels = partialLabels(projection, given, call);
  lookUp();
  for (let node = 0; node < labels.length; node++) if (labels[node] === -1) labels[node] = node;
  return labels;
}

/** As `givenLabels`, with -1 for nodes that are in no community. */
export function partialLabels(projection: Projection, given: unknown, call: string): Int32Array {
  const labels = filled(new Int32Array(projection.nodeCount), -1);
  if (Array.isArray(given)) readLists(projection, given, labels, call);
  else readGroups(given, labels, call);
  return labels;
}

function readLists(projection: Projection, lists: readonly unknown[], labels: Int32Array, call: string): void {
  for (const [group, list] of lists.entries()) {
    const field = `communities[${group}]`;
    if (!Array.isArray(list)) throw invalid(call, field, list, `is ${show(list)}; give an array of ids of nodes`);
    readList(projection, list, labels, call, field);
  }
}

function readList(
  projection: Projection,
  list: readonly unknown[],
  labels: Int32Array,
  call: string,
  field: string,
): void {
  const indexes = new Int32Array(list.length);
  let first = labels.length;
  for (let at = 0; at < list.length; at++) {
    if (at % CHECK_EVERY === 0) lookUp();
    const id = list[at];
    let index = typeof id === "number" ? projection.indexOf(id) : -1;
    // This one says what is wrong with it.
    if (index < 0) index = indexOf(projection, id, call, `${field}[${at}]`);
    indexes[at] = index;
    if (index < first) first = index;
  }
  for (let at = 0; at < list.length; at++) {
    if (at % CHECK_EVERY === 0) lookUp();
    const index = indexes[at] as number;
    if (labels[index] !== -1) {
      throw invalid(
        call,
        `${field}[${at}]`,
        list[at],
        "is in two communities, or twice in one; communities do not overlap",
      );
    }
    labels[index] = first;
  }
}

function readGroups(given: unknown, labels: Int32Array, call: string): void {
  const groups = (given as { readonly groups?: unknown } | null | undefined)?.groups;
  const { length: nodeCount } = labels;
  if (!Array.isArray(groups) && !ArrayBuffer.isView(groups) || (groups as Int32Array).length !== nodeCount) {
    throw invalid(
      call,
      "communities",
      given,
      "are neither the groups of this projection's nodes nor an array of arrays of their ids; give one of these",
    );
  }
  const numbers = groups as ArrayLike<number>;
  const firstOf = filled(new Int32Array(nodeCount), -1);
  for (let node = 0; node < nodeCount; node++) {
    if (node % CHECK_EVERY === 0) lookUp();
    const group = numbers[node] as number;
    if (group < 0) continue;
    if (!(group < nodeCount) || !Number.isInteger(group)) {
      throw invalid(call, "communities", group, `name ${show(group)}, which is no number of a group`);
    }
    if (firstOf[group] === -1) firstOf[group] = node;
    labels[node] = firstOf[group] as number;
  }
}
