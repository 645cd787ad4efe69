/** Answers of the reference that are right come out the same, on the files that it wrote; where it is wrong, the right ones. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  betweennessCentrality,
  condensation,
  dominators,
  findCycles,
  louvain,
  naturalLoops,
  nodesByDegree,
  pageRank,
  reachableFrom,
  reverseReachableFrom,
  strongComponents,
  topologicalSort,
  transitiveReduction,
  weakComponents,
} from "../../lib/algo/mod.ts";
import type { NodeGroups, Projection } from "../../lib/projection/mod.ts";
import { open } from "../../mod.ts";
import { copyReference, correction, expectedFile, FULL_FILES } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

type Scores = readonly (readonly [nodeId: number, score: number])[];

/** What the files say of algorithms, by call. */
interface Answers {
  readonly [call: string]: unknown;
  readonly connected_components: readonly (readonly number[])[];
  readonly weakly_connected_components: readonly (readonly number[])[];
  readonly strongly_connected_components: { readonly components_sorted_by_us: readonly (readonly number[])[] };
  readonly betweenness_centrality: Scores;
  readonly "nodes_by_degree descending": Scores;
}

for (const { name } of FULL_FILES) {
  const answers = (expectedFile(name) as unknown as { answers: { algorithms: Answers } }).answers.algorithms;
  const right = <T>(call: string) => correction<T>(name, `algorithms / ${call}`);
  const onFile = (what: string, check: (projection: Projection) => void): void =>
    test(`${name}: ${what}`, () => {
      using folder = tempDir();
      using db = open(copyReference(name, folder));
      check(db.project());
    });

  onFile("components", (projection) => {
    assertEquals(setsOf(weakComponents(projection)), answers.connected_components);
    assertEquals(setsOf(weakComponents(projection)), answers.weakly_connected_components);
    assertEquals(
      setsOf(strongComponents(projection)),
      answers.strongly_connected_components.components_sorted_by_us,
    );
  });

  onFile("scores", (projection) => {
    let runs = 0;
    for (const [call, scores] of Object.entries(answers)) {
      const [, damping, iterations] = /^pagerank damping=([\d.]+) iterations=(\d+)$/.exec(call) ?? [];
      if (damping === undefined) continue;
      runs++;
      const params = { damping: Number(damping), maxIterations: Number(iterations), tolerance: 0 };
      assertScores(pageRank(projection, params), scores as Scores, 1e-12);
    }
    assertEquals(runs, 3);
    assertScores(betweennessCentrality(projection, { normalized: false }), answers.betweenness_centrality, 1e-9);
    assertScores(nodesByDegree(projection), answers["nodes_by_degree descending"], 0);
  });

  onFile("reachability", (projection) => {
    assertEquals([...reachableFrom(projection, { start: 29 })], answers["reachable_from 29"]);
    assertEquals([...reverseReachableFrom(projection, { start: 29 })], answers["reverse_reachable_from 29"]);
  });

  onFile("dominators and loops of what the entry reaches", (projection) => {
    const { idom, dom } = right<{ idom: Record<string, number | null>; dom: Record<string, number[]> }>(
      "dominators entry=29",
    );
    const tree = dominators(projection, { entry: 29 });
    const found = [...tree].map(({ nodeId, dominator }) => [String(nodeId), dominator ?? null]);
    assertEquals(Object.fromEntries(found), idom);
    for (const [nodeId, all] of Object.entries(dom)) {
      const dominating = Object.keys(dom).map(Number).filter((other) => tree.dominates(other, Number(nodeId)));
      assertEquals(dominating, all);
    }
    const loops = right<Record<string, { body: number[]; back_edges: [number, number][] }>>("natural_loops entry=29");
    assertEquals(
      Object.fromEntries([...naturalLoops(projection, { entry: 29 })].map(({ header, body, latches }) => [
        String(header),
        { body, back_edges: latches.map((latch) => [latch, header]) },
      ])),
      loops,
    );
  });

  onFile("cycles", (projection) => {
    const [short] = Object.values(right<Record<string, number[][]>>("find_cycles_limited 20"));
    const { cycles } = findCycles(projection, { maxCycles: 10_000, maxLength: 4 });
    assertEquals(sorted([...cycles].map(fromSmallest)), sorted(short ?? []));
    const { isAcyclic, cycle } = topologicalSort(projection);
    assert(!isAcyclic && cycle.length > 0);
    const next = (nodeId: number) => cycle[(cycle.indexOf(nodeId) + 1) % cycle.length] as number;
    for (const nodeId of cycle) assert(linkBetween(projection, nodeId, next(nodeId)), `${nodeId} in ${cycle}`);
  });

  onFile("reduction between strong components", (projection) => {
    const [count] = Object.values(right<Record<string, number>>("transitive_reduction"));
    const components = condensation(projection).components;
    const { from, to } = transitiveReduction(projection);
    let between = 0;
    for (let edge = 0; edge < from.length; edge++) {
      if (components.groupOf(from[edge] as number) !== components.groupOf(to[edge] as number)) between++;
    }
    assertEquals(between, count);
  });

  test(`${name}: communities at least as good`, () => {
    using folder = tempDir();
    using db = open(copyReference(name, folder));
    const reached = right<Record<string, number>>("louvain_communities iterations=100");
    const { modularity } = louvain(db.project({ undirected: true }));
    assert(modularity > (reached["modularity reached by a correct multi-level run"] as number) - 0.02, `${modularity}`);
  });
}

function setsOf(groups: NodeGroups): number[][] {
  return [...groups].map(({ nodeIds }) => nodeIds).sort((a, b) => (a[0] as number) - (b[0] as number));
}

function assertScores(found: { get(nodeId: number): number | undefined }, expected: Scores, tolerance: number): void {
  assert(expected.length > 0);
  for (const [nodeId, score] of expected) assertAlmostEquals(found.get(nodeId) ?? NaN, score, tolerance);
}

/** A cycle from its smallest node on. */
function fromSmallest(cycle: readonly number[]): number[] {
  const at = cycle.indexOf(Math.min(...cycle));
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

function sorted(lists: readonly (readonly number[])[]): string[] {
  return lists.map(String).sort();
}

function linkBetween(projection: Projection, from: number, to: number): boolean {
  const { offsets, targets } = projection.out;
  const at = projection.indexOf(from);
  return targets.subarray(offsets[at], offsets[at + 1]).includes(projection.indexOf(to));
}
