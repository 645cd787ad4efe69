/** Bytes that grow, for the writer of the reference's format. */

/** An integer of 64 bits; a bigint where a number would not be exact. */
export type Int64 = number | bigint;

const ENCODER = new TextEncoder();
/** Up to here twice the number is exact too, which zigzag needs. */
const EXACT_TWICE = 2 ** 51;

/** A growing list of bytes with the format's integers, big-endian unless told. */
export class ByteList {
  #bytes: Uint8Array;
  #view: DataView;
  readonly #isLittle: boolean;
  /** Number of bytes. */
  length = 0;

  constructor(order: "big" | "little" = "big") {
    this.#isLittle = order === "little";
    const buffer = new ArrayBuffer(64);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** The bytes, not copied: valid until the next one is added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.#isLittle);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.#isLittle);
    return this;
  }

  /** Signed or unsigned: negative ones as their two's complement. */
  u64(value: Int64): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), this.#isLittle);
    return this;
  }

  f32(value: number): this {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, this.#isLittle);
    return this;
  }

  add(bytes: ArrayLike<number>): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  text(text: string): this {
    return this.add(ENCODER.encode(text));
  }

  zeros(count: number): this {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, this.length);
    return this;
  }

  /** LEB128 of an unsigned integer. */
  varint(value: Int64): this {
    if (typeof value === "number" && value <= Number.MAX_SAFE_INTEGER) {
      let rest = value;
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
      return this.u8(rest);
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80);
    return this.u8(Number(rest));
  }

  #grow(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** 0, −1, 1, −2 … as 0, 1, 2, 3 …, of 64 bits. */
export function zigzag(value: Int64): Int64 {
  if (typeof value === "number" && Math.abs(value) < EXACT_TWICE) return value >= 0 ? 2 * value : -2 * value - 1;
  const wide = BigInt.asIntN(64, BigInt(value));
  return wide >= 0n ? 2n * wide : -2n * wide - 1n;
}

/** The difference of two ids, in 64 bits. */
export function difference(a: Int64, b: Int64): Int64 {
  if (typeof a === "number" && typeof b === "number" && Math.abs(a) < EXACT_TWICE && Math.abs(b) < EXACT_TWICE) {
    return a - b;
  }
  return BigInt.asIntN(64, BigInt(a) - BigInt(b));
}
