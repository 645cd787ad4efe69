/** Walks that prefer to stay near, or to go far. */

import { type Algorithm, defineAlgorithm, type TaskContext } from "../define.ts";
import type { NodeLists } from "../node_lists.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import type { Random } from "../random.ts";
import { CHECK_MASK, WALK_PARAMS, type WalkParams, walkTogether } from "./random_walks.ts";
import { requireStrengths } from "./strengths.ts";
import { LinkDraw } from "./walk_tables.ts";

/** Parameters of `node2vecWalks`. */
export interface Node2vecParams extends WalkParams {
  /** Return parameter: the larger, the less likely a step leads back to the node before. Default 1. */
  readonly p?: number | undefined;
  /** In-out parameter: the larger, the less likely a step leads away from the node before. Default 1. */
  readonly q?: number | undefined;
}

/** What `node2vecWalks` takes. */
export const NODE2VEC_PARAMS: ParamSpecs<Node2vecParams> = {
  ...WALK_PARAMS,
  p: { kind: "number", default: 1, min: 1e-9, max: 1e9, doc: "the larger, the less likely a step leads back" },
  q: { kind: "number", default: 1, min: 1e-9, max: 1e9, doc: "the larger, the less likely a step leads away" },
};

/** Draws before all links of a node are weighed. */
const MAX_DRAWS = 64;

/**
 * Random walks of the second order: the weight of a link counts 1 / p times when it leads back to the node before, once when it
 * leads to one that a link from the node before leads to as well, and 1 / q times otherwise. Without weights each link weighs 1.
 * Parallel edges and self-loops are links as others. A walk ends early at a node that no link of positive weight leaves.
 *
 * Order and dependence on the seed are as in `randomWalks`. Threads share one run. Progress counts walks.
 *
 * O(s log d) expected for s steps and moderate p and q, O(s d log d) at worst; no tables for pairs of links. Grover, Leskovec,
 * node2vec: scalable feature learning for networks, 2016; by rejection: Yang and others, KnightKing, 2019.
 *
 * @throws {InvalidArgumentError} for bad parameters, and negative weights
 * @throws {NotFoundError} for starts that are not in the projection
 * @throws {UnsupportedError} when the walks would have more than 2^27 nodes together
 *
 * @example
 * ```ts ignore
 * const walks = await graph.run(node2vecWalks, { p: 0.5, q: 2, seed: 7 }, { project: { undirected: true }, workers: 4 });
 * ```
 */
export const node2vecWalks: Algorithm<Node2vecParams, NodeLists> = defineAlgorithm(
  import.meta.url,
  "node2vecWalks",
  (projection, params: Node2vecParams, context) => {
    const checked = checkParams<Node2vecParams, "starts">(NODE2VEC_PARAMS, params, projection, "node2vecWalks");
    requireStrengths(projection, "node2vecWalks", context);
    const step = new BiasedDraw(new LinkDraw(projection, context), 1 / checked.p, 1 / checked.q, context);
    return walkTogether(projection, checked, "node2vecWalks", context, (start, nodes, random) => {
      nodes[0] = start;
      let before = -1;
      let node = start;
      for (let at = 1; at < nodes.length; at++) {
        if ((at & CHECK_MASK) === 0) context.throwIfAborted();
        const next = step.draw(node, before, random);
        if (next === -1) return at;
        nodes[at] = next;
        before = node;
        node = next;
      }
      return nodes.length;
    });
  },
);

/** Draws the next node of a walk. */
class BiasedDraw {
  readonly #links: LinkDraw;
  readonly #back: number;
  readonly #away: number;
  readonly #largest: number;
  readonly #context: TaskContext;

  constructor(links: LinkDraw, back: number, away: number, context: TaskContext) {
    this.#context = context;
    this.#links = links;
    this.#back = back;
    this.#away = away;
    this.#largest = Math.max(back, 1, away);
  }

  /** Draws by weight alone, and keeps what is drawn with a chance in proportion to its bias; -1 at an end. Hot. */
  draw(node: number, before: number, random: Random): number {
    const links = this.#links;
    if (before === -1 || (this.#back === 1 && this.#away === 1)) return links.draw(node, random);
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      const next = links.draw(node, random);
      if (next === -1) return -1;
      const bar = random.unit() * this.#largest;
      if (bar < this.#bias(next, before)) return next;
    }
    return this.#weigh(node, before, random);
  }

  #bias(next: number, before: number): number {
    if (next === before) return this.#back;
    return this.#links.has(before, next) ? 1 : this.#away;
  }

  /** Draws from all links at once. */
  #weigh(node: number, before: number, random: Random): number {
    this.#context.throwIfAborted();
    const links = this.#links;
    const [start, end] = [links.startOf(node), links.endOf(node)];
    let total = 0;
    for (let link = start; link < end; link++) {
      total += links.weightOf(link, node) * this.#bias(links.targetOf(link), before);
    }
    let left = random.unit() * total;
    let last = -1;
    for (let link = start; link < end; link++) {
      const weight = links.weightOf(link, node) * this.#bias(links.targetOf(link), before);
      if (weight <= 0) continue;
      last = links.targetOf(link);
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }
}
