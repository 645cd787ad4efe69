/** What the compiler knows about a graph with a schema, and about one without. The negative half is never run. */

import { assertEquals } from "@std/assert";
import type { GraphBackend, GraphTransaction, Snapshot } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import type {
  AnySchema,
  DataRecord,
  EdgeHeaderOf,
  EdgeOf,
  EdgeRecord,
  EdgeTypeOf,
  KindOf,
  NoData,
  NodeHeaderOf,
  NodeId,
  NodeOf,
  NodeRecord,
  Schema,
} from "../../lib/backend/schema.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { test } from "../support/test.ts";

interface Social {
  nodes: { Person: { born: number; died?: number }; City: { population: number }; Note: { text?: string }; Root: null };
  edges: { KNOWS: { since: number }; LIVES_IN: null; MENTIONS: { page?: number } };
}

type Person = NodeRecord<"Person", { born: number; died?: number }>;
type City = NodeRecord<"City", { population: number }>;
type Note = NodeRecord<"Note", { text?: string }>;
type Root = NodeRecord<"Root", NoData>;

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Fails to compile unless the type of the value is exactly `T`. */
function hasType<T>(): <V>(_value: V, ..._proof: Same<V, T> extends true ? [] : [never]) => void {
  return () => {};
}

const open = (): GraphBackend<Social> => SqliteBackend.open<Social>(":memory:");

function fill(db: GraphBackend<Social>): { ada: NodeId; paris: NodeId; knows: number } {
  const ada = db.insertNode({ kind: "Person", name: "Ada", data: { born: 1815 } });
  const paris = db.insertNode({ kind: "City", name: "Paris", data: { population: 2_100_000 } });
  const knows = db.insertEdge({ from: ada, to: ada, type: "KNOWS", data: { since: 1833 } });
  return { ada, paris, knows };
}

test("kinds and edge types of a schema are unions of names", () => {
  hasType<"Person" | "City" | "Note" | "Root">()(undefined as unknown as KindOf<Social>);
  hasType<"KNOWS" | "LIVES_IN" | "MENTIONS">()(undefined as unknown as EdgeTypeOf<Social>);
  hasType<string>()(undefined as unknown as KindOf<AnySchema>);
});

test("a node asked for by kind has the data of that kind", () => {
  using db = open();
  const { ada, paris } = fill(db);
  const person = db.getNode(ada, "Person");
  hasType<Person | undefined>()(person);
  hasType<number | undefined>()(person?.data.born);
  hasType<Person>()(db.requireNode(ada, "Person"));
  hasType<City>()(db.requireNode(paris, "City"));
  assertEquals([person?.data.born, db.getNode(paris, "Person")], [1815, undefined]);
});

test("a node asked for by id is a union that its kind tells apart", () => {
  using db = open();
  const { ada } = fill(db);
  const node = db.requireNode(ada);
  hasType<NodeOf<Social>>()(node);
  hasType<Person | City | Note | Root>()(node);
  hasType<Person | City | Note | Root | undefined>()(db.getNode(ada));
  if (node.kind === "Person") hasType<number>()(node.data.born);
  else if (node.kind === "City") hasType<number>()(node.data.population);
  else if (node.kind === "Note") hasType<string | undefined>()(node.data.text);
  else hasType<NoData>()(node.data);
  assertEquals(node.kind === "Person" && node.data.born, 1815);
});

test("lists by kind and by type have that kind's and type's data", () => {
  using db = open();
  const { ada, knows } = fill(db);
  for (const person of db.nodes({ kind: "Person", after: 0, limit: 10 })) {
    hasType<Person>()(person);
    assertEquals(person.data.born, 1815);
  }
  for (const node of db.nodes()) hasType<NodeOf<Social>>()(node);
  for (const node of db.nodes({ label: "any" })) hasType<NodeOf<Social>>()(node);
  for (const edge of db.edges({ type: "KNOWS" })) hasType<number>()(edge.data.since);
  for (const edge of db.edges()) hasType<EdgeOf<Social>>()(edge);
  for (const edge of db.edgesOf(ada)) hasType<EdgeOf<Social>>()(edge);
  for (const edge of db.edgesBetween(ada, ada)) hasType<EdgeOf<Social>>()(edge);
  hasType<EdgeRecord<"KNOWS", { since: number }> | undefined>()(db.getEdge(knows, "KNOWS"));
  const edge = db.requireEdge(knows);
  if (edge.type === "KNOWS") hasType<number>()(edge.data.since);
  if (edge.type === "LIVES_IN") hasType<NoData>()(edge.data);
});

