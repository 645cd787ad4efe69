/**
 * The entries of a checkpoint's body.
 *
 * Up to format 2 a value, and always a key, has a length of 16 bits: of a longer one the reference writes the length 65,535 and
 * then all its bytes. It cannot read that back, or reads wrong values. Here its end is found: the first position from which the
 * rest of the body is entries to the last byte.
 */

import { VALUE_TYPE } from "../kv/value_record.ts";
import { type KeyValueBounds, ReferenceKeyValue } from "./reference_value.ts";
import type { SidecarDamage } from "./sidecar_file.ts";

/** What a body holds. */
export interface CheckpointEntries {
  /** The number that the body begins with. */
  readonly keyCount: number;
  /** Entries up to the first damage. */
  readonly entries: readonly ReferenceKeyValue[];
  /** What ended the reading before the end. */
  readonly damage: SidecarDamage | undefined;
}

/** Formats from here on have value lengths of 32 bits. */
const FIRST_LONG_FORMAT = 3;
/** A length that may stand for a larger one. */
const SATURATED = 0xffff;
const KEY_LENGTH_BYTES = 2;
/** Type, time to live, version. */
const TAIL_BYTES = 17;
/** The upper half of a time to live in seconds, or of a version, is smaller than this in what the reference wrote. */
const PLAUSIBLE_UPPER = 2 ** 12;
/** Most positions that are tried for the ends of overlong keys and values, for each byte of the body. */
const TRIES_PER_BYTE = 8;

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the entries of a body. */
export function readCheckpointEntries(body: Uint8Array, format: number): CheckpointEntries {
  return new EntryReader(body, format >= FIRST_LONG_FORMAT ? 4 : 2).read();
}

type Bounds = { -readonly [Part in keyof KeyValueBounds]: number };

class EntryReader {
  readonly #body: Uint8Array;
  readonly #view: DataView;
  readonly #valueLengthBytes: 2 | 4;
  /** The parts of the entry that was looked at last. */
  readonly #bounds: Bounds = { keyAt: 0, keyEnd: 0, valueAt: 0, valueEnd: 0 };
  #triesLeft: number;

  constructor(body: Uint8Array, valueLengthBytes: 2 | 4) {
    this.#body = body;
    this.#view = new DataView(body.buffer, body.byteOffset, body.length);
    this.#valueLengthBytes = valueLengthBytes;
    this.#triesLeft = TRIES_PER_BYTE * body.length;
  }

