/** Databases that the Rust program wrote are read in full, and questions about them get its answers where those were right. */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { rmSync } from "node:fs";
import { InvalidArgumentError, NotFoundError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { NodePattern } from "../../lib/backend/query.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import {
  BASE_FILE,
  copyReference,
  correction,
  EMPTY_FILES,
  exactly,
  type ExpectedAnswers,
  expectedAnswers,
  expectedFile,
  type ExpectedNodePattern,
  type ExpectedValue,
  FULL_FILES,
  READ_MS,
  type ReferenceFile,
} from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import {
  assertNotFound,
  DRIVERS,
  expectedEdge,
  expectedNodes,
  expectedValue,
  fromHex,
  isAbsent,
  isError,
  listing,
  openAt,
  openReference,
  toHex,
} from "./reference.ts";

type Body = (db: GraphBackend, answers: ExpectedAnswers, file: ReferenceFile, folder: TempDir) => void;

/** Declares the same test for every full database and every adapter. */
function readTest(what: string, body: Body): void {
  for (const file of FULL_FILES) {
    for (const driver of DRIVERS) {
      test(`reference ${file.name} by ${driver}: ${what}`, () => {
        using folder = tempDir();
        using db = openReference(file.name, folder, { driver });
        body(db, expectedAnswers(file.name), file, folder);
      });
    }
  }
}

/** Ids or `NotFoundError`, where the reference answered ids or an error. */
function assertIds(call: () => unknown, answer: readonly number[] | { readonly error: string }, about: unknown): void {
  if (isError(answer)) assertNotFound(call, JSON.stringify(about));
  else assertEquals(call(), [...answer], JSON.stringify(about));
}

readTest("every node, exactly", (db, answers, file, folder) => {
  const nodes = expectedNodes(file.name, answers, folder);
  assertGreater(nodes.length, 39);
  assertEquals(exactly([...db.nodes()]), exactly(nodes));
  assertEquals(exactly(nodes.map(({ id }) => db.requireNode(id))), exactly(nodes));
  assertEquals([...db.nodeIds()], [...answers.entity_ids]);
  assertEquals(db.countNodes(), nodes.length);
  for (const { id, kind, name } of nodes) {
    assertEquals([db.nodeKind(id), db.nodeName(id), db.hasNode(id)], [kind, name, true]);
    assertEquals(exactly(db.getNode(id, kind)), exactly(db.getNode(id)));
    assertEquals(db.getNode(id, `not ${kind}`), undefined);
  }
});

readTest("every edge, exactly", (db, answers) => {
  const edges = answers.edges.map(expectedEdge);
  assertGreater(edges.length, 70);
  assertEquals(exactly([...db.edges()]), exactly(edges));
  assertEquals(exactly(edges.map(({ id }) => db.requireEdge(id))), exactly(edges));
  assertEquals(db.countEdges(), edges.length);
  for (const type of new Set(edges.map((edge) => edge.type))) {
    const ofType = edges.filter((edge) => edge.type === type);
    assertEquals(exactly([...db.edges({ type })]), exactly(ofType));
    assertEquals(db.countEdges({ type }), ofType.length);
  }
});

readTest("edges of a node and between two nodes", (db, answers) => {
  const edges = answers.edges.map(expectedEdge);
  for (const id of answers.entity_ids) {
    const near = (edge: { from: number; to: number }) => edge.from === id ? edge.to : edge.from;
    const sorted = (wanted: typeof edges) => exactly(wanted.toSorted((a, b) => near(a) - near(b) || a.id - b.id));
    assertEquals(exactly(db.edgesOf(id)), sorted(edges.filter(({ from }) => from === id)));
    assertEquals(exactly(db.edgesOf(id, { direction: "in" })), sorted(edges.filter(({ to }) => to === id)));
    assertEquals(
      exactly(db.edgesOf(id, { direction: "both" })),
      sorted(edges.filter(({ from, to }) => from === id || to === id)),
    );
  }
  for (const { from, to } of edges) {
    const between = edges.filter((edge) => edge.from === from && edge.to === to);
    assertEquals(exactly(db.edgesBetween(from, to)), exactly(between));
  }
});

