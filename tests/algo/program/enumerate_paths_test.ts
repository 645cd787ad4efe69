/** Path enumeration and impact radius, against plain recursion. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { enumeratePaths, type EnumeratePathsParams, impactRadius } from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph } from "../support/random_graphs.ts";
import { mixedGraphs, nodesOf } from "./flow_model.ts";

interface Plan {
  readonly exits: readonly number[] | undefined;
  readonly errors: readonly number[];
  readonly maxLength: number;
  readonly maxVisits: number;
}

function linksOf(graph: SmallGraph, node: number): number[] {
  const found = graph.edges.flatMap(([from, to]) => [
    ...(from === node ? [to] : []),
    ...(graph.isUndirected && to === node ? [from] : []),
  ]);
  return [...new Set(found)].sort((a, b) => a - b);
}

/** All ways from node 0 on, with their endings, in the order of a search. */
function modelPaths(graph: SmallGraph, { exits, errors, maxLength, maxVisits }: Plan): [string, number[]][] {
  const isExit = (node: number): boolean => exits?.includes(node) ?? linksOf(graph, node).length === 0;
  const found: [string, number[]][] = [];
  const go = (path: number[]): void => {
    const node = path.at(-1) as number;
    const ending = errors.includes(node) ? "error" : isExit(node) ? "exit" : undefined;
    const all = linksOf(graph, node);
    const next = all.filter((other) => path.filter((visited) => visited === other).length < maxVisits);
    if (ending !== undefined) found.push([ending, path]);
    else if (next.length === 0) found.push([all.length === 0 ? "dead-end" : "loop", path]);
    else if (path.length - 1 === maxLength) found.push(["length", path]);
    else for (const other of next) go([...path, other]);
  };
  go([0]);
  return found;
}

const graphs = mixedGraphs.map((graph) => ({ ...graph, edges: graph.edges.slice(0, 10) }));
const plans = fc.record({
  exits: fc.option(fc.uniqueArray(fc.nat(5), { maxLength: 2 }), { nil: undefined }),
  errors: fc.uniqueArray(fc.nat(5), { maxLength: 1 }),
  maxLength: fc.integer({ min: 0, max: 7 }),
  maxVisits: fc.integer({ min: 1, max: 2 }),
});

function given(graph: SmallGraph, { exits, errors, maxLength, maxVisits }: Plan): EnumeratePathsParams {
  const ids = (nodes: readonly number[]): number[] => nodes.filter((node) => node < graph.size).map(idOf);
  return {
    entry: idOf(0),
    ...(exits === undefined ? {} : { exits: ids(exits) }),
    errors: ids(errors),
    maxLength,
    maxVisits,
    maxPaths: 1_000_000,
  };
}

test("all paths to exits and errors are listed, however dead ends are pruned", () => {
  fc.assert(
    fc.property(graphs, plans, (graph, plan) => {
      const all = modelPaths(graph, plan);
      const whole = all.filter(([ending]) => ending === "exit" || ending === "error");
      for (const prune of ["none", "reachability", "dominance"] as const) {
        const { paths, longest, isComplete } = enumeratePaths(projected(graph), { ...given(graph, plan), prune });
        assertEquals(
          paths.map(({ ending, nodeIds }) => [ending, nodeIds]),
          whole.map(([e, path]) => [e, path.map(idOf)]),
        );
        assertEquals(longest, Math.max(0, ...whole.map(([, path]) => path.length - 1)));
        // A search that says it is complete has all paths, also longer ones.
        const unlimited = isComplete ? modelPaths(graph, { ...plan, maxLength: 12 }) : [];
        if (isComplete) assertEquals(unlimited.filter(([e]) => e === "exit" || e === "error").length, whole.length);
      }
    }),
    { numRuns: 300 },
  );
});

test("paths that cannot go on are listed when asked for, with what stopped them", () => {
  fc.assert(fc.property(graphs, plans, (graph, plan) => {
    const found = enumeratePaths(projected(graph), { ...given(graph, plan), includeIncomplete: true });
    const expected = modelPaths(graph, plan).map(([ending, path]) => [ending, path.map(idOf)]);
    assertEquals(found.paths.map(({ ending, nodeIds }) => [ending, nodeIds]), expected);
    assertEquals(found.isComplete, !expected.some(([ending]) => ending === "length"));
  }));
});

/** Diamonds one after the other, each with a dead end and a loop beside it: 2 ** count paths. */
function diamonds(count: number) {
  const ends = Array.from({ length: count }, (_, at) => {
    const first = 10 * at + 1;
    const [left, right, next, trap, way] = [first + 1, first + 2, first + 10, first + 3, first + 4];
    return [[first, left], [first, right], [left, next], [right, next], [left, trap], [trap, trap], [right, way], [
      way,
      right,
    ]] as const;
  }).flat();
  return projectEdges({ from: ends.map(([from]) => from), to: ends.map(([, to]) => to) });
}

test("pruning keeps the search out of traps, and changes nothing else", () => {
  const flow = diamonds(4);
  const steps = (prune: "none" | "reachability" | "dominance") =>
    enumeratePaths(flow, { entry: 1, exits: [41], prune });
  assertEquals(steps("none").prunedNodes, 0);
  assertEquals(steps("reachability").prunedNodes, 4);
  assertEquals(steps("dominance").prunedNodes, 8);
  assertEquals(steps("dominance").paths, steps("none").paths);
  assertEquals(steps("dominance").paths.length, 16);
});

