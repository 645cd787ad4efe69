/** Algorithms of the tests. */

import { type Algorithm, defineAlgorithm } from "../../lib/task/algorithm.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";
import "../../lib/projection/install.ts";
import {
  type Adjacency,
  defineResult,
  NodeGroups,
  NodeValues,
  ParallelRange,
  type Projection,
} from "../../lib/projection/mod.ts";

/** Which links count. */
export interface DegreeParams {
  readonly direction?: "out" | "in";
}

/** Number of links of each node. */
export const degrees: Algorithm<DegreeParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "degrees",
  (projection, { direction = "out" }: DegreeParams, context) => {
    const { offsets } = projection[direction];
    const values = new Int32Array(context.sharedBuffer(4 * projection.nodeCount));
    const nodes = new ParallelRange(context, projection.nodeCount, 3);
    context.total(projection.nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        values[node] = (offsets[node + 1] as number) - (offsets[node] as number);
      }
      context.progress(nodes.end - nodes.start);
    }
    return NodeValues.of(projection, values);
  },
);

/** Sum of the weights of each node's links. */
export const strengths: Algorithm<Record<never, never>, NodeValues> = defineAlgorithm(
  import.meta.url,
  "strengths",
  (projection, _, context) => {
    const { offsets, weights } = projection.out;
    const values = new Float64Array(context.sharedBuffer(8 * projection.nodeCount));
    const nodes = new ParallelRange(context, projection.nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
          values[node] = (values[node] as number) + (weights?.[at] ?? 1);
        }
      }
    }
    return NodeValues.of(projection, values);
  },
);

/** Where a search starts. */
export interface DistanceParams {
  readonly start: number;
}

/** Links from a node to each other one; all threads expand one level, then meet. */
export const distances: Algorithm<DistanceParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "distances",
  (projection, { start }: DistanceParams, context) => {
    const values = new Int32Array(context.sharedBuffer(4 * projection.nodeCount));
    const nodes = new ParallelRange(context, projection.nodeCount, 5);
    const source = projection.indexOf(start);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) values[node] = node === source ? 0 : -1;
    }
    let reached = 1;
    for (let level = 0; reached > 0; level++) {
      while (nodes.next()) nodes.put(expand(projection.out, values, level, nodes.start, nodes.end));
      reached = nodes.sum();
    }
    return NodeValues.of(projection, values, { none: -1 });
  },
);

function expand({ offsets, targets }: Adjacency, values: Int32Array, level: number, from: number, to: number): number {
  let reached = 0;
  for (let node = from; node < to; node++) {
    if (Atomics.load(values, node) !== level) continue;
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
      if (Atomics.compareExchange(values, targets[at] as number, -1, level + 1) === -1) reached++;
    }
  }
  return reached;
}

/** What is said of a whole projection. */
export interface Summary {
  readonly degrees: NodeValues;
  readonly parity: NodeGroups;
  readonly links: number;
  readonly workers: number;
}

/** Several results in one; calls another algorithm as a part of itself. */
export const summary: Algorithm<Record<never, never>, Summary> = defineAlgorithm(
  import.meta.url,
  "summary",
  (projection, _, context) => {
    const found = degrees(projection, {}, context);
    const parity = NodeGroups.of(projection, found.values.map((value) => value % 2) as Int32Array<ArrayBuffer>);
    return { degrees: found, parity, links: projection.out.targets.length, workers: context.workers };
  },
);

/** A result of a class of the user's. */
export class Pair {
  readonly handle: readonly [number, number];

  constructor(first: number, second: number) {
    this.handle = [first, second];
  }

  static from([first, second]: Pair["handle"]): Pair {
    return new Pair(first, second);
  }

  sum(): number {
    return this.handle[0] + this.handle[1];
  }
}

defineResult("tests:Pair", Pair);

/** A task may return such an object, too. */
export const pairOf: Task<{ first: number }, Pair> = defineTask(
  import.meta.url,
  "pairOf",
  (snapshot, { first }: { first: number }) => new Pair(first, snapshot.countNodes()),
);

/** Fails on one thread while the others wait. */
export const failing: Algorithm<{ worker: number }, void> = defineAlgorithm(
  import.meta.url,
  "failing",
  (_, { worker }: { worker: number }, context) => {
    if (context.worker === worker) throw new RangeError("no luck");
    context.barrier();
  },
);

/** Computes until it is cancelled; the first word counts the threads that are inside, the second those that left. */
export const endless: Algorithm<{ words: Int32Array<SharedArrayBuffer> }, void> = defineAlgorithm(
  import.meta.url,
  "endless",
  (_, { words }: { words: Int32Array<SharedArrayBuffer> }, context) => {
    Atomics.add(words, 0, 1);
    try {
      for (;;) context.throwIfAborted();
    } finally {
      Atomics.add(words, 1, 1);
    }
  },
);

/** Counts links in a task of its own making: all threads of the run make the projection. */
export const projectInside: Task<{ odd: boolean }, number> = defineTask(
  import.meta.url,
  "projectInside",
  (snapshot, { odd }: { odd: boolean }, context) => {
    const projection: Projection = snapshot.project(odd ? { where: (id) => id % 2 === 1 } : {}, context);
    return projection.nodeCount;
  },
);