readTest("what is missing", (db, answers) => {
  for (const { id, answer } of answers.get_node_absent) {
    if (!isError(answer)) assertEquals(db.getNode(id)?.id, id);
    else if (id <= 0) assertThrows(() => db.getNode(id), InvalidArgumentError);
    else {
      assertEquals([db.getNode(id), db.hasNode(id), db.nodeName(id)], [undefined, false, undefined], `node ${id}`);
      assertThrows(() => db.requireNode(id), NotFoundError, `${id}`);
    }
  }
  const absent = Object.keys(answers.edges_absent_up_to_90).map(Number);
  assertGreater(absent.length, 5);
  for (const id of absent) {
    assertEquals([db.getEdge(id), db.hasEdge(id)], [undefined, false], `edge ${id}`);
    assertThrows(() => db.requireEdge(id), NotFoundError, `${id}`);
  }
});

readTest("neighbours and degrees", (db, answers) => {
  const types = ["CALLS", "USES", "FLOW", "тип", "calls", "NOPE", ""];
  let known = 0;
  for (const answer of answers.neighbors.answers) {
    const id = answer.node;
    for (const direction of ["out", "in"] as const) {
      if (!answers.entity_ids.includes(id)) {
        assertNotFound(() => db.neighbors(id, { direction }));
        assertNotFound(() => db.degree(id, { direction }));
        continue;
      }
      known++;
      const all = answer[direction] as readonly number[];
      const about = `${direction} of ${id}`;
      assertEquals(db.neighbors(id, { direction, distinct: false }), [...all], about);
      assertEquals(db.neighbors(id, { direction }), [...new Set(all)], about);
      assertEquals(db.degree(id, { direction }), answer.degree_out_in[direction === "out" ? 0 : 1], about);
      for (const type of types) {
        const some = (answer[`${direction}:${type}`] ?? []) as readonly number[];
        assertEquals(db.neighbors(id, { direction, types: [type], distinct: false }), [...some], `${about} by ${type}`);
        assertEquals(db.neighbors(id, { direction, types: [type] }), [...new Set(some)], `${about} by ${type}`);
        assertEquals(db.degree(id, { direction, types: [type] }), some.length, `${about} by ${type}`);
      }
      assertEquals(db.neighbors(id, { direction, types: [] }), []);
    }
    if (answers.entity_ids.includes(id)) {
      const [outgoing, incoming] = answer.degree_out_in;
      assertEquals(db.degree(id, { direction: "both" }), outgoing + incoming);
    }
  }
  assertGreater(known, 70);
});

readTest("breadth-first search", (db, answers) => {
  for (const { start, depth, answer } of answers.bfs) {
    assertIds(() => db.bfs(start, { depth }), answer, { start, depth });
  }
  for (const { answer, start, ...options } of answers.bfs_filtered ?? []) {
    assertIds(() => db.bfs(start, options), answer, { start, ...options });
  }
});

readTest("k-hop", (db, answers) => {
  for (const { start, depth, answer, ...filter } of answers.k_hop) {
    const about = { start, depth, ...filter };
    if (!answers.entity_ids.includes(start)) assertNotFound(() => db.kHop(start, depth, filter), JSON.stringify(about));
    else assertIds(() => db.kHop(start, depth, filter), answer, about);
  }
});

readTest("shortest paths", (db, answers) => {
  for (const { from, to, answer } of answers.shortest_path) {
    if (answer === null) assertEquals(db.shortestPath(from, to), undefined, `${from} to ${to}`);
    else assertIds(() => db.shortestPath(from, to), answer, { from, to });
  }
  for (const { from, to, types, answer } of answers.shortest_path_filtered ?? []) {
    if (answer === null) assertEquals(db.shortestPath(from, to, { types }), undefined, `${from} to ${to} by ${types}`);
    else assertIds(() => db.shortestPath(from, to, { types }), answer, { from, to, types });
  }
});

readTest("chain queries", (db, answers) => {
  for (const { start, steps, answer } of answers.chain_query) {
    const ours = steps.map(({ direction, type }) => ({ direction, ...(type === null ? {} : { types: [type] }) }));
    const about = { start, steps };
    if (!answers.entity_ids.includes(start)) assertNotFound(() => db.chain(start, ours), JSON.stringify(about));
    else assertIds(() => db.chain(start, ours), answer, about);
  }
});

