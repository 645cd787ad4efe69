/** A reader of database files written from docs/format.md alone: header, pages, the three kinds of trees, chains. */

/** Bytes of a page and of a header slot. */
const PAGE_SIZE = 4096;
const PAGES_AT = 8192;

/** Numbers of page types. */
const TYPE = { recordLeaf: 1, recordBranch: 2, linkLeaf: 3, linkBranch: 4, byteLeaf: 5, byteBranch: 6 } as const;
const OVERFLOW = 7;
const FREE_LIST = 8;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ ((register & 1) === 1 ? 0xedb88320 : 0);
  return register >>> 0;
});

/** The checksum of the format. */
export function crc32(bytes: Uint8Array, seed: number): number {
  let register = ~seed;
  for (const byte of bytes) register = (register >>> 8) ^ (CRC_TABLE[(register ^ byte) & 255] as number);
  return ~register >>> 0;
}

/** A page by its id and the low half of its birth. */
export interface Pointer {
  readonly page: number;
  readonly birth: number;
}

/** Where a tree begins. */
export interface Root extends Pointer {
  readonly level: number;
}

/** What the reader needs of a header slot. */
export interface FileHeader {
  readonly fileSeed: number;
  readonly counter: number;
  readonly lsn: number;
  readonly nextLsn: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly keyCount: number;
  readonly nextNodeId: number;
  readonly nextEdgeId: number;
  readonly pageCount: number;
  readonly freeList: Pointer;
  readonly freeListBytes: number;
  readonly catalog: Root;
  readonly history: Root;
  readonly dead: Root;
  readonly tags: Root;
}

/** An entry of a link tree. */
export interface Link {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly type: number;
}

/** Something about the bytes is not as the document says. */
export class FormatError extends Error {}

function expectThat(isTrue: boolean, what: string): void {
  if (!isTrue) throw new FormatError(what);
}

