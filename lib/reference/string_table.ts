/**
 * The reference's string table: u32 count, then for each string u32 offset, u16 length and UTF-8 (big-endian). No released version
 * stores it in a file; it is read for the sake of tools that hand such bytes around.
 */

import { CorruptionError } from "../backend/errors.ts";
import { decodeText } from "./node_payload.ts";

/** Edge types that a new table of the reference begins with. */
export const SEED_TYPES: readonly string[] = [
  "calls",
  "imports",
  "defines",
  "uses",
  "contains",
  "implements",
  "extends",
  "references",
  "declares",
  "exports",
  "inherits",
  "overrides",
  "depends_on",
  "relates_to",
  "includes",
  "aliases",
];

/** A string and the offset that stands for it. */
export interface StringEntry {
  /** Its offset, as stored. */
  readonly offset: number;
  /** The string. */
  readonly text: string;
}

const ENTRY_HEAD_BYTES = 6;

/**
 * Reads a string table.
 *
 * @throws {CorruptionError} when it ends too early
 */
export function readStringTable(bytes: Uint8Array): StringEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4) throw cut(0);
  const count = view.getUint32(0);
  const entries: StringEntry[] = [];
  let at = 4;
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_HEAD_BYTES > bytes.length) throw cut(index);
    const start = at + ENTRY_HEAD_BYTES;
    const end = start + view.getUint16(at + 4);
    if (end > bytes.length) throw cut(index);
    entries.push({ offset: view.getUint32(at), text: decodeText(bytes, start, end) });
    at = end;
  }
  return entries;
}

function cut(index: number): CorruptionError {
  return new CorruptionError(`the string table ends in string ${index}`, {
    code: "reference-string-table",
    value: index,
  });
}
