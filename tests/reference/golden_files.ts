/** What the bytes of the golden sidecars hold, read without the code under test. */

import { writeFileSync } from "node:fs";
import { openRaw } from "../support/raw_sqlite.ts";
import { goldenBytes, goldenFileNames } from "../support/reference_golden.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Hexadecimal digits of all keys that a log or a checkpoint of the database mentions, deleted ones too. */
export function keysInFiles(folder: string): Set<string> {
  const keys = new Set<string>();
  for (const name of goldenFileNames(folder)) {
    if (name.endsWith(".v3checkpoint")) keysOfCheckpoint(goldenBytes(folder, name), keys);
    if (name.endsWith(".v3wal")) keysOfLog(goldenBytes(folder, name), keys);
  }
  return keys;
}

function keysOfCheckpoint(bytes: Uint8Array, keys: Set<string>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isWide = bytes[7] === 3;
  for (let at = 48 + 4; at < bytes.length;) {
    const keyEnd = at + 2 + view.getUint16(at, true);
    keys.add(hexOf(bytes.subarray(at + 2, keyEnd)));
    const valueLength = isWide ? view.getUint32(keyEnd, true) : view.getUint16(keyEnd, true);
    at = keyEnd + (isWide ? 4 : 2) + valueLength + 1 + 8 + 8;
  }
}

function keysOfLog(bytes: Uint8Array, keys: Set<string>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const hasHeader = new TextDecoder().decode(bytes.subarray(0, 5)) === "V3WAL";
  for (let at = hasHeader ? 64 : 0; at + 4 < bytes.length;) {
    const body = at + 4;
    const variant = view.getUint32(body, true);
    // KvSet, KvDelete, KvTombstone: variant, LSN, length of the key, key.
    if (variant >= 8 && variant <= 10) {
      keys.add(hexOf(bytes.subarray(body + 20, body + 20 + Number(view.getBigUint64(body + 12, true)))));
    }
    at = body + view.getUint32(at, true);
  }
}

/** JSON text of each edge that the property sidecar has, by `edgeName`. */
export function edgeProperties(folder: string): Map<string, string> {
  const texts = new Map<string, string>();
  if (!goldenFileNames(folder).includes("db.sqlite")) return texts;
  using dir = tempDir();
  writeFileSync(dir.path("copy.sqlite"), goldenBytes(folder, "db.sqlite"));
  using raw = openRaw(dir.path("copy.sqlite"));
  if (!raw.tables().includes("edge_attributes")) return texts;
  for (const row of raw.rows("SELECT src, dst, attr_name, attr_value FROM edge_attributes")) {
    texts.set(edgeName(Number(row[0]), Number(row[1]), String(row[2])), String(row[3]));
  }
  return texts;
}

/** An edge without its data, as one text. */
export function edgeName(from: number, to: number, type: string): string {
  return `${from} -> ${to} ${JSON.stringify(type)}`;
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