readTest("pattern searches", (db, answers) => {
  const nodePattern = (pattern: ExpectedNodePattern | null): NodePattern => ({
    ...(pattern?.kind === undefined ? {} : { kind: pattern.kind }),
    ...(pattern?.name_prefix === undefined ? {} : { namePrefix: pattern.name_prefix }),
  });
  let found = 0;
  for (const { start, pattern, answer } of answers.pattern_search) {
    const legs = pattern.legs.map((leg) => ({
      direction: leg.direction,
      node: nodePattern(leg),
      ...(leg.type === null ? {} : { types: [leg.type] }),
    }));
    const call = () => db.matchPattern({ root: nodePattern(pattern.root), legs }, { start });
    const about = JSON.stringify({ start, pattern });
    if (!answers.entity_ids.includes(start)) assertNotFound(call, about);
    else if (isError(answer)) assertNotFound(call, about);
    else {
      assertEquals(call(), answer.map((ids) => [...ids]), about);
      found += answer.length;
    }
  }
  assertGreater(found, 10);
});

readTest("nodes by kind", (db, answers, file) => {
  const asked = file.schema === 3 ? expectedAnswers("sqlite-3.2.5") : answers;
  for (const { kind, answer } of [...asked.query_nodes_by_kind, ...(asked.find_entities_by_kind ?? [])]) {
    assertIds(() => [...db.nodeIds({ kind })], answer, kind);
    assertEquals(db.countNodes({ kind }), (answer as readonly number[]).length);
  }
  for (const { kind, name, answer } of asked.find_entity_by_kind_and_name ?? []) {
    assertEquals(db.nodeIds({ kind, name }).next().value ?? null, answer, `${kind} ${name}`);
  }
});

readTest("nodes by name pattern", (db, answers, file) => {
  const source = file.schema === 3 ? "sqlite-3.2.5" : file.name;
  const asked = file.schema === 3 ? expectedAnswers(source) : answers;
  const right = correction<Record<string, readonly number[]>>(source, "query_nodes_by_name_pattern");
  const inside = correction<readonly number[]>(source, "query_nodes_by_name_pattern / nul*inside");
  for (const { pattern, answer } of asked.query_nodes_by_name_pattern) {
    const ids = pattern === "nul*inside" ? inside : right[pattern] ?? answer;
    assertIds(() => [...db.nodeIds({ glob: pattern })], ids, pattern);
    assertEquals(db.countNodes({ glob: pattern }), (ids as readonly number[]).length);
  }
  assertEquals([...db.nodeIds({ glob: "a\\*b\\?c\\[d]" })], [19], "a backslash takes the next character as it is");
});

readTest("nodes by label", (db, answers, file) => {
  const right = correction<Record<string, readonly number[]>>(file.name, "entities_by_label");
  let found = 0;
  for (const { label, answer } of answers.entities_by_label) {
    const ofKind = answers.nodes.filter((node) => node.kind === label).map((node) => node.id);
    // Releases before 3.0.1 wrote no label for the kind; ours is one for every node.
    const listed = ofKind.length > 0 && file.schema < 5 ? ofKind : right[label] ?? answer;
    assert(!isError(listed), label);
    // Before schema version 5 a label could be added twice; the node was then listed twice.
    const ids = new Set(listed);
    assertEquals([...db.nodeIds({ label })], [...ids], label);
    assertEquals(db.countNodes({ label }), ids.size, label);
    found += ids.size;
  }
  assertGreater(found, 30);
});

readTest("edges of a type between labelled nodes", (db, answers, file) => {
  // Before 3.0.1 the kind was no label: those answers are empty. The nodes and edges are the same as in 3.2.5.
  const asked = file.schema < 5 ? expectedAnswers("sqlite-3.2.5") : answers;
  let found = 0;
  for (const { start_label, end_label, type, answer_start_edge_end } of asked.match_triples) {
    const withLabel = (label: string | null) => new Set(db.nodeIds(label === null ? {} : { label }));
    const [starts, ends] = [withLabel(start_label), withLabel(end_label)];
    const triples = [...db.edges({ type, data: false })]
      .filter(({ from, to }) => starts.has(from) && ends.has(to))
      .map(({ from, id, to }) => [from, id, to]);
    const expected = answer_start_edge_end.toSorted((a, b) => a[1] - b[1]).map((triple) => [...triple]);
    assertEquals(triples, expected, JSON.stringify({ start_label, type, end_label }));
    found += triples.length;
  }
  assertGreater(found, 20);
});

