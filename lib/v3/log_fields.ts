/**
 * The building blocks of the log's payloads:
 *
 *   varint      LEB128 in the fewest bytes, 0 to 2^53 - 1: ids, numbers of strings, counts, lengths, LSNs
 *   u8, u32     little-endian
 *   f64         little-endian, not NaN: times and durations in milliseconds, limits
 *   direction   u8: 0 out, 1 in
 *   operation   u8: 0 delete, 1 expire
 *   lockKind    u8: 0 shared, 1 exclusive, 2 intentionShared, 3 intentionExclusive
 *   text        varint length in bytes, UTF-8               textToEnd   UTF-8 up to the end of the payload
 *   bytes       varint length, bytes                        bytesToEnd  bytes up to the end
 *                                                           f32ToEnd    little-endian floats up to the end
 */

import { CorruptionError } from "../backend/errors.ts";
import { utf8Length } from "../backend/json.ts";
import { MAX_VARINT_BYTES, varintLength, writeVarint } from "./varint.ts";

/** What a field of each encoding holds. */
export interface LogValues {
  readonly varint: number;
  readonly u8: number;
  readonly u32: number;
  readonly f64: number;
  readonly direction: "out" | "in";
  readonly operation: "delete" | "expire";
  readonly lockKind: "shared" | "exclusive" | "intentionShared" | "intentionExclusive";
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly textToEnd: string;
  readonly bytesToEnd: Uint8Array;
  readonly f32ToEnd: Float32Array;
}

/** How the value of a field is stored. */
export type LogEncoding = keyof LogValues;

/** Stored numbers of the choices: their index. */
const CHOICES: { readonly [Encoding in "direction" | "operation" | "lockKind"]: readonly LogValues[Encoding][] } = {
  direction: ["out", "in"],
  operation: ["delete", "expire"],
  lockKind: ["shared", "exclusive", "intentionShared", "intentionExclusive"],
};

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An f64, and the same memory as bytes (both runtimes run on little-endian machines only). */
const FLOAT = new Float64Array(1);
const FLOAT_BYTES = new Uint8Array(FLOAT.buffer);

/** Bytes of a field, or -1 when the value is none of its encoding. */
export function fieldSize(encoding: LogEncoding, value: unknown): number {
  switch (encoding) {
    case "varint":
      return Number.isSafeInteger(value) && (value as number) >= 0 ? varintLength(value as number) : -1;
    case "u8":
      return isUnsigned(value, 0xff) ? 1 : -1;
    case "u32":
      return isUnsigned(value, 0xffff_ffff) ? 4 : -1;
    case "f64":
      return typeof value === "number" && value === value ? 8 : -1;
    case "direction":
    case "operation":
    case "lockKind":
      return (CHOICES[encoding] as readonly unknown[]).includes(value) ? 1 : -1;
    case "text":
    case "textToEnd": {
      if (typeof value !== "string" || !value.isWellFormed()) return -1;
      const length = utf8Length(value);
      return encoding === "text" ? varintLength(length) + length : length;
    }
    case "bytes":
      return value instanceof Uint8Array ? varintLength(value.length) + value.length : -1;
    case "bytesToEnd":
      return value instanceof Uint8Array ? value.length : -1;
    case "f32ToEnd":
      return value instanceof Float32Array ? value.byteLength : -1;
  }
}

function isUnsigned(value: unknown, largest: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= largest;
}

/** Writes a field whose value `fieldSize` accepted, and returns where it ends. */
export function writeField(encoding: LogEncoding, value: unknown, bytes: Uint8Array, at: number): number {
  switch (encoding) {
    case "varint":
      return writeVarint(bytes, at, value as number);
    case "u8":
      bytes[at] = value as number;
      return at + 1;
    case "u32":
      for (let i = 0; i < 4; i++) bytes[at + i] = (value as number) >>> (8 * i);
      return at + 4;
    case "f64":
      FLOAT[0] = value as number;
      for (let i = 0; i < 8; i++) bytes[at + i] = FLOAT_BYTES[i] as number;
      return at + 8;
    case "direction":
    case "operation":
    case "lockKind":
      bytes[at] = (CHOICES[encoding] as readonly unknown[]).indexOf(value);
      return at + 1;
    case "text":
      return writeText(value as string, bytes, writeVarint(bytes, at, utf8Length(value as string)));
    case "textToEnd":
      return writeText(value as string, bytes, at);
    case "bytes":
      return writeBytes(value as Uint8Array, bytes, writeVarint(bytes, at, (value as Uint8Array).length));
    case "bytesToEnd":
      return writeBytes(value as Uint8Array, bytes, at);
    case "f32ToEnd": {
      const vector = value as Float32Array;
      return writeBytes(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), bytes, at);
    }
  }
}

