/** Errors between threads. */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import * as errors from "../../lib/backend/errors.ts";
import { decodeError, encodeError } from "../../lib/graph/error_codec.ts";
import { test } from "../support/test.ts";

/** What the other thread gets. */
function travel(error: unknown): Error {
  return decodeError(structuredClone(encodeError(error)));
}

test("every error of ours keeps class, code, field, value, cause, message and stack", () => {
  let classes = 0;
  for (const ErrorClass of Object.values(errors)) {
    if (ErrorClass === errors.QueueOverflowError) continue;
    classes++;
    const Class = ErrorClass as typeof errors.GraphError;
    const cause = new RangeError("below");
    const error = new Class("what happened", {
      code: "some-code",
      field: "name",
      value: [1n, new Uint8Array(2)],
      cause,
    });
    const arrived = travel(error) as errors.GraphError;
    assertInstanceOf(arrived, Class);
    assertEquals(arrived.constructor, Class);
    const { name, message, code, field, value, stack } = arrived;
    assertEquals({ name, message, code, field, value, stack }, {
      name: error.name,
      message: error.message,
      code: "some-code",
      field: "name",
      value: [1n, new Uint8Array(2)],
      stack: error.stack,
    });
    assertInstanceOf(arrived.cause, RangeError);
    assertEquals((arrived.cause as Error).message, "below");
  }
  assertEquals(classes, Object.keys(errors).length - 1);
  const overflow = travel(new errors.QueueOverflowError("late", { firstLostLsn: 7 }));
  assertInstanceOf(overflow, errors.QueueOverflowError);
  assertEquals((overflow as errors.QueueOverflowError).firstLostLsn, 7);
});

test("errors of the language and the platform stay what they are", () => {
  assertInstanceOf(travel(new TypeError("t")), TypeError);
  const abort = travel(new DOMException("stop", "AbortError"));
  assertInstanceOf(abort, DOMException);
  assertEquals([abort.name, abort.message], ["AbortError", "stop"]);
  const system = travel(Object.assign(new Error("no room"), { code: "ENOSPC" })) as Error & { code: string };
  assertEquals([system.name, system.message, system.code], ["Error", "no room", "ENOSPC"]);
  class Mine extends Error {
    override name = "Mine";
  }
  const mine = travel(new Mine("m"));
  assertEquals([mine.name, mine.message], ["Mine", "m"]);
  assert(mine.stack?.includes("error_codec_test"));
});

test("whatever is thrown arrives as an error", () => {
  assertEquals(travel("text").message, "text");
  assertEquals(travel({ a: 1 }).cause, { a: 1 });
  assertStringIncludes(travel(undefined).message, "undefined");
  assertStringIncludes(travel(Symbol("s")).message, "Symbol(s)");
});

test("what cannot be cloned is told as a text", () => {
  const error = new errors.InvalidArgumentError("no", { code: "c", value: () => 1 });
  assertEquals((travel(error) as errors.GraphError).value, "a function");
});

test("a ring of causes ends", () => {
  const one = new Error("one");
  const two = new Error("two", { cause: one });
  one.cause = two;
  let depth = 0;
  for (let error: unknown = travel(one); error instanceof Error; error = error.cause) depth++;
  assertEquals(depth, 9);
});