readTest("a past state is refused", (db) => {
  assertThrows(() => db.snapshot({ lsn: 7 }), UnsupportedError);
});

readTest("the check finds no error", (db) => {
  const { ok, findings } = db.check();
  assert(ok, JSON.stringify(findings));
});

readTest("the export counts what the file holds", (db, answers, file, folder) => {
  using raw = openRaw(copyReference(file.name, folder, "untouched.db"));
  const properties = raw.value(
    "SELECT count(*) FROM graph_properties WHERE entity_id IN (SELECT id FROM graph_entities)",
  );
  assertGreater(properties, 5n);
  const result = db.exportSnapshot(folder.path("all.jsonl"));
  assertEquals(
    { nodes: result.nodes, edges: result.edges, keyValues: result.keyValues, properties: result.properties },
    {
      nodes: answers.nodes.length,
      edges: answers.edges.length,
      keyValues: file.hasKeyValues ? rightScans(file)["(empty prefix)"]!.length : 0,
      properties: Number(properties),
    },
  );
});

function rightScans(file: ReferenceFile): Record<string, readonly string[]> {
  return correction(file.name, "kv / kv_prefix_scan");
}

/** Key in hexadecimal digits → the value that it must have; expired and missing keys are left out. */
function rightValues(answers: ExpectedAnswers, file: ReferenceFile): Map<string, unknown> {
  const right = correction<Record<string, ExpectedValue>>(file.name, "kv / kv_get");
  const values = new Map<string, unknown>();
  for (const { key_hex, key_name, answer } of answers.kv.kv_get) {
    const value = isError(answer) ? right[key_name] : answer;
    if (isAbsent(value)) continue;
    assert(value !== undefined && !isError(value), key_name);
    values.set(key_hex, expectedValue(value));
  }
  // A key that was not asked for, because it was written last.
  if (file.name === "wal-3.2.5") values.set(toHex("wal"), "only in the wal");
  return values;
}

readTest("every key-value, exactly", (db, answers, file) => {
  if (!file.hasKeyValues) {
    assertEquals([...db.kv.scan()], []);
    assertEquals([db.kv.count(), db.kv.get("user:1"), db.kv.has("user:1")], [0, undefined, false]);
    return;
  }
  const values = rightValues(answers, file);
  assertGreater(values.size, 30);
  for (const { key_hex } of answers.kv.kv_get) {
    const key = fromHex(key_hex);
    assertEquals(exactly(db.kv.get(key)), exactly(values.get(key_hex)), key_hex);
    assertEquals(db.kv.has(key), values.has(key_hex), key_hex);
    assertEquals(exactly(db.kv.entry(key)?.value), exactly(values.get(key_hex)), key_hex);
  }
  assertEquals(db.kv.get("user:10"), 0.1, "a text key stands for its UTF-8");
  assertEquals(db.kv.count(), rightScans(file)["(empty prefix)"]!.length);
});

readTest("scans of key-values, by bytes and by text", (db, answers, file) => {
  if (!file.hasKeyValues) return assertEquals([...db.kv.scan({ prefix: "user:" })], []);
  const values = rightValues(answers, file);
  for (const [name, keys] of Object.entries(rightScans(file))) {
    const prefix = name === "(empty prefix)" ? "" : name;
    const byBytes = [...db.kv.scan({ prefix: new TextEncoder().encode(prefix) })];
    assertEquals(byBytes.map(({ key }) => toHex(key)), [...keys], `bytes ${name}`);
    for (const { key, value } of byBytes) {
      assert(key instanceof Uint8Array);
      assertEquals(exactly(value), exactly(values.get(toHex(key))), toHex(key));
    }
    const byText = [...db.kv.scan({ prefix })];
    assertEquals(byText.map(({ key }) => toHex(key)), [...keys], `text ${name}`);
    for (const { key } of byText) {
      assertEquals(typeof key === "string", !["00", "0001ff", "610062", "ff"].includes(toHex(key)), toHex(key));
    }
    const [first] = byText;
    if (first !== undefined) {
      const rest = [...db.kv.scan({ prefix, after: first.key, limit: 3 })];
      assertEquals(rest.map(({ key }) => toHex(key)), keys.slice(1, 4));
    }
  }
});

