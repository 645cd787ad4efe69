/** Checks of values for the key-value store. */

import { InvalidArgumentError } from "./errors.ts";
import { stringifyJson } from "./json.ts";
import type { KeyValue } from "./key_value.ts";
import { MAX_VALUE_BYTES } from "./limits.ts";
import { show } from "./validate.ts";

/** How a value is stored. */
export type ValueType = "null" | "boolean" | "integer" | "float" | "string" | "bytes" | "json";

/**
 * A value that passed all checks. An `integer` is a safe number (not −0) or a bigint of 64 bits; any other number is a
 * `float`; `json` is an array or a plain object.
 */
export interface CheckedValue {
  readonly type: ValueType;
  readonly value: KeyValue;
  /** JSON text of a `string`, a `json` and a finite `float`; empty for all other types. */
  readonly json: string;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const WHERE = "kv.set: value";

/**
 * Checks a value.
 *
 * @throws {InvalidArgumentError} when it cannot be stored
 */
export function checkValue(value: unknown): CheckedValue {
  switch (typeof value) {
    case "string":
      return { type: "string", value, json: stringifyJson(value, WHERE) };
    case "boolean":
      return { type: "boolean", value, json: "" };
    case "bigint":
      if (value < MIN_INT64 || value > MAX_INT64) {
        throw new InvalidArgumentError(`${WHERE} ${value}n does not fit into 64 bits; store it as a text`, {
          code: "integer-too-large",
          field: "value",
          value,
        });
      }
      return { type: "integer", value, json: "" };
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { type: "integer", value, json: "" };
      return { type: "float", value, json: Number.isFinite(value) ? stringifyJson(value, WHERE) : "" };
    case "object":
      if (value === null) return { type: "null", value, json: "" };
      if (value instanceof Uint8Array) return { type: "bytes", value: checkBytes(value), json: "" };
      return { type: "json", value: value as KeyValue, json: stringifyJson(value, WHERE) };
    default:
      throw new InvalidArgumentError(
        `${WHERE} is ${show(value)}; store null, bytes, a text, number, boolean or JSON`,
        { code: "invalid-value", field: "value", value },
      );
  }
}

function checkBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_VALUE_BYTES) return bytes;
  throw new InvalidArgumentError(
    `${WHERE} takes ${bytes.length} bytes; the limit is ${MAX_VALUE_BYTES}: split it over several keys`,
    { code: "value-too-large", field: "value" },
  );
}
