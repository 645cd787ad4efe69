/** Arrays of numbers in shared memory. */

/** An array of numbers, wherever it lies. */
export type NumberArray =
  | Float64Array<ArrayBufferLike>
  | Float32Array<ArrayBufferLike>
  | Int32Array<ArrayBufferLike>
  | Uint32Array<ArrayBufferLike>;

/** An array of numbers in shared memory. */
export type SharedNumbers =
  | Float64Array<SharedArrayBuffer>
  | Float32Array<SharedArrayBuffer>
  | Int32Array<SharedArrayBuffer>
  | Uint32Array<SharedArrayBuffer>;

/** The array when it lies in shared memory, else a copy that does. */
export function shared(numbers: NumberArray): SharedNumbers {
  if (numbers.buffer instanceof SharedArrayBuffer) return numbers as SharedNumbers;
  const Numbers = numbers.constructor as new (buffer: SharedArrayBuffer) => SharedNumbers;
  const copy = new Numbers(new SharedArrayBuffer(numbers.byteLength));
  copy.set(numbers);
  return copy;
}
