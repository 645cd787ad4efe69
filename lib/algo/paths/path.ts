/** Paths, as they are returned. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import type { EdgeId, NodeId } from "../../backend/schema.ts";

/** A path. */
export interface Path {
  /** Its nodes, from the first to the last. */
  readonly nodeIds: NodeId[];
  /** Its edges, one less than nodes; undefined when the projection does not know them. */
  readonly edgeIds: EdgeId[] | undefined;
  /** Sum of its costs, added from its first node on. */
  readonly cost: number;
}

/** The path of dense indexes and of the links between them, which are places in the arrays of `links`. */
export function pathOf(
  projection: Projection,
  links: Adjacency,
  nodes: readonly number[],
  places: readonly number[],
  cost: number,
): Path {
  const { edgeIds } = links;
  return {
    nodeIds: nodes.map((node) => projection.nodeIds[node] as number),
    edgeIds: edgeIds === undefined ? undefined : places.map((place) => edgeIds[place] as number),
    cost,
  };
}
