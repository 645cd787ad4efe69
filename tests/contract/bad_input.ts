/** The contract of bad input: refused by name, with nothing changed, in the same way by every call that takes it. */

import { assertStrictEquals } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefusal, assertRefused, untyped } from "./refusal.ts";
import { graphTest, type Subject } from "./subject.ts";

type Call = (graph: GraphTransaction, value: never) => unknown;

/** One field of one call. */
type Field = readonly [call: string, field: string, call: Call];

const BAD_IDS: readonly unknown[] = [0, -1, 2 ** 53, NaN, 1.5, Infinity, -0, 1n, "1", null, undefined, {}, [1]];

const ID_FIELDS: readonly Field[] = [
  ["getNode", "id", (graph, id) => graph.getNode(id)],
  ["getNode", "id", (graph, id) => graph.getNode(id, { data: false })],
  ["getNode", "id", (graph, id) => graph.getNode(id, "Node")],
  ["requireNode", "id", (graph, id) => graph.requireNode(id)],
  ["nodeName", "id", (graph, id) => graph.nodeName(id)],
  ["nodeKind", "id", (graph, id) => graph.nodeKind(id)],
  ["hasNode", "id", (graph, id) => graph.hasNode(id)],
  ["updateNode", "id", (graph, id) => graph.updateNode(id, { name: "x" })],
  ["patchNode", "id", (graph, id) => graph.patchNode(id, { a: 1 })],
  ["deleteNode", "id", (graph, id) => graph.deleteNode(id)],
  ["addLabel", "id", (graph, id) => graph.addLabel(id, "L")],
  ["removeLabel", "id", (graph, id) => graph.removeLabel(id, "L")],
  ["insertEdge", "from", (graph, from) => graph.insertEdge({ from, to: 1, type: "T" })],
  ["insertEdge", "to", (graph, to) => graph.insertEdge({ from: 1, to, type: "T" })],
  ["insertEdges", "to", (graph, to) => graph.insertEdges([{ from: 1, to: 1, type: "T" }, { from: 1, to, type: "T" }])],
  ["mergeEdge", "from", (graph, from) => graph.mergeEdge({ from, to: 1, type: "T" })],
  ["mergeEdge", "to", (graph, to) => graph.mergeEdge({ from: 1, to, type: "T" })],
  ["getEdge", "id", (graph, id) => graph.getEdge(id)],
  ["getEdge", "id", (graph, id) => graph.getEdge(id, { data: false })],
  ["requireEdge", "id", (graph, id) => graph.requireEdge(id)],
  ["hasEdge", "id", (graph, id) => graph.hasEdge(id)],
  ["updateEdge", "id", (graph, id) => graph.updateEdge(id, { type: "x" })],
  ["patchEdge", "id", (graph, id) => graph.patchEdge(id, { a: 1 })],
  ["deleteEdge", "id", (graph, id) => graph.deleteEdge(id)],
  ["edgesOf", "id", (graph, id) => graph.edgesOf(id)],
  ["edgesBetween", "from", (graph, from) => graph.edgesBetween(from, 1)],
  ["edgesBetween", "to", (graph, to) => graph.edgesBetween(1, to)],
  ["neighbors", "id", (graph, id) => graph.neighbors(id)],
  ["degree", "id", (graph, id) => graph.degree(id)],
  ["bfs", "start", (graph, start) => graph.bfs(start)],
  ["kHop", "start", (graph, start) => graph.kHop(start, 1)],
  ["shortestPath", "from", (graph, from) => graph.shortestPath(from, 1)],
  ["shortestPath", "to", (graph, to) => graph.shortestPath(1, to)],
  ["chain", "start", (graph, start) => graph.chain(start, [])],
];

/** Fields that may be left out, so that undefined is good there. */
const OPTIONAL_ID_FIELDS: readonly Field[] = [
  ["matchPattern", "start", (graph, start) => graph.matchPattern({}, { start })],
];

