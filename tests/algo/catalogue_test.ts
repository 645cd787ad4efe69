/** The catalogue as a whole: what the command line runs, what is exported, what docs/algorithms.md says. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { entryNamed, FAMILIES } from "../../lib/algo/catalogue.ts";
import * as algo from "../../lib/algo/mod.ts";
import { projectEdges } from "../../lib/projection/mod.ts";
import {
  ALGORITHMS_DOCUMENT,
  algorithmsDocument,
  OTHER_FUNCTIONS,
  replacements,
} from "../../scripts/algorithms_doc.ts";
import { test } from "../support/test.ts";

const ENTRIES = FAMILIES.flatMap(({ entries }) => entries);

/** The functions of algorithms of sqlitegraph 3.2.5. */
const REFERENCE = `backward_slice, betweenness_centrality, can_reach, collapse_sccs, connected_components,
control_dependence_from_exit, control_dependence_graph, critical_path, cycle_basis, cycle_basis_bounded, default_weight_fn,
discover_sources_and_sinks, discover_sources_and_sinks_default, dominance_frontiers, dominators, enumerate_paths,
enumerate_paths_with_dominance, find_cycles_limited, find_subgraph_patterns, forward_slice, graph_diff,
happens_before_analysis, impact_radius, iterated_dominance_frontiers, label_propagation, louvain_communities, min_st_cut,
min_vertex_cut, natural_loops, natural_loops_from_exit, nodes_by_degree, pagerank, partition_bfs_level, partition_greedy,
partition_kway, post_dominators, post_dominators_auto_exit, propagate_taint_backward, propagate_taint_forward,
reachable_from, reverse_reachable_from, rewrite_graph_patterns, sink_reachability_analysis, strongly_connected_components,
structural_similarity, topological_sort, transitive_closure, transitive_reduction, unreachable_from, validate_refactor,
weakly_connected_components`.split(/,\s+/);

test("names are unique, and written as words with hyphens", () => {
  const names = ENTRIES.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
  for (const name of names) assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name), name);
  for (const name of names) assertEquals(entryNamed(name)?.name, name);
  assertEquals(entryNamed("no such thing"), undefined);
});

test("every entry is complete", () => {
  for (const { name, summary, complexity, params } of ENTRIES) {
    assert(summary.length > 0 && !summary.endsWith("."), `${name}: ${summary}`);
    assert(complexity.length > 0, name);
    for (const [param, { doc }] of Object.entries(params)) assert(doc.length > 0, `${name} ${param}`);
  }
});

test("the algorithms of the catalogue are those that are exported", () => {
  const exported = Object.entries(algo).filter(([_, value]) =>
    typeof value === "function" && "taskName" in value && value.source === "projection"
  );
  const catalogued = new Map(ENTRIES.map(({ algorithm }): [string, unknown] => [algorithm.taskName, algorithm]));
  assertEquals(exported.map(([name]) => name).sort(), [...catalogued.keys()].sort());
  for (const [name, algorithm] of exported) assertEquals(catalogued.get(name), algorithm, name);
});

test("the other functions of the documentation are exported", () => {
  const exported = new Set(Object.keys(algo));
  const names = OTHER_FUNCTIONS.flatMap(({ name }) => name.split(", "));
  assertEquals(names.filter((name) => !exported.has(name)), []);
});

test("every function of the reference has something that does its work", () => {
  assertEquals(REFERENCE.length, 51);
  const replaced = replacements();
  assertEquals(REFERENCE.filter((name) => !replaced.has(name)), []);
});

test("docs/algorithms.md is what npm run docs writes", () => {
  assertEquals(readFileSync(ALGORITHMS_DOCUMENT, "utf8"), algorithmsDocument());
});

test("columns of a result have different names", () => {
  const projections = [false, true].map((undirected) =>
    projectEdges({ from: [1, 2, 3], to: [2, 3, 1], weights: [1, 1, 1], edgeIds: true, undirected })
  );
  let seen = 0;
  for (const entry of ENTRIES) {
    for (const projection of projections) {
      let result: unknown;
      try {
        result = entry.algorithm(projection, {});
      } catch {
        continue; // It needs parameters, or a graph of the other sort.
      }
      const names = entry.table(result, projection).columns.map(({ name }) => name);
      assertEquals(names.length, new Set(names).size, entry.name);
      seen++;
    }
  }
  assert(seen > 30);
});
