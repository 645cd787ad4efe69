/** Assertions under the names and with the signatures of `@std/assert`, which is published on JSR only. `deno.json` and
 * `tsconfig.json` map `@std/assert` to this file; replacing that entry by `jsr:@std/assert` is all it takes to use the original.
 *
 * @module
 */
import assert_ from "node:assert/strict";
import { diff, format } from "./_diff.ts";
import { equal } from "./_equal.ts";

export { equal };

// deno-lint-ignore no-explicit-any
type AnyConstructor = abstract new (...args: any[]) => any;
// deno-lint-ignore no-explicit-any
type ErrorConstructorOf<E> = abstract new (...args: any[]) => E;

/** Anything indexable that `assertArrayIncludes` looks into. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;
/** What an expression is known to be after `assertFalse`. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Thrown by every function here. */
export class AssertionError extends assert_.AssertionError {
  constructor(message: string, options?: ErrorOptions) {
    super({ message });
    if (options && "cause" in options) this.cause = options.cause;
  }
}

export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

export function unreachable(reason?: string): never {
  throw new AssertionError(reason ?? "unreachable");
}

export function unimplemented(msg?: string): never {
  throw new AssertionError(`Unimplemented${suffix(msg)}`);
}

export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg || `Expected a truthy value, got ${format(expr)}`);
}

export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg || `Expected a falsy value, got ${format(expr)}`);
}

export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError(`Expected neither null nor undefined, got ${actual}${suffix(msg)}`);
  }
}

/** Deep equality, see `equal`. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `Values are not equal${suffix(msg)}\n\n    [Diff] - actual / + expected\n\n${diff(actual, expected)}\n`,
  );
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) throw new AssertionError(`Expected another value than ${format(actual)}${suffix(msg)}`);
}

/** The same value by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const why = equal(actual, expected) ? "Values are equal, but not the same" : "Values are not strictly equal";
  throw new AssertionError(
    `${why}${suffix(msg)}\n\n    [Diff] - actual / + expected\n\n${diff(actual, expected)}\n`,
  );
}

export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) throw new AssertionError(`Expected not to be ${format(actual)}${suffix(msg)}`);
}

/** Equal within `tolerance` (default: 1e-7 of the expected value). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(
    `Expected ${actual} to be close to ${expected}: the difference ${delta} is greater than ${allowed}${suffix(msg)}`,
  );
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) failComparison(actual, ">", expected, msg);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) failComparison(actual, ">=", expected, msg);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) failComparison(actual, "<", expected, msg);
}

export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) failComparison(actual, "<=", expected, msg);
}

export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected an instance of ${expectedType.name}, got ${constructorName(actual)}${suffix(msg)}`,
  );
}

export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    throw new AssertionError(`Expected no instance of ${unexpectedType.name}${suffix(msg)}`);
  }
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) {
    throw new AssertionError(`Expected ${format(actual)} to match ${expected}${suffix(msg)}`);
  }
}

export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) {
    throw new AssertionError(`Expected ${format(actual)} not to match ${expected}${suffix(msg)}`);
  }
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected ${format(actual)} to contain ${format(expected)}${suffix(msg)}`);
}

/** Every value of `expected` is somewhere in `actual`, by `equal`. */
export function assertArrayIncludes<T>(actual: ArrayLikeArg<T>, expected: ArrayLikeArg<T>, msg?: string): void {
  const missing = Array.from(expected).filter((wanted) => !Array.from(actual).some((value) => equal(value, wanted)));
  if (missing.length === 0) return;
  throw new AssertionError(`Expected ${format(actual)} to include ${format(missing)}${suffix(msg)}`);
}

/** `actual` has at least the members of `expected`, deeply. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(restrict(actual, expected), plain(expected), msg);
}

/** Throws unless `error` is an `Error`, of the class and with the text that are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorConstructorOf<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected an Error, got ${format(error)}${suffix(msg)}`);
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${constructorName(error)}": ${error.message}${
        suffix(msg)
      }`,
      { cause: error },
    );
  }
  const isFound = msgMatches === undefined ||
    (typeof msgMatches === "string" ? error.message.includes(msgMatches) : msgMatches.test(error.message));
  if (!isFound) {
    throw new AssertionError(
      `Expected error message to include ${format(msgMatches)}, but got ${format(error.message)}${suffix(msg)}`,
      { cause: error },
    );
  }
}

/** Calls `fn`, which must throw, and returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Calls `fn`, which must throw an error of the class, whose message contains `msgIncludes`, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructorOf<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClassOrMsg?: ErrorConstructorOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const ErrorClass = typeof errorClassOrMsg === "string" ? undefined : errorClassOrMsg;
  const note = typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg;
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    if (ErrorClass) assertIsError(error, ErrorClass, msgIncludes, note);
    return thrown;
  }
  throw new AssertionError(`Expected function to throw${suffix(note)}`);
}

/** Calls `fn`, whose promise must reject, and resolves to the reason. A synchronous throw is no rejection. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Calls `fn`, whose promise must reject with an error of the class, whose message contains `msgIncludes`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructorOf<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: ErrorConstructorOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const ErrorClass = typeof errorClassOrMsg === "string" ? undefined : errorClassOrMsg;
  const note = typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${suffix(note)}`, { cause: error });
  }
  try {
    await promise;
  } catch (error) {
    if (ErrorClass) assertIsError(error, ErrorClass, msgIncludes, note);
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix(note)}`);
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function failComparison(actual: unknown, operator: string, expected: unknown, msg: string | undefined): never {
  throw new AssertionError(`Expected ${format(actual)} ${operator} ${format(expected)}${suffix(msg)}`);
}

function constructorName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return (Object(value) as object).constructor?.name ?? "an object without a prototype";
}

/** The part of `actual` that `pattern` speaks about, as plain objects, so that classes do not matter. */
function restrict(actual: unknown, pattern: unknown): unknown {
  if (pattern instanceof Map && actual instanceof Map) {
    return new Map([...actual].filter(([key]) => pattern.has(key)).map(([k, v]) => [k, restrict(v, pattern.get(k))]));
  }
  if (pattern instanceof Set && actual instanceof Set) {
    return new Set([...actual].filter((value) => pattern.has(value)));
  }
  if (!isRecord(pattern) || !isRecord(actual)) return actual;
  const picked: Record<PropertyKey, unknown> = {};
  for (const key of memberKeys(pattern)) {
    if (key in actual) picked[key] = restrict(actual[key], pattern[key]);
  }
  return picked;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, member]) => [key, plain(member)]));
  if (!isRecord(value)) return value;
  return Object.fromEntries(memberKeys(value).map((key) => [key, plain(value[key])]));
}

/** Objects and arrays whose members are their meaning; of these, only the members that are asked for are compared. */
function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Date) && !(value instanceof RegExp) &&
    !(value instanceof Error) && !(value instanceof Set) && !(value instanceof Map) && !ArrayBuffer.isView(value);
}

/** An array is compared as far as the pattern goes, so its length is no member. */
function memberKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => !(Array.isArray(value) && key === "length"));
}
