/** Numbers that look drawn by lot, but depend on what they are for only. */

/** Two numbers as one of 32 bits. With one of them fixed, different others give different results. */
export function mixed(a: number, b: number): number {
  let hash = Math.imul(a ^ (b + 0x9e3779b9 | 0), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A seed, of which the lower 53 bits count, as a number of 32 bits. */
export function lotOf(seed: number): number {
  return mixed(seed | 0, Math.floor(seed / 0x1_0000_0000) | 0);
}
