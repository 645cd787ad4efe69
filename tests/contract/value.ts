/** The contract of numbers and texts inside `data`: they come back exactly as they were given. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { JsonValue } from "../../lib/backend/json.ts";
import { fileTest, graphTest, runsOn, type Subject } from "./subject.ts";

/** Values of `data`, and what each comes back as. */
const VALUES: readonly (readonly [string, JsonValue, JsonValue?])[] = [
  ["minus zero", -0],
  ["a safe integer", Number.MAX_SAFE_INTEGER],
  ["a safe bigint", 7n, 7],
  ["a zero bigint", 0n, 0],
  ["the largest safe integer as bigint", 2n ** 53n - 1n, 2 ** 53 - 1],
  ["the smallest safe integer as bigint", -(2n ** 53n) + 1n, -(2 ** 53) + 1],
  ["an unsafe bigint", 2n ** 53n],
  ["an unsafe negative bigint", -(2n ** 53n)],
  ["an odd unsafe bigint", 2n ** 53n + 1n],
  ["a bigint beyond 64 bits", 2n ** 64n],
  ["a huge bigint", -(10n ** 60n)],
  ["a float that is an unsafe integer", 2 ** 53],
  ["a large float below 1e21", 2 ** 60],
  ["a float of 1e20", 1e20],
  ["a float of 1e21", 1e21],
  ["the largest float", Number.MAX_VALUE],
  ["the smallest float", -Number.MIN_VALUE],
  ["a float of many digits", 0.1 + 0.2],
  ["a float with 16 digits", 1234567890.123456],
  ["a text of 20 digits", "12345678901234567890"],
  ["a text with NUL", "\0a\0"],
  ["a text with lone surrogates", "\ud800x\udfff"],
  ["a text with every line break", "\n\r\u2028\u2029\u0085"],
  ["a text of quotes and backslashes", "\"'\\/\b\f\t"],
  ["an emoji", "👩‍👩‍👧"],
  ["a decomposed letter", "e\u0301"],
];

/** The same value by `Object.is` at every depth, with the same keys. */
function assertIdentical(actual: unknown, expected: unknown, about: string): void {
  if (typeof expected !== "object" || expected === null) assertStrictEquals(actual, expected, about);
  else {
    assertEquals(actual, expected, about);
    for (const [key, member] of Object.entries(expected)) {
      assertIdentical((actual as Record<string, unknown>)[key], member, about);
    }
  }
}

