/** Whether two graphs are the same but for the names of their nodes. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { sharedNumbers } from "../structure/edge_list.ts";
import {
  copyColors,
  markColor,
  type NodeColors,
  plainColors,
  refineColors,
  sortColors,
  type SortedColors,
} from "./node_colors.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with. */
export interface FindIsomorphismParams {
  /** The other graph. */
  readonly other: OtherProjection;
  /** Nodes and links that are looked at before it gives up; default 100,000,000. */
  readonly maxSteps?: number | undefined;
}

/** Whether there is an isomorphism. */
export interface Isomorphism {
  /** Undefined when `maxSteps` did not suffice to know. */
  readonly isIsomorphic: boolean | undefined;
  /** The node of the other graph for each node of the first one, in ascending ids of these; undefined when there is none. */
  readonly images: Float64Array<SharedArrayBuffer> | undefined;
}

/** Parameters as the command line knows them. */
export const FIND_ISOMORPHISM_PARAMS: ParamSpecs<FindIsomorphismParams> = {
  other: { kind: "projection", doc: "the other graph" },
  maxSteps: {
    kind: "number",
    doc: "nodes and links that are looked at before it gives up",
    default: 100_000_000,
    min: 0,
  },
};

/**
 * Finds a one-to-one relation between the nodes of two graphs that keeps all links with their number: self-loops and parallel
 * links count, weights do not. Of several one is found, always the same.
 *
 * Progress counts links. O((n + m) · rounds) where the surroundings tell nodes apart, as in almost all graphs; for graphs that are very
 * regular it is exponential, and `maxSteps` ends it. Color refinement (Weisfeiler, Leman 1968) with individualization (McKay,
 * Practical graph isomorphism, 1981), without its use of symmetries.
 *
 * @throws {InvalidArgumentError} when one is directed and the other is not, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const one = projectEdges({ from: [1, 2], to: [2, 3] });
 * const other = projectEdges({ from: [9, 8], to: [8, 7] });
 * console.log([...findIsomorphism(one, { other }).images]); // [9, 8, 7]
 * ```
 */
export const findIsomorphism: Algorithm<FindIsomorphismParams, Isomorphism> = defineForOneThread(
  import.meta.url,
  "findIsomorphism",
  (projection, params: FindIsomorphismParams, context) => {
    const { other, maxSteps } = checkParams(FIND_ISOMORPHISM_PARAMS, params, projection, "findIsomorphism");
    const image = checkProjection(other, "findIsomorphism", "other");
    checkSameKind(projection, image, "findIsomorphism", "other");
    const pace = new Pace(context);
    const found = isomorphism(projection, image, maxSteps, pace);
    pace.end();
    return found;
  },
);

/** Finds an isomorphism between graphs of the same kind. */
export function isomorphism(one: Projection, other: Projection, maxSteps: number, pace: Pace): Isomorphism {
  if (one.nodeCount !== other.nodeCount || one.edgeCount !== other.edgeCount) return NONE;
  const images = new IsomorphismSearch(one, other, maxSteps, pace).run();
  if (images === undefined) return { isIsomorphic: undefined, images: undefined };
  if (images.length < one.nodeCount) return NONE;
  const ids = sharedNumbers(one.nodeCount);
  for (let node = 0; node < ids.length; node++) ids[node] = other.nodeIds[images[node] as number] as NodeId;
  return { isIsomorphic: true, images: ids };
}

const NONE: Isomorphism = { isIsomorphic: false, images: undefined };

/** Colors of both graphs that go together, with the nodes that could be the image of one node. */
interface Level {
  readonly one: NodeColors;
  readonly other: NodeColors;
  /** Node of the first graph whose image is chosen. */
  readonly node: number;
  /** Nodes of the other graph that could be it. */
  readonly choices: Uint32Array;
  next: number;
}

/** Nodes by color. */
interface Cells extends SortedColors {
  /** Number of colors. */
  readonly count: number;
}

class IsomorphismSearch {
  readonly #one: Projection;
  readonly #other: Projection;
  readonly #maxSteps: number;
  readonly #pace: Pace;
  #steps = 0;
  readonly #levels: Level[] = [];

