/** Orders of events, against reachability. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { happensBefore, happensBeforeAnalysis, type TraceEvent, VectorClock } from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, type SmallGraph } from "../support/random_graphs.ts";
import { flowGraphs, nodesOf } from "./flow_model.ts";

/** Graphs whose edges lead to nodes of a random order's later places. */
const acyclic: fc.Arbitrary<SmallGraph> = fc.tuple(
  flowGraphs,
  fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }),
).map(([graph, places]) => ({
  ...graph,
  edges: graph.edges.filter(([from, to]) => (places[from] as number) < (places[to] as number)),
}));

test("an event precedes what can be reached from it, and is concurrent with what neither reaches nor is reached", () => {
  fc.assert(fc.property(acyclic, (graph) => {
    const order = happensBefore(projected(graph));
    const precedes = (a: number, b: number): boolean => a !== b && reached(graph, a).has(b);
    const pairs: { first: number; second: number }[] = [];
    for (const a of nodesOf(graph)) {
      for (const b of nodesOf(graph)) {
        assertEquals(order.precedes(idOf(a), idOf(b)), precedes(a, b));
        const isConcurrent = a !== b && !precedes(a, b) && !precedes(b, a);
        assertEquals(order.isConcurrent(idOf(a), idOf(b)), isConcurrent);
        if (isConcurrent && a < b) pairs.push({ first: idOf(a), second: idOf(b) });
      }
    }
    assertEquals([...order.concurrentPairs()], pairs);
    assertEquals(order.concurrentCount(), pairs.length);
    assertEquals(order.size, graph.size);
  }));
});

test("a chain has one clock component, independent events one each", () => {
  assertEquals(happensBefore(projectEdges({ from: [1, 2], to: [2, 3] })).chainCount, 1);
  assertEquals(happensBefore(projectEdges({ nodeIds: [1, 2, 3], from: [], to: [] })).chainCount, 3);
  const empty = happensBefore(projectEdges({ from: [], to: [] }));
  assertEquals([empty.size, empty.concurrentCount(), empty.precedes(1, 2)], [0, 0, false]);
});

test("events in a circle have no order, and the error names the circle", () => {
  const circle = projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 4, 2] });
  assertThrows(() => happensBefore(circle), InvalidArgumentError, "2 -> 3 -> 4 -> 2");
  assertThrows(() => happensBefore(projectEdges({ from: [7], to: [7] })), InvalidArgumentError, "7 -> 7");
});

test("vector clocks know, merge and compare", () => {
  const [a, b] = [new VectorClock({ a: 1 }), new VectorClock()];
  assert(b.happensBefore(a) && !a.happensBefore(b));
  b.increment("b");
  assert(a.isConcurrent(b) && !a.happensBefore(b));
  b.merge(a);
  assert(a.happensBefore(b) && !a.isConcurrent(b));
  b.merge(new VectorClock({ b: 5 }));
  b.merge(new VectorClock({ b: 2, a: 1 }));
  assertEquals([b.get("a"), b.get("b"), b.get("c")], [1, 5, 0]);
  assertEquals(JSON.stringify(b), '{"a":1,"b":5}');
  assert(a.isConcurrent(new VectorClock({ a: 1, c: 0 })));
});

/** A trace as threads make it, that send what they know to others, with what the events know of each other. */
const traces = fc.array(
  fc.record({
    thread: fc.constantFrom("a", "b", "c"),
    from: fc.option(fc.nat(20), { nil: undefined }),
    location: fc.constantFrom("x", "y"),
    access: fc.constantFrom("read" as const, "write" as const),
  }),
  { maxLength: 14 },
).map((steps) => {
  const clocks = new Map<string, Record<string, number>>();
  const events: TraceEvent[] = [];
  const known: Set<number>[] = [];
  for (const [at, { thread, from, location, access }] of steps.entries()) {
    const clock = { ...clocks.get(thread) };
    const before = new Set<number>();
    const previous = steps.slice(0, at).findLastIndex((step) => step.thread === thread);
    for (const other of [previous, from ?? -1]) {
      if (other < 0 || other >= at) continue;
      before.add(other);
      for (const event of known[other] as Set<number>) before.add(event);
      for (const [name, count] of Object.entries((events[other] as TraceEvent).clock as Record<string, number>)) {
        clock[name] = Math.max(clock[name] ?? 0, count);
      }
    }
    clock[thread] = (clock[thread] ?? 0) + 1;
    clocks.set(thread, clock);
    known.push(before);
    events.push({ id: at, thread, clock, location, access });
  }
  return { events, known };
});

test("accesses race when they touch one location, one of them writes, and neither knows of the other", () => {
  fc.assert(fc.property(traces, ({ events, known }) => {
    const races = events.flatMap((first) =>
      events.filter((second) =>
        second.id > first.id && second.location === first.location && !known[second.id]?.has(first.id) &&
        (first.access === "write" || second.access === "write")
      ).map((second) => ({ location: first.location, first: first.id, second: second.id }))
    ).sort((one, other) => one.location < other.location ? -1 : one.location > other.location ? 1 : 0);
    const found = happensBeforeAnalysis([...events].reverse());
    assertEquals(found.races, races);
    assertEquals(found.racedLocations, [...new Set(races.map(({ location }) => location))]);
    assertEquals([found.eventCount, found.isComplete], [events.length, true]);
    const cut = happensBeforeAnalysis(events, { maxRaces: 1 });
    assertEquals([cut.races, cut.isComplete], [races.slice(0, 1), races.length < 2]);
  }));
});

test("bad events are refused", () => {
  const good: TraceEvent = { id: 1, thread: "a", clock: { a: 1 }, location: "x", access: "read" };
  const refused = (event: object, problem: string): void => {
    assertThrows(() => happensBeforeAnalysis([good, event as TraceEvent]), InvalidArgumentError, problem);
  };
  refused(good, "as of another event");
  refused({ ...good, id: 2, access: "look" }, "events[1].access");
  refused({ ...good, id: 2, clock: { a: -1 } }, "events[1].clock.a");
  refused({ ...good, id: 2, thread: 7 }, "events[1].thread");
  refused({ ...good, id: 2, location: undefined }, "events[1].location");
});
