/** Taint, against searches on graphs without the sanitizers. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { open } from "../../../lib/graph/open.ts";
import {
  discoverSourcesAndSinks,
  propagateTaintBackward,
  propagateTaintForward,
  sinkReachabilityAnalysis,
} from "../../../lib/algo/program/mod.ts";
import "../../../lib/projection/install.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph } from "../support/random_graphs.ts";
import { mixedGraphs, nodesOf } from "./flow_model.ts";

/** A graph with nodes of each sort; they may overlap. */
const plans = mixedGraphs.chain((graph) => {
  const some = fc.uniqueArray(fc.nat(graph.size - 1), { maxLength: 4 });
  return fc.record({ graph: fc.constant(graph), sources: some, sinks: some, sanitizers: some });
});

/** The shortest path between two nodes whose ids are the smallest, without some nodes; undefined when there is none. */
function pathOf(graph: SmallGraph, source: number, sink: number, closed: readonly number[]): number[] | undefined {
  if (closed.includes(source)) return undefined;
  let paths = [[source]];
  for (let length = 0; length < graph.size; length++) {
    const found = paths.filter((path) => path.at(-1) === sink).map((path) => path.join(" ")).sort();
    if (found.length > 0) return (found[0] as string).split(" ").map((node) => idOf(Number(node)));
    const longer = paths.flatMap((path) =>
      graph.edges.flatMap(([from, to]) => [
        ...(from === path.at(-1) ? [[...path, to]] : []),
        ...(graph.isUndirected && to === path.at(-1) ? [[...path, from]] : []),
      ])
    );
    const fresh = longer.filter((path) =>
      !closed.includes(path.at(-1) as number) && new Set(path).size === path.length
    );
    paths = [...new Map(fresh.map((path) => [path.join(" "), path])).values()];
  }
  return undefined;
}

const ascending = (nodes: Iterable<number>): number[] => [...new Set(nodes)].sort((a, b) => a - b);

test("taint flows along edges, but not through sanitizers; each pair has its shortest path", () => {
  fc.assert(fc.property(plans, ({ graph, sources, sinks, sanitizers }) => {
    const flows = ascending(sources).flatMap((source) =>
      ascending(sinks).flatMap((sink) => {
        const path = pathOf(graph, source, sink, sanitizers);
        return path === undefined ? [] : [{ source: idOf(source), sink: idOf(sink), path }];
      })
    );
    const params = { sources: sources.map(idOf), sinks: sinks.map(idOf), sanitizers: sanitizers.map(idOf) };
    const links = graph.edges.flatMap(([from, to]) =>
      graph.isUndirected ? [[from, to] as const, [to, from] as const] : [[from, to] as const]
    );
    const forward = propagateTaintForward(projected(graph), params);
    const tainted = nodesOf(graph).filter((node) => sources.some((source) => pathOf(graph, source, node, sanitizers)));
    assertEquals(forward.tainted, tainted.map(idOf));
    assertEquals(forward.flows, flows);
    assertEquals(forward.sources, ascending(flows.map(({ source }) => source)));
    assertEquals(forward.sinks, ascending(flows.map(({ sink }) => sink)));
    const stopped = links.filter(([from, to]) => tainted.includes(from) && sanitizers.includes(to)).map(([, to]) => to);
    assertEquals(forward.stoppedBy, ascending(stopped).map(idOf));
    assertEquals(forward.isComplete, true);
    const backward = propagateTaintBackward(projected(graph), params);
    const leading = nodesOf(graph).filter((node) => sinks.some((sink) => pathOf(graph, node, sink, sanitizers)));
    assertEquals(backward.tainted, leading.map(idOf));
    assertEquals(backward.flows, flows);
    const before = links.filter(([from, to]) => sanitizers.includes(from) && leading.includes(to)).map(([from]) =>
      from
    );
    assertEquals(backward.stoppedBy, ascending(before).map(idOf));
    const { sourcesOf, safeSinks } = sinkReachabilityAnalysis(projected(graph), params);
    for (const node of nodesOf(graph)) {
      const reaching = flows.filter(({ sink }) => sink === idOf(node)).map(({ source }) => source);
      assertEquals(sourcesOf.of(idOf(node)), reaching);
    }
    assertEquals(safeSinks, ascending(sinks).map(idOf).filter((sink) => sourcesOf.count(sink) === 0));
  }));
});