test("records without data have no data", () => {
  using db = open();
  const { ada, knows } = fill(db);
  hasType<NodeHeaderOf<Social> | undefined>()(db.getNode(ada, { data: false }));
  hasType<EdgeHeaderOf<Social> | undefined>()(db.getEdge(knows, { data: false }));
  for (const node of db.nodes({ kind: "Person", data: false })) {
    // @ts-expect-error: it was not read
    assertEquals(node.data, undefined);
    assertEquals(node.name, "Ada");
  }
  for (const edge of db.edges({ data: false })) {
    // @ts-expect-error: it was not read
    assertEquals(edge.data, undefined);
  }
  for (const edge of db.edgesOf(ada, { data: false })) {
    // @ts-expect-error: it was not read
    assertEquals(edge.data, undefined);
  }
});

test("data may be left out where the schema says null or asks for nothing", () => {
  using db = open();
  const { ada, paris } = fill(db);
  const root = db.insertNode({ kind: "Root", name: "root" });
  const note = db.insertNode({ kind: "Note", name: "note" });
  db.insertNode({ kind: "Note", name: "note", data: { text: "x" } });
  db.insertEdge({ from: ada, to: paris, type: "LIVES_IN" });
  db.insertEdges([{ from: note, to: ada, type: "MENTIONS" }, {
    from: note,
    to: ada,
    type: "MENTIONS",
    data: { page: 1 },
  }]);
  db.mergeNode({ kind: "Root", name: "root" });
  assertEquals([db.requireNode(root, "Root").data, db.requireNode(note, "Note").data.text], [{}, undefined]);
});

test("updates and patches take data of some kind", () => {
  using db = open();
  const { ada, knows } = fill(db);
  db.updateNode(ada, { data: { born: 1816 } });
  db.updateNode(ada, { kind: "City", data: { population: 1 } });
  db.updateNode(ada, { filePath: null, name: undefined });
  hasType<NodeOf<Social>>()(db.patchNode(ada, { population: 2 }));
  db.patchNode(ada, { population: undefined });
  db.updateEdge(knows, { type: "MENTIONS", data: { page: 1 } });
  db.patchEdge(knows, { since: 5, page: undefined });
});

test("transactions and snapshots have the same types", () => {
  using db = open();
  const { ada } = fill(db);
  const born = db.transaction((tx) => {
    hasType<GraphTransaction<Social>>()(tx);
    tx.insertNode({ kind: "City", name: "Rome", data: { population: 1 } });
    return tx.transaction((inner) => inner.requireNode(ada, "Person").data.born);
  });
  hasType<number>()(born);
  using snapshot = db.snapshot();
  hasType<Snapshot<Social>>()(snapshot);
  hasType<Person | undefined>()(snapshot.getNode(ada, "Person"));
});

test("without a schema any kind, any type and any JSON is good, and data is a record", () => {
  using db: GraphBackend = SqliteBackend.open(":memory:");
  const data: JsonValue = [1];
  const id = db.insertNode({ kind: "Anything", name: "x", data });
  db.insertNode({ kind: "Anything", name: "x", data: { big: 2n ** 64n, deep: [{ x: null }] } });
  const edge = db.insertEdge({ from: id, to: id, type: "ANY", data: "text" });
  hasType<NodeRecord<string, DataRecord>>()(db.requireNode(id));
  hasType<NodeRecord<"Other", DataRecord> | undefined>()(db.getNode(id, "Other"));
  hasType<JsonValue | undefined>()(db.requireNode(id).data["born"]);
  hasType<EdgeRecord<string, DataRecord>>()(db.requireEdge(edge));
  db.updateNode(id, { kind: "Other", data: null });
  db.updateEdge(edge, { data: { a: 1 } });
  db.patchEdge(edge, { a: undefined, b: [1n] });
  hasType<string | undefined>()(db.nodeKind(id));
});

test("a function may be generic over any schema", () => {
  function names<S extends Schema>(graph: GraphReader<S>): string[] {
    return Array.from(graph.nodes(), (node) => `${node.kind} ${node.name}`);
  }
  function copyNames<S extends Schema>(graph: GraphBackend<S>): number {
    using snapshot = graph.snapshot();
    return graph.transaction((tx) => {
      for (const id of tx.nodeIds()) tx.updateNode(id, { name: `copy of ${snapshot.nodeName(id)}` });
      return tx.countNodes();
    });
  }
  using social = open();
  using any: GraphBackend = SqliteBackend.open(":memory:");
  fill(social);
  any.insertNode({ kind: "K", name: "n" });
  assertEquals([names(social), names(any)], [["Person Ada", "City Paris"], ["K n"]]);
  assertEquals([copyNames(social), copyNames(any)], [2, 1]);
  assertEquals(names(any), ["K copy of n"]);
});

