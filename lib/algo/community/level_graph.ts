/** The graphs that community detection makes of its graph: each node of one is a community of the one before. */

import type { Projection } from "../../backend/projection.ts";
import { copied, filled, lookUp, ParallelRange, type TaskContext, touched } from "../define.ts";
import { Pace } from "../pace.ts";

/** An undirected graph. Links to the node itself count in `strengths` only, and may be among the links or not. */
export interface LevelGraph {
  /** Number of nodes. */
  readonly count: number;
  /** Where each row begins; one more than there are nodes. */
  readonly offsets: Uint32Array;
  /** Node at the other end of each link. */
  readonly targets: Uint32Array;
  /** Weight of each link; undefined when all are 1. */
  readonly weights: Float64Array | undefined;
  /** Sum of the weights of each node's links, links to itself twice. */
  readonly strengths: Float64Array;
}

/** Nodes by their label: those of label l are at `starts[l]` to `starts[l + 1]` - 1 of `members`, ascending. */
export interface LabelMembers {
  /** Where the nodes of each label begin; one more than there are labels. */
  readonly starts: Uint32Array;
  /** Nodes. */
  readonly members: Uint32Array;
}

/** The level of an undirected projection itself, and the sum of all strengths. For all threads of a run together. */
export function firstLevel(
  projection: Projection,
  context: TaskContext,
): { readonly level: LevelGraph; readonly strength: number } {
  const { nodeCount: count, out: { offsets, targets, weights } } = projection;
  const strengths = new Float64Array(context.sharedBuffer(8 * count));
  const nodes = new ParallelRange(context, count);
  while (nodes.next()) {
    let sum = 0;
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = offsets[node + 1] as number;
      let strength = 0;
      for (let at = offsets[node] as number; at < end; at++) {
        const weight = weights === undefined ? 1 : weights[at] as number;
        strength += targets[at] === node ? 2 * weight : weight;
      }
      strengths[node] = strength;
      sum += strength;
    }
    nodes.put(sum);
  }
  return { level: { count, offsets, targets, weights, strengths }, strength: nodes.sum() };
}

/** Numbers labels from 0 on, in the order of their first nodes; says how many there are. */
export function renumber(labels: Uint32Array): number {
  const numbers = new Uint32Array(labels.length);
  let count = 0;
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = labels[node] as number;
    let number = numbers[label] as number;
    if (number === 0) {
      number = ++count;
      numbers[label] = number;
    }
    labels[node] = number - 1;
  }
  return count;
}

/** Sorts nodes by label. O(n). */
export function membersByLabel(labels: Uint32Array, count: number): LabelMembers {
  const starts = touched(new Uint32Array(count + 2));
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const place = (labels[node] as number) + 2;
    starts[place] = (starts[place] as number) + 1;
  }
  for (let label = 0; label < count; label++) {
    starts[label + 2] = (starts[label + 2] as number) + (starts[label + 1] as number);
  }
  const members = touched(new Uint32Array(labels.length));
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = (labels[node] as number) + 1;
    const place = starts[label] as number;
    starts[label] = place + 1;
    members[place] = node;
  }
  return { starts: starts.subarray(0, count + 1), members };
}

/** Communities dealt out at once. */
const CHUNK = 64;
/** Links that a thread has room for at first. Memory that is never written costs nothing. */
const FIRST_CAPACITY = 1 << 20;

/**
 * The graph whose nodes are the labels 0 to `count` - 1 of another one's nodes, and whose links are the sums of the links between
 * these. For all threads of a run together: they have labels and members in memory that they share. The order of links does not
 * depend on the number of threads. O(n + m).
 */
