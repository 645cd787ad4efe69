/** Reads of key-values over the primitives of any engine. */

import type { ReadAccess } from "./access.ts";
import type { Key, KeyValue, KeyValueEntry, ScanOptions } from "./key_value.ts";
import { PagedIterator } from "./paged_iterator.ts";
import type { KeyPosition, StoredValue } from "./store.ts";
import { checkCount, checkKey, checkObject, keyToUser } from "./validate.ts";

/** Reads of the key-value store. */
export class CheckedKeyValueReader {
  /** Where it reads. */
  protected readonly access: ReadAccess;

  constructor(access: ReadAccess) {
    this.access = access;
  }

  get(key: Key): KeyValue | undefined {
    return this.access.store("kv.get").readValue(checkKey(key, "kv.get"), this.access.now())?.value;
  }

  entry<K extends Key>(key: K): KeyValueEntry<K> | undefined {
    const stored = this.access.store("kv.entry").readValue(checkKey(key, "kv.entry"), this.access.now());
    return stored === undefined ? undefined : entryOf(key, stored);
  }

  has(key: Key): boolean {
    return this.access.store("kv.has").keyExists(checkKey(key, "kv.has"), this.access.now());
  }

  scan(options: ScanOptions = {}): IterableIterator<KeyValueEntry> {
    const { access } = this;
    access.store("kv.scan");
    checkObject(options, "kv.scan", "options");
    const { prefix = "" } = options;
    // Copies: the user may change the bytes before the first step. (`slice` of a `Buffer` is none.)
    const prefixBytes = new Uint8Array(checkKey(prefix, "kv.scan", "prefix"));
    const afterBytes = options.after === undefined
      ? undefined
      : new Uint8Array(checkKey(options.after, "kv.scan", "after"));
    const asBytes = prefix instanceof Uint8Array;
    let now: number | undefined;
    return new PagedIterator<KeyValueEntry, KeyPosition>(
      (iterator) => access.beginIteration(iterator),
      (store, after, size) => {
        now ??= access.now();
        const page = store.valuePage(prefixBytes, after, now, size);
        return {
          items: page.items.map((row) => entryOf(asBytes ? row.key : keyToUser(row.key), row)),
          next: page.next,
        };
      },
      afterBytes === undefined || isBefore(afterBytes, prefixBytes)
        ? { key: prefixBytes, isInclusive: true }
        : { key: afterBytes, isInclusive: false },
      checkCount(options.limit, Infinity, "kv.scan", "limit"),
    );
  }

  count(): number {
    return this.access.store("kv.count").countValues(this.access.now());
  }
}

function entryOf<K extends Key>(key: K, stored: StoredValue): KeyValueEntry<K> {
  return stored.expiresAt === undefined
    ? { key, value: stored.value }
    : { key, value: stored.value, expiresAt: stored.expiresAt };
}

/** Whether one key comes before another in byte order. */
function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a[at] !== b[at]) return (a[at] as number) < (b[at] as number);
  }
  return a.length < b.length;
}