  read(): CheckpointEntries {
    const size = this.#body.length;
    if (size < 4) {
      const damage = { message: "the number of keys is missing", offset: 0, lostBytes: size };
      return { keyCount: 0, entries: [], damage };
    }
    const keyCount = this.#view.getUint32(0, true);
    const entries: ReferenceKeyValue[] = [];
    let at = 4;
    // The reference, too, takes a single last byte for the end.
    while (size - at >= KEY_LENGTH_BYTES) {
      if (!this.#find(at)) {
        const damage = { message: `entry ${entries.length} does not end`, offset: at, lostBytes: size - at };
        return { keyCount, entries, damage };
      }
      entries.push(this.#entry());
      at = this.#bounds.valueEnd + TAIL_BYTES;
    }
    return { keyCount, entries, damage: undefined };
  }

  #entry(): ReferenceKeyValue {
    const { valueEnd } = this.#bounds;
    const type = this.#body[valueEnd] as number;
    const ttlSeconds = this.#view.getUint32(valueEnd + 1, true) + this.#view.getUint32(valueEnd + 5, true) * 2 ** 32;
    return new ReferenceKeyValue(this.#body, this.#bounds, type, ttlSeconds === 0 ? undefined : ttlSeconds, undefined);
  }

  /** Sets the bounds of the entry at `at`; false when it does not end inside the body. */
  #locate(at: number, keyBytes?: number, valueBytes?: number): boolean {
    const { length } = this.#body;
    const bounds = this.#bounds;
    bounds.keyAt = at + KEY_LENGTH_BYTES;
    bounds.keyEnd = bounds.keyAt + (keyBytes ?? this.#view.getUint16(at, true));
    bounds.valueAt = bounds.keyEnd + this.#valueLengthBytes;
    if (bounds.valueAt > length) return false;
    bounds.valueEnd = bounds.valueAt + (valueBytes ?? this.#valueBytes(bounds.keyEnd));
    return bounds.valueEnd + TAIL_BYTES <= length;
  }

  #valueBytes(at: number): number {
    return this.#valueLengthBytes === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  /** Sets the bounds of the entry at `at`, also of an overlong one; false when it does not end inside the body. */
  #find(at: number): boolean {
    if (this.#hasSaturatedKey(at)) return this.#findKeyEnd(at);
    if (!this.#locate(at)) return false;
    return !this.#hasSaturatedValue() || this.#findValueEnd(at);
  }

  #hasSaturatedKey(at: number): boolean {
    return this.#view.getUint16(at, true) === SATURATED;
  }

  /** Whether the located entry may have a value that is longer than its length says. */
  #hasSaturatedValue(): boolean {
    return this.#valueLengthBytes === 2 && this.#view.getUint16(this.#bounds.keyEnd, true) === SATURATED;
  }

  #findValueEnd(at: number): boolean {
    const keyBytes = this.#bounds.keyEnd - this.#bounds.keyAt;
    for (let valueBytes = SATURATED; this.#locate(at, keyBytes, valueBytes); valueBytes++) {
      if (this.#triesLeft-- <= 0) break;
      if (this.#isWritten() && this.#isTextSound() && this.#fitsToEnd()) return true;
    }
    return this.#locate(at, keyBytes, SATURATED) && this.#isWritten();
  }

  #findKeyEnd(at: number): boolean {
    for (let keyBytes = SATURATED; keyBytes <= this.#body.length - at; keyBytes++) {
      if (this.#triesLeft-- <= 0) break;
      if (this.#locate(at, keyBytes) && this.#isWritten() && this.#isTextSound() && this.#fitsToEnd()) return true;
    }
    return this.#locate(at, SATURATED) && this.#isWritten();
  }

  /** Whether all behind the located entry is entries. Leaves its bounds as they are. */
  #fitsToEnd(): boolean {
    const { keyAt, keyEnd, valueAt, valueEnd } = this.#bounds;
    const fits = this.#entriesFrom(valueEnd + TAIL_BYTES);
    Object.assign(this.#bounds, { keyAt, keyEnd, valueAt, valueEnd });
    return fits;
  }

  #entriesFrom(start: number): boolean {
    let at = start;
    while (at < this.#body.length) {
      if (this.#triesLeft-- <= 0 || this.#body.length - at < KEY_LENGTH_BYTES) return false;
      // The end of an overlong one is still to be found.
      if (this.#hasSaturatedKey(at)) return true;
      if (!this.#locate(at)) return false;
      if (this.#hasSaturatedValue()) return true;
      if (!this.#isWritten()) return false;
      at = this.#bounds.valueEnd + TAIL_BYTES;
    }
    return true;
  }

  /** Whether the located entry is like those that the reference writes. Nulls it leaves out. */
  #isWritten(): boolean {
    const { valueAt, valueEnd } = this.#bounds;
    const valueBytes = valueEnd - valueAt;
    switch (this.#body[valueEnd]) {
      case VALUE_TYPE.integer:
      case VALUE_TYPE.float:
        if (valueBytes !== 8) return false;
        break;
      case VALUE_TYPE.boolean:
        if (valueBytes !== 1) return false;
        break;
      case VALUE_TYPE.string:
      case VALUE_TYPE.bytes:
      case VALUE_TYPE.json:
        break;
      default:
        return false;
    }
    return this.#view.getUint32(valueEnd + 5, true) < PLAUSIBLE_UPPER &&
      this.#view.getUint32(valueEnd + 13, true) < PLAUSIBLE_UPPER;
  }

  #isTextSound(): boolean {
    const { valueAt, valueEnd } = this.#bounds;
    const type = this.#body[valueEnd];
    if (type !== VALUE_TYPE.string && type !== VALUE_TYPE.json) return true;
    this.#triesLeft -= valueEnd - valueAt;
    try {
      STRICT_UTF8.decode(this.#body.subarray(valueAt, valueEnd));
      return true;
    } catch {
      return false;
    }
  }
}