/** Declares the tests of values. */
export function valueContract(subject: Subject): void {
  graphTest(subject, "numbers and texts in data come back as given, alone and among others", (db) => {
    const a = db.insertNode({ kind: "N", name: "a" });
    for (const [name, value, back = value] of VALUES) {
      const shapes: (readonly [JsonValue, JsonValue])[] = [
        [value, back],
        [[value], [back]],
        [{ value, list: [1, value, { value }] }, { value: back, list: [1, back, { value: back }] }],
        [{ value, big: 2n ** 70n, zero: -0 }, { value: back, big: 2n ** 70n, zero: -0 }],
      ];
      for (const [given, expected] of shapes) {
        const node = db.insertNode({ kind: "N", name, data: given });
        assertIdentical(db.requireNode(node).data, expected, name);
        assertIdentical([...db.nodes({ after: node - 1, limit: 1 })][0]!.data, expected, name);
        const edge = db.insertEdge({ from: a, to: node, type: "T", data: given });
        assertIdentical(db.requireEdge(edge).data, expected, name);
        assertIdentical(db.edgesBetween(a, node)[0]!.data, expected, name);
        assertIdentical(db.updateNode(a, { data: given }).data, expected, name);
        assertIdentical(db.updateEdge(edge, { data: given }).data, expected, name);
        db.updateNode(a, { data: {} });
        assertIdentical(db.patchNode(a, { patched: given }).data, { patched: expected }, name);
      }
    }
  });

  graphTest(subject, "texts of names, kinds, types, labels and paths come back as given", (db) => {
    const texts = [
      "'",
      '"',
      "\\",
      "%",
      "_",
      "*",
      "?",
      "[a]",
      "\n",
      "\t x",
      " x ",
      "😀",
      "e\u0301",
      "é",
      "漢字",
      "\u202e",
      "\ufeffx",
      "\uffff",
      "\u0001",
      "null",
      "0",
      "'; DROP TABLE x; --",
      "\u{10ffff}",
    ];
    for (const text of texts) {
      const kind = `k${text}`;
      const id = db.insertNode({ kind, name: text, filePath: text, labels: [`l${text}`] });
      assertEquals(db.requireNode(id), { id, kind, name: text, filePath: text, labels: [`l${text}`], data: {} });
      assertEquals([db.nodeName(id), db.nodeKind(id)], [text, kind]);
      for (const filter of [{ kind }, { name: text }, { label: `l${text}` }, { label: kind }]) {
        assertEquals([...db.nodeIds(filter)], [id], JSON.stringify(filter));
      }
      assertEquals(db.mergeNode({ kind, name: text }), { id, created: false });
      const edge = db.insertEdge({ from: id, to: id, type: `t${text}` });
      assertEquals(db.requireEdge(edge).type, `t${text}`);
      assertEquals(db.neighbors(id, { types: [`t${text}`] }), [id]);
      assertEquals(db.countEdges({ type: `t${text}` }), 1);
      assertEquals(db.matchPattern({ root: { namePrefix: text, kind } }), [[id]]);
    }
  });

  graphTest(subject, "texts that cannot be stored are found nowhere, and do not match what looks alike", (db) => {
    // A driver that replaces or cuts such texts would find the wrong node.
    const a = db.insertNode({ kind: "\ufffd", name: "\ufffd", labels: ["a"] });
    db.insertNode({ kind: "a", name: "a" });
    db.insertEdge({ from: a, to: a, type: "\ufffd" });
    for (const text of ["\ud800", "\udc00", "a\0", "a\0b", "\0"]) {
      for (const filter of [{ kind: text }, { name: text }, { label: text }, { glob: text }]) {
        assertEquals([...db.nodeIds(filter)], [], JSON.stringify(filter));
      }
      assertEquals(db.countEdges({ type: text }), 0);
      assertEquals([...db.edges({ type: text })], []);
      assertEquals(db.neighbors(a, { types: [text] }), []);
      assertEquals(db.degree(a, { types: [text] }), 0);
      assertEquals(db.getNode(a, text), undefined);
      assertEquals(db.matchPattern({ root: { namePrefix: text } }), []);
      assertEquals(db.matchPattern({ root: { kind: text } }), []);
    }
  });

  graphTest(subject, "any JSON comes back as it was", (db) => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt().filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
    );
    const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
      json: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        fc.array(tie("json"), { maxLength: 5 }),
        fc.dictionary(fc.string({ unit: "binary" }), tie("json"), { maxKeys: 5, noNullPrototype: true }),
      ),
    }));
    const id = db.insertNode({ kind: "N", name: "n" });
    fc.assert(
      fc.property(json, fc.dictionary(fc.string(), json, { maxKeys: 3, noNullPrototype: true }), (data, patch) => {
        assertIdentical(db.updateNode(id, { data }).data, data, "");
        db.kv.set("json", [data]);
        assertIdentical(db.kv.get("json"), [data], "");
        if (typeof data !== "object" || data === null || Array.isArray(data)) return;
        assertIdentical(db.patchNode(id, patch).data, { ...data, ...patch }, "");
      }),
      { numRuns: runsOn(subject, 200) },
    );
  }, { durability: "off" });

  fileTest(subject, "values survive a reopen", (db, world) => {
    const ids = VALUES.map(([name, value]) => db.insertNode({ kind: "N", name: "n", data: { value, name } }));
    const again = world.reopen();
    VALUES.forEach(([name, value, back = value], at) =>
      assertIdentical(again.requireNode(ids[at]!).data, { value: back, name }, name)
    );
  });

  graphTest(subject, "data of some megabytes comes back", (db) => {
    const data = { text: '漢字é"'.repeat(300_000), list: Array.from({ length: 50_000 }, (_, n) => n) };
    const id = db.insertNode({ kind: "N", name: "n", data });
    const stored = db.requireNode(id).data as typeof data;
    assert(stored.text === data.text);
    assertEquals(stored.list, data.list);
  });

  graphTest(subject, "objects without a prototype and frozen ones are plain enough", (db) => {
    const data: Record<string, JsonValue> = Object.assign(Object.create(null), {
      a: 1,
      b: Object.freeze([Object.freeze({})]),
    });
    const id = db.insertNode({ kind: "N", name: "n", data });
    assertEquals(db.requireNode(id).data, { a: 1, b: [{}] });
    assertStrictEquals(Object.getPrototypeOf(db.requireNode(id).data), Object.prototype);
  });
}
