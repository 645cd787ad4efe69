/**
 * The `.v3checkpoint` sidecar: all key-values as of the last flush. Little-endian:
 *
 *   0  "V3KVCK", one byte        12 u32 length of the body
 *   7  u8 format: 1, 2 or 3      16 format 2 and 3: SHA-256 of the body
 *   8  u32 version               48 (format 1: 16) body: u32 number of keys, with the removed ones that are left out; entries
 *
 *   entry: u16 length, key; u16 (format 3: u32) length, value; u8 value type; u64 time to live in seconds, 0: for ever; u64 version
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readCheckpointEntries } from "./checkpoint_entries.ts";
import type { ReferenceKeyValue } from "./reference_value.ts";
import type { SidecarDamage } from "./sidecar_file.ts";

/** What a checkpoint holds. */
export interface ReferenceCheckpoint {
  /** Format; undefined when the file is no checkpoint of the reference. */
  readonly format: number | undefined;
  /** What the file calls its number of keys: those that were removed count, but are not there. */
  readonly keyCount: number;
  /** The entries in the order of the file, in which they lie in no order; of two with the same key the later one counts. */
  readonly entries: readonly ReferenceKeyValue[];
  /**
   * What is wrong. Entries before a damage, and those of a body whose SHA-256 does not match, are given: whether they can be
   * trusted is for the caller to say.
   */
  readonly damages: readonly SidecarDamage[];
}

const MAGIC = [0x56, 0x33, 0x4b, 0x56, 0x43, 0x4b];
const FORMAT_AT = 7;
const BODY_LENGTH_AT = 12;
const HASH_AT = 16;
const HASH_BYTES = 32;
/** Formats from here on carry a hash. */
const FIRST_HASHED_FORMAT = 2;
/** Format of this package's own checkpoints, which lie under another name. */
const OWN_FORMAT = 0x10;

/** Reads a checkpoint: everything in it that can be read, and what is wrong with it. */
export function readCheckpoint(bytes: Uint8Array): ReferenceCheckpoint {
  const problem = headProblem(bytes);
  if (problem !== undefined) {
    return {
      format: undefined,
      keyCount: 0,
      entries: [],
      damages: [{ message: problem, offset: 0, lostBytes: bytes.length }],
    };
  }
  const format = bytes[FORMAT_AT] as number;
  const bodyAt = format >= FIRST_HASHED_FORMAT ? HASH_AT + HASH_BYTES : HASH_AT;
  const damages: SidecarDamage[] = [];
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(BODY_LENGTH_AT, true);
  const body = bytes.subarray(bodyAt, bodyAt + length);
  if (bodyAt + length > bytes.length) {
    const missing = bodyAt + length - bytes.length;
    damages.push({ message: `${missing} bytes are missing at the end`, offset: bytes.length, lostBytes: missing });
  } else if (bodyAt > HASH_AT && !hashMatches(bytes.subarray(HASH_AT, bodyAt), body)) {
    damages.push({ message: "its SHA-256 does not match its content", offset: bodyAt, lostBytes: 0 });
  }
  const { keyCount, entries, damage } = readCheckpointEntries(body, format);
  if (damage !== undefined) damages.push({ ...damage, offset: bodyAt + damage.offset });
  return { format, keyCount, entries, damages };
}

function headProblem(bytes: Uint8Array): string | undefined {
  if (bytes.length < HASH_AT) return `it has only ${bytes.length} bytes`;
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) return "it does not begin with V3KVCK";
  return bytes[FORMAT_AT] === OWN_FORMAT ? "it is a copy of key-values that this package made" : undefined;
}

function hashMatches(stored: Uint8Array, body: Uint8Array): boolean {
  return Buffer.compare(stored, createHash("sha256").update(body).digest()) === 0;
}
