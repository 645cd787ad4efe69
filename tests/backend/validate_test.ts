/** The checks of input on their own: what passes, what comes back, and what a message shows. */

import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { MAX_COMMIT_CHANGES, MAX_ID, MAX_TTL_SECONDS } from "../../lib/backend/limits.ts";
import {
  checkAfter,
  checkCount,
  checkDirection,
  checkEdgeFilter,
  checkId,
  checkKey,
  checkLabels,
  checkQueueSize,
  checkTerm,
  checkText,
  checkTtl,
  isBulk,
  keyToUser,
  show,
} from "../../lib/backend/validate.ts";
import { test } from "../support/test.ts";

function refusal(call: () => unknown): InvalidArgumentError {
  return assertThrows(call, InvalidArgumentError);
}

test("ids are positive safe integers", () => {
  for (const id of [1, 2, 2 ** 32, MAX_ID]) assertStrictEquals(checkId(id, "call", "id"), id);
  for (const id of [0, -0, -1, 1.5, NaN, Infinity, MAX_ID + 1, 1n, "1", null, undefined, [1], Object(1)]) {
    const error = refusal(() => checkId(id, "getNode", "id"));
    assertEquals([error.code, error.field], ["invalid-id", "id"]);
    assertStrictEquals(error.value, id);
    assertStringIncludes(error.message, "getNode: id");
  }
});

test("the last id of a page is an id or 0", () => {
  assertEquals([checkAfter(undefined, "c"), checkAfter(0, "c"), checkAfter(7, "c")], [0, 0, 7]);
  for (const after of [-1, 0.5, null, "0"]) refusal(() => checkAfter(after, "c"));
});

test("texts have neither NUL nor lone surrogates; terms are not blank", () => {
  for (const text of ["", " ", "a", "\ufeff", "😀", "\u{10ffff}", "\u0001"]) {
    assertStrictEquals(checkText(text, "c", "name"), text);
  }
  for (const text of ["\0", "a\0", "\ud800", "\udc00a", "\udc00\ud800"]) refusal(() => checkText(text, "c", "name"));
  for (const term of ["a", " a ", "\u200b", "."]) assertStrictEquals(checkTerm(term, "c", "kind"), term);
  for (const term of ["", " ", "\t\r\n\v\f", "\u0085", "\u00a0\u2003\u3000"]) {
    assertEquals(refusal(() => checkTerm(term, "c", "kind")).code, "blank");
  }
});

test("labels are each listed once and without the kind", () => {
  assertEquals(checkLabels(undefined, "K", "c"), []);
  assertEquals(checkLabels(["a", "K", "b", "a"], "K", "c"), ["a", "b"]);
  for (const labels of [null, "a", ["a", ""], ["a", 5], new Set(["a"])]) refusal(() => checkLabels(labels, "K", "c"));
});

test("counts are integers from 0, or Infinity", () => {
  assertEquals([checkCount(undefined, 5, "c", "limit"), checkCount(0, 5, "c", "limit")], [5, 0]);
  assertEquals([checkCount(7, 5, "c", "limit"), checkCount(Infinity, 5, "c", "limit")], [7, Infinity]);
  for (const count of [-1, 0.5, NaN, -Infinity, 2 ** 53, "1", null, 1n]) {
    refusal(() => checkCount(count, 5, "c", "limit"));
  }
});

test("edge filters get their defaults, and each type once", () => {
  assertEquals(checkEdgeFilter(undefined, "c"), { direction: "out", types: undefined });
  assertEquals(checkEdgeFilter({}, "c"), { direction: "out", types: undefined });
  assertEquals(checkEdgeFilter({ direction: "in", types: ["A", "B", "A"] }, "c"), {
    direction: "in",
    types: ["A", "B"],
  });
  assertEquals(checkEdgeFilter({ types: [] }, "c").types, []);
  assertEquals(["out", "in", "both"].map((direction) => checkDirection(direction, "c")), ["out", "in", "both"]);
  refusal(() => checkDirection("", "c"));
});

test("a key is bytes, and comes back as text where a text key may stand for it", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
      const key = keyToUser(bytes);
      assertEquals(checkKey(key, "c"), bytes);
      if (typeof key === "string") assert(key.isWellFormed() && !key.includes("\0"));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }).filter((text) => !text.includes("\0")), (text) => {
    assertEquals(checkKey(text, "c"), encoder.encode(text));
    assertStrictEquals(keyToUser(encoder.encode(text)), text);
  }));
});

test("bytes that are given back are a copy", () => {
  const bytes = new Uint8Array([255]);
  const key = keyToUser(bytes);
  bytes[0] = 0;
  assertEquals(key, new Uint8Array([255]));
});

test("times to live are milliseconds, and safe integers when added to a date", () => {
  assertEquals([checkTtl(undefined, "c"), checkTtl(0, "c"), checkTtl(1.5, "c")], [undefined, 0, 1_500]);
  assert(Number.isSafeInteger(checkTtl(MAX_TTL_SECONDS, "c")));
  assert(Number.isSafeInteger(checkTtl(MAX_TTL_SECONDS, "c")! + Date.UTC(2100, 0)));
  for (const ttl of [-1, NaN, Infinity, MAX_TTL_SECONDS + 1, "1", null]) refusal(() => checkTtl(ttl, "c"));
});

test("queue sizes are integers from 1", () => {
  assertEquals([checkQueueSize(undefined, 9, "c"), checkQueueSize(1, 9, "c")], [9, 1]);
  for (const size of [0, -1, 1.5, Infinity, "1", null]) refusal(() => checkQueueSize(size, 9, "c"));
});

test("a commit is bulk from 65,537 changes on", () => {
  assertEquals([isBulk(MAX_COMMIT_CHANGES), isBulk(MAX_COMMIT_CHANGES + 1)], [false, true]);
});

test("a message shows any value in few characters", () => {
  const values: readonly (readonly [unknown, string])[] = [
    ["a\n", '"a\\n"'],
    [5n, "5n"],
    [-0, "-0"],
    [NaN, "NaN"],
    [undefined, "undefined"],
    [null, "null"],
    [[1, 2], "an array"],
    [{}, "an object"],
    [new Uint8Array(5), "bytes"],
    [() => 1, "a function"],
    [Symbol("s"), "Symbol(s)"],
  ];
  for (const [value, text] of values) assertEquals(show(value), text);
  assert(show("x".repeat(1_000)).length <= 64);
});
