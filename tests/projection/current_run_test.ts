/** What looks at the signal of a run without being handed its context. */

import { assertEquals, assertThrows } from "@std/assert";
import { NodeGroups, projectEdges, type Projection, projectionFrom } from "../../lib/projection/mod.ts";
import { duringRun, lookUp, type Stoppable } from "../../lib/projection/current_run.ts";
import { copied, filled, touched } from "../../lib/projection/memory.ts";
import { defineAlgorithm } from "../../lib/task/algorithm.ts";
import { cancellingSignal } from "../algo/support/cancelling_signal.ts";
import { test } from "../support/test.ts";

const NODES = 60_000;

/** A directed graph that takes some looks to turn round. */
function graph(): Projection {
  const nodeIds = Array.from({ length: NODES }, (_, at) => at + 1);
  const from = Array.from({ length: 4 * NODES }, (_, at) => 1 + at % NODES);
  const to = from.map((id, at) => 1 + (id * 7919 + at) % NODES);
  return projectEdges({ nodeIds, from, to, weights: from, edgeIds: true });
}

/** A run that is cancelled when it looks at its signal for the last of so many times. */
function stoppedAfter(looks: number): Stoppable {
  let left = looks;
  return {
    throwIfAborted() {
      if (--left <= 0) throw new RangeError("cancelled");
    },
  };
}

function looksOf(work: () => unknown): number {
  let looks = 0;
  duringRun({ throwIfAborted: () => void looks++ }, work);
  return looks;
}

/** Whether it ends wherever it is cancelled. */
function assertStops(work: () => unknown, looks: number): void {
  for (let look = 1; look <= looks; look++) {
    assertThrows(() => duringRun(stoppedAfter(look), work), RangeError, "cancelled", `look ${look}`);
  }
}

test("outside of runs nothing is cancelled", () => {
  lookUp();
  assertThrows(() => duringRun(stoppedAfter(1), lookUp), RangeError, "cancelled");
  lookUp();
});

test("a part of a run looks at its own signal, and the run at its signal afterwards", () => {
  const outer = stoppedAfter(2);
  duringRun(outer, () => {
    lookUp();
    assertEquals(looksOf(lookUp), 1);
    assertThrows(lookUp, RangeError, "cancelled");
  });
});

test("links into nodes that a cancelled run did not finish are made by the next one", () => {
  const expected = graph().in;
  const looks = looksOf(() => graph().in);
  assertEquals(looks > 4, true);
  for (const look of [1, 2, looks >> 1, looks]) {
    const projection = graph();
    assertThrows(() => duringRun(stoppedAfter(look), () => projection.in), RangeError, "cancelled");
    const other = projectionFrom(projection.handle);
    assertEquals(looksOf(() => other.in), looks);
    const { offsets, targets, weights, edgeIds } = other.in;
    assertEquals(offsets.every((at, node) => at === expected.offsets[node]), true);
    assertEquals(targets.every((target, at) => target === expected.targets[at]), true);
    assertEquals(weights?.every((weight, at) => weight === expected.weights?.[at]), true);
    assertEquals(edgeIds?.every((id, at) => id === expected.edgeIds?.[at]), true);
    // Now they are there.
    assertEquals(looksOf(() => projection.in), 0);
  }
});

test("an algorithm that only asks for the links into nodes can be cancelled", () => {
  const turned = defineAlgorithm(import.meta.url, "turned", (projection) => projection.in.targets.length);
  const projection = graph();
  assertThrows(() => turned(projection, {}, { signal: cancellingSignal() }), RangeError, "cancelled");
  assertEquals(turned(projection), 4 * NODES);
});

test("making groups ends when it is cancelled", () => {
  const projection = graph();
  for (const labels of [Int32Array.from({ length: NODES }, (_, node) => node), new Array<number>(NODES).fill(3)]) {
    const make = () => NodeGroups.of(projection, labels);
    assertStops(make, looksOf(make));
    assertEquals(make().count, labels[0] === 0 ? NODES : 1);
  }
});

test("large arrays are made, filled and copied as small ones are, and look up meanwhile", () => {
  for (const length of [0, 1, 7, 300_000]) {
    const numbers = Float64Array.from({ length }, (_, at) => at);
    for (const make of [() => new Float64Array(length), () => new Float64Array(new SharedArrayBuffer(8 * length))]) {
      assertEquals(touched(make()), new Float64Array(length));
      assertEquals(filled(make(), -1).every((one) => one === -1), true);
      assertEquals(copied(numbers, make()), numbers);
      const larger = new Float64Array(length + 2);
      assertEquals(copied(numbers, larger, 1).subarray(1, length + 1), numbers);
      assertEquals([larger[0], larger[length + 1]], [0, 0]);
    }
  }
  // What is there stays: other threads may have written it.
  const bytes = new Uint8Array(1_000_003).fill(7);
  assertEquals(touched(bytes).every((one) => one === 7), true);
  const large = new Float64Array(300_000);
  for (const work of [() => touched(large), () => filled(large, 1), () => copied(large, large.slice())]) {
    const looks = looksOf(work);
    assertEquals(looks > 2, true);
    assertStops(work, looks);
  }
});
