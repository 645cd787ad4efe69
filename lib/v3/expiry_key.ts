/** Keys of the expiry index: the expiry in milliseconds, high byte first (7 bytes), then the key. */

const EXPIRY_BYTES = 7;

/** Key of an entry. */
export function expiryKey(expiresAt: number, key: Uint8Array): Uint8Array {
  const entry = new Uint8Array(EXPIRY_BYTES + key.length);
  let rest = Math.floor(expiresAt);
  for (let at = EXPIRY_BYTES - 1; at >= 0; at--) {
    entry[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  entry.set(key, EXPIRY_BYTES);
  return entry;
}

/** Expiry of an entry. */
export function expiryOf(entry: Uint8Array): number {
  let value = 0;
  for (let at = 0; at < EXPIRY_BYTES; at++) value = value * 256 + (entry[at] as number);
  return value;
}

/** Key of an entry. */
export function keyOfExpiry(entry: Uint8Array): Uint8Array {
  return entry.subarray(EXPIRY_BYTES);
}
