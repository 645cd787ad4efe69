/** Lossless JSON: what is written reads back as the same value, and what JSON cannot hold is refused by its place. */

import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import {
  equalJson,
  type JsonValue,
  parseJson,
  patchJsonText,
  stringifyJson,
  utf8Length,
} from "../../lib/backend/json.ts";
import { MAX_JSON_DEPTH, MAX_VALUE_BYTES } from "../../lib/backend/limits.ts";
import { test } from "../support/test.ts";

/** Value → its text. */
const TEXTS: readonly (readonly [JsonValue, string])[] = [
  [null, "null"],
  [0, "0"],
  [-0, "-0.0"],
  [1.5, "1.5"],
  [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  [2 ** 53, "9007199254740992.0"],
  [-(2 ** 53), "-9007199254740992.0"],
  [2 ** 60, "1152921504606847000.0"],
  [1e20, "100000000000000000000.0"],
  [1e21, "1e+21"],
  [5e-324, "5e-324"],
  [2n ** 53n, "9007199254740992"],
  [-(2n ** 100n), "-1267650600228229401496703205376"],
  ['\0\ud800"', '"\\u0000\\ud800\\""'],
  [[-0, [2n ** 53n]], "[-0.0,[9007199254740992]]"],
  [{ a: 2 ** 53, b: [] }, '{"a":9007199254740992.0,"b":[]}'],
  [{ "12345678901234567890": 1 }, '{"12345678901234567890":1}'],
];

test("stringifyJson writes each value so that parseJson reads the same one", () => {
  for (const [value, text] of TEXTS) {
    assertEquals(stringifyJson(value, "data"), text);
    assertEquals(parseJson(text), value);
    if (typeof value === "number") assert(Object.is(parseJson(text), value), text);
  }
});

test("parseJson reads integers beyond 2^53 as bigint, wherever they stand, and no other number", () => {
  const cases: readonly (readonly [string, JsonValue])[] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9007199254740992", -9007199254740992n],
    ["1e400", Infinity],
    ["9007199254740993.0", 9007199254740992],
    ["9007199254740993e0", 9007199254740992],
    ["1234567890123456789012e-10", 123456789012.3456789012],
    ["0.1234567890123456789", 0.1234567890123456789],
    ['"12345678901234567890"', "12345678901234567890"],
    ['{"a":[{"b":18446744073709551615}],"c":1}', { a: [{ b: 18446744073709551615n }], c: 1 }],
    ['{"12345678901234567890":null}', { "12345678901234567890": null }],
    [" [ 1 , 12345678901234567890 ] ", [1, 12345678901234567890n]],
    ['{"a":12345678901234567890,"a":1}', { a: 1 }],
  ];
  for (const [text, value] of cases) assertEquals(parseJson(text), value, text);
});

test("parseJson throws SyntaxError for what is no JSON", () => {
  for (const text of ["", "{", "undefined", "[1,]", "12345678901234567890x", "{'a':1}", "NaN"]) {
    assertThrows(() => parseJson(text), SyntaxError);
  }
});

test("keys with a meaning in JavaScript stay own keys on both ways of parsing", () => {
  for (
    const text of ['{"__proto__":{"a":1},"constructor":2}', '{"__proto__":{"a":12345678901234567890},"constructor":2}']
  ) {
    const value = parseJson(text) as Record<string, unknown>;
    assertStrictEquals(Object.getPrototypeOf(value), Object.prototype);
    assertEquals(Object.keys(value), ["__proto__", "constructor"]);
    assertEquals(stringifyJson(value, "data"), text);
  }
});

test("any value survives stringify and parse", () => {
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<JsonValue>(null, true, false, -0, 2 ** 53, 1e20, 2n ** 53n),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.bigInt().filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
      fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("json"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const exactly = (value: JsonValue): unknown =>
    Object.is(value, -0) ? "minus zero" : Array.isArray(value) ? value.map(exactly) : value;
  fc.assert(
    fc.property(json, (value) => {
      const text = stringifyJson(value, "data");
      const back = parseJson(text);
      assertEquals(back, value);
      assertEquals(exactly(back), exactly(value));
      assertEquals(stringifyJson(back, "data"), text);
      assert(equalJson(back, value));
    }),
    { numRuns: 500 },
  );
});

/** What is refused, and the place and reason that the message names. */
function refusals(): (readonly [unknown, string, string])[] {
  const cycle: Record<string, unknown> = {};
  cycle["again"] = { cycle };
  class Point {}
  return [
    [undefined, "data is", "undefined"],
    [NaN, "data is", "NaN"],
    [-Infinity, "data is", "-Infinity"],
    [() => 1, "data is", "function"],
    [Symbol("s"), "data is", "symbol"],
    [{ a: [0, { b: undefined }] }, "data.a[1].b", "undefined"],
    [[1, , 3], "data[1]", "undefined"],
    [{ a: new Date(0) }, "data.a", "Date"],
    [[new Point()], "data[0]", "Point"],
    [new Map(), "data", "Map"],
    [new Uint8Array(1), "data", "Uint8Array"],
    [Object.create({ inherited: 1 }), "data is", "a prototype of its own"],
    [{ [Symbol("s")]: 1 }, "data", "symbol"],
    [{ toJSON: () => 1 }, "data.toJSON", "function"],
    [cycle, "data", "cycle"],
  ];
}

test("stringifyJson refuses what JSON cannot hold and names the place", () => {
  for (const [value, place, reason] of refusals()) {
    const error = assertThrows(() => stringifyJson(value, "insertNode: data"), InvalidArgumentError);
    assertEquals(error.code, "not-json");
    assertStringIncludes(error.message, `insertNode: ${place}`);
    assertStringIncludes(error.message, reason);
  }
});

test("nesting is good to 127 levels", () => {
  const nested = (depth: number): JsonValue => {
    let value: JsonValue = [];
    for (let level = 1; level < depth; level++) value = level % 2 ? [value] : { a: value };
    return value;
  };
  assertEquals(parseJson(stringifyJson(nested(MAX_JSON_DEPTH), "data")), nested(MAX_JSON_DEPTH));
  const error = assertThrows(() => stringifyJson(nested(MAX_JSON_DEPTH + 1), "data"), InvalidArgumentError);
  assertStringIncludes(error.message, `${MAX_JSON_DEPTH}`);
});

test("the same object may occur twice: that is no cycle", () => {
  const shared = { a: 1 };
  assertEquals(stringifyJson([shared, shared, { shared }], "data"), '[{"a":1},{"a":1},{"shared":{"a":1}}]');
});

test("a text beyond 256 MiB of JSON is refused", () => {
  const error = assertThrows(() => stringifyJson("x".repeat(MAX_VALUE_BYTES - 1), "data"), InvalidArgumentError);
  assertEquals(error.code, "value-too-large");
  assertStringIncludes(error.message, `${MAX_VALUE_BYTES}`);
});

test("utf8Length counts the bytes that encoding gives", () => {
  const unit = fc.oneof(fc.nat({ max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.nat({ max: 0x7f }));
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const text = String.fromCharCode(...units);
      assertEquals(utf8Length(text), new TextEncoder().encode(text).length);
    }),
    { numRuns: 500 },
  );
});

