/** Numbers that look random and are the same in every run. */

/** A function that gives the next whole number from 0 to `limit` - 1 (xorshift of 32 bits by George Marsaglia, 2003). */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) / 2 ** 32 * limit);
  };
}

/** Ids from 1 to `last`. */
export function randomIds(count: number, last: number, seed: number = 1): number[] {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, () => 1 + next(last));
}

/** Text of about so many characters that no two calls share. */
export function randomText(next: (limit: number) => number, length: number): string {
  let text = "";
  while (text.length < length) text += next(2 ** 32).toString(36) + " ";
  return text.slice(0, length);
}