/** `after`: an id, or 0. */
const AFTER_FIELDS: readonly Field[] = [
  ["nodes", "after", (graph, after) => graph.nodes({ after })],
  ["nodeIds", "after", (graph, after) => graph.nodeIds({ after })],
  ["edges", "after", (graph, after) => graph.edges({ after })],
];

const TEXTS_THAT_DO_NOT_STORE: readonly unknown[] = [
  "a\0b",
  "\0",
  "\ud800",
  "x\udfff",
  "\udc00\ud800",
  5,
  null,
  {},
  ["a"],
  true,
  Symbol("s"),
];

/** Unicode's blanks. */
const BLANKS: readonly string[] = [
  "",
  " ",
  "\t\n\r",
  "\u000b\f",
  "\u0085",
  "\u00a0",
  "\u1680",
  "\u2003\u2009",
  "\u2028\u2029",
  "\u202f",
  "\u205f",
  "\u3000",
];

const TEXT_FIELDS: readonly Field[] = [
  ["insertNode", "name", (graph, name) => graph.insertNode({ kind: "N", name })],
  ["insertNode", "filePath", (graph, filePath) => graph.insertNode({ kind: "N", name: "n", filePath })],
  ["insertNodes", "name", (graph, name) => graph.insertNodes([{ kind: "N", name: "good" }, { kind: "N", name }])],
  ["mergeNode", "name", (graph, name) => graph.mergeNode({ kind: "N", name })],
  ["updateNode", "name", (graph, name) => graph.updateNode(1, { name })],
];

const PATH_UPDATE: Field = ["updateNode", "filePath", (graph, filePath) => graph.updateNode(1, { filePath })];

const TERM_FIELDS: readonly Field[] = [
  ["insertNode", "kind", (graph, kind) => graph.insertNode({ kind, name: "n" })],
  ["insertNodes", "kind", (graph, kind) => graph.insertNodes([{ kind: "N", name: "good" }, { kind, name: "n" }])],
  ["mergeNode", "kind", (graph, kind) => graph.mergeNode({ kind, name: "n" })],
  ["updateNode", "kind", (graph, kind) => graph.updateNode(1, { kind })],
  ["insertNode", "label", (graph, label) => graph.insertNode({ kind: "N", name: "n", labels: ["good", label] })],
  ["addLabel", "label", (graph, label) => graph.addLabel(1, label)],
  ["insertEdge", "type", (graph, type) => graph.insertEdge({ from: 1, to: 1, type })],
  [
    "insertEdges",
    "type",
    (graph, type) => graph.insertEdges([{ from: 1, to: 1, type: "T" }, { from: 1, to: 1, type }]),
  ],
  ["mergeEdge", "type", (graph, type) => graph.mergeEdge({ from: 1, to: 1, type })],
  ["updateEdge", "type", (graph, type) => graph.updateEdge(1, { type })],
];

/** Texts to look for: any text is good, whatever is stored. */
const LOOKUP_FIELDS: readonly Field[] = [
  ["nodes", "kind", (graph, kind) => graph.nodes({ kind })],
  ["nodes", "name", (graph, name) => graph.nodes({ name })],
  ["nodeIds", "label", (graph, label) => graph.nodeIds({ label })],
  ["countNodes", "kind", (graph, kind) => graph.countNodes({ kind })],
  ["countNodes", "glob", (graph, glob) => graph.countNodes({ glob })],
  ["countEdges", "type", (graph, type) => graph.countEdges({ type })],
  ["edges", "type", (graph, type) => graph.edges({ type })],
  ["chain", "kind", (graph, kind) => graph.chain(1, [{ kind }])],
  ["matchPattern", "kind", (graph, kind) => graph.matchPattern({ root: { kind } })],
  ["matchPattern", "namePrefix", (graph, namePrefix) => graph.matchPattern({ root: { namePrefix } })],
];

