/** Values of the reference's key-values, the same in its log and its checkpoints (little-endian). */

import { parseJson } from "../backend/json.ts";
import type { KeyValue } from "../backend/key_value.ts";
import { VALUE_TYPE } from "../kv/value_record.ts";

/** A key and its value, as they lie in the log or in a checkpoint. */
export class ReferenceKeyValue {
  /** Value type, one of `VALUE_TYPE`. */
  readonly type: number;
  /** Time to live in seconds (0 expires at once); undefined: the key lives for ever. */
  readonly ttlSeconds: number | undefined;
  /** When it was written, in seconds since 1970: from here the time to live counts. Checkpoints do not say it. */
  readonly writtenSeconds: number | undefined;
  // Positions: an array for each part would take more memory than small entries do themselves.
  readonly #source: Uint8Array;
  readonly #keyAt: number;
  readonly #keyEnd: number;
  readonly #valueAt: number;
  readonly #valueEnd: number;

  /** @param source the bytes that were read, in which the key and the value lie */
  constructor(
    source: Uint8Array,
    { keyAt, keyEnd, valueAt, valueEnd }: KeyValueBounds,
    type: number,
    ttlSeconds: number | undefined,
    writtenSeconds: number | undefined,
  ) {
    this.type = type;
    this.ttlSeconds = ttlSeconds;
    this.writtenSeconds = writtenSeconds;
    this.#source = source;
    this.#keyAt = keyAt;
    this.#keyEnd = keyEnd;
    this.#valueAt = valueAt;
    this.#valueEnd = valueEnd;
  }

  /** The key: part of the bytes that were read. */
  get key(): Uint8Array {
    return this.#source.subarray(this.#keyAt, this.#keyEnd);
  }

  /** The value's bytes: likewise. */
  get bytes(): Uint8Array {
    return this.#source.subarray(this.#valueAt, this.#valueEnd);
  }

  /** Whether the bytes are a value of the type. */
  get isDecodable(): boolean {
    const { type } = this;
    if (type === VALUE_TYPE.null || type === VALUE_TYPE.bytes) return true;
    if (type !== VALUE_TYPE.integer && type !== VALUE_TYPE.float) return referenceValue(type, this.bytes) !== undefined;
    return this.#valueEnd - this.#valueAt >= NUMBER_BYTES;
  }
}

/** Where the parts of an entry lie. */
export interface KeyValueBounds {
  /** First byte of the key. */
  readonly keyAt: number;
  /** Behind its last one. */
  readonly keyEnd: number;
  /** First byte of the value. */
  readonly valueAt: number;
  /** Behind its last one. */
  readonly valueEnd: number;
}

const NUMBER_BYTES = 8;

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The value, or undefined when the bytes are none of this type. As the reference does, surplus bytes of numbers and booleans are
 * ignored and every byte but 0 is true. A bytes value is a copy.
 */
export function referenceValue(type: number, bytes: Uint8Array): KeyValue | undefined {
  switch (type) {
    case VALUE_TYPE.null:
      return null;
    case VALUE_TYPE.integer:
      return bytes.length < NUMBER_BYTES ? undefined : integerOf(viewOf(bytes).getBigInt64(0, true));
    case VALUE_TYPE.float:
      return bytes.length < NUMBER_BYTES ? undefined : viewOf(bytes).getFloat64(0, true);
    case VALUE_TYPE.string:
      return textOf(bytes);
    case VALUE_TYPE.boolean:
      return bytes.length < 1 ? undefined : bytes[0] !== 0;
    case VALUE_TYPE.bytes:
      return new Uint8Array(bytes);
    case VALUE_TYPE.json:
      return jsonOf(bytes);
    default:
      return undefined;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function integerOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** JSON texts may hold scalars too: a JSON `null` becomes null, like the value that has no bytes. */
function jsonOf(bytes: Uint8Array): KeyValue | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch {
    // Also a text that is nested so deeply that the parser's stack ends.
    return undefined;
  }
}