test("limits cut the search, and the result says which", () => {
  const flow = diamonds(10);
  const cut = (params: Partial<EnumeratePathsParams>) => {
    const { paths, isComplete, cutBy } = enumeratePaths(flow, { entry: 1, exits: [101], ...params });
    return [paths.length, isComplete, cutBy.join()];
  };
  assertEquals(cut({}), [1024, true, ""]);
  assertEquals(cut({ maxPaths: 1024 }), [1024, true, ""]);
  assertEquals(cut({ maxPaths: 1000 }), [1000, false, "paths"]);
  assertEquals(cut({ maxLength: 19 }), [0, false, "length"]);
  const bySteps = cut({ maxSteps: 500 });
  assert((bySteps[0] as number) < 1024 && bySteps[2] === "steps");
});

test("a path of a hundred thousand nodes overflows nothing", () => {
  const from = Float64Array.from({ length: 100_000 }, (_, at) => at + 1);
  const chain = projectEdges({ from, to: from.map((id) => id + 1) });
  const { paths, longest } = enumeratePaths(chain, { entry: 1, maxLength: 1_000_000 });
  assertEquals([paths.length, longest], [1, 100_000]);
});

test("bad parameters of path enumeration are refused", () => {
  const flow = projectEdges({ from: [1], to: [2] });
  assertThrows(() => enumeratePaths(flow, { entry: 3 }), NotFoundError, "no node 3");
  assertThrows(() => enumeratePaths(flow, { entry: 1, maxPaths: 0 }), InvalidArgumentError, "maxPaths");
  assertThrows(() => enumeratePaths(flow, { entry: 1, maxVisits: 300 }), InvalidArgumentError, "maxVisits");
  assertThrows(() => enumeratePaths(flow, { entry: 1, prune: "all" as never }), InvalidArgumentError, "prune");
});

test("the impact radius has all nodes with a path inside both limits, at the length of the shortest one", () => {
  const limits = fc.record({
    nodes: fc.uniqueArray(fc.nat(6), { maxLength: 2 }),
    maxHops: fc.constantFrom(Infinity, 0, 1, 2, 3),
    maxDistance: fc.constantFrom(Infinity, 0, 2, 5.5),
    direction: fc.constantFrom("out" as const, "in" as const),
    hasWeights: fc.boolean(),
  });
  fc.assert(
    fc.property(mixedGraphs, limits, (graph, plan) => {
      const { maxHops, maxDistance, direction, hasWeights } = plan;
      const starts = plan.nodes.filter((node) => node < graph.size);
      const links = graph.edges.flatMap(([from, to, weight]) => {
        const length = hasWeights ? weight : 1;
        const ways = graph.isUndirected ? ["out", "in"] : [direction];
        return ways.map((way) => way === "out" ? [from, to, length] as const : [to, from, length] as const);
      });
      let distances = new Map(starts.map((node) => [node, 0]));
      for (let hop = 1; hop <= Math.min(maxHops, graph.size); hop++) {
        const longer = new Map(distances);
        for (const [from, to, length] of links) {
          const found = (distances.get(from) ?? Infinity) + length;
          if (found <= maxDistance && found < (longer.get(to) ?? Infinity)) longer.set(to, found);
        }
        distances = longer;
      }
      const found = impactRadius(projected(graph, hasWeights), {
        nodes: starts.map(idOf),
        maxHops,
        maxDistance,
        direction,
      });
      for (const node of nodesOf(graph)) assertEquals(found.distances.get(idOf(node)), distances.get(node));
      const zone = [...distances].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([node]) => idOf(node));
      assertEquals(found.zone, zone);
      const leaving = links.filter(([from, to]) => distances.has(from) && !distances.has(to)).map(([from]) => from);
      assertEquals(found.boundary, [...new Set(leaving)].sort((a, b) => a - b).map(idOf));
    }),
    { numRuns: 300 },
  );
});

test("a fewer-edges limit makes distances longer, and cost functions can close edges", () => {
  const roads = projectEdges({ from: [1, 2, 1, 3], to: [2, 3, 3, 4], weights: [1, 1, 5, 1] });
  const distance = (params: object): number | undefined =>
    impactRadius(roads, { nodes: [1], ...params }).distances.get(3);
  assertEquals([distance({}), distance({ maxHops: 1 }), distance({ maxDistance: 1 })], [2, 5, undefined]);
  // 4 becomes nearer in the second round, too late for what is behind it.
  const late = projectEdges({ from: [1, 1, 3, 4], to: [4, 3, 4, 5], weights: [5, 1, 1, 1] });
  assertEquals(impactRadius(late, { nodes: [1], maxHops: 2 }).distances.get(5), 6);
  const closed = (_edge: unknown, from: number, _to: number, weight: number): number => from === 2 ? Infinity : weight;
  assertEquals(distance({ cost: closed }), 5);
});

test("negative lengths are refused, also on a negative cycle", () => {
  const negative = projectEdges({ from: [1, 2], to: [2, 1], weights: [1, -2] });
  assertThrows(() => impactRadius(negative, { nodes: [1] }), InvalidArgumentError, "negative");
  assertThrows(() => impactRadius(negative, { nodes: [1], maxHops: 3 }), InvalidArgumentError, "negative");
  assertThrows(() => impactRadius(negative, { nodes: [1], maxDistance: -1 }), InvalidArgumentError, "maxDistance");
});
