/** Pairs of nodes of two sides. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import { requireUndirected } from "../require.ts";
import type { Rows } from "../structure/rows.ts";
import { idsMarked } from "./terminals.ts";
import { twoColoring } from "./two_coloring.ts";

/** A matching, and what shows that there is no larger one. */
export interface BipartiteMatching {
  /** Number of pairs. */
  readonly size: number;
  /** One node of each pair, ascending: that on the side which `bipartition` calls left. */
  readonly left: Float64Array<SharedArrayBuffer>;
  /** The other node of each pair, at the same place. */
  readonly right: Float64Array<SharedArrayBuffer>;
  /** The fewest nodes of which each edge has one, ascending: as many as there are pairs (Kőnig). */
  readonly cover: Float64Array<SharedArrayBuffer>;
}

/** No node. */
const NONE = -1;

/**
 * As many edges as there can be of which no two have a node in common, in a graph of two sides as `bipartition` finds them. Of
 * several such matchings it is always the same one, but which is not defined. Parallel edges change nothing; weights do not
 * count. Progress counts links that were looked at; how many that will be is not known.
 *
 * O(m √n). Hopcroft, Karp, An n^5/2 algorithm for maximum matchings in bipartite graphs, 1973; Kőnig, Gráfok és mátrixok, 1931.
 *
 * @throws {InvalidArgumentError} for a directed projection, for one that is not bipartite, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const tasks = projectEdges({ from: [1, 1, 2], to: [10, 11, 10], undirected: true });
 * const { left, right } = bipartiteMatching(tasks);
 * console.log(left, right); // Float64Array [1, 2], Float64Array [11, 10]
 * ```
 */
export const bipartiteMatching: Algorithm<Record<never, never>, BipartiteMatching> = defineAlgorithm(
  import.meta.url,
  "bipartiteMatching",
  (projection, params: Record<never, never>, context): BipartiteMatching => {
    checkParams({}, params, projection, "bipartiteMatching");
    requireUndirected(projection, "bipartiteMatching");
    const { out, nodeCount, nodeIds } = projection;
    const pace = new Pace(context);
    const { colors, oddCycle } = twoColoring(out, pace);
    if (oddCycle !== undefined) throw notBipartite(projection, oddCycle);
    const matching = new Matching(out, colors, pace);
    const size = matching.complete();
    const left = new Float64Array(new SharedArrayBuffer(8 * size));
    const right = new Float64Array(new SharedArrayBuffer(8 * size));
    for (let node = 0, next = 0; node < nodeCount; node++) {
      const mate = matching.mates[node] as number;
      if (mate === NONE || colors[node] !== 0) continue;
      left[next] = nodeIds[node] as number;
      right[next++] = nodeIds[mate] as number;
    }
    pace.end();
    return { size, left, right, cover: idsMarked(projection, matching.cover(), 1) };
  },
);

/** A matching that grows. */
class Matching {
  /** The other node of each one's pair. */
  readonly mates: Int32Array;
  readonly #offsets: Uint32Array;
  readonly #targets: Uint32Array;
  readonly #colors: Uint8Array;
  readonly #pace: Pace;
  /** Pairs between each node of the left side and the nearest one without a pair; NONE for nodes that are not reached. */
  readonly #levels: Int32Array;
  readonly #queue: Uint32Array;
  readonly #nextLinks: Uint32Array;

  constructor({ offsets, targets }: Rows, colors: Uint8Array, pace: Pace) {
    const nodeCount = colors.length;
    this.mates = new Int32Array(nodeCount).fill(NONE);
    this.#offsets = offsets;
    this.#targets = targets;
    this.#colors = colors;
    this.#pace = pace;
    this.#levels = new Int32Array(nodeCount);
    this.#queue = new Uint32Array(nodeCount);
    this.#nextLinks = new Uint32Array(nodeCount);
  }

