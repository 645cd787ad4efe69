/** Results as JSON: exact integers, members that are undefined left out, bytes as base64. */

import { Buffer } from "node:buffer";
import type { JsonValue } from "../backend/json.ts";
import { stringifyJson } from "../backend/json.ts";

/** JSON text of a result. */
export function toJsonText(value: unknown): string {
  return stringifyJson(withoutUndefined(value), "output");
}

function withoutUndefined(value: unknown): JsonValue {
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (typeof value !== "object" || value === null) return value as JsonValue;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const result: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    Object.defineProperty(result, key, { value: withoutUndefined(member), enumerable: true, configurable: true });
  }
  return result;
}
