/** The entries of the catalogue. */

import { assert, assertEquals } from "@std/assert";
import { PATHS } from "../../../lib/algo/paths/catalogue.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";

const PROJECTION = projectEdges({ from: [1, 2, 3], to: [2, 3, 1], weights: [1, 2, 3], edgeIds: true });

/** Parameters that all entries of these names take. */
const VALUES: Readonly<Record<string, unknown>> = {
  start: 1,
  from: 1,
  to: 3,
  k: 2,
  coordinates: { x: [0, 0, 0], y: [0, 0, 0] },
};

test("every entry prints what its algorithm finds, with as many cells as columns", () => {
  for (const entry of PATHS) {
    const given = Object.keys(entry.params).filter((name) => name in VALUES).map((name) => [name, VALUES[name]]);
    const { columns, rows } = entry.table(entry.algorithm(PROJECTION, Object.fromEntries(given)), PROJECTION);
    for (const row of rows) assertEquals(row.length, columns.length, entry.name);
  }
});

test("entries are in the order of their names", () => {
  const names = PATHS.map(({ name }) => name);
  assertEquals(names, [...names].sort());
  assert(
    PATHS.every(({ name, algorithm }) =>
      name.replaceAll("-", "") === algorithm.taskName.toLowerCase().replace(/in$/, "")
    ),
  );
});

test("paths are printed by node and edge, pairs by their ends", () => {
  const shown = (name: string, params: object): unknown => {
    const entry = PATHS.find((one) => one.name === name);
    const { facts, rows } = entry?.table(entry.algorithm(PROJECTION, { ...params }), PROJECTION) ?? { rows: [] };
    return [facts, [...rows]];
  };
  assertEquals(shown("shortest-path", { from: 1, to: 3 }), [{ found: true, cost: 3 }, [[1, null], [2, 1], [3, 2]]]);
  assertEquals(shown("widest-paths", { start: 2 }), [undefined, [[1, 2, 3], [2, Infinity, null], [3, 2, 2]]]);
  assertEquals((shown("johnson", {}) as [unknown, unknown[]])[1].slice(0, 4), [[1, 1, 0], [1, 2, 1], [1, 3, 3], [
    2,
    1,
    5,
  ]]);
  assertEquals(shown("reachable-from", { start: 1 }), [{ nodes: 3 }, [[1], [2], [3]]]);
});