function writeText(text: string, bytes: Uint8Array, at: number): number {
  return at + UTF8.encodeInto(text, bytes.subarray(at)).written;
}

function writeBytes(value: Uint8Array, bytes: Uint8Array, at: number): number {
  bytes.set(value, at);
  return at + value.length;
}

/** Takes fields one after the other from a payload; never beyond its end. */
export class LogReader {
  readonly #recordName: string;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** Name of the field that is read, for errors. */
  field = "";

  /** Reads the payload from `start` to before `end`. */
  constructor(recordName: string, bytes: Uint8Array, start: number, end: number) {
    this.#recordName = recordName;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw this.#damage(`lies from ${start} to ${end}, which is not within ${bytes.length} bytes`);
    }
  }

  /** Takes the next field. */
  value(encoding: LogEncoding): unknown {
    switch (encoding) {
      case "varint":
        return this.#varint();
      case "u8":
        return this.#bytes[this.#advance(1)];
      case "u32":
        return this.#u32();
      case "f64":
        return this.#f64();
      case "direction":
      case "operation":
      case "lockKind":
        return this.#choice(CHOICES[encoding]);
      case "text":
        return this.#text(this.#varint());
      case "textToEnd":
        return this.#text(this.#end - this.#at);
      case "bytes":
        return this.#raw(this.#varint());
      case "bytesToEnd":
        return this.#raw(this.#end - this.#at);
      case "f32ToEnd":
        return this.#floats();
    }
  }

  /** Every byte of the payload must have been taken. */
  finish(): void {
    if (this.#at !== this.#end) throw this.#damage(`is followed by ${this.#end - this.#at} bytes that no field takes`);
  }

  // Not `readVarint`: the payload ends before its memory does, and here a number has one form only.
  #varint(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    for (let length = 1;; length++) {
      const byte = bytes[this.#advance(1)] as number;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && length > 1) throw this.#damage("is a varint with needless bytes");
        if (value > Number.MAX_SAFE_INTEGER) throw this.#damage("is a varint above 2^53 - 1");
        return value;
      }
      if (length === MAX_VARINT_BYTES) throw this.#damage(`is a varint of more than ${MAX_VARINT_BYTES} bytes`);
      scale *= 128;
    }
  }

  #u32(): number {
    const start = this.#advance(4);
    let value = 0;
    for (let i = 3; i >= 0; i--) value = value * 256 + (this.#bytes[start + i] as number);
    return value;
  }

  #f64(): number {
    const start = this.#advance(8);
    for (let i = 0; i < 8; i++) FLOAT_BYTES[i] = this.#bytes[start + i] as number;
    const value = FLOAT[0] as number;
    if (value !== value) throw this.#damage("is NaN");
    return value;
  }

  #choice(choices: readonly string[]): string {
    const number = this.#bytes[this.#advance(1)] as number;
    const choice = choices[number];
    if (choice === undefined) throw this.#damage(`has number ${number}; known are 0 to ${choices.length - 1}`);
    return choice;
  }

  #raw(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #text(length: number): string {
    try {
      return STRICT_UTF8.decode(this.#raw(length));
    } catch (cause) {
      if (cause instanceof CorruptionError) throw cause;
      throw this.#damage("is no UTF-8", cause);
    }
  }

  #floats(): Float32Array {
    const length = this.#end - this.#at;
    if (length % 4 !== 0) throw this.#damage(`takes ${length} bytes; floats take 4 each`);
    const vector = new Float32Array(length / 4);
    // A copy byte by byte: a payload begins anywhere, a float only at a multiple of 4.
    new Uint8Array(vector.buffer).set(this.#raw(length));
    return vector;
  }

  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw this.#damage(`takes ${length} bytes, but ${this.#end - start} are left`);
    this.#at = start + length;
    return start;
  }

  #damage(problem: string, cause?: unknown): CorruptionError {
    const place = this.field === "" ? this.#recordName : `${this.#recordName}.${this.field}`;
    return new CorruptionError(`log record: ${place} ${problem}`, { code: "log-record-corrupt", field: place, cause });
  }
}
