/** Classes whose objects keep their methods when a task returns them on another thread. */

import { InvalidArgumentError, NotFoundError } from "../../backend/errors.ts";
import { checkText } from "../../backend/validate.ts";

/** An object that is made of something that `postMessage` can clone, best of arrays in shared memory. */
export interface SharedResult {
  /** What it is made of. */
  readonly handle: unknown;
}

/** A class of such objects. */
export interface ResultClass<T extends SharedResult = SharedResult> {
  /** What its objects have. */
  readonly prototype: T;
  /** The object again, on another thread. */
  // deno-lint-ignore no-explicit-any
  from(handle: any): T;
}

/** A result as it travels. */
export interface PackedResult {
  /** The result, with handles in place of objects of result classes. */
  readonly value: unknown;
  /** Names of their classes: of the result itself, or by its member. */
  readonly classes: string | Readonly<Record<string, string>> | undefined;
}

interface Registry {
  readonly byName: Map<string, ResultClass>;
  readonly names: Map<unknown, string>;
}

/** Of this thread, whatever number of copies of this package it has loaded. */
const CLASSES = Symbol.for("sqlitegraph.results");

function registry(): Registry {
  const holder = globalThis as { [CLASSES]?: Registry };
  return holder[CLASSES] ??= { byName: new Map(), names: new Map() };
}

/**
 * Lets tasks and algorithms return objects of a class: as their result, or as a member of a plain object that is their result.
 * On the thread that asked, `from` makes them again. To be called at the top level of the module with the class, which the
 * modules of the tasks import.
 *
 * @param name unique within the program
 * @throws {InvalidArgumentError} when the class has no `from`
 *
 * @example
 * ```ts ignore
 * export class Histogram {
 *   constructor(readonly handle: { readonly counts: Uint32Array<SharedArrayBuffer> }) {}
 *   static from(handle: Histogram["handle"]): Histogram {
 *     return new Histogram(handle);
 *   }
 *   count(bin: number): number {
 *     return this.handle.counts[bin] ?? 0;
 *   }
 * }
 * defineResult("my-app:Histogram", Histogram);
 * ```
 */
export function defineResult<T extends SharedResult>(name: string, type: ResultClass<T>): void {
  checkText(name, "defineResult", "name");
  if (typeof type?.from !== "function") {
    throw new InvalidArgumentError(`defineResult: ${name} has no static method \`from\`; give it one`, {
      code: "invalid-argument",
      field: "type",
      value: type,
    });
  }
  const { byName, names } = registry();
  byName.set(name, type);
  names.set(type, name);
}

/** A result for another thread. */
export function packResult(value: unknown): PackedResult {
  const name = classOf(value);
  if (name !== undefined) return { value: (value as SharedResult).handle, classes: name };
  if (!isPlain(value)) return { value, classes: undefined };
  const classes: Record<string, string> = {};
  const packed: Record<string, unknown> = {};
  for (const [member, one] of Object.entries(value)) {
    const name = classOf(one);
    if (name !== undefined) classes[member] = name;
    packed[member] = name === undefined ? one : (one as SharedResult).handle;
  }
  return Object.keys(classes).length === 0 ? { value, classes: undefined } : { value: packed, classes };
}

/** The result of another thread. @throws {NotFoundError} when this thread does not know its class */
export function unpackResult({ value, classes }: PackedResult): unknown {
  if (classes === undefined) return value;
  if (typeof classes === "string") return revive(classes, value);
  const members = value as Record<string, unknown>;
  for (const [member, name] of Object.entries(classes)) members[member] = revive(name, members[member]);
  return members;
}

function revive(name: string, handle: unknown): unknown {
  const type = registry().byName.get(name);
  if (type !== undefined) return type.from(handle);
  throw new NotFoundError(
    `a task returned ${
      JSON.stringify(name)
    }, a class of results that this thread does not know; import its module here`,
    { code: "result-class-not-found", field: "result", value: name },
  );
}

function classOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? registry().names.get(value.constructor) : undefined;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
