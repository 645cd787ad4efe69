/** Whole numbers in 0 to 7 bytes, as distance from a base that a page has for all of them (little-endian). */

/** Widest field: distances up to 2^53 - 1 need seven bytes. */
export const MAX_FIELD_WIDTH = 7;

/** Reads a field. No byte beside it is touched, so that a field may be the last thing in the buffer. Hot: 1 to 3 ns. */
export function readField(view: DataView, at: number, width: number): number {
  switch (width) {
    case 0:
      return 0;
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getUint16(at, true) | view.getUint8(at + 2) << 16;
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getUint32(at, true) + view.getUint8(at + 4) * 0x1_0000_0000;
    case 6:
      return view.getUint32(at, true) + view.getUint16(at + 4, true) * 0x1_0000_0000;
    default:
      return view.getUint32(at, true) +
        (view.getUint16(at + 4, true) | view.getUint8(at + 6) << 16) * 0x1_0000_0000;
  }
}

/** Reads fields that lie `step` bytes apart, each plus a base, into `into[start]` to `into[end - 1]`. Hot: 1 ns each. */
export function readFields(
  view: DataView,
  at: number,
  step: number,
  width: number,
  base: number,
  into: Float64Array,
  start: number,
  end: number,
): void {
  let from = at;
  switch (width) {
    case 0:
      into.fill(base, start, end);
      return;
    case 1:
      for (let index = start; index < end; index++, from += step) into[index] = base + view.getUint8(from);
      return;
    case 2:
      for (let index = start; index < end; index++, from += step) into[index] = base + view.getUint16(from, true);
      return;
    case 3:
      for (let index = start; index < end; index++, from += step) {
        into[index] = base + (view.getUint16(from, true) | view.getUint8(from + 2) << 16);
      }
      return;
    case 4:
      for (let index = start; index < end; index++, from += step) into[index] = base + view.getUint32(from, true);
      return;
    default:
      for (let index = start; index < end; index++, from += step) into[index] = base + readField(view, from, width);
  }
}

/** Writes a field; the value fits its width. */
export function writeField(view: DataView, at: number, width: number, value: number): void {
  switch (width) {
    case 0:
      return;
    case 1:
      view.setUint8(at, value);
      return;
    case 2:
      view.setUint16(at, value, true);
      return;
    case 3:
      view.setUint16(at, value & 0xffff, true);
      view.setUint8(at + 2, value >>> 16);
      return;
    case 4:
      view.setUint32(at, value, true);
      return;
  }
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint32(at, value >>> 0, true);
  if (width === 5) {
    view.setUint8(at + 4, high);
    return;
  }
  view.setUint16(at + 4, high & 0xffff, true);
  if (width === MAX_FIELD_WIDTH) view.setUint8(at + 6, high >>> 16);
}

/** Bytes that a distance needs. */
export function fieldWidth(distance: number): number {
  if (distance < 0x100) return distance === 0 ? 0 : 1;
  if (distance < 0x1_0000) return 2;
  if (distance < 0x100_0000) return 3;
  if (distance < 0x1_0000_0000) return 4;
  if (distance < 0x100_0000_0000) return 5;
  return distance < 0x1_0000_0000_0000 ? 6 : 7;
}

/** Number of values that a field can hold: 256 to the power of its width. */
export function fieldLimit(width: number): number {
  return width < 4 ? 1 << 8 * width : 0x100_0000 * 256 ** (width - 3);
}

/**
 * The base for values between two bounds in fields of a width. What the width can hold beyond them lies half below and half
 * above, so that values to come fit, too, and pages are seldom written anew for a wider field.
 */
export function fieldBase(least: number, greatest: number, width: number): number {
  const spare = fieldLimit(width) - 1 - (greatest - least);
  return Math.max(0, least - Math.floor(spare / 2));
}
