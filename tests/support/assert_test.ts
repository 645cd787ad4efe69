import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { tempDir } from "./temp_dir.ts";
import { test } from "./test.ts";

class Point {
  constructor(readonly x: number, readonly y: number) {}
}

function cycle(value: number): unknown {
  const ring: { value: number; self?: unknown } = { value };
  ring.self = ring;
  return ring;
}

// Nothing here uses an assertion to test itself: `check` is the only judge.
function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

function failure(fn: () => unknown): AssertionError {
  try {
    fn();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error(`expected an AssertionError from ${fn}`);
}

const EQUAL: readonly (readonly [string, unknown, unknown])[] = [
  ["zeros of both signs", 0, -0],
  ["zeros of both signs inside", { a: [0] }, { a: [-0] }],
  ["NaN", [NaN], [NaN]],
  ["bigints", 2n ** 70n, 2n ** 70n],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
  ["floats", new Float64Array([0, NaN]), new Float64Array([-0, NaN])],
  ["members in another order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["undefined members", { a: undefined }, { a: undefined }],
  ["a null prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["instances", new Point(1, 2), new Point(1, 2)],
  ["maps in another order", new Map([[1, "a"], [2, "b"]]), new Map([[2, "b"], [1, "a"]])],
  ["maps with object keys", new Map([[{ k: 1 }, 1], [{ k: 2 }, 2]]), new Map([[{ k: 2 }, 2], [{ k: 1 }, 1]])],
  ["sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["regular expressions", /a/g, /a/g],
  ["cycles", cycle(1), cycle(1)],
  ["symbol members", { [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 1 }],
  ["errors", new RangeError("a"), new RangeError("a")],
];

const UNEQUAL: readonly (readonly [string, unknown, unknown])[] = [
  ["number and bigint", 1, 1n],
  ["number and string", 1, "1"],
  ["null and undefined", null, undefined],
  ["undefined member and none", { a: undefined }, {}],
  ["none and undefined member", {}, { a: undefined }],
  ["undefined members of other names", { a: undefined }, { b: undefined }],
  ["a hole and undefined", new Array(1), [undefined]],
  ["array and object", [1], { 0: 1 }],
  ["array lengths", [1, 2], [1]],
  ["deep members", { a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["byte lengths", new Uint8Array([1]), new Uint8Array([1, 0])],
  ["kinds of views", new Uint8Array([1]), new Int8Array([1])],
  ["buffers", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ["constructors", new Point(1, 2), { x: 1, y: 2 }],
  ["map values", new Map([[1, "a"]]), new Map([[1, "b"]])],
  ["map keys", new Map([["a", undefined]]), new Map([["b", undefined]])],
  ["sets", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["dates", new Date(5), new Date(6)],
  ["flags", /a/g, /a/i],
  ["cycles", cycle(1), cycle(2)],
  ["symbol members", { [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 2 }],
  ["error messages", new Error("a"), new Error("b")],
];

test("equal takes for equal what @std/assert does", () => {
  for (const [name, a, b] of EQUAL) {
    check(equal(a, b) && equal(b, a), name);
    assertEquals(a, b);
    failure(() => assertNotEquals(a, b));
  }
});

test("equal tells apart what @std/assert does", () => {
  for (const [name, a, b] of UNEQUAL) {
    check(!equal(a, b) && !equal(b, a), name);
    assertNotEquals(a, b);
    failure(() => assertEquals(a, b));
  }
});

test("assertEquals shows the lines that differ and the caller's message", () => {
  const { message } = failure(() => assertEquals({ a: 1, b: [1, 2], c: 3 }, { a: 1, b: [1, 5], c: 3 }, "about b"));
  check(message.includes("about b"), message);
  check(/- +2\n +\+ +5/.test(message), message);
});

test("assertEquals shows the difference between values of the same text", () => {
  check(failure(() => assertEquals<unknown>([1], [1n])).message.includes("1n"), "bigint");
  check(failure(() => assertEquals<unknown>({ a: undefined }, {})).message.includes("a: undefined"), "undefined");
});

test("assert, assertFalse and assertExists look at truth and presence", () => {
  assert(1);
  assertFalse(0);
  assertExists(0);
  assertExists("");
  failure(() => assert(0));
  failure(() => assertFalse("x"));
  failure(() => assertExists(null));
  failure(() => assertExists(undefined));
  check(failure(() => assert(false, "why")).message === "why", "the message is the caller's");
});

test("assertStrictEquals compares identity and zero signs", () => {
  const value = {};
  assertStrictEquals(value, value);
  assertStrictEquals(NaN, NaN);
  assertNotStrictEquals({}, {});
  failure(() => assertStrictEquals({}, {}));
  failure(() => assertStrictEquals(0, -0));
  failure(() => assertNotStrictEquals(value, value));
});

test("the comparisons compare", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(2n, 2n);
  assertLess("a", "b");
  assertLessOrEqual(1, 1);
  failure(() => assertGreater(1, 1));
  failure(() => assertGreaterOrEqual(NaN, 1));
  failure(() => assertLess(1, 1));
  failure(() => assertLessOrEqual(2, 1));
});

test("assertAlmostEquals allows 1e-7 of the expected value or the given tolerance", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.4, 0.5);
  failure(() => assertAlmostEquals(1, 1.001));
  failure(() => assertAlmostEquals(NaN, 1));
});

test("assertInstanceOf names both classes", () => {
  assertInstanceOf(new RangeError("x"), Error);
  assertNotInstanceOf(new Error("x"), RangeError);
  check(failure(() => assertInstanceOf(new Point(0, 0), Error)).message.includes("Point"), "the actual class");
  failure(() => assertInstanceOf(null, Error));
  failure(() => assertNotInstanceOf(new RangeError("x"), Error));
});

test("the text and list assertions search", () => {
  assertMatch("abc", /b/);
  assertNotMatch("abc", /d/);
  assertStringIncludes("abc", "bc");
  assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]);
  failure(() => assertMatch("abc", /d/));
  failure(() => assertNotMatch("abc", /b/));
  failure(() => assertStringIncludes("abc", "cb"));
  failure(() => assertArrayIncludes([1], [1, 2]));
});

test("assertObjectMatch compares the members that are asked for, deeply", () => {
  assertObjectMatch(new Point(1, 2) as unknown as Record<string, unknown>, { x: 1 });
  assertObjectMatch({ a: { b: 1, c: [1, { d: 2, e: 3 }] }, f: 4 }, { a: { c: [1, { d: 2 }] } });
  failure(() => assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }));
  failure(() => assertObjectMatch({ a: 1 }, { a: 1, b: undefined }));
  failure(() => assertObjectMatch({ a: [1] }, { a: [1, 2] }));
  failure(() => assertObjectMatch({ a: new Uint8Array([1]) }, { a: new Uint8Array([2]) }));
});

test("assertThrows returns what was thrown and checks class and text", () => {
  const error = new RangeError("too large");
  const throwIt = () => {
    throw error;
  };
  check(assertThrows(throwIt) === error, "any");
  check(assertThrows(throwIt, "a note") === error, "with a note");
  check(assertThrows(throwIt, RangeError, "large") === error, "class and text");
  failure(() => assertThrows(() => 1));
  failure(() => assertThrows(throwIt, TypeError));
  check(failure(() => assertThrows(throwIt, RangeError, "small")).cause === error, "the error is kept");
  failure(() =>
    assertThrows(() => {
      // deno-lint-ignore no-throw-literal
      throw "text";
    }, Error)
  );
  check(failure(() => assertThrows(() => 1, Error, "x", "the note")).message.includes("the note"), "the note");
});

test("assertRejects resolves to the reason and refuses a synchronous throw", async () => {
  const error = new RangeError("too large");
  const broken = (fn: () => Promise<unknown>) =>
    fn().then(() => check(false, `${fn}`), (reason) => check(reason instanceof AssertionError, `${reason}`));
  check(await assertRejects(() => Promise.reject(error)) === error, "any");
  check(await assertRejects(() => Promise.reject(error), RangeError, "large") === error, "class and text");
  await broken(() => assertRejects(() => Promise.resolve(1)));
  await broken(() => assertRejects(() => Promise.reject(error), TypeError));
  await broken(() =>
    assertRejects(() => {
      throw error;
    })
  );
});

test("assertIsError takes a text or a pattern", () => {
  assertIsError(new RangeError("too large"), RangeError, "large");
  assertIsError(new RangeError("too large"), Error, /l.rge/);
  failure(() => assertIsError("text"));
  failure(() => assertIsError(new Error("a"), Error, /b/));
});

test("fail, unreachable and unimplemented throw", () => {
  check(failure(() => fail("why")).message === "Failed assertion: why", "fail");
  failure(() => unreachable());
  failure(() => unimplemented());
});

test("a temporary folder is empty at first and gone at the end", () => {
  let root: string;
  {
    using dir = tempDir();
    root = dir.root;
    writeFileSync(dir.path("a.txt"), "x");
    check(existsSync(dir.path("a.txt")), "written");
  }
  check(!existsSync(root), "removed");
});