const DATA_FIELDS: readonly Field[] = [
  ["insertNode", "data", (graph, data) => graph.insertNode({ kind: "N", name: "n", data })],
  [
    "insertNodes",
    "data",
    (graph, data) => graph.insertNodes([{ kind: "N", name: "n" }, { kind: "N", name: "n", data }]),
  ],
  ["mergeNode", "data", (graph, data) => graph.mergeNode({ kind: "N", name: "n", data })],
  ["updateNode", "data", (graph, data) => graph.updateNode(1, { data })],
  ["insertEdge", "data", (graph, data) => graph.insertEdge({ from: 1, to: 1, type: "T", data })],
  ["insertEdges", "data", (graph, data) => graph.insertEdges([{ from: 1, to: 1, type: "T", data }])],
  ["mergeEdge", "data", (graph, data) => graph.mergeEdge({ from: 1, to: 1, type: "T", data })],
  ["updateEdge", "data", (graph, data) => graph.updateEdge(1, { data })],
];

const PATCH_FIELDS: readonly Field[] = [
  ["patchNode", "patch", (graph, member) => graph.patchNode(1, { good: 1, member })],
  ["patchEdge", "patch", (graph, member) => graph.patchEdge(1, { good: 1, member })],
];

/** Values that JSON cannot hold, and what the message mentions. */
function notJson(): (readonly [unknown, string])[] {
  const cycle: { list: unknown[] } = { list: [] };
  cycle.list.push(cycle);
  class Point {
    x = 1;
  }
  return [
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
    [{ a: { b: [1, NaN] } }, "a.b[1]"],
    [{ a: undefined }, "a"],
    [[undefined], "[0]"],
    [new Array(2), "[0]"],
    [{ a: { deep: undefined } }, "a.deep"],
    [() => 1, "function"],
    [{ toJSON: () => 1 }, "toJSON"],
    [Symbol("s"), "symbol"],
    [{ a: Symbol("s") }, "symbol"],
    [{ [Symbol("s")]: 1 }, "symbol"],
    [new Date(0), "Date"],
    [{ a: new Date(NaN) }, "Date"],
    [new Map([["a", 1]]), "Map"],
    [new Set(), "Set"],
    [/x/, "RegExp"],
    [new Point(), "Point"],
    [{ a: [new Point()] }, "a[0]"],
    [new Uint8Array(1), "Uint8Array"],
    [new Error("x"), "Error"],
    [Promise.resolve(), "Promise"],
    [Object("text"), "String"],
    [cycle, "cycle"],
    [[cycle], "cycle"],
  ];
}

const BAD_COUNTS: readonly unknown[] = [-1, 1.5, NaN, -Infinity, 2 ** 60, "1", 1n, null, {}];

const COUNT_FIELDS: readonly Field[] = [
  ["nodes", "limit", (graph, limit) => graph.nodes({ limit })],
  ["nodeIds", "limit", (graph, limit) => graph.nodeIds({ limit })],
  ["edges", "limit", (graph, limit) => graph.edges({ limit })],
  ["matchPattern", "limit", (graph, limit) => graph.matchPattern({}, { limit })],
  ["kv.scan", "limit", (graph, limit) => graph.kv.scan({ limit })],
  ["bfs", "depth", (graph, depth) => graph.bfs(1, { depth })],
  ["kHop", "depth", (graph, depth) => graph.kHop(1, depth)],
];

/** Every call with an edge filter. */
const FILTER_CALLS: readonly (readonly [string, (graph: GraphTransaction, filter: never) => unknown])[] = [
  ["edgesOf", (graph, filter) => graph.edgesOf(1, filter)],
  ["edgesBetween", (graph, filter) => graph.edgesBetween(1, 1, filter)],
  ["neighbors", (graph, filter) => graph.neighbors(1, filter)],
  ["degree", (graph, filter) => graph.degree(1, filter)],
  ["bfs", (graph, filter) => graph.bfs(1, filter)],
  ["kHop", (graph, filter) => graph.kHop(1, 1, filter)],
  ["shortestPath", (graph, filter) => graph.shortestPath(1, 1, filter)],
  ["chain", (graph, filter) => graph.chain(1, [filter])],
  ["matchPattern", (graph, filter) => graph.matchPattern({ legs: [filter] })],
];

