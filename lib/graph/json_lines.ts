/** JSON Lines: one row of an ingest per line. Blank lines are passed over.
 *
 *   {"node": {"kind": "Person", "name": "Ada", "data": {"born": 1815}}, "ref": "ada"}
 *   {"edge": {"type": "KNOWS", "from": {"ref": "ada"}, "to": 17}}
 *   {"kv": {"key": "session", "value": 1, "ttlSeconds": 60}}
 *
 * What JSON lacks is written as in a snapshot file: `keyBytes` and `bytes` are base64 and stand for `key` and `value`,
 * `float` stands for a `value` of `NaN`, `Infinity` or `-Infinity`.
 */

import { Buffer } from "node:buffer";
import { InvalidArgumentError } from "../backend/errors.ts";
import { type JsonObject, type JsonValue, parseJson } from "../backend/json.ts";
import { show } from "../backend/validate.ts";
import { readStart } from "../backend/line_file.ts";
import { LineReader } from "../backend/line_reader.ts";
import { type IngestRow, type RowSource, UnreadableRow } from "./row_source.ts";

const BLANK = /^\s*$/;

/**
 * The rows of a JSON Lines file, read while they are ingested. Integers beyond ±(2^53 − 1) become `bigint`.
 *
 * @throws {NotFoundError} when there is no such file
 */
export function readJsonLines(file: string): RowSource {
  const reader = new LineReader(file);
  return {
    file,
    get line() {
      return reader.line;
    },
    get bytesRead() {
      return reader.bytesRead;
    },
    sizeBytes: reader.sizeBytes,
    *[Symbol.iterator]() {
      for (const text of reader.lines()) {
        if (text.length === 0 || BLANK.test(text)) continue;
        yield readRow(text);
      }
    },
  };
}

/** Its shape is checked by the ingest. */
function readRow(text: string): IngestRow | UnreadableRow {
  try {
    const row = parseJson(text);
    if (typeof row === "object" && row !== null && "kv" in row) {
      return { ...row, kv: readKeyValue(row.kv) } as IngestRow;
    }
    return row as unknown as IngestRow;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return new UnreadableRow(error, text);
    const reason = new InvalidArgumentError(`the line is no JSON: ${(error as Error).message}`, {
      code: "not-json",
      cause: error,
    });
    return new UnreadableRow(reason, text);
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const FLOATS: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

/** Gives the members that stand for `key` and `value` their names. */
function readKeyValue(kv: JsonValue | undefined): unknown {
  if (typeof kv !== "object" || kv === null || Array.isArray(kv)) return kv;
  const { keyBytes, bytes, float, ...members } = kv as JsonObject;
  if (float !== undefined && !FLOATS.has(float)) throw invalid("float", float, "give NaN, Infinity or -Infinity");
  const keys = keyBytes === undefined ? undefined : { key: readBytes("keyBytes", keyBytes) };
  const values = [
    ...(bytes === undefined ? [] : [{ value: readBytes("bytes", bytes) }]),
    ...(float === undefined ? [] : [{ value: Number(float) }]),
  ];
  if (keys !== undefined && "key" in members) throw invalid("keyBytes", keyBytes, "leave it or key out");
  if (values.length + Number("value" in members) > 1) throw invalid("kv", kv, "give one of value, bytes and float");
  return { ...members, ...keys, ...values[0] };
}

function readBytes(field: string, text: JsonValue): Uint8Array {
  if (typeof text !== "string" || !BASE64.test(text)) throw invalid(field, text, "give base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}

function invalid(field: string, value: JsonValue | undefined, hint: string): InvalidArgumentError {
  return new InvalidArgumentError(`${field} is ${show(value)}; ${hint}`, { code: "invalid-row", field, value });
}

/** Whether a file begins like one that `exportSnapshot` wrote. A file that cannot be read is none. */
export function isSnapshotFile(file: string): boolean {
  let start: string;
  try {
    start = new TextDecoder().decode(readStart(file, 64));
  } catch {
    return false;
  }
  return /^\ufeff?\s*\{\s*"sqlitegraph"\s*:/.test(start);
}
