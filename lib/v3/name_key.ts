/**
 * Keys of the name index: name (at most 128 bytes of it), 0, kind's string number, node id, length of these two. A number is a
 * length byte and that many bytes, high ones first, so that byte order is its order. What was cut off, or holds a 0, is told
 * from what only looks alike by the node itself.
 */

/** Bytes of a name that go into the index. */
export const MAX_INDEXED_NAME = 128;

/** Largest key. */
export const MAX_NAME_KEY: number = MAX_INDEXED_NAME + 1 + 2 * 8 + 1;

/** Writes a number so that byte order is order. Returns the position behind it. */
export function writeOrdered(bytes: Uint8Array, at: number, value: number): number {
  let length = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
  bytes[at] = length;
  let rest = value;
  for (let index = length; index > 0; index--) {
    bytes[at + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + 1 + length;
}

/** Where the number that `readOrdered` read last ends. */
const lastOrdered: { end: number } = { end: 0 };

/** Reads such a number. */
function readOrdered(bytes: Uint8Array, at: number): number {
  const length = bytes[at] as number;
  let value = 0;
  for (let index = 1; index <= length; index++) value = value * 256 + (bytes[at + index] as number);
  lastOrdered.end = at + 1 + length;
  return value;
}

/** Writes a key; returns the position behind it. */
export function writeNameKey(
  to: Uint8Array,
  at: number,
  name: Uint8Array,
  nameAt: number,
  nameEnd: number,
  kind: number,
  id: number,
): number {
  const end = Math.min(nameEnd, nameAt + MAX_INDEXED_NAME);
  for (let from = nameAt; from < end; from++) to[at++] = name[from] as number;
  to[at++] = 0;
  const idEnd = writeOrdered(to, writeOrdered(to, at, kind), id);
  to[idEnd] = idEnd - at;
  return idEnd + 1;
}

/** Node id in a key. */
export function idOfNameKey(key: Uint8Array): number {
  const end = key.length - 1;
  readOrdered(key, end - (key[end] as number));
  return readOrdered(key, lastOrdered.end);
}

/** What every key of a name begins with; with a kind, of the nodes of that kind. */
export function namePrefix(name: Uint8Array, kind: number | undefined): Uint8Array {
  const key = new Uint8Array(MAX_NAME_KEY);
  const length = Math.min(name.length, MAX_INDEXED_NAME);
  key.set(name.subarray(0, length));
  const end = length + 1;
  return key.slice(0, kind === undefined ? end : writeOrdered(key, end, kind));
}