  /** Makes it as large as it can be; returns how many pairs it has. */
  complete(): number {
    let size = this.#begin();
    while (this.#search()) {
      this.#nextLinks.set(this.#offsets.subarray(0, -1));
      for (let node = 0; node < this.mates.length; node++) {
        if (this.#isFree(node) && this.#augment(node)) size++;
      }
    }
    return size;
  }

  /** The nodes that are on the left and not reached from a left node without a pair, or on the right and reached: 1. */
  cover(): Uint8Array {
    // The last search has found no more pairs, and reached all that can be.
    return this.#colors.map((color, node) => {
      if (color === 0) return this.#levels[node] === NONE ? 1 : 0;
      const mate = this.mates[node] as number;
      return mate !== NONE && this.#levels[mate] !== NONE ? 1 : 0;
    });
  }

  #isFree(node: number): boolean {
    return this.#colors[node] === 0 && this.mates[node] === NONE;
  }

  /** Gives each node of the left side the first one that is left. */
  #begin(): number {
    let size = 0;
    for (let node = 0; node < this.mates.length; node++) {
      if (this.#colors[node] !== 0) continue;
      const end = this.#offsets[node + 1] as number;
      for (let link = this.#offsets[node] as number; link < end; link++) {
        const target = this.#targets[link] as number;
        if (this.mates[target] !== NONE) continue;
        this.mates[target] = node;
        this.mates[node] = target;
        size++;
        break;
      }
    }
    return size;
  }

  /** Finds the shortest ways from left nodes without a pair to right nodes without one; false when there are none. */
  #search(): boolean {
    const levels = this.#levels;
    const queue = this.#queue;
    levels.fill(NONE);
    let last = 0;
    for (let node = 0; node < levels.length; node++) {
      if (!this.#isFree(node)) continue;
      levels[node] = 0;
      queue[last++] = node;
    }
    let found = Infinity;
    for (let first = 0; first < last; first++) {
      const node = queue[first] as number;
      const level = levels[node] as number;
      if (level >= found) break;
      const start = this.#offsets[node] as number;
      const end = this.#offsets[node + 1] as number;
      for (let link = start; link < end; link++) {
        const mate = this.mates[this.#targets[link] as number] as number;
        if (mate === NONE) {
          found = level + 1;
        } else if (levels[mate] === NONE) {
          levels[mate] = level + 1;
          queue[last++] = mate;
        }
      }
      this.#pace.step(1 + end - start);
    }
    return found < Infinity;
  }

  /** Follows a shortest way from a left node without a pair, and exchanges the pairs on it; false when others took all. */
  #augment(root: number): boolean {
    // The way's nodes on the left are at the front of the queue, which the search needs no more.
    const way = this.#queue;
    const nextLinks = this.#nextLinks;
    let length = 1;
    way[0] = root;
    while (length > 0) {
      const node = way[length - 1] as number;
      const start = nextLinks[node] as number;
      const end = this.#offsets[node + 1] as number;
      const level = (this.#levels[node] as number) + 1;
      let link = start;
      let mate = NONE;
      for (; link < end; link++) {
        mate = this.mates[this.#targets[link] as number] as number;
        if (mate === NONE || this.#levels[mate] === level) break;
      }
      this.#pace.step(1 + link - start);
      nextLinks[node] = link;
      if (link === end) {
        // Nothing leads on: neither from here for anyone else.
        this.#levels[node] = NONE - 1;
        length--;
      } else if (mate === NONE) {
        this.#exchange(way, length);
        return true;
      } else {
        way[length++] = mate;
      }
    }
    return false;
  }

  #exchange(way: Uint32Array, length: number): void {
    for (let at = 0; at < length; at++) {
      const node = way[at] as number;
      const target = this.#targets[this.#nextLinks[node] as number] as number;
      this.mates[node] = target;
      this.mates[target] = node;
      // No other way of this round may come here.
      this.#levels[node] = NONE - 1;
    }
  }
}

function notBipartite({ nodeIds }: Projection, oddCycle: readonly number[]): InvalidArgumentError {
  const first = nodeIds[oddCycle[0] as number];
  return new InvalidArgumentError(
    `bipartiteMatching: the graph has no two sides: node ${first} is on a cycle of ${oddCycle.length} edges; see bipartition`,
    { code: "not-bipartite", field: "projection", value: first },
  );
}
