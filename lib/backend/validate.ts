/** Checks of everything that a user hands in, once and alike for every backend. Bytes from files are not checked here. */

import { InvalidArgumentError } from "./errors.ts";
import type { Key } from "./key_value.ts";
import {
  MAX_COMMIT_CHANGES,
  MAX_GLOB_LENGTH,
  MAX_ID,
  MAX_KEY_BYTES,
  MAX_STEPS,
  MAX_TEXT_BYTES,
  MAX_TTL_SECONDS,
} from "./limits.ts";
import { stringifyJson, utf8Length } from "./json.ts";
import type { ChainStep, Direction, EdgeFilter, GraphPattern, NodePattern } from "./query.ts";

const BLANK = /^[\s\u0085]*$/;

/** Describes a value in an error message, in at most 60 characters. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "an array" : value instanceof Uint8Array ? "bytes" : "an object";
  }
  return String(value);
}

function invalid(call: string, field: string, value: unknown, problem: string, code: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} ${problem}`, { code, field, value });
}

/** An id as the user wrote it. Hot: one comparison chain, no allocation. */
export function checkId(id: unknown, call: string, field: string): number {
  if (typeof id === "number" && id > 0 && id <= MAX_ID && Number.isInteger(id)) return id;
  throw invalid(call, field, id, `is ${show(id)}; ids are integers from 1 to 2^53 - 1`, "invalid-id");
}

/** A name, file path or other text that a backend stores as text: no NUL, no lone surrogate, at most 65,536 bytes. */
export function checkText(text: unknown, call: string, field: string): string {
  if (typeof text !== "string") throw invalid(call, field, text, `is ${show(text)}; give a text`, "invalid-text");
  if (text.includes("\0")) {
    throw invalid(call, field, text, `${show(text)} contains NUL; remove it or keep the text in data`, "invalid-text");
  }
  if (!text.isWellFormed()) {
    throw invalid(
      call,
      field,
      text,
      `${show(text)} contains a lone surrogate; use toWellFormed() or keep the text in data`,
      "invalid-text",
    );
  }
  if (text.length * 3 > MAX_TEXT_BYTES && utf8Length(text) > MAX_TEXT_BYTES) {
    const bytes = utf8Length(text);
    throw invalid(call, field, text, `takes ${bytes} bytes of UTF-8; the limit is ${MAX_TEXT_BYTES}`, "text-too-long");
  }
  return text;
}

/** Terms that passed lately: there are few, and a bulk load checks the same ones over and over. */
const goodTerms = new Set<unknown>();
const MAX_GOOD_TERMS = 1_000;
const LONGEST_GOOD_TERM = 100;

/** A kind, type or label: a text that is not blank. */
export function checkTerm(text: unknown, call: string, field: string): string {
  if (goodTerms.has(text)) return text as string;
  const term = checkText(text, call, field);
  if (BLANK.test(term)) throw invalid(call, field, text, `is ${show(text)}; it must not be blank`, "blank");
  if (goodTerms.size >= MAX_GOOD_TERMS) goodTerms.clear();
  if (term.length <= LONGEST_GOOD_TERM) goodTerms.add(term);
  return term;
}

/** Labels of a new node, each once, without the kind. */
export function checkLabels(labels: unknown, kind: string, call: string): string[] {
  if (labels === undefined) return [];
  if (!Array.isArray(labels)) {
    throw invalid(call, "labels", labels, `is ${show(labels)}; give an array`, "invalid-labels");
  }
  const distinct = new Set<string>();
  for (const label of labels) distinct.add(checkTerm(label, call, "labels"));
  distinct.delete(kind);
  return [...distinct];
}

/** JSON text of `data`; omitted `data` is an empty object. */
export function checkData(data: unknown, call: string): string {
  return data === undefined ? "{}" : stringifyJson(data, `${call}: data`);
}

