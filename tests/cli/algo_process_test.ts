import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FAMILIES } from "../../lib/algo/catalogue.ts";
import { open } from "../../mod.ts";
import { test } from "../support/test.ts";
import {
  engineTest,
  failJsonEach,
  peopleIn,
  succeed,
  succeedJson,
  succeedJsonLines,
  type Workplace,
  workplace,
} from "./command_line.ts";

const ADA = { id: 1, kind: "Person", name: "Ada" };
const CHARLES = { id: 2, kind: "Person", name: "Charles" };
const CITY = { id: 3, kind: "City", name: "Ada" };
const YEAR = { id: 4, kind: "Person", name: "1984" };

engineTest("an algorithm prints facts, then rows with the names of nodes", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  assertEquals(await succeedJsonLines("algo", "bfs", database, "--param", "start=Person:Ada"), [
    { algorithm: "bfs", facts: { visited: 3 } },
    { node: ADA, depth: 0, parent: null },
    { node: CHARLES, depth: 1, parent: ADA },
    { node: CITY, depth: 2, parent: CHARLES },
  ]);
  const text = await succeed("algo", "weak-components", database);
  assertMatch(text, /^components +2$/m);
  assertMatch(text, /^ +0 +3 +Ada \(Person 1\), Charles \(Person 2\), Ada \(City 3\)$/m);
});

test("types, kinds, weights and direction choose what an algorithm reads", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const reached = async (...options: string[]) => {
    const [_, ...rows] = await succeedJsonLines("algo", "dijkstra", database, "--param", "start=2", ...options);
    return (rows as { node: { id: number }; cost: number }[]).map(({ node, cost }) => [node.id, cost]);
  };
  assertEquals(await reached(), [[2, 0], [3, 1]]);
  assertEquals(await reached("--undirected"), [[1, 1], [2, 0], [3, 1]]);
  assertEquals(await reached("--undirected", "--kinds", "Person"), [[1, 1], [2, 0]]);
  assertEquals(await reached("--undirected", "--types", "KNOWS", "--weight", "since"), [[1, 1833], [2, 0]]);
});

test("several threads find what one finds", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const one = await succeed("algo", "pagerank", database, "--json");
  assertEquals(await succeed("algo", "pagerank", database, "--json", "--workers", "2"), one);
  assertEquals(one.split("\n").length, 6);
});

test("--limit cuts the rows; without it a person sees the first ones", async () => {
  using place = workplace();
  const database = manyNodes(place);
  assertEquals((await succeedJsonLines("algo", "pagerank", database)).length, 31);
  assertEquals((await succeedJsonLines("algo", "pagerank", database, "--limit", "2")).length, 3);
  const text = await succeed("algo", "pagerank", database);
  assertMatch(text, /^N19 .*\n\.\.\. there are more; --limit N shows N of them, --json all\n$/m);
});

test("nodes are given by id or name, several with commas, other graphs by their files", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const [_, ...rows] = await succeedJsonLines(
    "algo",
    "bfs",
    database,
    "--param",
    "starts=:1984,Charles",
    "--param",
    "maxDepth=0",
  );
  assertEquals((rows as { node: unknown }[]).map(({ node }) => node), [CHARLES, YEAR]);
  const [diff] = await succeedJsonLines(
    "algo",
    "diff-projections",
    database,
    "--param",
    `after=${manyNodes(place)}`,
  ) as { facts: Record<string, unknown> }[];
  assertEquals([diff?.facts["added nodes"], diff?.facts["removed edges"]], [26, 3]);
});

test("--list shows all algorithms, and a name alone explains one", async () => {
  const names = FAMILIES.flatMap(({ entries }) => entries.map(({ name }) => name));
  const listed = await succeedJsonLines("algo", "--list") as { name: string }[];
  assertEquals(listed.map(({ name }) => name), names);
  const text = await succeed("algo", "--list");
  for (const name of names) assertStringIncludes(text, `  ${name} `);
  const explained = await succeedJson("algo", "pagerank") as { params: { damping: object } };
  assertEquals(explained.params.damping, {
    kind: "number",
    doc: "chance of following an edge",
    default: 0.85,
    min: 0,
    below: 1,
  });
  assertMatch(await succeed("algo", "pagerank"), /^damping +a number.* +0\.85 +chance of following an edge$/m);
});

test("mistakes in parameters are told before anything runs", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const assertProblems = async (code: number, mistakes: readonly (readonly [string, ...string[]])[]) => {
    const errors = await failJsonEach(code, mistakes.map(([, ...args]) => ["algo", ...args]));
    mistakes.forEach(([problem], at) => assertStringIncludes(String(errors[at]?.["message"]), problem));
  };
  await assertProblems(2, [
    ["similar names: pagerank", "page-rank", database],
    ["algo --list shows them"],
    ["can-reach needs --param to=", "can-reach", database, "--param", "from=1"],
    ["there are damping", "pagerank", database, "--param", "dampling=1"],
    ["give a number", "pagerank", database, "--param", "damping=much"],
    ["write KEY=VALUE", "pagerank", database, "--param", "damping"],
    ["start is given twice", "bfs", database, "--param", "start=1", "--param", "start=2"],
    ["cannot be given", "dijkstra", database, "--param", "where=1"],
  ]);
  await assertProblems(1, [
    ['"Nobody"', "bfs", database, "--param", "start=Nobody"],
    ["damping", "pagerank", database, "--param", "damping=2"],
    ["missing.graph", "k-core", place.path("missing.graph")],
  ]);
});

/** Thirty nodes without edges. */
function manyNodes(place: Workplace): string {
  const path = place.path("many.graph");
  using db = open(path);
  db.insertNodes(Array.from({ length: 30 }, (_, index) => ({ kind: "Node", name: `N${index}` })));
  return path;
}
