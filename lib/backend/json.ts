/** JSON that loses nothing: integers beyond ±(2^53 − 1) are `bigint` in both directions, −0 and large floats stay floats. */

import { InvalidArgumentError } from "./errors.ts";
import { MAX_JSON_DEPTH, MAX_VALUE_BYTES } from "./limits.ts";

/** Any value that `data` and the key-value store's JSON values can hold. */
export type JsonValue = null | boolean | number | bigint | string | JsonArray | JsonObject;

/** A JSON array. */
export type JsonArray = readonly JsonValue[];

/** A JSON object: plain, without class instances. */
export interface JsonObject {
  /** Any member. */
  readonly [key: string]: JsonValue;
}

/** `JSON.rawJSON` and the source text that `JSON.parse` hands to its reviver (ECMAScript 2026; not yet in every lib). */
interface LosslessJson {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}
const losslessJson = JSON as unknown as LosslessJson;

const SIXTEEN_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * Parses stored JSON. Without 16 digits in a row no integer can be unsafe, and plain `JSON.parse` (4 to 9 times faster)
 * gives the same answer.
 *
 * @throws {SyntaxError} when the text is no JSON
 */
export function parseJson(text: string): JsonValue {
  if (!SIXTEEN_DIGITS.test(text)) return JSON.parse(text) as JsonValue;
  return losslessJson.parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
    return INTEGER.test(source) ? BigInt(source) : value;
  }) as JsonValue;
}

/** Text of a value that `JSON.stringify` would change: an integer beyond 2^53 as bigint or as float, or −0. */
function exactNumberText(value: number | bigint): string {
  if (typeof value === "bigint") return value.toString();
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return INTEGER.test(text) ? `${text}.0` : text;
}

const PLAIN = 0;
const EXACT = 1;

/**
 * Checks a value for `data` and returns its JSON text.
 *
 * @param value what the user gave
 * @param where call and field for the error message, for example `insertNode: data`
 * @throws {InvalidArgumentError} when the value is no JSON (undefined, function, class instance, NaN, a cycle) or is nested
 * deeper than 127 levels or longer than 256 MiB
 */
export function stringifyJson(value: unknown, where: string): string {
  const text = check(value, where, "", 0, []) === PLAIN
    ? JSON.stringify(value)
    : JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === "bigint") return losslessJson.rawJSON(member.toString());
      if (typeof member !== "number") return member;
      return isExactlyWritten(member) ? member : losslessJson.rawJSON(exactNumberText(member));
    });
  // A UTF-16 code unit takes at most 3 bytes of UTF-8: only very long texts have to be measured.
  if (text.length * 3 > MAX_VALUE_BYTES && utf8Length(text) > MAX_VALUE_BYTES) {
    throw new InvalidArgumentError(
      `${where} takes ${
        utf8Length(text)
      } bytes of JSON; the limit is ${MAX_VALUE_BYTES}: split it over several records`,
      { code: "value-too-large", field: where },
    );
  }
  return text;
}

/** Number of bytes that a text takes in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      bytes += 2;
      index++;
    } else bytes += unit < 0x800 ? 1 : 2;
  }
  return bytes;
}

/** Whether `JSON.stringify` writes a finite number so that `parseJson` reads the same number. */
function isExactlyWritten(value: number): boolean {
  if (value === 0) return !Object.is(value, -0);
  return Number.isSafeInteger(value) || !Number.isInteger(value) || Math.abs(value) >= 1e21;
}

function check(value: unknown, where: string, path: string, depth: number, ancestors: object[]): number {
  switch (typeof value) {
    case "string":
    case "boolean":
      return PLAIN;
    case "number":
      if (!Number.isFinite(value)) throw refused(where, path, `${value}`, "use null or a text instead", value);
      return isExactlyWritten(value) ? PLAIN : EXACT;
    case "bigint":
      return EXACT;
    case "object":
      if (value === null) return PLAIN;
      return checkObject(value, where, path, depth, ancestors);
    default:
      throw refused(where, path, typeof value, "leave the member out or use null", value);
  }
}

