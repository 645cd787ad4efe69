/** The errors: one root, a name and a code that print, the cause kept. */

import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertStringIncludes } from "@std/assert";
import * as errors from "../../lib/backend/errors.ts";
import { test } from "../support/test.ts";

const CLASSES = [
  "NotFoundError",
  "InvalidArgumentError",
  "ConflictError",
  "DatabaseLockedError",
  "CorruptionError",
  "IoError",
  "UnsupportedError",
  "NotRetainedError",
  "ClosedError",
] as const;

test("every error is a GraphError and an Error, and prints its class and code", () => {
  for (const name of CLASSES) {
    const error = new errors[name]("what happened", { code: "some-code", field: "id", value: 5 });
    assertInstanceOf(error, errors.GraphError);
    assertInstanceOf(error, Error);
    assertEquals([error.name, error.code, error.field, error.value, error.message], [
      name,
      "some-code",
      "id",
      5,
      "what happened",
    ]);
    assertEquals(`${error}`, `${name} [some-code]: what happened`);
    assertStringIncludes(error.stack ?? "", `${name} [some-code]: what happened`);
  }
});

test("the cause is kept, and absent where there is none", () => {
  const cause = new Error("below");
  assertStrictEquals(new errors.IoError("x", { code: "io", cause }).cause, cause);
  const plain = new errors.IoError("x", { code: "io" });
  assert(!("cause" in plain));
  assertEquals([plain.field, plain.value], [undefined, undefined]);
});

test("QueueOverflowError names the first lost commit", () => {
  const error = new errors.QueueOverflowError("too slow", { firstLostLsn: 42 });
  assertInstanceOf(error, errors.GraphError);
  assertEquals([error.name, error.firstLostLsn], ["QueueOverflowError", 42]);
  assertEquals(`${error}`, "QueueOverflowError [change-queue-overflow]: too slow");
});
