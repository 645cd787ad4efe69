/** Independent cycles, of which all others are sums. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, type TaskContext } from "../define.ts";
import { type NodeLists, NodeListsBuilder } from "../node_lists.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { addEarCycles, type CycleSink } from "./ear_cycles.ts";
import { strongParts } from "./strong_parts.ts";

/** Parameters of `cycleBasis`. */
export interface CycleBasisParams {
  /** Most cycles to return; default 100,000. */
  readonly maxCycles?: number | undefined;
  /** Most nodes of a cycle; longer ones are skipped. Default any number. */
  readonly maxLength?: number | undefined;
}

/** What `cycleBasis` takes. */
export const CYCLE_BASIS_PARAMS: ParamSpecs<CycleBasisParams> = {
  maxCycles: { kind: "integer", doc: "most cycles to return", default: 100_000, min: 0 },
  maxLength: { kind: "integer", doc: "most nodes of a cycle; longer ones are skipped", min: 1, optional: true },
};

/** A basis of the cycles of a graph. */
export interface CycleBasis {
  /** Nodes of each cycle in its order, each once, from the smallest id on. */
  readonly cycles: NodeLists;
  /** Number of cycles of a whole basis. */
  readonly dimension: number;
  /** How many of these are not here because of `maxCycles` or `maxLength`. */
  readonly skipped: number;
}

/**
 * A basis of the cycles: as many independent ones as there are, so that each other cycle is a sum of some of them. None passes a
 * node twice. A self-loop is a cycle of one node; each edge beyond the first between two nodes closes a cycle of these.
 *
 * - Undirected: m - n + c cycles, with c the number of components: each edge outside a breadth-first forest, whose trees begin at
 *   the smallest ids, closes one. In the order of these edges, by their smaller end, then by the other one; the second node of a
 *   cycle is smaller than the last.
 * - Directed: cycles along edges; of each strongly connected component m - n + 1, one for each ear of an ear decomposition. By the
 *   smallest id of the component, then in the order of the ears.
 *
 * O(n + m) and the length of the ways that are followed; it is neither the shortest basis nor all cycles (see `findCycles`).
 * Progress counts nodes. Undirected: Kirchhoff 1847; directed: ear decomposition of Robbins 1939.
 *
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const { cycles } = cycleBasis(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }));
 * console.log([...cycles]); // [[1, 2, 3]]
 * ```
 */
export const cycleBasis: Algorithm<CycleBasisParams, CycleBasis> = defineForOneThread(
  import.meta.url,
  "cycleBasis",
  (projection, params: CycleBasisParams, context) => {
    const { maxCycles, maxLength = Infinity } = checkParams<CycleBasisParams, "maxLength">(
      CYCLE_BASIS_PARAMS,
      params,
      projection,
      "cycleBasis",
    );
    const found = new NodeListsBuilder(projection.nodeIds);
    const sink = { found, maxCycles, maxLength };
    const dimension = projection.isUndirected
      ? addForestCycles(projection, sink, context)
      : addStrongCycles(projection, sink, context);
    return { cycles: found.build(), dimension, skipped: dimension - found.count };
  },
);

/** Adds cycles along edges; returns the dimension. */
function addStrongCycles(projection: Projection, sink: CycleSink, context: TaskContext): number {
  let dimension = 0;
  const parts = strongParts(projection.out, undefined, context);
  parts.sort((a, b) => (a.nodes[0] as number) - (b.nodes[0] as number));
  for (const part of parts) {
    dimension += part.targets.length - part.nodes.length + 1;
    addEarCycles(part, sink, context);
  }
  return dimension;
}

/** Adds the cycles that edges outside a breadth-first forest close; returns the dimension. */
function addForestCycles(projection: Projection, sink: CycleSink, context: TaskContext): number {
  const { nodeCount, edgeCount, out: { offsets, targets } } = projection;
  const { parents, depths, roots } = breadthFirstForest(projection, context);
  const dimension = edgeCount - nodeCount + roots;
  let budget = 16_384;
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    budget -= 1;
    for (let at = offsets[node] as number; at < end && sink.found.count < sink.maxCycles; at++) {
      const other = targets[at] as number;
      if (other < node) continue;
      const isFirst = at === offsets[node] || targets[at - 1] !== other;
      // Of parallel edges the first is in the forest, if one is; the others close cycles with it either way.
      if (!isFirst && other !== node) budget -= addPair(node, other, sink);
      else if (other === node || (parents[other] !== node && parents[node] !== other)) {
        budget -= addForestCycle(node, other, parents, depths, sink);
      }
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    if (budget <= 0) {
      context.throwIfAborted();
      budget = 16_384;
    }
  }
  return dimension;
}

/** Adds the cycle of two parallel edges, unless it is too long; returns the steps that this took. */
function addPair(node: number, other: number, { found, maxLength }: CycleSink): number {
  if (maxLength >= 2) {
    found.push(node);
    found.push(other);
    found.endList();
  }
  return 2;
}

/** Adds the cycle that an edge closes, unless it is too long; returns the steps that this took. */
function addForestCycle(
  node: number,
  other: number,
  parents: Int32Array,
  depths: Uint32Array,
  { found, maxLength }: CycleSink,
): number {
  let [a, b] = [node, other];
  let length = 1;
  while (a !== b) {
    if ((depths[a] as number) >= (depths[b] as number)) a = parents[a] as number;
    else b = parents[b] as number;
    length++;
  }
  if (length > maxLength) return length;
  const top = a;
  const below: number[] = [];
  for (b = other; b !== top; b = parents[b] as number) below.push(b);
  for (a = node; a !== top; a = parents[a] as number) found.push(a);
  found.push(top);
  for (let at = below.length - 1; at >= 0; at--) found.push(below[at] as number);
  found.endList();
  found.normalizeRing(false);
  return length;
}

/** Trees of shortest ways from the smallest node of each component. */
function breadthFirstForest(
  { nodeCount, out: { offsets, targets } }: Projection,
  context: TaskContext,
): { readonly parents: Int32Array; readonly depths: Uint32Array; readonly roots: number } {
  const parents = new Int32Array(nodeCount).fill(-1);
  const depths = new Uint32Array(nodeCount);
  const isSeen = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let roots = 0;
  let length = 0;
  let next = 0;
  let told = 0;
  let budget = 16_384;
  context.total(nodeCount);
  for (let root = 0; root < nodeCount; root++) {
    if (isSeen[root] === 1) continue;
    isSeen[root] = 1;
    roots++;
    queue[length++] = root;
    for (; next < length; next++) {
      const node = queue[next] as number;
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        if (isSeen[target] === 1) continue;
        isSeen[target] = 1;
        parents[target] = node;
        depths[target] = (depths[node] as number) + 1;
        queue[length++] = target;
      }
      budget -= 1 + end - (offsets[node] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      context.progress(next - told);
      told = next;
      budget = 16_384;
    }
  }
  context.progress(length - told);
  return { parents, depths, roots };
}
