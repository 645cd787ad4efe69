/** Walks that follow links drawn by lot. */

import type { NodeId } from "../../backend/schema.ts";
import { UnsupportedError } from "../../backend/errors.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, ParallelRange, type TaskContext } from "../define.ts";
import { NodeLists } from "../node_lists.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { Random } from "../random.ts";
import { lotOf, mixed } from "./lots.ts";
import { requireStrengths } from "./strengths.ts";
import { LinkDraw } from "./walk_tables.ts";

/** What all walks take. */
export interface WalkParams {
  /** Nodes that walks begin at; default all. */
  readonly starts?: readonly NodeId[] | undefined;
  /** Walks from each of them. Default 10. */
  readonly walks?: number | undefined;
  /** Steps of a walk, which passes one node more. Default 80. */
  readonly length?: number | undefined;
  /** What lots are drawn with. Default 1. */
  readonly seed?: number | undefined;
}

/** What `WalkParams` takes. */
export const WALK_PARAMS: ParamSpecs<WalkParams> = {
  starts: { kind: "nodes", doc: "nodes that walks begin at; all without it", optional: true },
  walks: { kind: "integer", default: 10, min: 0, doc: "walks from each of them" },
  length: { kind: "integer", default: 80, min: 0, doc: "steps of a walk" },
  seed: { kind: "integer", default: 1, doc: "what lots are drawn with" },
};

/** Parameters of `randomWalks`. */
export interface RandomWalkParams extends WalkParams {
  /** Chance that a step leads back to where the walk began. Default 0. */
  readonly restart?: number | undefined;
}

/** What `randomWalks` takes. */
export const RANDOM_WALK_PARAMS: ParamSpecs<RandomWalkParams> = {
  ...WALK_PARAMS,
  restart: { kind: "number", default: 0, min: 0, max: 1, doc: "chance that a step leads back to where the walk began" },
};

/** Most nodes of all walks together: the result takes 1 GiB then. */
export const MAX_WALK_NODES: number = 2 ** 27;

/** Long walks look at the signal at each step whose number has none of these bits. */
export const CHECK_MASK = 0xffff;

/**
 * Random walks: each step follows one of the links that leave a node, parallel edges and self-loops among them, in proportion to
 * its weight when the projection has weights. A walk ends early at a node that no link of positive weight leaves. With `restart`,
 * a step may lead back to the start, which also is where a walk goes on that came to an end: a random walk with restart.
 *
 * The walks of the first start come first; starts are in the order given, or ascending. Each walk depends on the seed, its start
 * and its number among the walks of that start only. Threads share one run. Progress counts walks.
 *
 * O(s) for s steps, O(m + s log d) with weights, for which 8 bytes for each link are needed. Perozzi, Al-Rfou, Skiena, DeepWalk:
 * online learning of social representations, 2014; restart: Pan, Yang, Faloutsos, Duygulu 2004.
 *
 * @throws {InvalidArgumentError} for bad parameters, and negative weights
 * @throws {NotFoundError} for starts that are not in the projection
 * @throws {UnsupportedError} when the walks would have more than 2^27 nodes together
 *
 * @example
 * ```ts ignore
 * const walks = randomWalks(projection, { starts: [1], walks: 3, length: 5, seed: 7 });
 * for (const nodeIds of walks) console.log(nodeIds);
 * ```
 */
export const randomWalks: Algorithm<RandomWalkParams, NodeLists> = defineAlgorithm(
  import.meta.url,
  "randomWalks",
  (projection, params: RandomWalkParams, context) => {
    const checked = checkParams<RandomWalkParams, "starts">(RANDOM_WALK_PARAMS, params, projection, "randomWalks");
    requireStrengths(projection, "randomWalks", context);
    const { restart } = checked;
    const links = new LinkDraw(projection, context);
    return walkTogether(projection, checked, "randomWalks", context, (start, nodes, random) => {
      nodes[0] = start;
      let node = start;
      for (let at = 1; at < nodes.length; at++) {
        if ((at & CHECK_MASK) === 0) context.throwIfAborted();
        if (restart > 0 && random.unit() < restart) {
          node = start;
        } else {
          node = links.draw(node, random);
          if (node === -1 && restart > 0) node = start;
        }
        if (node === -1) return at;
        nodes[at] = node;
      }
      return nodes.length;
    });
  },
);

/** Fills in the nodes of a walk, the first one among them, and says how many there are. */
export type Walker = (start: number, nodes: Uint32Array, random: Random) => number;

/** Makes walks. For all threads of a run together. @throws {UnsupportedError} when there are too many */
export function walkTogether(
  projection: Projection,
  { starts, walks, length, seed }: {
    readonly starts: readonly NodeId[] | undefined;
    readonly walks: number;
    readonly length: number;
    readonly seed: number;
  },
  call: string,
  context: TaskContext,
  walk: Walker,
): NodeLists {
  const { nodeIds } = projection;
  const from = starts?.map((id) => projection.indexOf(id));
  const count = (from?.length ?? projection.nodeCount) * walks;
  checkSize(count, length + 1, call);
  context.total(count);
  const lot = lotOf(seed);
  const nodes = new Uint32Array(context.sharedBuffer(4 * count * (length + 1)));
  const lengths = new Uint32Array(context.sharedBuffer(4 * count));
  // A chunk takes about a millisecond.
  const range = new ParallelRange(context, count, Math.max(1, Math.ceil(16_384 / (length + 1))));
  while (range.next()) {
    for (let at = range.start; at < range.end; at++) {
      const place = Math.floor(at / walks);
      const start = from === undefined ? place : from[place] as number;
      const random = new Random(mixed(mixed(lot, start), at - place * walks) >>> 0);
      lengths[at] = walk(start, nodes.subarray(at * (length + 1), (at + 1) * (length + 1)), random);
    }
    context.progress(range.end - range.start);
  }
  // What the other threads return is not read.
  if (context.worker !== 0) return undefined as unknown as NodeLists;
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * count + 4));
  for (let at = 0; at < count; at++) offsets[at + 1] = (offsets[at] as number) + (lengths[at] as number);
  const ids = new Float64Array(new SharedArrayBuffer(8 * (offsets[count] as number)));
  for (let at = 0; at < count; at++) {
    if ((at & 1023) === 0) context.throwIfAborted();
    const to = offsets[at] as number;
    const start = at * (length + 1);
    for (let step = 0; step < (lengths[at] as number); step++) {
      ids[to + step] = nodeIds[nodes[start + step] as number] as number;
    }
  }
  return NodeLists.from({ offsets, nodeIds: ids });
}

function checkSize(walks: number, nodes: number, call: string): void {
  if (walks * nodes <= MAX_WALK_NODES) return;
  throw new UnsupportedError(
    `${call}: ${walks} walks of ${nodes} nodes are more than the ${MAX_WALK_NODES} nodes that fit; ` +
      "ask for fewer or shorter walks, or for those of some starts",
    { code: "too-many-walks", field: "walks", value: walks },
  );
}
