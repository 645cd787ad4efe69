/** Searches while a writer is busy, and checks of what they find. */

import type { VectorMemory } from "../../../lib/vector/memory.ts";
import { bruteForce, randomOf } from "./support.ts";

/** Dimension of the vectors of the test. */
export const DIMENSION = 8;
/** Nodes of the test. */
export const NODES = 600;

/** Vector that a node has from one LSN on: it moves with each. */
export function vectorAt(node: number, lsn: number): Float32Array {
  const random = randomOf(node * 7919 + lsn);
  return Float32Array.from({ length: DIMENSION }, random);
}

/** LSN at which a node got the vector that it has at another: every node changes each 40 commits, at a turn of its own. */
export function bornAt(node: number, lsn: number): number {
  const turn = node % 40;
  const born = lsn - ((lsn - turn) % 40 + 40) % 40;
  return Math.max(born, 0);
}

/** Searches at the newest LSN until it is told to stop: whatever is found must have been so, and little may be missing. */
export function checkSearches(memory: VectorMemory, control: Int32Array): number {
  using reader = memory.reader();
  const random = randomOf(99);
  let searches = 0;
  let found = 0;
  while (Atomics.load(control, 0) === 0 || searches < 20) {
    const lsn = Atomics.load(control, 1);
    const query = Float32Array.from({ length: DIMENSION }, random);
    const state = Array.from({ length: NODES }, (_, at) => [at + 1, vectorAt(at + 1, bornAt(at + 1, lsn))] as const);
    const expected = bruteForce(state, "euclidean", query);
    const distanceOf = new Map(expected.map(({ id, distance }) => [id, distance]));
    const nearest = new Set(expected.slice(0, 10).map(({ id }) => id));
    for (const isExact of [true, false]) {
      const { nodeIds, distances } = reader.search({ query, k: 10, ef: 100, lsn, isExact });
      if (nodeIds.length !== 10) throw new Error(`${nodeIds.length} results at LSN ${lsn}`);
      nodeIds.forEach((id, at) => {
        const distance = distanceOf.get(id);
        if (distance === undefined || Math.abs(distance - (distances[at] as number)) > 1e-5) {
          throw new Error(`node ${id} at LSN ${lsn}: ${distances[at]} instead of ${distance}`);
        }
        if (nearest.has(id)) found += isExact ? 0 : 1;
        else if (isExact) throw new Error(`node ${id} is not among the nearest at LSN ${lsn}`);
      });
    }
    searches++;
    Atomics.store(control, 2, lsn); // the writer keeps what this LSN sees
  }
  if (found < searches * 9.5) throw new Error(`recall ${found / searches / 10}`);
  return searches;
}
