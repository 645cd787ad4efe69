/** Projections of edges in arrays, without a database. */

import { InvalidArgumentError } from "../backend/errors.ts";
import { checkId, checkObject, show } from "../backend/validate.ts";
import { adjacencyOf, checkLinkCount, newAdjacency } from "./adjacency.ts";
import { distinct } from "./node_ids.ts";
import { type NodeIndex, nodeIndexOf } from "./node_index.ts";
import { checkFlag } from "./options.ts";
import { type Projection, projectionOf } from "./projection.ts";
import { orderRows } from "./row_order.ts";

/** Edges as arrays of the same length. */
export interface EdgeArrays {
  /** Ids of all nodes, in any order; default: the ends of the edges. */
  readonly nodeIds?: ArrayLike<number> | undefined;
  /** Id of the node that each edge leaves. */
  readonly from: ArrayLike<number>;
  /** Id of the node that each edge enters. */
  readonly to: ArrayLike<number>;
  /** Weight of each edge; default: none have one. */
  readonly weights?: ArrayLike<number> | undefined;
  /** As in `ProjectOptions`. */
  readonly undirected?: boolean | undefined;
  /** As in `ProjectOptions`: of parallel edges the first one counts. */
  readonly simple?: boolean | undefined;
  /** True: links know their edges, whose ids are their places in the arrays plus 1. */
  readonly edgeIds?: boolean | undefined;
}

/**
 * Projects edges that are not in a database. O(n log n + m log d) with d the largest degree.
 *
 * @throws {InvalidArgumentError} for arrays of different lengths, numbers that are no ids, and edges whose ends are not among
 * the given nodes
 *
 * @example
 * ```ts ignore
 * const triangle = projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true });
 * ```
 */
export function projectEdges(edges: EdgeArrays): Projection {
  checkObject(edges, "projectEdges", "edges");
  const { from, to, weights } = edges;
  checkLengths(edges);
  const isUndirected = checkFlag(edges.undirected, "projectEdges", "undirected");
  const isSimple = checkFlag(edges.simple, "projectEdges", "simple");
  const hasEdgeIds = checkFlag(edges.edgeIds, "projectEdges", "edgeIds");
  const nodes = nodeIndexOf(idsOf(edges));
  const sources = indexesOf(nodes, from, "from");
  const targets = indexesOf(nodes, to, "to");
  const rows = countRows(nodes.count, sources, targets, isUndirected);
  const { count, loops } = orderRows(rows, nodes.count, 0, isSimple);
  checkLinkCount(count, hasEdgeIds || weights !== undefined);
  const shape = { nodeCount: nodes.count, linkCount: count, hasEdgeIds, hasWeights: weights !== undefined };
  const newBuffer = (byteLength: number): SharedArrayBuffer => new SharedArrayBuffer(byteLength);
  const handle = newAdjacency(shape, newBuffer);
  const out = adjacencyOf(handle);
  out.offsets.set(rows.ends.subarray(0, nodes.count), 1);
  out.targets.set(rows.targets.subarray(0, count));
  out.edgeIds?.set(rows.edges.subarray(0, count));
  if (out.weights !== undefined) {
    for (let at = 0; at < count; at++) out.weights[at] = weights?.[(rows.edges[at] as number) - 1] as number;
  }
  return projectionOf({
    nodes: nodes.handle,
    edgeCount: isUndirected ? (count + loops) / 2 : count,
    isUndirected,
    out: handle,
    reverse: isUndirected ? undefined : { links: newAdjacency(shape, newBuffer), state: newBuffer(4) },
  });
}

function checkLengths({ from, to, weights }: EdgeArrays): void {
  for (const [field, list] of Object.entries({ from, to, weights })) {
    if (field === "weights" && list === undefined) continue;
    if (list?.length === from?.length && Number.isSafeInteger(list?.length)) continue;
    throw new InvalidArgumentError(
      `projectEdges: ${field} has ${show(list?.length)} entries and from has ${
        show(from?.length)
      }; give arrays of one length`,
      { code: "invalid-edge-arrays", field, value: list },
    );
  }
  for (let at = 0; at < (weights?.length ?? 0); at++) {
    if (Number.isFinite(weights?.[at])) continue;
    throw new InvalidArgumentError(`projectEdges: weights[${at}] is ${show(weights?.[at])}; give finite numbers`, {
      code: "invalid-edge-arrays",
      field: "weights",
      value: weights?.[at],
    });
  }
}

function idsOf({ nodeIds, from, to }: EdgeArrays): Float64Array {
  const lists = nodeIds === undefined ? { from, to } : { nodeIds };
  const ids: number[] = [];
  for (const [field, list] of Object.entries(lists)) {
    for (let at = 0; at < list.length; at++) ids.push(checkId(list[at], "projectEdges", `${field}[${at}]`));
  }
  return distinct(new Float64Array(ids).sort());
}

function indexesOf(nodes: NodeIndex, ids: ArrayLike<number>, field: string): Uint32Array {
  const indexes = new Uint32Array(ids.length);
  for (let at = 0; at < ids.length; at++) {
    const index = nodes.indexOf(ids[at] as number);
    if (index < 0) {
      throw new InvalidArgumentError(
        `projectEdges: ${field}[${at}] is ${show(ids[at])}, which is not among nodeIds; add it there`,
        { code: "invalid-edge-arrays", field, value: ids[at] },
      );
    }
    indexes[at] = index;
  }
  return indexes;
}

/** The links by their rows, those of a row in the order of their edges. */
function countRows(
  nodeCount: number,
  sources: Uint32Array,
  targets: Uint32Array,
  isUndirected: boolean,
): { readonly ends: Uint32Array; readonly targets: Uint32Array; readonly edges: Float64Array } {
  const ends = new Uint32Array(nodeCount + 1);
  const visit = (link: (row: number, target: number, edge: number) => void): void => {
    for (let at = 0; at < sources.length; at++) {
      const source = sources[at] as number;
      const target = targets[at] as number;
      link(source, target, at + 1);
      if (isUndirected && source !== target) link(target, source, at + 1);
    }
  };
  let count = 0;
  visit((row) => {
    ends[row + 1] = (ends[row + 1] as number) + 1;
    count++;
  });
  for (let row = 0; row < nodeCount; row++) ends[row + 1] = (ends[row + 1] as number) + (ends[row] as number);
  const rows = { ends, targets: new Uint32Array(count), edges: new Float64Array(count) };
  // The begin of each row moves to its end, which is the begin of the next one.
  visit((row, target, edge) => {
    const place = ends[row] as number;
    ends[row] = place + 1;
    rows.targets[place] = target;
    rows.edges[place] = edge;
  });
  return rows;
}