/** Reads numbers one after the other. */
export class Bytes {
  readonly bytes: Uint8Array;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  u8(): number {
    return this.#view.getUint8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.#view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }

  f64(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  field(width: number): number {
    let value = 0;
    for (let index = width - 1; index >= 0; index--) value = value * 256 + this.#view.getUint8(this.at + index);
    this.at += width;
    return value;
  }

  /** A number with its high bytes first. */
  ordered(width: number): number {
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + this.u8();
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  pointer(): Pointer {
    return { page: this.u32(), birth: this.u32() };
  }

  root(): Root {
    return { page: this.u32(), birth: this.u32(), level: this.u32() };
  }

  take(length: number): Uint8Array {
    expectThat(this.at + length <= this.bytes.length, `${length} bytes at ${this.at} are not there`);
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  text(length: number): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(length));
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }
}

/** Order of two byte strings. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    if (one[at] !== other[at]) return (one[at] as number) - (other[at] as number);
  }
  return one.length - other.length;
}

/** The pages of one file. */
export class FormatPages {
  readonly header: FileHeader;
  /** Pages that were visited, and how often. */
  readonly visited: Map<number, number> = new Map();
  readonly #file: Uint8Array;

  constructor(file: Uint8Array) {
    this.#file = file;
    const slots = [readSlot(file, 0), readSlot(file, PAGE_SIZE)].filter((slot) => slot !== undefined);
    expectThat(slots.length > 0, "no slot of the header is valid");
    this.header = slots.reduce((best, slot) => slot.counter > best.counter ? slot : best);
  }

  /** A page, whose type and level must be these. */
  #page({ page, birth }: Pointer, type: number, level: number): Uint8Array {
    const at = PAGES_AT + (page - 1) * PAGE_SIZE;
    const bytes = this.#file.subarray(at, at + PAGE_SIZE);
    expectThat(page > 0 && bytes.length === PAGE_SIZE, `page ${page} is not in the file`);
    const reader = new Bytes(bytes);
    const checksum = reader.u32();
    expectThat(checksum === crc32(bytes.subarray(4), (page ^ this.header.fileSeed) >>> 0), `checksum of page ${page}`);
    expectThat(reader.u8() === type && reader.u8() === level, `page ${page} is not of type ${type}, level ${level}`);
    reader.at = 8;
    expectThat(reader.f64() % 2 ** 32 === birth, `page ${page} has another birth`);
    this.visited.set(page, (this.visited.get(page) ?? 0) + 1);
    return bytes;
  }

  /** The records of a tree, ascending. */
  *records(root: Root): Generator<{ readonly id: number; readonly record: Uint8Array }> {
    if (root.page === 0) return;
    if (root.level > 0) {
      const entries = new Bytes(this.#page(root, TYPE.recordBranch, root.level), 6);
      const count = entries.u16();
      entries.at = 24;
      for (let child = 0; child < count; child++) {
        const key = entries.f64();
        for (const entry of this.records({ ...entries.pointer(), level: root.level - 1 })) {
          expectThat(child === 0 || entry.id >= key, `record ${entry.id} lies before key ${key}`);
          yield entry;
        }
      }
      return;
    }
    const leaf = this.#page(root, TYPE.recordLeaf, 0);
    const slots = new Bytes(leaf, 6);
    const count = slots.u16();
    slots.at = 16;
    const base = slots.f64();
    const width = slots.u8();
    slots.at = 26;
    let end = PAGE_SIZE;
    for (let slot = 0; slot < count; slot++) {
      const id = base + (width === 0 ? slot : slots.field(width));
      const offset = slots.u16();
      const start = offset & 0x7fff;
      if (offset < 0x8000) yield { id, record: leaf.slice(start, end) };
      else expectThat(width === 0 && start === end, `slot ${slot} is a hole`);
      end = start;
    }
  }

  /** The entries of a link tree, ascending. */
  *links(root: Root): Generator<Link> {
    if (root.page === 0) return;
    if (root.level > 0) {
      const entries = new Bytes(this.#page(root, TYPE.linkBranch, root.level), 6);
      const count = entries.u16();
      entries.at = 24;
      for (let child = 0; child < count; child++) {
        const key = { a: entries.f64(), b: entries.f64(), c: entries.f64() };
        for (const link of this.links({ ...entries.pointer(), level: root.level - 1 })) {
          expectThat(child === 0 || !isLinkBefore(link, key), `link ${link.a} ${link.b} ${link.c} lies before its key`);
          yield link;
        }
      }
      return;
    }
    const leaf = this.#page(root, TYPE.linkLeaf, 0);
    const groups = new Bytes(leaf, 16);
    const typeBase = groups.u32();
    const groupCount = groups.u16();
    const widths = groups.u16();
    const [aBase, bBase, cBase] = [groups.f64(), groups.f64(), groups.f64()] as const;
    const [widthA, widthB, widthC, widthType] = [
      widths & 15,
      widths >> 4 & 15,
      widths >> 8 & 15,
      widths >> 12,
    ] as const;
    let index = 0;
    for (let group = 0; group < groupCount; group++) {
      const a = aBase + groups.field(widthA);
      for (const end = groups.u16(); index < end; index++) {
        const entry = new Bytes(leaf, PAGE_SIZE - (index + 1) * (widthB + widthC + widthType));
        const [b, c] = [bBase + entry.field(widthB), cBase + entry.field(widthC)];
        yield { a, b, c, type: typeBase + entry.field(widthType) };
      }
    }
    expectThat(index === new Bytes(leaf, 6).u16(), "entries outside of groups");
  }

  /** The entries of a byte tree, ascending. */
  *pairs(root: Root): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    if (root.page === 0) return;
    const type = root.level > 0 ? TYPE.byteBranch : TYPE.byteLeaf;
    const page = this.#page(root, type, root.level);
    const count = new Bytes(page, 6).u16();
    const slots = new Bytes(page, 24);
    for (let slot = 0; slot < count; slot++) {
      const cell = new Bytes(page, slots.u16());
      if (root.level === 0) {
        const key = this.#part(cell, 512, 512);
        yield { key, value: this.#part(cell, 1000, 64) };
        continue;
      }
      const child = cell.pointer();
      const separator = this.#part(cell, 512, 512);
      expectThat(slot > 0 || separator.length === 0, "the first separator is not empty");
      for (const pair of this.pairs({ ...child, level: root.level - 1 })) {
        expectThat(compareBytes(pair.key, separator) >= 0, "a key lies before its separator");
        yield pair;
      }
    }
  }

  /** A key part or value part. */
  #part(cell: Bytes, most: number, head: number): Uint8Array {
    const length = cell.varint();
    if (length <= most) return cell.take(length);
    const bytes = new Uint8Array(length);
    bytes.set(cell.take(head));
    bytes.set(this.chain(cell.pointer(), length - head), head);
    return bytes;
  }

  /** The bytes of a chain. */
  chain(first: Pointer, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let pointer = first;
    for (let at = 0; at < length;) {
      const page = new Bytes(this.#page(pointer, OVERFLOW, 0), 6);
      const used = page.u16();
      expectThat(used === Math.min(4072, length - at), `page ${pointer.page} of a chain holds ${used} bytes`);
      page.at = 16;
      pointer = page.pointer();
      bytes.set(page.take(used), at);
      at += used;
    }
    expectThat(pointer.page === 0, "a chain is longer than its owner says");
    return bytes;
  }

  /** The pages that are free. */
  freePages(): Set<number> {
    const bytes = new Uint8Array(this.header.freeListBytes);
    let length = 0;
    for (let pointer = this.header.freeList; pointer.page !== 0;) {
      const page = new Bytes(this.#page(pointer, FREE_LIST, 0), 6);
      const used = page.u16();
      page.at = 16;
      pointer = page.pointer();
      bytes.set(page.take(used), length);
      length += used;
    }
    expectThat(length === bytes.length, `the list of free pages has ${length} bytes`);
    const free = new Set<number>();
    const runs = new Bytes(bytes);
    for (let page = 1; !runs.isAtEnd;) {
      page += runs.varint();
      for (let left = runs.varint(); left > 0; left--) free.add(page++);
    }
    return free;
  }
}

function isLinkBefore(link: Link, key: { readonly a: number; readonly b: number; readonly c: number }): boolean {
  return link.a !== key.a ? link.a < key.a : link.b !== key.b ? link.b < key.b : link.c < key.c;
}

function readSlot(file: Uint8Array, at: number): FileHeader | undefined {
  const slot = file.subarray(at, at + PAGE_SIZE);
  if (slot.length < PAGE_SIZE) return undefined;
  const view = new DataView(slot.buffer, slot.byteOffset);
  const isRight = String.fromCharCode(...slot.subarray(0, 8)) === "SQLTGF\0\x03" && view.getUint32(8, false) === 5 &&
    view.getUint32(4092, true) === crc32(slot.subarray(0, 4092), 0);
  if (!isRight) return undefined;
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const f64 = (offset: number): number => view.getFloat64(offset, true);
  const root = (offset: number): Root => new Bytes(slot, offset).root();
  return {
    fileSeed: u32(20),
    counter: f64(40),
    lsn: f64(48),
    nextLsn: f64(224),
    nodeCount: f64(80),
    edgeCount: f64(88),
    keyCount: f64(96),
    nextNodeId: f64(104),
    nextEdgeId: f64(112),
    pageCount: u32(136),
    freeList: { page: u32(140), birth: u32(144) },
    freeListBytes: u32(148),
    catalog: root(152),
    history: root(164),
    dead: root(176),
    tags: root(188),
  };
}