test("more than 32 sinks are worked on in batches", () => {
  const size = 100;
  const ids = Array.from({ length: size }, (_, at) => at + 1);
  // A ring of even numbers, and odd ones that lead into it but cannot be left.
  const from = ids.map((id) => id);
  const to = ids.map((id) => id % 2 === 1 ? id + 1 : id === size ? 2 : id + 2);
  const ring = projectEdges({ from, to });
  const { sourcesOf, safeSinks } = sinkReachabilityAnalysis(ring, { sources: ids, sinks: ids });
  assertEquals(sourcesOf.size, 50 * 100 + 50);
  assertEquals(sourcesOf.of(99), [99]);
  assertEquals(sourcesOf.count(100), 100);
  assertEquals(safeSinks, []);
});

test("sinks that share their ways back are kept apart", () => {
  const size = 64;
  const ids = Array.from({ length: size }, (_, at) => at + 1);
  // Each node leads to three larger ones, so many of them are met again and again.
  const ends = ids.flatMap((id) => [1, 5, 11].map((step) => [id, id + step] as const)).filter(([, to]) => to <= size);
  const ways = projectEdges({ from: ends.map(([from]) => from), to: ends.map(([, to]) => to) });
  const { sourcesOf } = sinkReachabilityAnalysis(ways, { sources: ids, sinks: ids });
  for (const sink of ids) assertEquals(sourcesOf.count(sink), sink);
});

test("flows beyond the limit are cut, which the result says", () => {
  const projection = projectEdges({ from: [1, 2, 1], to: [3, 3, 4] });
  const params = { sources: [1, 2], sinks: [3, 4] };
  const all = propagateTaintForward(projection, params).flows.map(({ source, sink }) => [source, sink]);
  assertEquals(all, [[1, 3], [1, 4], [2, 3]]);
  const exact = propagateTaintForward(projection, { ...params, maxFlows: 3 });
  assertEquals([exact.flows.length, exact.isComplete], [3, true]);
  const cut = propagateTaintForward(projection, { ...params, maxFlows: 2 });
  assertEquals([cut.flows.length, cut.isComplete, cut.sinks], [2, false, [3, 4]]);
});

test("bad parameters are refused", () => {
  const projection = projectEdges({ from: [1], to: [2] });
  assertThrows(() => propagateTaintForward(projection, {} as never), InvalidArgumentError, "sources is missing");
  assertThrows(() => propagateTaintForward(projection, { sources: [9] }), NotFoundError, "no node 9");
  assertThrows(
    () => propagateTaintBackward(projection, { sinks: [1], maxFlows: -1 }),
    InvalidArgumentError,
    "maxFlows",
  );
  assertThrows(() => sinkReachabilityAnalysis(projection, { sources: [1] } as never), InvalidArgumentError, "sinks");
});

test("sources, sinks and sanitizers are found by kind, name, label and data", () => {
  using db = open(":memory:");
  const ids = db.insertNodes([
    { kind: "Parameter", name: "query" },
    { kind: "Call", name: "execSql", data: { operation: "execute" } },
    { kind: "Call", name: "escape", labels: ["Safe"] },
    { kind: "Call", name: "print", data: { kind: "user_input" } },
    { kind: "Call", name: "log", data: [1] },
  ]);
  const [parameter, exec, escape, print] = ids as [number, number, number, number];
  db.insertEdge({ from: parameter, to: exec, type: "DATA" });
  using snapshot = db.snapshot();
  assertEquals(discoverSourcesAndSinks(snapshot), { sources: [print], sinks: [exec], sanitizers: [] });
  const byRules = discoverSourcesAndSinks(snapshot, {
    sources: [{ kind: "Parameter" }, { name: "print" }],
    sinks: [{ kind: "Call", glob: "exec*" }, { field: "operation" }],
    sanitizers: [{ label: "Safe" }],
  });
  assertEquals(byRules, { sources: [parameter, print], sinks: [exec], sanitizers: [escape] });
  const byTest = discoverSourcesAndSinks(snapshot, { sources: ({ name }) => name.startsWith("e"), sinks: [] });
  assertEquals(byTest.sources, [exec, escape]);
  const { flows } = propagateTaintForward(snapshot.project({ types: ["DATA"] }), byRules);
  assertEquals(flows, [{ source: parameter, sink: exec, path: [parameter, exec] }]);
});

test("bad rules are refused", () => {
  using db = open(":memory:");
  using snapshot = db.snapshot();
  const refused = (params: unknown, problem: string): void => {
    assertThrows(() => discoverSourcesAndSinks(snapshot, params as never), InvalidArgumentError, problem);
  };
  refused({ sources: 1 }, "sources is 1");
  refused({ sinks: [{ kinds: ["A"] }] }, "sinks[0].kinds");
  refused({ sinks: [{ values: [1] }] }, "sinks[0].values");
  refused({ sinks: [{ field: 7 }] }, "sinks[0].field");
  refused({ cleaners: [] }, "cleaners");
});
