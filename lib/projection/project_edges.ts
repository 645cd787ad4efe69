/** Projections of edges in arrays, without a database. */

import { InvalidArgumentError } from "../backend/errors.ts";
import { checkId, checkObject, show } from "../backend/validate.ts";
import { distinct } from "./node_ids.ts";
import { type NodeIndex, nodeIndexOf } from "./node_index.ts";
import { checkFlag } from "./options.ts";
import { linkNodes } from "./project_indexes.ts";
import type { Projection } from "../backend/projection.ts";

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
 * Projects edges that are not in a database. O(n + m log m) with n nodes and m edges; see `projectIndexes` for dense
 * indexes.
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
  return linkNodes(nodes, { sources, targets, weights, isUndirected, isSimple, hasEdgeIds });
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
  const ids = new Float64Array(Object.values(lists).reduce((sum, { length }) => sum + length, 0));
  let count = 0;
  for (const [field, list] of Object.entries(lists)) {
    for (let at = 0; at < list.length; at++) {
      const id = list[at] as number;
      ids[count++] = Number.isSafeInteger(id) && id > 0 ? id : checkId(id, "projectEdges", `${field}[${at}]`);
    }
  }
  return distinct(ids.sort());
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