/** What must not compile. Never called: each line would fail, or do the wrong thing, at run time. */
export function refusedByTheCompiler(db: GraphBackend<Social>, any: GraphBackend, id: NodeId): void {
  // @ts-expect-error: born is a number
  db.insertNode({ kind: "Person", name: "Ada", data: { born: "1815" } });
  // @ts-expect-error: a person has data
  db.insertNode({ kind: "Person", name: "Ada" });
  // @ts-expect-error: of its own kind
  db.insertNode({ kind: "Person", name: "Ada", data: { population: 5 } });
  // @ts-expect-error: with nothing more
  db.insertNode({ kind: "Person", name: "Ada", data: { born: 1, hobby: "x" } });
  // @ts-expect-error: no such kind
  db.insertNode({ kind: "Robot", name: "R2", data: {} });
  // @ts-expect-error: a name is needed
  db.insertNode({ kind: "Root" });
  // @ts-expect-error: an id is given by the engine
  db.insertNode({ id: 5, kind: "Root", name: "x" });
  // @ts-expect-error: one of them is wrong
  db.insertNodes([{ kind: "Root", name: "x" }, { kind: "City", name: "x", data: { population: "many" } }]);
  // @ts-expect-error: data is for creation, and must be right
  db.mergeNode({ kind: "Person", name: "Ada", data: {} });
  // @ts-expect-error: a root has no data
  db.insertNode({ kind: "Root", name: "x", data: { any: 1 } });
  // @ts-expect-error: this type has no data
  db.insertEdge({ from: id, to: id, type: "LIVES_IN", data: { since: 1 } });
  // @ts-expect-error: no such edge type
  db.insertEdge({ from: id, to: id, type: "HATES" });
  // @ts-expect-error: this type has data
  db.insertEdge({ from: id, to: id, type: "KNOWS" });
  // @ts-expect-error: a number
  db.mergeEdge({ from: id, to: id, type: "KNOWS", data: { since: "yesterday" } });
  // @ts-expect-error: no such kind
  db.getNode(id, "Robot");
  // @ts-expect-error: no such kind
  db.requireNode(id, "person");
  // @ts-expect-error: no such edge type
  db.getEdge(id, "HATES");
  // @ts-expect-error: no such kind
  db.nodes({ kind: "Robot" });
  // @ts-expect-error: no such kind
  db.countNodes({ kind: "Robot" });
  // @ts-expect-error: no such edge type
  db.edges({ type: "HATES" });
  // @ts-expect-error: no such edge type
  db.neighbors(id, { types: ["KNOWS", "HATES"] });
  // @ts-expect-error: no such direction
  db.neighbors(id, { direction: "outgoing" });
  // @ts-expect-error: no such edge type
  db.shortestPath(id, id, { types: ["HATES"] });
  // @ts-expect-error: no such kind
  db.chain(id, [{ types: ["KNOWS"], kind: "Robot" }]);
  // @ts-expect-error: no such kind
  db.matchPattern({ root: { kind: "Robot" } });
  // @ts-expect-error: no such edge type
  db.matchPattern({ legs: [{ types: ["HATES"] }] });
  // @ts-expect-error: of no kind
  db.updateNode(id, { data: { height: 5 } });
  // @ts-expect-error: no such kind
  db.updateNode(id, { kind: "Robot" });
  // @ts-expect-error: labels are added and removed
  db.updateNode(id, { labels: ["L"] });
  // @ts-expect-error: the ends of an edge never change
  db.updateEdge(id, { from: id });
  // @ts-expect-error: a number
  db.patchNode(id, { born: "1815" });
  // @ts-expect-error: of no kind
  db.patchNode(id, { height: 5 });
  // @ts-expect-error: a number
  db.patchEdge(id, { since: "yesterday" });
  // @ts-expect-error: of no type
  db.patchEdge(id, { height: 5 });
  // @ts-expect-error: records are read-only
  db.requireNode(id).name = "x";
  // @ts-expect-error: their data is not known before their kind
  db.requireNode(id).data.born;
  // @ts-expect-error: a snapshot does not write
  db.snapshot().insertNode({ kind: "Root", name: "x" });
  // @ts-expect-error: a snapshot's keys are not written either
  db.snapshot().kv.set("k", 1);
  // @ts-expect-error: no date in JSON
  any.insertNode({ kind: "K", name: "n", data: { at: new Date() } });
  // @ts-expect-error: no undefined in JSON
  any.insertNode({ kind: "K", name: "n", data: { at: undefined } });
  // @ts-expect-error: no function in JSON
  any.kv.set("k", { f: () => 1 });
  // @ts-expect-error: no undefined in a store
  any.kv.set("k", undefined);
  // @ts-expect-error: keys are texts or bytes
  any.kv.get(5);
}
