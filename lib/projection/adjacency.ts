/** Memory of an adjacency. */

import {
  type Adjacency,
  MAX_PROJECTED_LINKS,
  MAX_PROJECTED_NODES,
  MAX_PROJECTED_WIDE_LINKS,
} from "../backend/projection.ts";
import { UnsupportedError } from "../backend/errors.ts";

/** Buffers of an adjacency, as they are sent to other threads. */
export interface AdjacencyHandle {
  /** 32-bit integers. */
  readonly offsets: SharedArrayBuffer;
  /** 32-bit integers. */
  readonly targets: SharedArrayBuffer;
  /** 64-bit floats. */
  readonly edgeIds: SharedArrayBuffer | undefined;
  /** 64-bit floats. */
  readonly weights: SharedArrayBuffer | undefined;
}

/** How large an adjacency is, and what it holds. */
export interface AdjacencyShape {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Number of links. */
  readonly linkCount: number;
  /** Whether links know their edges. */
  readonly hasEdgeIds: boolean;
  /** Whether links have weights. */
  readonly hasWeights: boolean;
}

/** Memory of an adjacency; what nobody writes to costs nothing. */
export function newAdjacency(
  { nodeCount, linkCount, hasEdgeIds, hasWeights }: AdjacencyShape,
  newBuffer: (byteLength: number) => SharedArrayBuffer,
): AdjacencyHandle {
  return {
    offsets: newBuffer(4 * (nodeCount + 1)),
    targets: newBuffer(4 * linkCount),
    edgeIds: hasEdgeIds ? newBuffer(8 * linkCount) : undefined,
    weights: hasWeights ? newBuffer(8 * linkCount) : undefined,
  };
}

/** The arrays over the memory. */
export function adjacencyOf({ offsets, targets, edgeIds, weights }: AdjacencyHandle): Adjacency {
  return {
    offsets: new Uint32Array(offsets),
    targets: new Uint32Array(targets),
    edgeIds: edgeIds === undefined ? undefined : new Float64Array(edgeIds),
    weights: weights === undefined ? undefined : new Float64Array(weights),
  };
}

/** @throws {UnsupportedError} when there are more links than an adjacency holds */
export function checkLinkCount(linkCount: number, isWide: boolean): void {
  const limit = isWide ? MAX_PROJECTED_WIDE_LINKS : MAX_PROJECTED_LINKS;
  if (linkCount <= limit) return;
  throw new UnsupportedError(
    `project: more than ${limit} links${
      isWide ? " with weights or edge ids" : ""
    }; project fewer types, kinds or nodes${isWide ? ", or neither weights nor edge ids" : ""}`,
    { code: "projection-too-large", value: linkCount },
  );
}

/** @throws {UnsupportedError} when there are more nodes than a projection holds */
export function checkNodeCount(nodeCount: number): void {
  if (nodeCount <= MAX_PROJECTED_NODES) return;
  throw new UnsupportedError(`project: more than ${MAX_PROJECTED_NODES} nodes; project fewer kinds or labels`, {
    code: "projection-too-large",
    value: nodeCount,
  });
}
