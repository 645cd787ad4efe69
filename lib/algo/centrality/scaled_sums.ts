/** Steps of power iterations: sums over links, scaled. */

import type { Projection } from "../../backend/projection.ts";
import type { TaskContext } from "../define.ts";
import { gather, type GatherLinks } from "./gather.ts";
import { NodePasses } from "./node_passes.ts";

/** What a step did. */
export interface ScaledStep {
  /** The number that all sums were divided by: their sum. */
  readonly total: number;
  /** Sum of the absolute changes. */
  readonly change: number;
}

/** Steps of all threads of a run together. */
export class ScaledSums {
  readonly #passes: NodePasses;
  readonly #sums: Float64Array;
  /** Sums of all nodes before they are scaled. */
  readonly #raw: Float64Array<SharedArrayBuffer>;

  constructor(context: TaskContext, projection: Projection) {
    this.#passes = new NodePasses(context, projection, 1);
    this.#sums = new Float64Array(this.#passes.chunkSize);
    this.#raw = new Float64Array(context.sharedBuffer(8 * projection.nodeCount));
  }

  /** Sets all values to the same one. */
  fill(values: Float64Array<SharedArrayBuffer>, value: number): void {
    const passes = this.#passes;
    while (passes.next()) values.fill(value, passes.start, passes.end);
  }

  /**
   * Sets each value of `into` to the sum of those of `from` at the other ends of its node's links, plus `shift` times that of its own
   * node; then divides all by their sum, unless that is 0.
   */
  step(
    links: GatherLinks,
    from: Float64Array<SharedArrayBuffer>,
    into: Float64Array<SharedArrayBuffer>,
    shift: number,
  ): ScaledStep {
    const passes = this.#passes;
    const raw = this.#raw;
    const sums = this.#sums;
    while (passes.next()) {
      const { start, end } = passes;
      gather(links, from, start, end, sums);
      let part = 0;
      for (let node = start; node < end; node++) {
        const value = (sums[node - start] as number) + shift * (from[node] as number);
        raw[node] = value;
        part += value;
      }
      passes.put(0, part);
    }
    const total = passes.sum(0);
    const scale = total > 0 ? 1 / total : 0;
    while (passes.next()) {
      let part = 0;
      for (let node = passes.start; node < passes.end; node++) {
        const value = scale * (raw[node] as number);
        part += Math.abs(value - (into[node] as number));
        into[node] = value;
      }
      passes.put(0, part);
    }
    return { total, change: passes.sum(0) };
  }

  /** Scales values so that the sum of their squares is 1. */
  toUnitLength(values: Float64Array<SharedArrayBuffer>): void {
    const passes = this.#passes;
    while (passes.next()) {
      let part = 0;
      for (let node = passes.start; node < passes.end; node++) part += (values[node] as number) ** 2;
      passes.put(0, part);
    }
    const length = Math.sqrt(passes.sum(0));
    const scale = length > 0 ? 1 / length : 0;
    while (passes.next()) {
      for (let node = passes.start; node < passes.end; node++) values[node] = scale * (values[node] as number);
      passes.put(0, 0);
    }
  }
}
