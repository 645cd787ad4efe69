/** Communities of nodes that most of their neighbors are in. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeGroups, ParallelRange, type TaskContext } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { lotOf, mixed } from "./lots.ts";
import { requireStrengths } from "./strengths.ts";

/** Parameters of `labelPropagation`. */
export interface LabelPropagationParams {
  /** Most rounds. Default 100. */
  readonly maxIterations?: number | undefined;
  /** What lots are drawn with. Default 1. */
  readonly seed?: number | undefined;
}

/** What `labelPropagation` takes. */
export const LABEL_PROPAGATION_PARAMS: ParamSpecs<LabelPropagationParams> = {
  maxIterations: { kind: "integer", default: 100, min: 0, doc: "most rounds" },
  seed: { kind: "integer", default: 1, doc: "what lots are drawn with" },
};

/** What `labelPropagation` found. */
export interface PropagatedLabels {
  /** The communities: from the largest on, equal ones from that with the smallest node id on. */
  readonly communities: NodeGroups;
  /** Number of rounds. */
  readonly iterations: number;
  /** Whether the last round changed nothing: then each node is where most of its neighbors are. */
  readonly hasConverged: boolean;
}

/** Steps of a round: in each, some of the nodes change. */
const STEPS = 8;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 65_536;

/**
 * Communities of an undirected graph by label propagation: each node begins with a label of its own, and takes the one that has the
 * largest weight among its links, until none changes. A node keeps its label when that is one of the best; otherwise lots decide
 * among these. Parallel edges count each, self-loops not at all; weights, when the projection has them, count as so many edges.
 *
 * A round has 8 steps, and lots decide which nodes change in which: all at once, from what was before the step. So threads share
 * one run and find what one finds, and two nodes do not swap labels for ever. Progress counts rounds.
 *
 * O(m) for each round at most: nodes whose neighbors did not change are left out. Raghavan, Albert, Kumara, Near linear time
 * algorithm to detect community structures in large-scale networks, 2007; in steps: Cordasco, Gargano, Community detection via
 * semi-synchronous label propagation algorithms, 2010.
 *
 * @throws {InvalidArgumentError} for a directed projection, negative weights, and bad parameters
 *
 * @example
 * ```ts ignore
 * const { communities } = labelPropagation(projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 1, 5], undirected: true }));
 * console.log(communities.count); // 2
 * ```
 */
export const labelPropagation: Algorithm<LabelPropagationParams, PropagatedLabels> = defineAlgorithm(
  import.meta.url,
  "labelPropagation",
  (projection, params: LabelPropagationParams, context) => {
    const { maxIterations, seed } = checkParams(LABEL_PROPAGATION_PARAMS, params, projection, "labelPropagation");
    requireUndirected(projection, "labelPropagation");
    requireStrengths(projection, "labelPropagation", context);
    const { nodeCount } = projection;
    context.total(maxIterations);
    const labels = new Uint32Array(context.sharedBuffer(4 * nodeCount));
    const isActive = new Uint8Array(context.sharedBuffer(nodeCount));
    const nodes = new ParallelRange(context, nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        labels[node] = node;
        isActive[node] = 1;
      }
    }
    const changer = new Changer(projection, labels, isActive, seed, context);
    let iterations = 0;
    let hasConverged = nodeCount === 0;
    while (iterations < maxIterations && !hasConverged) {
      let changes = 0;
      for (let step = 0; step < STEPS; step++) {
        while (nodes.next()) nodes.put(changer.choose(iterations, step, nodes.start, nodes.end));
        changes += nodes.sum();
        changer.change();
        context.barrier();
      }
      iterations++;
      hasConverged = changes === 0;
      if (context.worker === 0) context.progress(1);
    }
    // What the other threads return is not read.
    if (context.worker !== 0) return undefined as unknown as PropagatedLabels;
    return { communities: NodeGroups.of(projection, labels), iterations, hasConverged };
  },
);

/** Chooses and changes labels of those nodes that a thread is dealt. */
class Changer {
  readonly #projection: Projection;
  readonly #labels: Uint32Array;
  readonly #isActive: Uint8Array;
  readonly #lot: number;
  readonly #context: TaskContext;
  /** Weight of the node's links to each label. */
  readonly #sums: Float64Array;
  /** Labels of the node's neighbors. */
  #touched: Uint32Array = new Uint32Array(64);
  /** Nodes that change, each followed by its new label. */
  #changes: Uint32Array = new Uint32Array(128);
  #length = 0;
  #budget = CHECK_EVERY;

  constructor(projection: Projection, labels: Uint32Array, isActive: Uint8Array, seed: number, context: TaskContext) {
    this.#projection = projection;
    this.#labels = labels;
    this.#isActive = isActive;
    this.#lot = lotOf(seed);
    this.#context = context;
    this.#sums = new Float64Array(projection.nodeCount);
  }

  /** Chooses labels for the active nodes of a step; says how many change. */
  choose(round: number, step: number, start: number, end: number): number {
    const isActive = this.#isActive;
    const lot = mixed(this.#lot, round);
    const before = this.#length;
    for (let node = start; node < end; node++) {
      if (isActive[node] === 0 || (mixed(lot, node) & (STEPS - 1)) !== step) continue;
      isActive[node] = 0;
      this.#chooseFor(node);
    }
    return (this.#length - before) / 2;
  }

  /** Hot. */
  #chooseFor(node: number): void {
    const { offsets, targets, weights } = this.#projection.out;
    const labels = this.#labels;
    const sums = this.#sums;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    if (this.#touched.length < end - start) this.#touched = new Uint32Array(2 * (end - start));
    const touched = this.#touched;
    let count = 0;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const weight = weights === undefined ? 1 : weights[at] as number;
      if (target === node || weight === 0) continue;
      const label = labels[target] as number;
      const sum = sums[label] as number;
      if (sum === 0) touched[count++] = label;
      sums[label] = sum + weight;
    }
    const own = labels[node] as number;
    let best = own;
    let bestSum = sums[own] as number;
    let bestLot = -1;
    for (let at = 0; at < count; at++) {
      const label = touched[at] as number;
      const sum = sums[label] as number;
      sums[label] = 0;
      if (sum < bestSum || label === own || (sum === bestSum && best === own)) continue;
      const lot = mixed(mixed(this.#lot, node), label) >>> 0;
      if (sum === bestSum && (lot > bestLot || (lot === bestLot && label > best))) continue;
      best = label;
      bestSum = sum;
      bestLot = lot;
    }
    if (best !== own) this.#note(node, best);
    this.#budget -= 1 + end - start;
    if (this.#budget > 0) return;
    this.#context.throwIfAborted();
    this.#budget = CHECK_EVERY;
  }

  #note(node: number, label: number): void {
    if (this.#length === this.#changes.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#changes);
      this.#changes = larger;
    }
    this.#changes[this.#length++] = node;
    this.#changes[this.#length++] = label;
  }

  /** Changes what was chosen, and wakes the neighbors. Hot. */
  change(): void {
    const { offsets, targets } = this.#projection.out;
    const isActive = this.#isActive;
    for (let at = 0; at < this.#length; at += 2) {
      const node = this.#changes[at] as number;
      this.#labels[node] = this.#changes[at + 1] as number;
      const end = offsets[node + 1] as number;
      for (let link = offsets[node] as number; link < end; link++) isActive[targets[link] as number] = 1;
      this.#budget -= 1 + end - (offsets[node] as number);
      if (this.#budget > 0) continue;
      this.#context.throwIfAborted();
      this.#budget = CHECK_EVERY;
    }
    this.#length = 0;
  }
}