/** Calls whose argument is no object at all. */
const OBJECT_CALLS: readonly (readonly [string, (graph: GraphTransaction, value: never) => unknown])[] = [
  ["insertNode", (graph, node) => graph.insertNode(node)],
  ["insertNodes", (graph, node) => graph.insertNodes([node])],
  ["mergeNode", (graph, node) => graph.mergeNode(node)],
  ["insertEdge", (graph, edge) => graph.insertEdge(edge)],
  ["insertEdges", (graph, edge) => graph.insertEdges([edge])],
  ["mergeEdge", (graph, edge) => graph.mergeEdge(edge)],
  ["updateNode", (graph, update) => graph.updateNode(1, update)],
  ["patchNode", (graph, patch) => graph.patchNode(1, patch)],
  ["updateEdge", (graph, update) => graph.updateEdge(1, update)],
  ["patchEdge", (graph, patch) => graph.patchEdge(1, patch)],
];

/** What a message shows of a value; nothing where it may choose. */
function shown(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint" ? String(value) : "";
}

/** Declares the tests of bad input. */
export function badInputContract(subject: Subject): void {
  /** Declares one test: every field with every bad value, on the database and inside a transaction. */
  const refuse = (name: string, fields: readonly Field[], values: () => Iterable<readonly [unknown, string]>): void => {
    graphTest(subject, name, (db) => {
      graphOf(db, "a->a");
      for (const [call, field, run] of fields) {
        for (const [value, mention] of values()) {
          const error = assertRefused(db, InvalidArgumentError, () => run(db, untyped(value)), call, field, mention);
          if (error.value !== undefined && typeof value !== "object") assertStrictEquals(error.value, value);
          db.transaction((tx) => assertRefusal(InvalidArgumentError, () => run(tx, untyped(value)), call, field));
        }
      }
    });
  };
  const withMention = (values: readonly unknown[]) => () => values.map((value) => [value, shown(value)] as const);

  refuse("ids that are none are refused", ID_FIELDS, withMention(BAD_IDS));
  refuse(
    "optional ids that are none are refused",
    OPTIONAL_ID_FIELDS,
    withMention(BAD_IDS.filter((value) => value !== undefined)),
  );
  refuse(
    "after is an id or 0, anything else is refused",
    AFTER_FIELDS,
    withMention(BAD_IDS.filter((value) => value !== undefined && value !== 0)),
  );
  refuse("limits and depths that are no counts are refused", COUNT_FIELDS, withMention(BAD_COUNTS));
  refuse(
    "texts with NUL or a lone surrogate, and what is no text, are refused",
    [...TEXT_FIELDS, ...TERM_FIELDS],
    withMention(TEXTS_THAT_DO_NOT_STORE),
  );
  refuse(
    "a file path may be removed by null, but not be any other thing that is no text",
    [PATH_UPDATE],
    withMention(TEXTS_THAT_DO_NOT_STORE.filter((value) => value !== null)),
  );
  refuse("blank kinds, types and labels are refused, by Unicode's blanks", TERM_FIELDS, withMention(BLANKS));
  refuse("what is no text is not looked for", LOOKUP_FIELDS, withMention([5, null, {}, ["a"], true]));
  refuse("data that JSON cannot hold is refused", DATA_FIELDS, notJson);
  refuse("members of a patch that JSON cannot hold are refused", PATCH_FIELDS, notJson);

  graphTest(subject, "edges to nodes that do not exist are refused by every call", (db) => {
    const { nodes: { a } } = graphOf(db, "a");
    const calls: ((from: number, to: number) => unknown)[] = [
      (from, to) => db.insertEdge({ from, to, type: "T" }),
      (from, to) => db.insertEdges([{ from: a, to: a, type: "T" }, { from, to, type: "T" }]),
      (from, to) => db.mergeEdge({ from, to, type: "T" }),
    ];
    for (const call of calls) {
      assertRefused(db, NotFoundError, () => call(a, 77), "77", "to");
      assertRefused(db, NotFoundError, () => call(77, a), "77", "from");
    }
  });

  graphTest(subject, "directions and types that are none are refused by every call that takes them", (db) => {
    graphOf(db, "a->a");
    for (const [name, call] of FILTER_CALLS) {
      for (const direction of ["", "OUT", "outgoing", 1, null]) {
        assertRefused(db, InvalidArgumentError, () => call(db, untyped({ direction })), name, "direction");
      }
      for (const types of ["LINK", { 0: "LINK" }, 5, null, [5], [null], [undefined], [["LINK"]]]) {
        assertRefused(db, InvalidArgumentError, () => call(db, untyped({ types })), name, "types");
      }
      for (const filter of [null, "out", 5, ["LINK"]]) {
        assertRefused(db, InvalidArgumentError, () => call(db, untyped(filter)), name);
      }
    }
  });

  graphTest(subject, "what is no object is refused where one is needed", (db) => {
    graphOf(db, "a->a");
    for (const [name, call] of OBJECT_CALLS) {
      for (const value of [undefined, null, 5, "text", true, [], () => 1]) {
        assertRefused(db, InvalidArgumentError, () => call(db, untyped(value)), name);
      }
    }
    for (const options of [null, 5, "text", []]) {
      assertRefused(db, InvalidArgumentError, () => db.nodes(options as never), "nodes");
      assertRefused(db, InvalidArgumentError, () => db.nodeIds(untyped(options)), "nodeIds");
      assertRefused(db, InvalidArgumentError, () => db.countNodes(untyped(options)), "countNodes");
      assertRefused(db, InvalidArgumentError, () => db.edges(untyped(options)), "edges");
      assertRefused(db, InvalidArgumentError, () => db.countEdges(untyped(options)), "countEdges");
      assertRefused(db, InvalidArgumentError, () => db.matchPattern({}, untyped(options)), "matchPattern");
      assertRefused(db, InvalidArgumentError, () => db.kv.set("k", 1, untyped(options)), "kv.set");
    }
    for (const rows of [undefined, null, 5, {}]) {
      assertRefused(db, InvalidArgumentError, () => db.insertNodes(untyped(rows)), "insertNodes");
      assertRefused(db, InvalidArgumentError, () => db.insertEdges(untyped(rows)), "insertEdges");
    }
    for (const steps of [undefined, null, 5, {}, "steps"]) {
      assertRefused(db, InvalidArgumentError, () => db.chain(1, untyped(steps)), "chain", "steps");
    }
    for (const labels of ["L", 5, null, {}, new Set(["L"])]) {
      assertRefused(
        db,
        InvalidArgumentError,
        () => db.insertNode({ kind: "N", name: "n", labels: untyped(labels) }),
        "labels",
      );
    }
    for (const run of [undefined, null, 5, {}, "f"]) {
      assertRefused(db, InvalidArgumentError, () => db.transaction(untyped(run)), "transaction");
    }
  });

  graphTest(subject, "a required field that is left out is refused", (db) => {
    graphOf(db, "a->a");
    const bads: readonly (readonly [string, () => unknown])[] = [
      ["kind", () => db.insertNode(untyped({ name: "n" }))],
      ["name", () => db.insertNode(untyped({ kind: "N" }))],
      ["kind", () => db.mergeNode(untyped({ name: "n" }))],
      ["from", () => db.insertEdge(untyped({ to: 1, type: "T" }))],
      ["to", () => db.insertEdge(untyped({ from: 1, type: "T" }))],
      ["type", () => db.insertEdge(untyped({ from: 1, to: 1 }))],
      ["type", () => db.mergeEdge(untyped({ from: 1, to: 1 }))],
    ];
    for (const [field, call] of bads) assertRefused(db, InvalidArgumentError, call, field);
  });
}
