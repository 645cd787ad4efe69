/**
 * Data of an edge record: empty (no type), or u8 length and UTF-8 of the type; since 3.9.0 `80`, f32 weight (big-endian), u8 length
 * and UTF-8 of the type. Lengths are cut to 8 bits, so that a type of 256 bytes or more is told by the length of the whole.
 */

/** Weight of an edge that has none of its own. */
export const DEFAULT_WEIGHT = 1;

/** What `readEdgeData` found. A field instead of a result, because an object would be allocated for every edge. */
export const lastEdgeData: { typeStart: number; typeEnd: number; weight: number } = {
  typeStart: 0,
  typeEnd: 0,
  weight: DEFAULT_WEIGHT,
};

const WEIGHTED = 0x80;
const WEIGHTED_HEAD_BYTES = 6;

/** Reads the data in `bytes[start, end)` into `lastEdgeData`; `view` is over the same bytes. Hot. */
export function readEdgeData(bytes: Uint8Array, view: DataView, start: number, end: number): void {
  lastEdgeData.weight = DEFAULT_WEIGHT;
  lastEdgeData.typeStart = lastEdgeData.typeEnd = end;
  const length = end - start;
  if (length === 0) return;
  const first = bytes[start] as number;
  if (first === WEIGHTED && length >= WEIGHTED_HEAD_BYTES) {
    const typeLength = bytes[start + 5] as number;
    const rest = length - WEIGHTED_HEAD_BYTES;
    const isOldType = length === 1 + WEIGHTED; // an old type of exactly 128 bytes begins with the same byte
    if (rest === typeLength || (!isOldType && rest > typeLength)) {
      lastEdgeData.weight = view.getFloat32(start + 1);
      lastEdgeData.typeStart = start + WEIGHTED_HEAD_BYTES;
      lastEdgeData.typeEnd = start + WEIGHTED_HEAD_BYTES + (isCut(rest, typeLength) ? rest : typeLength);
      return;
    }
  }
  const rest = length - 1;
  if (first > rest) return; // the reference reads this as "no type", too
  lastEdgeData.typeStart = start + 1;
  lastEdgeData.typeEnd = start + 1 + (isCut(rest, first) ? rest : first);
}

/** Whether a length of 8 bits is what is left of a longer one, which the data has room for exactly. */
function isCut(rest: number, length: number): boolean {
  return rest > length && (rest - length) % 256 === 0;
}
