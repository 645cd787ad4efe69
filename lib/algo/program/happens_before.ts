/** The order of events in a trace. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import { handleOf } from "../../projection/projection.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, copied } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { findCycleOutside, smallestOrder } from "../structure/topological_sort.ts";
import { EventOrder, type EventOrderHandle } from "./event_order.ts";

/** Most numbers in all clocks together: 2^27, which take 512 MiB. */
const MAX_CLOCK_NUMBERS = 2 ** 27;

/**
 * Orders events: nodes are events, and each edge leads from an event to one that comes after it, such as the next of its thread,
 * or the receiver of a message. The result tells of any two events in O(1) which happened before the other, or that they are
 * concurrent.
 *
 * Each event gets a vector clock. Its components are not threads but chains: an event joins the first chain whose last event
 * happened before it, otherwise it begins one. Events are taken in topological order, that with the smallest id first. Parallel
 * edges change nothing. Progress counts nodes.
 *
 * O((n + m) · chains). All clocks together have at most 2^27 numbers. Lamport 1978; clocks: Fidge, Timestamps in Message-Passing
 * Systems That Preserve the Partial Ordering, 1988, and Mattern 1989.
 *
 * @throws {InvalidArgumentError} for an undirected projection, for one with a cycle (which the message names), for parameters:
 * there are none; and when the clocks would be too large
 *
 * @example
 * ```ts ignore
 * const events = projectEdges({ from: [1, 3, 1], to: [2, 4, 4] });
 * const order = happensBefore(events);
 * console.log(order.precedes(1, 4), [...order.concurrentPairs()]); // true [{ first: 1, second: 3 }, ...]
 * ```
 */
export const happensBefore: Algorithm<Record<never, never>, EventOrder> = defineForOneThread(
  import.meta.url,
  "happensBefore",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "happensBefore");
    requireDirected(projection, "happensBefore");
    const order = smallestOrder(projection.out, context);
    if (order.length < projection.nodeCount) throw cyclic(projection, order);
    const pace = new Pace(context, 2 * projection.nodeCount);
    return EventOrder.from({
      nodes: handleOf(projection, "happensBefore").nodes,
      ...clocksOf(projection, order, pace),
    });
  },
);

function clocksOf(projection: Projection, order: Uint32Array, pace: Pace): Omit<EventOrderHandle, "nodes"> {
  const { nodeCount } = projection;
  const { offsets, targets } = projection.in;
  const chains = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
  // Clocks in the order in which events are taken: chains that begin later are not in them.
  const starts = new Uint32Array(nodeCount);
  const lengths = new Uint32Array(nodeCount);
  const lengthOfChain: number[] = [];
  let clocks = new Int32Array(1_024);
  let used = 0;
  for (let taken = 0; taken < order.length; taken++) {
    const event = order[taken] as number;
    const size = lengthOfChain.length + 1;
    if (used + size > clocks.length) clocks = larger(clocks, used + size);
    for (let at = offsets[event] as number; at < (offsets[event + 1] as number); at++) {
      const before = targets[at] as number;
      const start = starts[before] as number;
      const length = lengths[before] as number;
      for (let chain = 0; chain < length; chain++) {
        const known = clocks[start + chain] as number;
        if (known > (clocks[used + chain] as number)) clocks[used + chain] = known;
      }
      pace.step(0, 1 + length);
    }
    let own = 0;
    while (own < lengthOfChain.length && clocks[used + own] !== lengthOfChain[own]) own++;
    if (own === lengthOfChain.length) lengthOfChain.push(0);
    const place = (lengthOfChain[own] as number) + 1;
    lengthOfChain[own] = place;
    clocks[used + own] = place;
    chains[event] = own;
    starts[event] = used;
    lengths[event] = lengthOfChain.length;
    used += lengthOfChain.length;
    pace.step(1, size);
  }
  return { chains, chainCount: lengthOfChain.length, ...byEvent(clocks, starts, lengths, pace) };
}

/** The clocks in the order of the events. */
function byEvent(
  clocks: Int32Array,
  starts: Uint32Array,
  lengths: Uint32Array,
  pace: Pace,
): Pick<EventOrderHandle, "offsets" | "clocks"> {
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (starts.length + 1)));
  for (let event = 0; event < starts.length; event++) {
    offsets[event + 1] = (offsets[event] as number) + (lengths[event] as number);
  }
  const sorted = new Int32Array(new SharedArrayBuffer(4 * (offsets[starts.length] as number)));
  for (let event = 0; event < starts.length; event++) {
    const start = starts[event] as number;
    sorted.set(clocks.subarray(start, start + (lengths[event] as number)), offsets[event] as number);
    pace.step(0, 8 + (lengths[event] as number));
  }
  return { offsets, clocks: sorted };
}

function larger(clocks: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  if (needed > MAX_CLOCK_NUMBERS) {
    throw new InvalidArgumentError(
      `happensBefore: the clocks would have more than ${MAX_CLOCK_NUMBERS} numbers; project fewer events, or add the edges ` +
        "between the events of each thread",
      { code: "result-too-large", field: "projection", value: needed },
    );
  }
  return copied(clocks, new Int32Array(Math.min(2 * needed, MAX_CLOCK_NUMBERS)));
}

function cyclic(projection: Projection, order: Uint32Array): InvalidArgumentError {
  const cycle = findCycleOutside(projection, order);
  const shown = cycle.length > 10 ? `${cycle.slice(0, 10).join(" -> ")} -> ...` : [...cycle, cycle[0]].join(" -> ");
  return new InvalidArgumentError(
    `happensBefore: the events ${shown} form a cycle, so none of them is first; project edges that lead forward in time`,
    { code: "cycle", field: "projection", value: cycle },
  );
}