test("equalJson compares numbers by value and objects in any order", () => {
  const equal: readonly (readonly [JsonValue, JsonValue])[] = [
    [1, 1n],
    [0, -0],
    [2 ** 53, 2n ** 53n],
    [{ a: 1, b: [2n] }, { b: [2], a: 1 }],
    [[], []],
    [{}, {}],
    [null, null],
    ["a", "a"],
  ];
  const different: readonly (readonly [JsonValue, JsonValue])[] = [
    [1, "1"],
    [1n, "1"],
    [1, true],
    [0, null],
    [0n, false],
    [2 ** 53, 2n ** 53n + 1n],
    [[], {}],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 2 }],
    [{ a: { b: [1] } }, { a: { b: [2] } }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1, b: 1 }, { a: 1, c: 1 }],
    [{ a: null }, {}],
    [{ toString: 1 }, {}],
    [{}, { toString: 1 }],
    [[null], [0]],
    ["a", "A"],
    [{ 0: 1 }, [1]],
  ];
  for (const [a, b] of equal) assert(equalJson(a, b) && equalJson(b, a));
  for (const [a, b] of different) assert(!equalJson(a, b) && !equalJson(b, a), stringifyJson([a, b], ""));
});

test("patchJsonText replaces, adds and removes top-level members and keeps the text of the others", () => {
  const cases: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["{}", {}, "{}"],
    ["{}", { a: 1 }, '{"a":1}'],
    ['{"a":1}', {}, '{"a":1}'],
    ['{"a":1,"b":2}', { a: 3 }, '{"a":3,"b":2}'],
    ['{"a":1,"b":2}', { a: undefined }, '{"b":2}'],
    ['{"a":1}', { a: undefined, b: undefined }, "{}"],
    ['{"a":1}', { a: null }, '{"a":null}'],
    [
      '{"a":1.0,"b":1e2,"c":-0.0,"d":12345678901234567890}',
      { e: 2n ** 64n },
      '{"a":1.0,"b":1e2,"c":-0.0,"d":12345678901234567890,"e":18446744073709551616}',
    ],
    [' { "a" : [ 1 , { "b" : "}" } ] , "c" : "," } ', { d: 1 }, '{"a":[ 1 , { "b" : "}" } ],"c":",","d":1}'],
    ['{"\\u0061":1,"\\"":2}', { a: 5, '"': 6 }, '{"a":5,"\\"":6}'],
    ['{"a":1,"a":2}', { b: 1 }, '{"a":2,"b":1}'],
    ['{"a\\\\":"\\\\","b":"\\"}"}', { c: [] }, '{"a\\\\":"\\\\","b":"\\"}","c":[]}'],
    ['{"__proto__":1}', { x: 1 }, '{"__proto__":1,"x":1}'],
    ['{"":{}}', { "": [] }, '{"":[]}'],
  ];
  for (const [text, patch, expected] of cases) assertEquals(patchJsonText(text, patch, "patch"), expected, text);
});

test("patchJsonText leaves what is no object alone and refuses what is no JSON", () => {
  for (const text of ["null", "1", '"{}"', "[]", " [1]", "true"]) {
    assertStrictEquals(patchJsonText(text, { a: 1 }, "patch"), undefined);
  }
  const error = assertThrows(() => patchJsonText("{}", { a: { b: NaN } }, "patchNode: patch"), InvalidArgumentError);
  assertStringIncludes(error.message, "patch.a");
  assertStringIncludes(error.message, ".b");
});

test("a patched text reads like the patched object", () => {
  const member = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.bigInt(2n ** 53n, 2n ** 80n),
    fc.constant(-0),
  ) as fc.Arbitrary<JsonValue>;
  const record = fc.dictionary(fc.string(), member, { maxKeys: 5, noNullPrototype: true });
  const patch = fc.dictionary(fc.string(), fc.option(member, { nil: undefined }), {
    maxKeys: 5,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(record, patch, (data, changes) => {
      const text = patchJsonText(stringifyJson(data, "data"), changes, "patch");
      const merged = Object.entries({ ...data, ...changes }).filter(([, value]) => value !== undefined);
      assertEquals(parseJson(text!), Object.fromEntries(merged) as JsonValue);
    }),
    { numRuns: 500 },
  );
});
