/** How the form of a graph changes over time. */

import type { LongCallOptions } from "../../backend/care.ts";
import { show } from "../../backend/validate.ts";
import type { Projection } from "../../projection/mod.ts";
import type { TaskContext } from "../define.ts";
import { quietContext } from "../quiet_context.ts";
import { invalid } from "../params.ts";
import { strongLabels } from "../structure/strong_components.ts";
import { weakLabels } from "../structure/weak_components.ts";
import { checkHistoryOptions, type ProjectedVersion, readHistory } from "./versions.ts";

/** How to count. */
export interface TemporalSweepOptions extends LongCallOptions {
  /**
   * Which edges count for the cycle rank. `all` (the default): each one, so that two parallel edges, edges both ways and a self-loop
   * are cycles. `simple`: one between two nodes, whatever its direction, and no self-loops.
   */
  readonly edges?: "all" | "simple" | undefined;
}

/** The form of one version. */
export interface TopologyPoint {
  /** The version. */
  readonly version: number;
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Number of edges. */
  readonly edgeCount: number;
  /** Number of weakly connected components. */
  readonly weakComponentCount: number;
  /** Number of strongly connected components. */
  readonly componentCount: number;
  /** Nodes of the largest strong component. */
  readonly largestSize: number;
  /** Their share of all nodes; 0 without nodes. */
  readonly largestFraction: number;
  /** Strong components of two nodes or more: circular dependencies. */
  readonly cyclicCount: number;
  /** Nodes of the largest of these; 0 without one. */
  readonly largestCyclicSize: number;
  /** Number of independent cycles when directions are ignored: edges - nodes + weak components (the first Betti number). */
  readonly cycleRank: number;
}

/**
 * Counts components and cycles of each version of a graph. In undirected projections strong components are the connected ones. Nodes
 * without edges count.
 *
 * Progress counts nodes of all versions. O(n + m) for each version; strong components after Tarjan 1972 and Pearce 2016.
 *
 * @param versions ascending; see `projectVersions` for the commits of a database
 * @throws {InvalidArgumentError} for versions that do not ascend, and bad options
 *
 * @example
 * ```ts ignore
 * const before = projectEdges({ from: [1, 2], to: [2, 3] });
 * const after = projectEdges({ from: [1, 2, 3], to: [2, 3, 1] });
 * const points = temporalSweep([{ version: 1, projection: before }, { version: 2, projection: after }]);
 * console.log(points.map(({ cycleRank }) => cycleRank)); // [0, 1]
 * ```
 */
export function temporalSweep(
  versions: Iterable<ProjectedVersion>,
  options: TemporalSweepOptions = {},
): TopologyPoint[] {
  const { edges = "all" } = checkHistoryOptions(options, ["edges"], "temporalSweep");
  if (edges !== "all" && edges !== "simple") {
    throw invalid("temporalSweep", "edges", edges, `is ${show(edges)}; give "all" or "simple"`);
  }
  return readHistory("temporalSweep", options, versions, (context) => {
    const points: TopologyPoint[] = [];
    return {
      read: (version, projection) => points.push({ version, ...topologyOf(projection, edges === "simple", context) }),
      end: () => points,
    };
  });
}

function topologyOf(projection: Projection, isSimple: boolean, context: TaskContext): Omit<TopologyPoint, "version"> {
  const { nodeCount, edgeCount } = projection;
  const part = quietContext(context);
  const roots = weakLabels(projection, part);
  let weakComponentCount = 0;
  for (let node = 0; node < nodeCount; node++) if (roots[node] === node) weakComponentCount++;
  const { count, labels } = strongLabels(projection.out, part);
  const sizes = new Uint32Array(count);
  for (let node = 0; node < nodeCount; node++) {
    const label = labels[node] as number;
    sizes[label] = (sizes[label] as number) + 1;
  }
  let [largestSize, cyclicCount] = [0, 0];
  for (let label = 0; label < count; label++) {
    const size = sizes[label] as number;
    if (size > largestSize) largestSize = size;
    if (size > 1) cyclicCount++;
  }
  const edges = isSimple ? countNeighborPairs(projection, context) : edgeCount;
  return {
    nodeCount,
    edgeCount,
    weakComponentCount,
    componentCount: count,
    largestSize,
    largestFraction: nodeCount === 0 ? 0 : largestSize / nodeCount,
    cyclicCount,
    largestCyclicSize: largestSize > 1 ? largestSize : 0,
    cycleRank: edges - nodeCount + weakComponentCount,
  };
}

/** Number of pairs of different nodes with an edge between them. */
function countNeighborPairs(projection: Projection, context: TaskContext): number {
  const { nodeCount, out, in: entering } = projection;
  let pairs = 0;
  let checkAt = 1_048_576;
  for (let node = 0; node < nodeCount; node++) {
    // Both rows ascend: they are merged.
    let at = out.offsets[node] as number;
    let other = entering.offsets[node] as number;
    const end = out.offsets[node + 1] as number;
    const otherEnd = entering.offsets[node + 1] as number;
    let last = node;
    while (at < end || other < otherEnd) {
      const first = at < end ? out.targets[at] as number : nodeCount;
      const second = other < otherEnd ? entering.targets[other] as number : nodeCount;
      const target = first < second ? first : second;
      if (first === target) at++;
      if (second === target) other++;
      // Each pair is counted by its smaller node.
      if (target <= last) continue;
      last = target;
      pairs++;
    }
    if (end < checkAt) continue;
    context.throwIfAborted();
    checkAt = end + 1_048_576;
  }
  return pairs;
}
