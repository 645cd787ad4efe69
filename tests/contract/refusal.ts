/** How the contract tests assert that a call is refused: by which error, with which words, and that nothing changed. */

import { assertEquals, assertMatch, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { GraphError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends GraphError> = new (...args: any[]) => E;

/** What no refused call may change. */
export function fingerprint(graph: GraphReader): Record<string, number> {
  return { lsn: graph.lsn, nodes: graph.countNodes(), edges: graph.countEdges(), keyValues: graph.kv.count() };
}

/**
 * Asserts that a call throws exactly this class, that the message mentions these texts (the offending field and value), and
 * that the database is as before. An iterator that the call returns is read to its end.
 */
export function assertRefused<E extends GraphError>(
  db: GraphBackend,
  Class: ErrorClass<E>,
  call: () => unknown,
  ...mentions: readonly string[]
): E {
  const before = fingerprint(db);
  const error = assertRefusal(Class, call, ...mentions);
  assertEquals(fingerprint(db), before);
  return error;
}

/** The same for a database that can no longer be asked. */
export function assertRefusal<E extends GraphError>(
  Class: ErrorClass<E>,
  call: () => unknown,
  ...mentions: readonly string[]
): E {
  const error = assertThrows(() => drain(call()), Class);
  assertStrictEquals(error.name, Class.name, error.message);
  assertMatch(error.code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  for (const mention of mentions) assertStringIncludes(error.message, mention);
  return error;
}

/** Reads an iterator to its end, so that what it throws at its first step is seen as well. */
export function drain(result: unknown): unknown {
  if (typeof result === "object" && result !== null && Symbol.iterator in result && "next" in result) {
    return [...result as Iterable<unknown>];
  }
  return result;
}

/** A value that the compiler would refuse, for tests of what happens without a compiler. */
export function untyped<T>(value: unknown): T {
  return value as T;
}