export function aggregate(
  level: LevelGraph,
  labels: Uint32Array,
  count: number,
  { starts, members }: LabelMembers,
  context: TaskContext,
): LevelGraph {
  const strengths = new Float64Array(context.sharedBuffer(8 * count));
  const offsets = new Uint32Array(context.sharedBuffer(4 * count + 4));
  const rows = new ParallelRange(context, count, CHUNK);
  const built = new RowBuilder(level, labels, count);
  const pace = new Pace(context);
  // Chunks that this thread took: where the first row of each is in what it built.
  const taken: number[] = [];
  const places: number[] = [];
  while (rows.next()) {
    taken.push(rows.start);
    places.push(built.length);
    for (let label = rows.start; label < rows.end; label++) {
      const before = built.length;
      let strength = 0;
      const start = starts[label] as number;
      const end = starts[label + 1] as number;
      for (let at = start; at < end; at++) strength += level.strengths[members[at] as number] as number;
      pace.step(0, built.addRow(members, start, end, label));
      strengths[label] = strength;
      offsets[label + 1] = built.length - before;
    }
  }
  places.push(built.length);
  if (context.worker === 0) {
    for (let label = 0; label < count; label++) {
      offsets[label + 1] = (offsets[label + 1] as number) + (offsets[label] as number);
    }
  }
  context.barrier();
  const length = offsets[count] as number;
  if (context.workers === 1) {
    return { count, offsets, targets: built.builtTargets, weights: built.builtWeights, strengths };
  }
  const targets = new Uint32Array(context.sharedBuffer(4 * length));
  const weights = new Float64Array(context.sharedBuffer(8 * length));
  for (let at = 0; at < taken.length; at++) {
    const to = offsets[taken[at] as number] as number;
    const [from, end] = [places[at] as number, places[at + 1] as number];
    copied(built.targets.subarray(from, end), targets, to);
    copied(built.weights.subarray(from, end), weights, to);
  }
  context.barrier();
  return { count, offsets, targets, weights, strengths };
}

/** Rows of sums. */
class RowBuilder {
  targets: Uint32Array;
  weights: Float64Array;
  length = 0;
  readonly #level: LevelGraph;
  readonly #labels: Uint32Array;
  /** Where the link to each label was built last: it belongs to a row when that is not before the row's begin. */
  readonly #places: Int32Array;

  constructor(level: LevelGraph, labels: Uint32Array, count: number) {
    this.#level = level;
    this.#labels = labels;
    this.#places = filled(new Int32Array(count), -1);
    const capacity = Math.min(level.targets.length + 1, FIRST_CAPACITY);
    this.targets = new Uint32Array(capacity);
    this.weights = new Float64Array(capacity);
  }

  /** The links of all rows. */
  get builtTargets(): Uint32Array {
    return this.targets.subarray(0, this.length);
  }

  /** Their weights. */
  get builtWeights(): Float64Array {
    return this.weights.subarray(0, this.length);
  }

  /**
   * Adds a row: the links of some nodes to other labels than their own; says how many links these have. Hot: whether a label is new
   * and whether it is the own one nobody could guess, so this does not branch on them. Links to the own label go to the last place,
   * which is no link.
   */
  addRow(members: Uint32Array, first: number, last: number, own: number): number {
    const { offsets, targets, weights } = this.#level;
    const labels = this.#labels;
    const places = this.#places;
    const rowStart = this.length;
    let rowTargets = this.targets;
    let rowWeights = this.weights;
    let length = rowStart;
    let work = 0;
    places[own] = rowTargets.length - 1;
    for (let member = first; member < last; member++) {
      const node = members[member] as number;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      work += 1 + end - start;
      if (length + end - start >= rowTargets.length) {
        this.length = length;
        this.#grow(length + end - start + 1);
        rowTargets = this.targets;
        rowWeights = this.weights;
        places[own] = rowTargets.length - 1;
      }
      for (let at = start; at < end; at++) {
        const label = labels[targets[at] as number] as number;
        const weight = weights === undefined ? 1 : weights[at] as number;
        if (weight === 0) continue;
        const before = places[label] as number;
        // All bits when it is new, none when it is not.
        const isNew = (before - rowStart) >> 31;
        const place = (length & isNew) | (before & ~isNew);
        length -= isNew;
        places[label] = place;
        rowTargets[place] = label;
        rowWeights[place] = (rowWeights[place] as number) + weight;
      }
    }
    places[own] = -1;
    this.length = length;
    return work;
  }

  #grow(least: number): void {
    const capacity = Math.min(Math.max(least, 2 * this.targets.length), this.#level.targets.length + 1);
    const [targets, weights] = [new Uint32Array(capacity), new Float64Array(capacity)];
    this.targets = copied(this.builtTargets, targets);
    this.weights = copied(this.builtWeights, weights);
  }
}
