/** The components of one version. */

import type { Projection } from "../../projection/mod.ts";
import type { TaskContext } from "../define.ts";
import { quietContext } from "../quiet_context.ts";
import { strongLabels } from "../structure/strong_components.ts";
import { weakLabels } from "../structure/weak_components.ts";

/** Components of at least some size, numbered from 0 by their smallest node. */
export interface VersionComponents {
  /** Number of components. */
  readonly count: number;
  /** Component of each node by dense index; -1: it is in none that counts. */
  readonly labels: Int32Array;
  /** Where the members of each component begin; one more than there are components. */
  readonly starts: Uint32Array;
  /** Ids of the members, ascending in each component. */
  readonly members: Float64Array<ArrayBuffer>;
}

/** Finds the components of a version. O(n + m). */
export function versionComponents(
  projection: Projection,
  kind: "strong" | "weak",
  minSize: number,
  context: TaskContext,
): VersionComponents {
  const { nodeCount, nodeIds } = projection;
  const part = quietContext(context);
  const found = kind === "weak" ? weakLabels(projection, part) : strongLabels(projection.out, part).labels;
  const sizes = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const label = found[node] as number;
    sizes[label] = (sizes[label] as number) + 1;
  }
  context.throwIfAborted();
  const numbers = new Int32Array(nodeCount).fill(-1);
  const labels = new Int32Array(nodeCount);
  const starts = new Uint32Array(nodeCount + 1);
  let count = 0;
  for (let node = 0; node < nodeCount; node++) {
    const label = found[node] as number;
    const size = sizes[label] as number;
    if (numbers[label] === -1 && size >= minSize) {
      starts[count + 1] = (starts[count] as number) + size;
      numbers[label] = count++;
    }
    labels[node] = numbers[label] as number;
  }
  context.throwIfAborted();
  const members = new Float64Array(starts[count] as number);
  const next = starts.slice(0, count);
  for (let node = 0; node < nodeCount; node++) {
    const component = labels[node] as number;
    if (component < 0) continue;
    members[next[component] as number] = nodeIds[node] as number;
    next[component] = (next[component] as number) + 1;
  }
  return { count, labels, starts: starts.subarray(0, count + 1), members };
}
