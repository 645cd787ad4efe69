/** Writes of key-values over the primitives of any engine. */

import type { WriteAccess } from "./access.ts";
import { CheckedKeyValueReader } from "./checked_key_value.ts";
import type { Key, KeyValue, SetOptions } from "./key_value.ts";
import { checkKey, checkObject, checkTtl } from "./validate.ts";
import { checkValue } from "./value_input.ts";

/** The key-value store: reads and writes. */
export class CheckedKeyValueStore extends CheckedKeyValueReader {
  /** Where it writes. */
  protected override readonly access: WriteAccess;

  constructor(access: WriteAccess) {
    super(access);
    this.access = access;
  }

  set(key: Key, value: KeyValue, options: SetOptions = {}): void {
    const { access } = this;
    const bytes = checkKey(key, "kv.set");
    checkObject(options, "kv.set", "options");
    const ttlMs = checkTtl(options.ttlSeconds, "kv.set");
    const checked = checkValue(value);
    access.write("kv.set", (store) => {
      const now = access.now();
      store.setValue(bytes, checked, now, ttlMs === undefined ? undefined : now + ttlMs);
    });
  }

  delete(key: Key): boolean {
    const { access } = this;
    const bytes = checkKey(key, "kv.delete");
    return access.write("kv.delete", (store) => store.deleteValue(bytes, access.now()));
  }
}
