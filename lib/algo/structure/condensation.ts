/** A graph in which each strongly connected component is one node. */

import type { NodeId } from "../../backend/schema.ts";
import { projectEdges, type Projection } from "../../projection/mod.ts";
import { type Algorithm, defineResult, NodeGroups } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { componentGraph } from "./component_graph.ts";
import { smallestOrder } from "./topological_sort.ts";

/** What another thread makes the same condensation of. */
export interface CondensationHandle {
  /** The components. */
  readonly components: NodeGroups["handle"];
  /** Groups in topological order. */
  readonly order: Uint32Array<SharedArrayBuffer>;
  /** First node of each group. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** Group that each link leaves. */
  readonly from: Uint32Array<SharedArrayBuffer>;
  /** Group that each link enters. */
  readonly to: Uint32Array<SharedArrayBuffer>;
  /** Edges that each link stands for. */
  readonly edgeCounts: Uint32Array<SharedArrayBuffer>;
}

/** The strongly connected components of a graph, and the links between them: a graph without cycles. In shared memory. */
export class Condensation {
  /** The components, numbered from the largest on, equal ones from that with the smallest node id on. */
  readonly components: NodeGroups;
  /**
   * Numbers of the components, so that links lead from earlier ones to later ones; where several could be next, that with the
   * smallest node id is. Must not be changed.
   */
  readonly order: Uint32Array<SharedArrayBuffer>;
  /** Smallest node id of each component, by number. Must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** Number of the component that each link leaves. At most one link leads from one component to another. Must not be changed. */
  readonly from: Uint32Array<SharedArrayBuffer>;
  /** Number of the component that each link enters. Must not be changed. */
  readonly to: Uint32Array<SharedArrayBuffer>;
  /** Number of edges that each link stands for. Must not be changed. */
  readonly edgeCounts: Uint32Array<SharedArrayBuffer>;
  /** What another thread makes the same condensation of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: CondensationHandle;

  private constructor(handle: CondensationHandle) {
    this.handle = handle;
    this.components = NodeGroups.from(handle.components);
    this.order = handle.order;
    this.nodeIds = handle.nodeIds;
    this.from = handle.from;
    this.to = handle.to;
    this.edgeCounts = handle.edgeCounts;
  }

  /** The condensation that another thread sent the handle of. */
  static from(handle: CondensationHandle): Condensation {
    return new Condensation(handle);
  }

  /** Number of links between components. */
  get linkCount(): number {
    return this.from.length;
  }

  /**
   * The condensation as a directed graph for other algorithms: its nodes have the smallest node id of each component, its edges
   * are the links, and with `weighted` their weights the numbers of edges that they stand for. O(c log c + l).
   */
  project({ weighted = false }: { readonly weighted?: boolean | undefined } = {}): Projection {
    const idOf = (group: number): NodeId => this.nodeIds[group] as number;
    return projectEdges({
      nodeIds: this.nodeIds,
      from: Float64Array.from(this.from, idOf),
      to: Float64Array.from(this.to, idOf),
      weights: weighted ? this.edgeCounts : undefined,
    });
  }
}

defineResult("sqlitegraph:Condensation", Condensation);

/**
 * The condensation: each strongly connected component becomes a node, and all edges from one component to another become one
 * link. Edges inside components, self-loops among them, are left out. Links are in the order of the smallest node ids of the
 * components that they leave, then of those that they enter. Progress counts nodes.
 *
 * O(n log n + m). Components: Pearce 2016.
 *
 * @throws {InvalidArgumentError} for an undirected projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { components, order } = condensation(projectEdges({ from: [1, 2, 3], to: [2, 1, 1] }));
 * for (const group of order) console.log(components.nodeIdsOf(group)); // [3], then [1, 2]
 * ```
 */
export const condensation: Algorithm<Record<never, never>, Condensation> = defineForOneThread(
  import.meta.url,
  "condensation",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "condensation");
    requireDirected(projection, "condensation");
    const graph = componentGraph(projection.out, context);
    const components = NodeGroups.of(projection, graph.componentOf);
    const { count, starts, members, offsets, targets } = graph;
    const groupOf = new Uint32Array(count);
    const nodeIds = new Float64Array(new SharedArrayBuffer(8 * count));
    for (let component = 0; component < count; component++) {
      const first = members[starts[component] as number] as number;
      const group = components.groups[first] as number;
      groupOf[component] = group;
      nodeIds[group] = projection.nodeIds[first] as number;
    }
    const smallest = smallestOrder({ offsets, targets }, context);
    const order = sharedWords(count);
    for (let at = 0; at < count; at++) order[at] = groupOf[smallest[at] as number] as number;
    const [from, to] = [sharedWords(targets.length), sharedWords(targets.length)];
    for (let component = 0; component < count; component++) {
      const end = offsets[component + 1] as number;
      for (let at = offsets[component] as number; at < end; at++) {
        from[at] = groupOf[component] as number;
        to[at] = groupOf[targets[at] as number] as number;
      }
    }
    const edgeCounts = sharedWords(targets.length);
    edgeCounts.set(graph.linkCounts);
    return Condensation.from({ components: components.handle, order, nodeIds, from, to, edgeCounts });
  },
);

function sharedWords(length: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}
