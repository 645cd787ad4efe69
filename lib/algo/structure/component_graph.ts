/** The strong components of a graph as a graph of their own. */

import { copied, filled, lookUp, type TaskContext, touched } from "../define.ts";
import type { Rows } from "./rows.ts";
import { strongLabels } from "./strong_components.ts";

/** Strong components and the links between them. */
export interface ComponentGraph {
  /** Number of components. They are numbered by their first nodes, ascending. */
  readonly count: number;
  /** Component of each node. */
  readonly componentOf: Int32Array;
  /** Where the nodes of each component begin in `members`; one more than there are components. */
  readonly starts: Uint32Array;
  /** Nodes by component, ascending in each. */
  readonly members: Uint32Array;
  /** The components so that links lead from earlier ones to later ones. */
  readonly order: Uint32Array;
  /** Where the links of each component begin in `targets`; one more than there are components. */
  readonly offsets: Uint32Array;
  /** The component at the other end of each link: one link for each pair, ascending in each row, none to the component itself. */
  readonly targets: Uint32Array;
  /** How many links of the graph each of these stands for. */
  readonly linkCounts: Uint32Array;
}

/** Makes the graph of the strong components: the condensation. O(n + m + c log d) with d the largest number of links of one. */
export function componentGraph(adjacency: Rows, context: TaskContext): ComponentGraph {
  const { count, labels } = strongLabels(adjacency, context);
  const order = renumber(labels, count);
  const { starts, members } = membersOf(labels, count);
  return {
    count,
    componentOf: labels,
    starts,
    members,
    order,
    ...linksOf(adjacency, labels, starts, members, context),
  };
}

/** Numbers components by their first nodes, and returns these numbers in the order of the old ones. */
function renumber(labels: Int32Array, count: number): Uint32Array {
  const numbers = filled(new Int32Array(count), -1);
  let next = 0;
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = labels[node] as number;
    if (numbers[label] === -1) numbers[label] = next++;
    labels[node] = numbers[label] as number;
  }
  return new Uint32Array(numbers);
}

function membersOf(labels: Int32Array, count: number): Pick<ComponentGraph, "starts" | "members"> {
  const starts = touched(new Uint32Array(count + 1));
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const place = (labels[node] as number) + 1;
    starts[place] = (starts[place] as number) + 1;
  }
  for (let component = 0; component < count; component++) {
    starts[component + 1] = (starts[component + 1] as number) + (starts[component] as number);
  }
  const members = touched(new Uint32Array(labels.length));
  const next = starts.slice();
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const component = labels[node] as number;
    const place = next[component] as number;
    members[place] = node;
    next[component] = place + 1;
  }
  return { starts, members };
}

function linksOf(
  { offsets, targets }: Rows,
  labels: Int32Array,
  starts: Uint32Array,
  members: Uint32Array,
  context: TaskContext,
): Pick<ComponentGraph, "offsets" | "targets" | "linkCounts"> {
  const count = starts.length - 1;
  const rowStarts = new Uint32Array(count + 1);
  // Most links that there can be: those between components.
  let crossing = 0;
  for (let node = 0; node < labels.length; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const label = labels[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) if (labels[targets[at] as number] !== label) crossing++;
  }
  const row = new Uint32Array(crossing);
  const counts = new Uint32Array(crossing);
  // How often the current component links to each other one.
  const seen = new Uint32Array(count);
  let length = 0;
  for (let component = 0; component < count; component++) {
    if ((component & 65_535) === 0) context.throwIfAborted();
    const start = length;
    const last = starts[component + 1] as number;
    for (let member = starts[component] as number; member < last; member++) {
      if ((member & 255) === 0) context.throwIfAborted();
      const node = members[member] as number;
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const other = labels[targets[at] as number] as number;
        if (other === component) continue;
        if (seen[other] === 0) row[length++] = other;
        seen[other] = (seen[other] as number) + 1;
      }
    }
    sortRow(row, start, length);
    for (let at = start; at < length; at++) {
      const other = row[at] as number;
      counts[at] = seen[other] as number;
      seen[other] = 0;
    }
    rowStarts[component + 1] = length;
  }
  return {
    offsets: rowStarts,
    targets: copied(row.subarray(0, length), new Uint32Array(length)),
    linkCounts: copied(counts.subarray(0, length), new Uint32Array(length)),
  };
}

function sortRow(row: Uint32Array, start: number, end: number): void {
  if (end - start > 24) {
    row.subarray(start, end).sort();
    return;
  }
  for (let at = start + 1; at < end; at++) {
    const value = row[at] as number;
    let to = at;
    while (to > start && (row[to - 1] as number) > value) {
      row[to] = row[to - 1] as number;
      to--;
    }
    row[to] = value;
  }
}