/** An object that a call takes as its argument. */
export function checkObject(value: unknown, call: string, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(call, field, value, `is ${show(value)}; give an object`, "invalid-argument");
  }
  return value as Record<string, unknown>;
}

/** The members of a patch of `data`. */
export function checkPatch(patch: unknown, call: string): Record<string, unknown> {
  return checkObject(patch, call, "patch");
}

/** A count such as `limit` or `depth`: an integer from 0, or Infinity; undefined gives the default. */
export function checkCount(value: unknown, fallback: number, call: string, field: string): number {
  if (value === undefined) return fallback;
  if (value === Infinity || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalid(call, field, value, `is ${show(value)}; give an integer from 0 or leave it out`, "invalid-count");
}

/** Last id of the page before: an id or 0. */
export function checkAfter(after: unknown, call: string): number {
  return after === undefined || after === 0 ? 0 : checkId(after, call, "after");
}

/** A direction; undefined gives `out`. */
export function checkDirection(direction: unknown, call: string): Direction {
  if (direction === undefined) return "out";
  if (direction === "out" || direction === "in" || direction === "both") return direction;
  throw invalid(call, "direction", direction, `is ${show(direction)}; use "out", "in" or "both"`, "invalid-direction");
}

/** An edge filter with its defaults filled in; `types` undefined lets all pass. */
export interface CheckedEdgeFilter {
  readonly direction: Direction;
  readonly types: readonly string[] | undefined;
}

const ALL_OUTGOING: CheckedEdgeFilter = { direction: "out", types: undefined };

/** Direction and types of a traversal. Types that no edge can have are refused, not ignored. */
export function checkEdgeFilter(filter: EdgeFilter | undefined, call: string): CheckedEdgeFilter {
  if (filter === undefined) return ALL_OUTGOING;
  checkObject(filter, call, "options");
  const direction = checkDirection(filter.direction, call);
  const { types } = filter;
  if (types === undefined) return { direction, types };
  if (!Array.isArray(types)) throw invalid(call, "types", types, `is ${show(types)}; give an array`, "invalid-types");
  return { direction, types: [...new Set(types.map((type: unknown) => checkLookup(type, call, "types")))] };
}

/** Stands for a text that cannot be stored: engines would replace its lone surrogates and find what only looks alike. */
const UNSTORABLE = "\0\uffff\0";

/** The text, or one that no record has when it cannot be stored. */
export function storable(text: string): string {
  return text.isWellFormed() ? text : UNSTORABLE;
}

/** A kind, type, name or label to look for. Blank ones are allowed: opened files may hold them. */
export function checkLookup(text: unknown, call: string, field: string): string {
  if (typeof text === "string") return storable(text);
  throw invalid(call, field, text, `is ${show(text)}; give a text`, "invalid-text");
}

/** A glob pattern's text. */
export function checkGlob(glob: unknown, call: string): string {
  if (typeof glob !== "string") throw invalid(call, "glob", glob, `is ${show(glob)}; give a text`, "invalid-text");
  const text = glob;
  if (text.length <= MAX_GLOB_LENGTH) return text;
  throw invalid(call, "glob", text, `has ${text.length} characters; the limit is ${MAX_GLOB_LENGTH}`, "glob-too-long");
}

const UTF8 = new TextEncoder();

/** Bytes of a key: a text stands for its UTF-8 and must not hold NUL or a lone surrogate. */
export function checkKey(key: unknown, call: string, field = "key"): Uint8Array {
  let bytes: Uint8Array;
  if (typeof key === "string") {
    if (key.includes("\0") || !key.isWellFormed()) {
      throw invalid(
        call,
        field,
        key,
        `${show(key)} contains NUL or a lone surrogate; give bytes instead`,
        "invalid-key",
      );
    }
    bytes = UTF8.encode(key);
  } else if (key instanceof Uint8Array) bytes = key;
  else throw invalid(call, field, key, `is ${show(key)}; give a text or a Uint8Array`, "invalid-key");
  if (bytes.length <= MAX_KEY_BYTES) return bytes;
  throw invalid(call, field, key, `takes ${bytes.length} bytes; the limit is ${MAX_KEY_BYTES}`, "key-too-long");
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text whose UTF-8 the bytes are, or a copy of the bytes when there is none (also when the text would hold NUL). */
export function keyToUser(bytes: Uint8Array): Key {
  try {
    const text = STRICT_UTF8.decode(bytes);
    return text.includes("\0") ? bytes.slice() : text;
  } catch {
    return bytes.slice();
  }
}

/** A time to live in milliseconds; undefined for ever. */
export function checkTtl(ttlSeconds: unknown, call: string): number | undefined {
  if (ttlSeconds === undefined) return undefined;
  if (typeof ttlSeconds === "number" && ttlSeconds >= 0 && ttlSeconds <= MAX_TTL_SECONDS) {
    return Math.round(ttlSeconds * 1000);
  }
  throw invalid(
    call,
    "ttlSeconds",
    ttlSeconds,
    `is ${show(ttlSeconds)}; give seconds from 0 to ${MAX_TTL_SECONDS}, or leave it out for ever`,
    "invalid-ttl",
  );
}

/** Steps of a chain query. */
export function checkSteps(steps: unknown, call: string): (CheckedEdgeFilter & { kind: string | undefined })[] {
  return checkList(steps, call, "steps").map((step) => {
    const { kind } = checkObject(step, call, "steps") as ChainStep;
    return {
      ...checkEdgeFilter(step as ChainStep, call),
      kind: kind === undefined ? undefined : checkLookup(kind, call, "kind"),
    };
  });
}

function checkList(list: unknown, call: string, field: string): unknown[] {
  if (!Array.isArray(list)) throw invalid(call, field, list, `is ${show(list)}; give an array`, "invalid-argument");
  if (list.length <= MAX_STEPS) return list;
  throw invalid(call, field, list, `has ${list.length} entries; the limit is ${MAX_STEPS}`, "too-many-steps");
}

/** A pattern with its defaults filled in. */
export interface CheckedPattern {
  readonly root: NodePattern;
  readonly legs: readonly (CheckedEdgeFilter & { readonly node: NodePattern })[];
}

/** A path-shaped pattern. */
export function checkPattern(pattern: GraphPattern, call: string): CheckedPattern {
  checkObject(pattern, call, "pattern");
  const legs = checkList(pattern.legs ?? [], call, "legs") as NonNullable<GraphPattern["legs"]>;
  return {
    root: checkNodePattern(pattern.root, call, "root"),
    legs: legs.map((leg) => ({ ...checkEdgeFilter(leg, call), node: checkNodePattern(leg.node, call, "node") })),
  };
}

function checkNodePattern(pattern: NodePattern | undefined, call: string, field: string): NodePattern {
  if (pattern === undefined) return {};
  checkObject(pattern, call, field);
  if (pattern.kind !== undefined) checkLookup(pattern.kind, call, `${field}.kind`);
  if (pattern.namePrefix !== undefined) checkLookup(pattern.namePrefix, call, `${field}.namePrefix`);
  if (pattern.data !== undefined) {
    checkObject(pattern.data, call, `${field}.data`);
    stringifyJson(pattern.data, `${call}: ${field}.data`);
  }
  return pattern;
}

/** Size of a change queue. */
export function checkQueueSize(size: unknown, fallback: number, call: string): number {
  if (size === undefined) return fallback;
  if (typeof size === "number" && Number.isSafeInteger(size) && size > 0) return size;
  throw invalid(call, "queueSize", size, `is ${show(size)}; give an integer from 1`, "invalid-count");
}

/** Whether a commit is delivered as one `bulk` change. */
export function isBulk(changes: number): boolean {
  return changes > MAX_COMMIT_CHANGES;
}
