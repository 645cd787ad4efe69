/** What is searched, and in what: a pattern and a graph as flat arrays. */

import type { Projection } from "../../projection/mod.ts";

/** An edge that must be there. */
export interface ShapeEdge {
  /** Place of the node that it leaves. */
  readonly from: number;
  /** Place of the node that it enters. */
  readonly to: number;
  /** Number of the layer in which it must be. */
  readonly layer: number;
}

/** What there may be besides, from one node of a pattern to another one, when matches are to be induced. */
export interface ShapeLimit {
  /** Place of the first node. */
  readonly from: number;
  /** Place of the second node; may be the same. */
  readonly to: number;
  /** Number of the layer that holds all links that may be there; -1: none may. */
  readonly layer: number;
}

/** A pattern over a graph. */
export interface PatternShape {
  /** Number of nodes. */
  readonly size: number;
  /** Class of each node, from 0: nodes of one class have the same candidates. */
  readonly classes: readonly number[];
  /** The edges. */
  readonly edges: readonly ShapeEdge[];
  /** For every ordered pair of places what may be there; none when matches need not be induced. */
  readonly limits: readonly ShapeLimit[];
}

/** A graph to search in: links of different types in layers over the same nodes. */
export interface LayeredGraph {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Ids of the nodes. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** Links by layer. */
  readonly layers: readonly Projection[];
  /** All links that count when matches are to be induced. */
  readonly all: Projection;
  /** Candidates of each class, a bit each in words of 32; undefined: all nodes. */
  readonly candidates: readonly (Int32Array | undefined)[];
}

/** Whether a bit is set. */
export function hasBit(bits: Int32Array, at: number): boolean {
  return ((bits[at >>> 5] as number) >>> (at & 31) & 1) === 1;
}

/** Number of bits that are set. */
export function countBits(bits: Int32Array): number {
  let count = 0;
  for (let word = 0; word < bits.length; word++) {
    for (let left = bits[word] as number; left !== 0; left &= left - 1) count++;
  }
  return count;
}