function checkObject(value: object, where: string, path: string, depth: number, ancestors: object[]): number {
  if (depth >= MAX_JSON_DEPTH) {
    const reason = ancestors.includes(value) ? "a cycle" : `nesting over ${MAX_JSON_DEPTH} levels`;
    throw refused(where, path, reason, "store references between nodes as edges", undefined);
  }
  let exact = PLAIN;
  ancestors.push(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      exact |= checkMember(value[index], where, path, index, depth, ancestors);
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null && !isPlainPrototype(prototype)) {
      const name = (value.constructor as { name?: string } | undefined)?.name ?? "Object";
      const what = name === "Object" ? "an object with a prototype of its own" : `an instance of ${name}`;
      throw refused(where, path, what, "convert it to a plain object, an array or a text", value);
    }
    for (const key of Object.keys(value)) {
      exact |= checkMember((value as Record<string, unknown>)[key], where, path, key, depth, ancestors);
    }
    if (Object.getOwnPropertySymbols(value).length > 0) {
      throw refused(where, path, "a symbol key", "use text keys", value);
    }
  }
  ancestors.pop();
  return exact;
}

/** The common member types are told apart here, so that the path text is built only for nested values and errors. */
function checkMember(
  member: unknown,
  where: string,
  path: string,
  key: string | number,
  depth: number,
  ancestors: object[],
): number {
  if (typeof member === "string") return PLAIN;
  if (typeof member === "number" && Number.isSafeInteger(member) && member !== 0) return PLAIN;
  const memberPath = typeof key === "number" ? `${path}[${key}]` : `${path}.${key}`;
  return check(member, where, memberPath, depth + 1, ancestors);
}

/** Objects of another realm (a worker's message, a vm context) have another `Object.prototype`. */
function isPlainPrototype(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

function refused(where: string, path: string, what: string, hint: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`${where}${path} is ${what}, which JSON cannot hold; ${hint}`, {
    code: "not-json",
    field: `${where}${path}`,
    value,
  });
}

/** Whether two JSON values are the same value: numbers by value (1 equals 1n and 1.0), objects in any member order. */
export function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    if (typeof a === "bigint" && typeof b === "number") return Number.isInteger(b) && a === BigInt(b);
    if (typeof b === "bigint" && typeof a === "number") return Number.isInteger(a) && b === BigInt(a);
    return a === b;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((member: JsonValue, index) => equalJson(member, b[index] as JsonValue));
  }
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key] as JsonValue, right[key] as JsonValue));
}

/**
 * Replaces top-level members of the JSON object in `text`; undefined removes a member. Members that are not named keep
 * their exact text, so no number changes its notation.
 *
 * @returns the new text, or undefined when `text` holds no object
 */
export function patchJsonText(
  text: string,
  patch: Readonly<Record<string, unknown>>,
  where: string,
): string | undefined {
  const members = jsonMembers(text);
  if (members === undefined) return undefined;
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === undefined) members.delete(key);
    else {
      // The members of a patched object sit one level down: `[value]` makes the depth count the same.
      members.set(key, stringifyJson([value], `${where}.${key}`).slice(1, -1));
    }
  }
  const parts: string[] = [];
  for (const [key, member] of members) parts.push(`${JSON.stringify(key)}:${member}`);
  return `{${parts.join(",")}}`;
}

/**
 * Members of the JSON object in `text`: name → exact text, in order, the last of equal names winning; undefined when the text
 * is no object. The text must be valid JSON.
 */
export function jsonMembers(text: string): Map<string, string> | undefined {
  let at = skipBlank(text, 0);
  if (text[at] !== "{") return undefined;
  const members = new Map<string, string>();
  at = skipBlank(text, at + 1);
  while (text[at] !== "}") {
    if (at >= text.length) throw new SyntaxError("the stored object does not end");
    const keyEnd = skipString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const start = skipBlank(text, skipBlank(text, keyEnd) + 1);
    const end = skipValue(text, start);
    members.set(key, text.slice(start, end).trimEnd());
    at = skipBlank(text, end);
    if (text[at] === ",") at = skipBlank(text, at + 1);
  }
  return members;
}

function skipBlank(text: string, at: number): number {
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return at;
}

/** Position after the string literal that starts at `at`. */
function skipString(text: string, at: number): number {
  for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === "\\") at++;
  return at + 1;
}

/** Position of the comma or brace that ends the value which starts at `at`. */
function skipValue(text: string, at: number): number {
  let depth = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      at = skipString(text, at);
      continue;
    }
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth--;
    } else if (character === "," && depth === 0) return at;
    at++;
  }
  return at;
}
