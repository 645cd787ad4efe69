/** Copying of few bytes. */

/** A call of `set` costs as much as a loop over some hundred bytes, for the view that it needs. */
const MAX_LOOP = 160;

/** Copies bytes between buffers or within one, then to where they do not overlap. Hot. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > MAX_LOOP) to.set(from.subarray(start, end), at);
  else while (start < end) to[at++] = from[start++] as number;
}
