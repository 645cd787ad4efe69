/** The order in which texts are listed. */

/** Order of two texts by the bytes of their UTF-8, which is that of their code points. */
export function compareUtf8(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a === b) continue;
    // Surrogates stand for code points above every other UTF-16 unit.
    const isSurrogate = (a & 0xf800) === 0xd800;
    return isSurrogate === ((b & 0xf800) === 0xd800) ? a - b : isSurrogate ? 1 : -1;
  }
  return one.length - other.length;
}
