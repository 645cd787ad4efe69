/** A simple model of one vector index: every search compares everything. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { VectorMatch, VectorMetric } from "../../lib/backend/vector.ts";

/** Vectors of nodes. */
export class VectorModel {
  readonly #metric: VectorMetric;
  #vectors = new Map<number, readonly number[]>();

  constructor(metric: VectorMetric) {
    this.#metric = metric;
  }

  /** A model of its own with the same vectors. */
  copy(): VectorModel {
    const copy = new VectorModel(this.#metric);
    copy.#vectors = new Map(this.#vectors);
    return copy;
  }

  /** Takes over what another one holds. */
  become(other: VectorModel): void {
    this.#vectors = new Map(other.#vectors);
  }

  /** Gives a node a vector. */
  set(nodeId: number, vector: readonly number[]): void {
    this.#vectors.set(nodeId, vector);
  }

  /** Takes a node's vector away; whether it had one. */
  delete(nodeId: number): boolean {
    return this.#vectors.delete(nodeId);
  }

  /** Fails unless these are the k nearest, with their distances. Vectors that are equally far may stand for each other. */
  assertFound(found: readonly VectorMatch[], query: readonly number[], k: number): void {
    const all = [...this.#vectors].map(([nodeId, vector]) => ({ nodeId, distance: this.#distance(query, vector) }))
      .sort((one, other) => one.distance - other.distance || one.nodeId - other.nodeId);
    assertEquals(found.length, Math.min(k, all.length), `found ${JSON.stringify(found)} of ${JSON.stringify(all)}`);
    found.forEach(({ nodeId, distance }, at) => {
      assertAlmostEquals(distance, all[at]?.distance as number, 1e-5);
      const vector = this.#vectors.get(nodeId);
      assert(vector !== undefined, `node ${nodeId} has no vector`);
      assertAlmostEquals(distance, this.#distance(query, vector), 1e-5);
    });
    assertEquals(new Set(found.map(({ nodeId }) => nodeId)).size, found.length);
  }

  /** Fails unless the index "e" holds exactly these vectors. */
  assertStored(graph: GraphReader): void {
    const stored = [...graph.vectorIndex("e").vectors()].map(({ nodeId, vector }) => [nodeId, [...vector]]);
    assertEquals(
      stored,
      [...this.#vectors].sort((one, other) => one[0] - other[0]).map(([id, vector]) => [id, [...vector]]),
    );
  }

  #distance(one: readonly number[], other: readonly number[]): number {
    const sum = (term: (a: number, b: number) => number): number =>
      one.reduce((total, a, at) => total + term(a, other[at] as number), 0);
    const dot = sum((a, b) => a * b);
    if (this.#metric === "dot") return -dot;
    if (this.#metric === "manhattan") return sum((a, b) => Math.abs(a - b));
    if (this.#metric === "euclidean") return Math.sqrt(sum((a, b) => (a - b) ** 2));
    return 1 - dot / Math.sqrt(sum((a) => a * a) * other.reduce((total, b) => total + b * b, 0));
  }
}
