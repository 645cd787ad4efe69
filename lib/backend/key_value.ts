/** The key-value part of the contract. */

import type { JsonArray, JsonObject } from "./json.ts";

/** A key: bytes, or a text that stands for its UTF-8. */
export type Key = string | Uint8Array;

/**
 * A stored value. Safe integers (not −0) and bigints are 64-bit integers, other numbers floats, plain objects and arrays
 * JSON. An integer comes back as a number when it is safe, else as bigint.
 */
export type KeyValue = null | boolean | number | bigint | string | Uint8Array | JsonArray | JsonObject;

/** One entry of a scan. */
export interface KeyValueEntry<K extends Key = Key> {
  /** The key: text when asked by text and the key is UTF-8 without NUL, else bytes. */
  readonly key: K;
  /** The value. */
  readonly value: KeyValue;
  /** When the key expires, in milliseconds since 1970; absent when it never does. */
  readonly expiresAt?: number;
}

/** How to write a key. */
export interface SetOptions {
  /**
   * Time to live in seconds (fractions too, to the millisecond), from now; 0 expires at once. Without it the key lives for
   * ever, also when it expired before.
   */
  readonly ttlSeconds?: number | undefined;
}

/** Which keys a scan lists. */
export interface ScanOptions<K extends Key = Key> {
  /** Only keys that start with these bytes; default all. */
  readonly prefix?: K | undefined;
  /** Only keys after this one. */
  readonly after?: Key | undefined;
  /** At most this many; default all. */
  readonly limit?: number | undefined;
}

/** Reads of the key-value store. An expired key is absent. */
export interface KeyValueReader {
  /** The value of a key, or undefined. O(log n). */
  get(key: Key): KeyValue | undefined;
  /** The value of a key with its expiry, or undefined. O(log n). */
  entry<K extends Key>(key: K): KeyValueEntry<K> | undefined;
  /** Whether the key exists. O(log n). */
  has(key: Key): boolean;
  /**
   * Entries in byte order of their keys, the state at the first step. A text prefix (or none) yields text keys, keys that
   * are no UTF-8 (or hold NUL) as bytes; a byte prefix yields bytes.
   */
  scan(options: ScanOptions<Uint8Array> & { readonly prefix: Uint8Array }): IterableIterator<KeyValueEntry<Uint8Array>>;
  /** The same with a text prefix or none. */
  scan(options?: ScanOptions<string>): IterableIterator<KeyValueEntry>;
  /** Number of keys that have not expired. O(n). */
  count(): number;
}

/** The key-value store: reads and writes, in the same transactions as the graph. */
export interface KeyValueStore extends KeyValueReader {
  /**
   * Writes a key.
   *
   * @throws {InvalidArgumentError} for a key or value that cannot be stored; nothing changes
   */
  set(key: Key, value: KeyValue, options?: SetOptions): void;
  /** Removes a key; false when there was none (or it had expired). */
  delete(key: Key): boolean;
}
