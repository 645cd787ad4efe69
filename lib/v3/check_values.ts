/** Check of the key-values: their records, and the index of expiries. */

import { Buffer } from "node:buffer";
import { CorruptionError } from "../backend/errors.ts";
import { decodeValue, expiresAtOf, NEVER_EXPIRES, VALUE_HEAD_BYTES } from "../kv/mod.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { Content } from "./check_content.ts";
import { Fingerprint } from "./check_fingerprint.ts";
import { expiryKey, expiryOf, keyOfExpiry } from "./expiry_key.ts";

/** Checks the key-values, and their expiries when those can be read. */
export function checkValues(content: Content, areExpiriesSound: boolean): void {
  const { trees } = content;
  const wanted = new Fingerprint();
  const cursor = new ByteCursor(trees.keyValues);
  for (cursor.seek(NO_KEY); cursor.next();) {
    content.step();
    const key = cursor.key();
    content.attempt(`key ${show(key)}`, () => {
      const expiresAt = checkValueRecord(cursor.value(), key);
      if (expiresAt === NEVER_EXPIRES) return;
      const entry = expiryKey(expiresAt, key);
      wanted.addBytes(entry, 0, entry.length, 0);
    });
  }
  content.expectCount("key-count", "keys", content.counts.keyCount, content.entries.keyValues);
  if (!areExpiriesSound) return;
  content.pass("index of expiries", () => {
    const found = new Fingerprint();
    const expiries = new ByteCursor(trees.expiries);
    for (expiries.seek(NO_KEY); expiries.next();) {
      content.step();
      const entry = expiries.key();
      found.addBytes(entry, 0, entry.length, 0);
    }
    if (!found.equals(wanted)) findExpiries(content);
  });
}

/**
 * Checks the record of a key. Returns its expiry.
 *
 * @throws {CorruptionError} when it is in no known form
 */
export function checkValueRecord(record: Uint8Array, key: Uint8Array): number {
  decodeValue(record, key);
  const expiresAt = expiresAtOf(record);
  if (Number.isSafeInteger(Math.floor(expiresAt)) && expiresAt >= 0) return expiresAt;
  throw new CorruptionError(`its expiry is ${expiresAt}`, { code: "corrupt-value", value: key });
}

const NO_KEY = new Uint8Array(0);

function findExpiries({ trees, findings, entries }: Content): void {
  let present = 0;
  const cursor = new ByteCursor(trees.keyValues);
  for (cursor.seek(NO_KEY); cursor.next();) {
    const expiresAt = expiryIn(cursor.valueHead());
    if (expiresAt === NEVER_EXPIRES) continue;
    const key = cursor.key();
    if (trees.expiries.has(expiryKey(expiresAt, key))) present++;
    else findings.error("expiry-missing", "keys that the index of expiries lacks", show(key));
  }
  if (entries.expiries === present) return;
  const expiries = new ByteCursor(trees.expiries);
  for (expiries.seek(NO_KEY); expiries.next();) {
    const entry = expiries.key();
    const key = keyOfExpiry(entry);
    const head = trees.keyValues.getHead(key.slice());
    if (head !== undefined && Math.floor(expiryIn(head)) === expiryOf(entry)) continue;
    findings.error("expiry-excess", "entries of the index of expiries that belong to no key", show(key));
  }
}

/** Expiry in the head of a record; never for one that is too short to say. */
function expiryIn(head: Uint8Array): number {
  return head.length < VALUE_HEAD_BYTES ? NEVER_EXPIRES : expiresAtOf(head);
}

function show(key: Uint8Array): string {
  return `0x${Buffer.from(key.subarray(0, 32)).toString("hex")}${key.length > 32 ? "…" : ""}`;
}
