/** The entries of the catalogue. */

import { assert, assertEquals } from "@std/assert";
import { COMMUNITY } from "../../../lib/algo/community/catalogue.ts";
import * as community from "../../../lib/algo/community/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";

const PROJECTION = projectEdges({ from: [1, 2, 3, 4, 4], to: [2, 3, 1, 3, 5], undirected: true });

/** Parameters that all entries of these names take. */
const VALUES: Readonly<Record<string, unknown>> = {
  communities: [[1, 2], [3, 4, 5]],
  pairs: [[1, 2]],
  node: 1,
  length: 4,
};

test("every entry prints what its algorithm finds, with as many cells as columns", () => {
  for (const entry of COMMUNITY) {
    const given = Object.keys(entry.params).filter((name) => name in VALUES).map((name) => [name, VALUES[name]]);
    const { columns, rows } = entry.table(entry.algorithm(PROJECTION, Object.fromEntries(given)), PROJECTION);
    for (const row of rows) assertEquals(row.length, columns.length, entry.name);
  }
});

test("entries are in the order of their names, and there is one for each algorithm", () => {
  const names = COMMUNITY.map(({ name }) => name);
  assertEquals(names, [...names].sort());
  assert(COMMUNITY.every(({ name, algorithm }) => name.replaceAll("-", "") === algorithm.taskName.toLowerCase()));
  const algorithms = Object.values(community).filter((one) => typeof one === "function");
  assertEquals(new Set(COMMUNITY.map(({ algorithm }) => algorithm)), new Set(algorithms as never[]));
});

test("communities, pairs and facts are printed", () => {
  const shown = (name: string, params: object): unknown => {
    const entry = COMMUNITY.find((one) => one.name === name);
    const { facts, rows } = entry?.table(entry.algorithm(PROJECTION, { ...params }), PROJECTION) ?? { rows: [] };
    return [facts, [...rows]];
  };
  assertEquals(shown("triangles", {}), [{ triangles: 1 }, [[1, 1], [2, 1], [3, 1], [4, 0], [5, 0]]]);
  assertEquals(shown("transitivity", {}), [{ transitivity: 0.5 }, []]);
  assertEquals(shown("similar-pairs", { measure: "overlap", limit: 1 }), [{ pairs: 1, total: 6 }, [[3, 5, 1]]]);
  assertEquals(shown("bfs-partition", { parts: 2 }), [{ parts: 2, cut: 1, balance: 1.2 }, [[0, 3, [1, 2, 3]], [
    1,
    2,
    [4, 5],
  ]]]);
});
