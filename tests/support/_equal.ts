/** Deep equality as `@std/assert` defines it:
 *
 * - numbers by value: `0` equals `-0`, `NaN` equals `NaN`; a bigint never equals a number
 * - objects need the same constructor (a null prototype counts as `Object`) and the same own enumerable members:
 *   `{ a: undefined }` is not `{}`, a hole in an array is not `undefined`
 * - maps and sets in any order, dates by time, regular expressions and URLs by their text
 *
 * Where the original sees no difference at all, this one looks closer: bytes of buffers and views, messages of errors.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

type Seen = Map<object, Set<object>>;

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (typeof a === "number" && typeof b === "number") return a === b || (Number.isNaN(a) && Number.isNaN(b));
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (!haveSameConstructor(a, b)) return false;
  if (a instanceof Date && b instanceof Date) return compare(a.getTime(), b.getTime(), seen);
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof WeakMap || a instanceof WeakSet) throw new TypeError("WeakMap and WeakSet cannot be compared");
  if (a instanceof WeakRef && b instanceof WeakRef) return compare(a.deref(), b.deref(), seen);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return compareViews(a, b);
  if (isBuffer(a) && isBuffer(b)) return compareViews(new Uint8Array(a), new Uint8Array(b));

  // A pair that is met again while it is being compared (a cycle) decides nothing; one that was found unequal ended the search.
  const partners = seen.get(a);
  if (partners?.has(b)) return true;
  if (partners) partners.add(b);
  else seen.set(a, new Set([b]));

  if (a instanceof Error && b instanceof Error && (a.name !== b.name || a.message !== b.message)) return false;
  if (a instanceof Map && b instanceof Map) return compareMaps(a, b, seen);
  if (a instanceof Set && b instanceof Set) return compareSets(a, b, seen);
  return compareMembers(a, b, seen);
}

function haveSameConstructor(a: object, b: object): boolean {
  return (a.constructor ?? Object) === (b.constructor ?? Object);
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function compareViews(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  if (a instanceof DataView || a instanceof Uint8Array) return sameBytes(a, b);
  // By element, not by byte: a float array may hold 0 where the other holds -0.
  const left = a as unknown as ArrayLike<unknown>;
  const right = b as unknown as ArrayLike<unknown>;
  for (let index = 0; index < left.length; index++) {
    const x = left[index];
    const y = right[index];
    if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) return false;
  }
  return true;
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const left = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const right = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

function compareMembers(a: object, b: object, seen: Seen): boolean {
  const keys = enumerableKeys(a);
  if (keys.length !== enumerableKeys(b).length) return false;
  return keys.every((key) =>
    Object.prototype.propertyIsEnumerable.call(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

function enumerableKeys(value: object): PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length === 0) return Object.keys(value);
  const isEnumerable = (key: symbol) => Object.prototype.propertyIsEnumerable.call(value, key);
  return [...Object.keys(value), ...symbols.filter(isEnumerable)];
}

function compareMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  const unmatched = new Set(b);
  for (const [key, value] of a) {
    if (isPrimitive(key)) {
      if (!b.has(key) || !compare(value, b.get(key), seen)) return false;
    } else if (!removeFirst(unmatched, ([k, v]) => matches(key, k, seen) && matches(value, v, seen))) return false;
  }
  return true;
}

function compareSets(a: Set<unknown>, b: Set<unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  const unmatched = new Set(b);
  for (const value of a) {
    if (isPrimitive(value)) {
      if (!b.has(value)) return false;
    } else if (!removeFirst(unmatched, (other) => matches(value, other, seen))) return false;
  }
  return true;
}

/** Tries a pair without leaving a trace of it: among candidates, one that fails must not be taken for seen later. */
function matches(a: unknown, b: unknown, seen: Seen): boolean {
  const copy: Seen = new Map();
  for (const [key, partners] of seen) copy.set(key, new Set(partners));
  return compare(a, b, copy);
}

function removeFirst<T>(set: Set<T>, isWanted: (value: T) => boolean): boolean {
  for (const value of set) {
    if (isWanted(value)) return set.delete(value);
  }
  return false;
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}