  constructor(one: Projection, other: Projection, maxSteps: number, pace: Pace) {
    this.#one = one;
    this.#other = other;
    this.#maxSteps = maxSteps;
    this.#pace = pace;
  }

  /** The images of all nodes; an empty list when there are none; undefined when it gave up. */
  run(): Uint32Array | undefined {
    const { nodeCount } = this.#one;
    if (nodeCount === 0) return new Uint32Array(0);
    let found = this.#descend(plainColors(nodeCount), plainColors(nodeCount));
    while (found === undefined) {
      if (this.#steps > this.#maxSteps) return undefined;
      const level = this.#levels.at(-1);
      if (level === undefined) return new Uint32Array(0);
      if (level.next === level.choices.length) {
        this.#levels.pop();
        continue;
      }
      const [one, other] = [copyColors(level.one), copyColors(level.other)];
      markColor(one, level.node);
      markColor(other, level.choices[level.next++] as number);
      found = this.#descend(one, other);
    }
    return found;
  }

  /** Refines colors as far as it goes; then guesses an isomorphism, or begins a level if they still allow one. */
  #descend(one: NodeColors, other: NodeColors): Uint32Array | undefined {
    const { nodeCount } = this.#one;
    let classes = 0;
    for (;;) {
      const cells = cellsOf(one, this.#pace);
      const others = cellsOf(other, this.#pace);
      this.#steps += 2 * nodeCount;
      if (!haveSameColors(cells, others)) return undefined;
      if (this.#steps > this.#maxSteps) return undefined;
      if (cells.count === classes || cells.count === nodeCount) return this.#guess(one, other, cells, others);
      classes = cells.count;
      one = refineColors(this.#one, one, this.#pace);
      other = refineColors(this.#other, other, this.#pace);
      this.#steps += this.#one.out.targets.length + this.#other.out.targets.length;
    }
  }

  /** Pairs nodes of each color in their order. If these are no images, it begins a level at the smallest color of several nodes. */
  #guess(one: NodeColors, other: NodeColors, cells: Cells, others: Cells): Uint32Array | undefined {
    const { nodeCount } = this.#one;
    const images = new Uint32Array(nodeCount);
    for (let at = 0; at < nodeCount; at++) images[cells.order[at] as number] = others.order[at] as number;
    if (this.#areImages(images)) return images;
    let best = 0;
    let size = Infinity;
    for (let start = 0; start < nodeCount;) {
      let end = start + 1;
      while (end < nodeCount && cells.keys[end] === cells.keys[start]) end++;
      if (end - start > 1 && end - start < size) {
        best = start;
        size = end - start;
      }
      start = end;
    }
    if (size === Infinity) return undefined;
    const choices = others.order.slice(best, best + size);
    this.#levels.push({ one, other, node: cells.order[best] as number, choices, next: 0 });
    return undefined;
  }

  /** Whether all links are kept. */
  #areImages(images: Uint32Array): boolean {
    const { nodeCount, out: { offsets, targets } } = this.#one;
    const { offsets: otherOffsets, targets: otherTargets } = this.#other.out;
    for (let node = 0; node < nodeCount; node++) {
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      const otherStart = otherOffsets[images[node] as number] as number;
      if ((otherOffsets[(images[node] as number) + 1] as number) - otherStart !== end - start) return false;
      const row = targets.slice(start, end);
      for (let at = 0; at < row.length; at++) row[at] = images[row[at] as number] as number;
      row.sort();
      for (let at = 0; at < row.length; at++) if (row[at] !== otherTargets[otherStart + at]) return false;
      this.#pace.step(end - start, 1);
      this.#steps += end - start + 1;
    }
    return true;
  }
}

/** Nodes by color. O(n). */
function cellsOf(colors: NodeColors, pace: Pace): Cells {
  const { keys, order } = sortColors(colors, pace);
  let count = 0;
  for (let at = 0; at < keys.length; at++) if (at === 0 || keys[at] !== keys[at - 1]) count++;
  return { keys, order, count };
}

function haveSameColors(one: Cells, other: Cells): boolean {
  if (one.count !== other.count) return false;
  for (let at = 0; at < one.keys.length; at++) if (one.keys[at] !== other.keys[at]) return false;
  return true;
}
