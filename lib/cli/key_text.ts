/** Keys of the key-value store, for people and for `--json`. */

import { Buffer } from "node:buffer";
import type { Key } from "../backend/key_value.ts";
import { printable } from "./table.ts";

/** A key as the members of a JSON object. Bytes, which JSON cannot hold, are written as in a snapshot file. */
export function keyJson(key: Key): { readonly key: string } | { readonly keyBytes: string } {
  return typeof key === "string" ? { key } : { keyBytes: Buffer.from(key).toString("base64") };
}

/** A key for people; bytes are hexadecimal. */
export function keyText(key: Key): string {
  return typeof key === "string" ? printable(key) : `0x${Buffer.from(key).toString("hex")}`;
}