readTest("times to live count from the last write", (db, _answers, file, folder) => {
  if (!file.hasKeyValues) return assertEquals(db.kv.entry("ttl.long"), undefined);
  using raw = openRaw(copyReference(file.name, folder, "untouched.db"));
  let expiring = 0;
  for (const row of raw.table("kv_store")) {
    const { key, ttl_seconds: ttl, updated_at: updated } = row;
    const bytes = Uint8Array.from(key === "" ? [] : (key as string).split(",").map(Number));
    const entry = db.kv.entry(bytes);
    if (ttl === null) assertEquals(entry?.expiresAt, undefined, `${key}`);
    else {
      const expiresAt = Number(((updated as bigint) + (ttl as bigint)) * 1000n);
      assertEquals(entry !== undefined, expiresAt > READ_MS, `${key}`);
      if (entry && Number.isSafeInteger(expiresAt)) {
        assertEquals(entry.expiresAt, expiresAt, `${key}`);
        expiring++;
      }
    }
  }
  assertGreater(expiring, 0);
  assertEquals(db.kv.get("ttl.max"), 1, "the largest time to live does not overflow");
});

for (const driver of DRIVERS) {
  test(`reference ${BASE_FILE.name} by ${driver}: nodes, labels, neighbours, edges`, () => {
    using folder = tempDir();
    using raw = openRaw(copyReference(BASE_FILE.name, folder, "untouched.db"));
    using db = openReference(BASE_FILE.name, folder, { driver });
    const { answers } = expectedFile(BASE_FILE.name) as unknown as {
      answers: { entity_ids: number[]; neighbors_1: number[] };
    };
    assertEquals([...db.nodeIds()], answers.entity_ids);
    assertEquals(db.neighbors(1, { distinct: false }), answers.neighbors_1);
    for (
      const [label, ids] of Object.entries(correction<Record<string, number[]>>(BASE_FILE.name, "entities_by_label"))
    ) {
      assertEquals([...db.nodeIds({ label })], ids, label);
    }
    const rows = raw.table("graph_entities");
    assertEquals(
      [...db.nodes()].map((node) => [node.id, node.kind, node.name]),
      rows.map((row) => [Number(row["id"]), row["kind"] as string, row["name"] as string]),
    );
    assertEquals(db.getNode(1)?.labels, ["twice"], "a label that was added three times is listed once");
    assertEquals(db.countEdges(), raw.table("graph_edges").length);
    assert(db.check().ok);
  });

  for (const file of EMPTY_FILES) {
    test(`reference ${file.name} by ${driver}: nothing is there`, () => {
      using folder = tempDir();
      using db = openReference(file.name, folder, { driver });
      assertEquals([...db.nodes()], []);
      assertEquals([...db.edges()], []);
      assertEquals([...db.kv.scan()], []);
      assertEquals([db.countNodes(), db.countEdges(), db.kv.count()], [0, 0, 0]);
      assertNotFound(() => db.bfs(1));
      assert(db.check().ok);
      const { nodes, edges, kinds, edgeTypes, labels, formatVersion } = db.stats();
      assertEquals({ nodes, edges, kinds, edgeTypes, labels }, {
        nodes: 0,
        edges: 0,
        kinds: [],
        edgeTypes: [],
        labels: [],
      });
      assertEquals(formatVersion, Math.max(6, file.schema));
    });
  }
}

test("reference wal-3.2.5: what exists only in the log is there, and without the log it is not", () => {
  using folder = tempDir();
  using whole = openReference("wal-3.2.5", folder);
  assertEquals([whole.hasNode(44), whole.hasNode(24), whole.hasEdge(87)], [true, false, true]);
  assertEquals([...whole.kv.scan({ prefix: "wal" })].map(({ key }) => key), ["wal"]);
  whole.close();
  assertEquals(listing(folder.root), ["wal-3.2.5.db"], "closing moves the log into the file");
  using again = openAt(folder.path("wal-3.2.5.db"));
  assertEquals(again.hasNode(44), true);

  using other = tempDir();
  const path = copyReference("wal-3.2.5", other);
  rmSync(`${path}-wal`);
  using half = openAt(path);
  assertEquals([half.hasNode(44), half.hasNode(24), half.hasEdge(87)], [false, true, false]);
});
