/** The key-values of a transaction: those of the state that it holds, and what it did to them. */

import { Buffer } from "node:buffer";
import type { HeldState } from "../backend/state_source.ts";
import type { KeyPosition, Page, StoredEntry, StoredValue } from "../backend/store.ts";
import { decodeValue, expiresAtOf, NEVER_EXPIRES } from "../kv/mod.ts";
import { mergePage } from "./overlay_page.ts";
import { lowerBound, OverlayRecords } from "./overlay_records.ts";
import type { ReadRecorder } from "./read_recorder.ts";

/** The record of a key, or that there is none any more. */
type OwnValue = Uint8Array | "deleted";

const EMPTY_KEY = new Uint8Array(0);

/** Key-values as the transaction sees them. Keys are texts with a character per byte: their order is that of the bytes. */
export class OverlayValues extends OverlayRecords<string, OwnValue> {
  readonly #base: HeldState;
  readonly #reads: ReadRecorder;

  constructor(base: HeldState, reads: ReadRecorder) {
    super();
    this.#base = base;
    this.#reads = reads;
  }

  protected override changed(): void {}

  /** The value of a key that has not expired, or undefined. */
  read(key: Uint8Array, now: number): StoredValue | undefined {
    const own = this.size === 0 ? undefined : this.state(keyText(key));
    if (own !== undefined) return isLive(own, now) ? storedValue(own, key) : undefined;
    this.#reads.key(key);
    return this.#base.store.readValue(key, now);
  }

  /** Whether a key exists and has not expired. */
  exists(key: Uint8Array, now: number): boolean {
    const own = this.size === 0 ? undefined : this.state(keyText(key));
    if (own !== undefined) return isLive(own, now);
    this.#reads.key(key);
    return this.#base.store.keyExists(key, now);
  }

  /** The page of entries that have not expired and whose key starts with a prefix. */
  page(prefix: Uint8Array, after: KeyPosition, now: number, size: number): Page<StoredEntry, KeyPosition> {
    this.#reads.keyPrefix(prefix);
    const page = this.#base.store.valuePage(prefix, after, now, size);
    if (this.size === 0) return page;
    const keys = this.sortedKeys();
    const prefixText = keyText(prefix);
    const next = page.next === undefined ? undefined : keyText(page.next.key);
    const isNextWithin = page.next?.isInclusive === false;
    const isWithin = (key: string): boolean =>
      key.startsWith(prefixText) && (next === undefined || key < next || (isNextWithin && key === next));
    const { items, cutAt } = mergePage<string, StoredEntry>(page, isWithin, {
      keys,
      start: lowerBound(keys, keyText(after.key), !after.isInclusive),
      keyOf: (entry) => keyText(entry.key),
      isOwn: (key) => this.state(key) !== undefined,
      itemOf: (key) => {
        const own = this.state(key) as OwnValue;
        if (!isLive(own, now)) return undefined;
        const bytes = keyBytes(key);
        return { key: bytes, ...storedValue(own, bytes) };
      },
    }, size);
    return { items, next: cutAt === undefined ? page.next : { key: keyBytes(cutAt), isInclusive: false } };
  }

  /** Number of keys that have not expired. O(own keys). */
  count(now: number): number {
    this.#reads.keyPrefix(EMPTY_KEY);
    const { store } = this.#base;
    let count = store.countValues(now);
    for (const [key, own] of this.states()) {
      if (isLive(own, now)) count++;
      if (store.keyExists(keyBytes(key), now)) count--;
    }
    return count;
  }

  /** Writes a key. */
  set(key: Uint8Array, record: Uint8Array): void {
    this.setState(keyText(key), record);
  }

  /** Removes a key. */
  delete(key: Uint8Array): void {
    this.setState(keyText(key), "deleted");
  }
}

function isLive(own: OwnValue, now: number): own is Uint8Array {
  if (own === "deleted") return false;
  const expiresAt = expiresAtOf(own);
  return expiresAt === NEVER_EXPIRES || expiresAt > now;
}

function storedValue(record: Uint8Array, key: Uint8Array): StoredValue {
  const expiresAt = expiresAtOf(record);
  return { value: decodeValue(record, key), expiresAt: expiresAt === NEVER_EXPIRES ? undefined : expiresAt };
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}

/** A copy, which may be given away. */
function keyBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let at = 0; at < key.length; at++) bytes[at] = key.charCodeAt(at);
  return bytes;
}
