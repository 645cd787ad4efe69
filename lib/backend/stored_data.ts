/** `data` as it is stored: JSON text. */

import { CorruptionError } from "./errors.ts";
import { type JsonValue, parseJson } from "./json.ts";

/**
 * The `data` of a stored node or edge. What is no text (files of other programs may hold anything) is no JSON.
 *
 * @throws {CorruptionError} when the text is no JSON
 */
export function parseStoredData(text: unknown, what: "node" | "edge", id: number): JsonValue {
  try {
    return parseJson(text as string);
  } catch (error) {
    throw new CorruptionError(`data of ${what} ${id} is no JSON: ${String(text).slice(0, 60)}`, {
      code: "corrupt-data",
      value: id,
      cause: error,
    });
  }
}
