/** Strong components that have cycles, each as a graph of its own. */

import { filled, lookUp, touched } from "../define.ts";
import type { Rows, Watch } from "./rows.ts";
import { strongLabels } from "./strong_components.ts";

/** A strong component with its links; its nodes are numbered from 0 in ascending order. */
export interface StrongPart extends Rows {
  /** The node of the whole graph that each node is. */
  readonly nodes: Uint32Array;
}

/**
 * The strong components of a graph that have a cycle: of several nodes, or of one with a self-loop. Parallel links are kept.
 * `nodes` says which node of a larger graph each node is; without it they are themselves.
 */
export function strongParts(rows: Rows, nodes: Uint32Array | undefined, context: Watch): StrongPart[] {
  const { offsets, targets } = rows;
  const nodeCount = offsets.length - 1;
  const { count, labels } = strongLabels(rows, context);
  // Nodes and inner links of each component.
  const sizes = new Uint32Array(count);
  const linkCounts = new Uint32Array(count);
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const label = labels[node] as number;
    sizes[label] = (sizes[label] as number) + 1;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      if (labels[targets[at] as number] === label) linkCounts[label] = (linkCounts[label] as number) + 1;
    }
  }
  const partOf = filled(new Int32Array(count), -1);
  const parts: StrongPart[] = [];
  for (let label = 0; label < count; label++) {
    if (linkCounts[label] === 0) continue;
    partOf[label] = parts.length;
    if ((parts.length & 1_023) === 0) lookUp();
    const size = sizes[label] as number;
    parts.push({
      nodes: new Uint32Array(size),
      offsets: new Uint32Array(size + 1),
      targets: new Uint32Array(linkCounts[label] as number),
    });
  }
  const numbers = touched(new Uint32Array(nodeCount));
  const next = new Uint32Array(parts.length);
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const part = partOf[labels[node] as number] as number;
    if (part === -1) continue;
    const number = next[part] as number;
    next[part] = number + 1;
    numbers[node] = number;
    (parts[part] as StrongPart).nodes[number] = nodes === undefined ? node : nodes[node] as number;
  }
  next.fill(0);
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const label = labels[node] as number;
    const index = partOf[label] as number;
    if (index === -1) continue;
    const part = parts[index] as StrongPart;
    let length = next[index] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (labels[target] === label) part.targets[length++] = numbers[target] as number;
    }
    next[index] = length;
    part.offsets[(numbers[node] as number) + 1] = length;
  }
  return parts;
}

/** A graph without its first node. */
export function withoutFirst({ nodes, offsets, targets }: StrongPart, context: Watch): StrongPart {
  const nodeCount = nodes.length - 1;
  const first = offsets[1] as number;
  const newOffsets = new Uint32Array(nodeCount + 1);
  const newTargets = new Uint32Array(targets.length - first);
  let length = 0;
  for (let node = 1; node <= nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (target > 0) newTargets[length++] = target - 1;
    }
    newOffsets[node] = length;
  }
  return { nodes: nodes.subarray(1), offsets: newOffsets, targets: newTargets.subarray(0, length) };
}

/** The shortest ways from all nodes to the first one. */
export interface WaysHome {
  /** Number of links of each node's way. */
  readonly lengths: Uint32Array;
  /** Second node of each node's way; 0 for the first node itself. */
  readonly next: Uint32Array;
}

/** Finds the shortest ways to the first node, breadth first against the links. O(n + m). */
export function waysHome({ nodes, offsets, targets }: StrongPart, context: Watch): WaysHome {
  const nodeCount = nodes.length;
  // Links by the node that they enter: counted one place too far, so that filling them in moves the starts where they belong.
  const starts = touched(new Uint32Array(nodeCount + 2));
  for (let at = 0; at < targets.length; at++) {
    if ((at & 65_535) === 0) context.throwIfAborted();
    const place = (targets[at] as number) + 2;
    starts[place] = (starts[place] as number) + 1;
  }
  for (let node = 0; node <= nodeCount; node++) {
    starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  }
  const sources = touched(new Uint32Array(targets.length));
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const place = (targets[at] as number) + 1;
      sources[starts[place] as number] = node;
      starts[place] = (starts[place] as number) + 1;
    }
  }
  const lengths = new Uint32Array(nodeCount);
  const next = new Uint32Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let length = 1;
  for (let at = 0; at < length; at++) {
    if ((at & 255) === 0) context.throwIfAborted();
    const node = queue[at] as number;
    const end = starts[node + 1] as number;
    for (let link = starts[node] as number; link < end; link++) {
      const source = sources[link] as number;
      if (source === 0 || (lengths[source] as number) > 0) continue;
      lengths[source] = (lengths[node] as number) + 1;
      next[source] = node;
      queue[length++] = source;
    }
  }
  return { lengths, next };
}
