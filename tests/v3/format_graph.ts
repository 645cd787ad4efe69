/** The second half of the reader of docs/format.md: what the trees hold. */

import { Bytes, FormatError, type FormatPages, type Link, type Root } from "./format_pages.ts";

/** A node, as the document describes it; `data` is JSON text. */
export interface FormatNode {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | undefined;
  readonly labels: readonly string[];
  readonly data: string;
}

/** An edge. */
export interface FormatEdge {
  readonly id: number;
  readonly type: string;
  readonly from: number;
  readonly to: number;
  readonly data: string;
}

/** A key-value record. Keys are shown as hexadecimal text, so that maps can hold them. */
export interface FormatValue {
  readonly key: string;
  readonly type: number;
  readonly created: number;
  readonly updated: number;
  readonly expires: number;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** A kept commit. */
export interface FormatCommit {
  readonly lsn: number;
  readonly timeMs: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly catalog: Root;
  readonly deadPages: number;
  readonly isRetained: boolean;
}

/** A vector index; metric, storage and engine by their codes. */
export interface FormatIndex {
  readonly name: string;
  readonly number: number;
  readonly dimension: number;
  readonly metric: number;
  readonly storage: number;
  readonly count: number;
  readonly m: number;
  readonly engine: number;
  readonly efConstruction: number;
  readonly efSearch: number;
  readonly seed: number;
}

/** A vector of a node. */
export interface FormatVector {
  readonly index: number;
  readonly node: number;
  readonly lsn: number;
  readonly numbers: readonly number[];
}

const KINDS = { record: 1, link: 2, byte: 3 } as const;
const UTF8 = new TextEncoder();

/** Bytes as hexadecimal text. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A graph as of one catalog. */
export class FormatGraph {
  readonly lsn: number = 0;
  readonly counts: readonly number[] = [0, 0, 0];
  readonly nextString: number = 1;
  readonly strings: ReadonlyMap<number, string>;
  readonly #pages: FormatPages;
  readonly #trees = new Map<string, { readonly kind: number; readonly root: Root }>();

  constructor(pages: FormatPages, catalog: Root) {
    this.#pages = pages;
    for (const { key, value } of pages.pairs(catalog)) {
      const name = new TextDecoder().decode(key);
      const entry = new Bytes(value);
      if (name === "state") {
        this.lsn = entry.f64();
        entry.f64();
        this.counts = [entry.f64(), entry.f64(), entry.f64()];
        this.nextString = entry.f64();
      } else if (name.startsWith("tree/")) {
        const [kind, level] = [entry.u8(), entry.u8()];
        this.#trees.set(name.slice(5), { kind, root: { ...entry.pointer(), level } });
      }
    }
    this.strings = new Map(Array.from(this.#records("strings"), ({ id, record }) => [id, this.#string(record)]));
  }

  /** Names of all trees. */
  get treeNames(): string[] {
    return [...this.#trees.keys()];
  }

  #root(name: string, kind: keyof typeof KINDS): Root {
    const tree = this.#trees.get(name);
    if (tree === undefined) return { page: 0, birth: 0, level: 0 };
    if (tree.kind !== KINDS[kind]) throw new FormatError(`the tree ${name} is of kind ${tree.kind}`);
    return tree.root;
  }

  #records(name: string): Generator<{ readonly id: number; readonly record: Uint8Array }> {
    return this.#pages.records(this.#root(name, "record"));
  }

  /** The entries of a link tree. */
  links(name: string): Link[] {
    return [...this.#pages.links(this.#root(name, "link"))];
  }

  #pairs(name: string): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    return this.#pages.pairs(this.#root(name, "byte"));
  }

  #reference(record: Bytes): Uint8Array {
    const length = record.varint();
    return this.#pages.chain(record.pointer(), length);
  }

  #string(bytes: Uint8Array): string {
    const record = new Bytes(bytes);
    const text = record.u8() === 1 ? this.#reference(record) : record.rest();
    return new TextDecoder().decode(text);
  }

  /** All nodes, ascending. */
  nodes(): FormatNode[] {
    return Array.from(this.#records("nodes"), ({ id, record }) => this.node(id, record));
  }

  /** The node of a record. */
  node(id: number, bytes: Uint8Array): FormatNode {
    const record = new Bytes(bytes);
    const flags = record.u8();
    if ((flags & 8) !== 0) return this.node(id, this.#reference(record));
    const parts = readNode(record, flags, this.strings);
    const data = (flags & 4) !== 0 ? this.#reference(record) : record.rest();
    return { id, ...parts, data: jsonText(data) };
  }

  /** All edges, ascending. */
  edges(): FormatEdge[] {
    return Array.from(this.#records("edges"), ({ id, record: bytes }) => {
      const record = new Bytes(bytes);
      const typeAndFlag = record.varint();
      const [from, to] = [record.varint(), record.varint()];
      const data = typeAndFlag % 2 === 1 ? this.#reference(record) : record.rest();
      return { id, type: textOf(this.strings, Math.floor(typeAndFlag / 2)), from, to, data: jsonText(data) };
    });
  }

  /** All key-values, in byte order of their keys. */
  keyValues(): FormatValue[] {
    return Array.from(this.#pairs("keyValues"), ({ key, value }) => readValue(key, value));
  }

  /** Node ids by term: `kind NAME` or `label NAME`. */
  terms(): Map<string, number[]> {
    const terms = new Map<string, number[]>();
    for (const { a, b } of this.links("terms")) {
      const name = `${a % 2 === 0 ? "kind" : "label"} ${textOf(this.strings, Math.floor(a / 2))}`;
      terms.set(name, [...terms.get(name) ?? [], b]);
    }
    return terms;
  }

  /** What the name index says: the first 128 bytes of the name as hexadecimal text, kind and node id. */
  names(): { readonly name: string; readonly kind: string; readonly id: number }[] {
    return Array.from(this.#pairs("names"), ({ key, value }) => {
      if (value.length > 0) throw new FormatError("a name key has a value");
      const numbersAt = key.length - 1 - (key.at(-1) as number);
      if (key[numbersAt - 1] !== 0) throw new FormatError("a name key without its 0");
      const numbers = new Bytes(key, numbersAt);
      const kind = numbers.ordered(numbers.u8());
      const id = numbers.ordered(numbers.u8());
      return { name: hex(key.subarray(0, numbersAt - 1)), kind: textOf(this.strings, kind), id };
    });
  }

  /** Texts and their numbers. */
  texts(): Map<string, number> {
    return new Map(
      Array.from(this.#pairs("texts"), ({ key, value }) => [new TextDecoder().decode(key), new Bytes(value).varint()]),
    );
  }

  /** Expiry and key of every key that expires. */
  expiries(): { readonly expires: number; readonly key: string }[] {
    return Array.from(this.#pairs("expiries"), ({ key }) => {
      const entry = new Bytes(key);
      return { expires: entry.ordered(7), key: hex(entry.rest()) };
    });
  }

  /** The vector indexes, in byte order of their names. */
  vectorIndexes(): FormatIndex[] {
    return [...this.#pairs("vectorIndexes")].filter(({ key }) => key.length > 0)
      .map(({ key, value }) => readIndex(new TextDecoder().decode(key), value));
  }

  /** Number that the next vector index gets; undefined before the first one. */
  nextIndex(): number | undefined {
    const next = [...this.#pairs("vectorIndexes")].find(({ key }) => key.length === 0);
    return next === undefined ? undefined : new Bytes(next.value).u32();
  }

  /** All vectors, by number of their index, then node. */
  vectors(): FormatVector[] {
    const parts = new Map<string, { readonly index: number; readonly node: number; readonly bytes: Uint8Array[] }>();
    for (const { key, value } of this.#pairs("vectors")) {
      const entry = new Bytes(key);
      const index = entry.ordered(4);
      const node = entry.ordered(4) * 2 ** 32 + entry.ordered(4);
      const name = `${index} ${node}`;
      const vector = parts.get(name) ?? { index, node, bytes: [] };
      if (entry.u8() !== vector.bytes.length || value.length > 1000) throw new FormatError(`part of vector ${name}`);
      vector.bytes.push(value);
      parts.set(name, vector);
    }
    return Array.from(parts.values(), ({ index, node, bytes }) => {
      const all = new Bytes(Uint8Array.from(bytes.flatMap((part) => [...part])));
      return { index, node, lsn: all.f64(), numbers: readFloats(all.rest()) };
    });
  }
}

/** The numbers of a vector. */
export function readFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

/** A vector index. */
export function readIndex(name: string, bytes: Uint8Array): FormatIndex {
  const record = new Bytes(bytes);
  const [number, dimension, metric, storage] = [record.u32(), record.u16(), record.u8(), record.u8()] as const;
  const [count, m, engine, spare] = [record.f64(), record.u16(), record.u8(), record.u8()] as const;
  if (spare !== 0 || bytes.length !== 32) throw new FormatError(`vector index ${name}`);
  const [efConstruction, efSearch, seed] = [record.u32(), record.u32(), record.u32()] as const;
  return { name, number, dimension, metric, storage, count, m, engine, efConstruction, efSearch, seed };
}

function textOf(strings: ReadonlyMap<number, string>, number: number): string {
  const text = strings.get(number);
  if (text === undefined) throw new FormatError(`there is no string ${number}`);
  return text;
}

/** Kind, name, path and labels of a node record, behind its flags. */
export function readNode(
  record: Bytes,
  flags: number,
  strings: ReadonlyMap<number, string>,
): Omit<FormatNode, "id" | "data"> {
  const kind = textOf(strings, record.varint());
  const name = record.text(record.varint());
  const filePath = (flags & 1) !== 0 ? record.text(record.varint()) : undefined;
  const labels: string[] = [];
  if ((flags & 2) !== 0) {
    for (let left = record.varint(); left > 0; left--) labels.push(textOf(strings, record.varint()));
  }
  return { kind, name, filePath, labels };
}

/** JSON text of stored data. */
export function jsonText(bytes: Uint8Array): string {
  return bytes.length === 0 ? "{}" : new TextDecoder().decode(bytes);
}

/** A value record. */
export function readValue(key: Uint8Array, bytes: Uint8Array): FormatValue {
  const record = new Bytes(bytes);
  return {
    key: hex(key),
    type: record.u8(),
    created: record.f64(),
    updated: record.f64(),
    expires: record.f64(),
    version: record.f64(),
    bytes: record.rest(),
  };
}

/** What stands for a value, to be compared: its JSON, the bytes as hexadecimal text, or the number as text. */
export function valueText({ type, bytes }: FormatValue): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  switch (type) {
    case 0:
      return "null";
    case 1:
      return `integer ${view.getBigInt64(0, true)}`;
    case 2:
      return `float ${view.getFloat64(0, true)}`;
    case 3:
      return `string ${new TextDecoder().decode(bytes)}`;
    case 4:
      return `boolean ${bytes[0] === 1}`;
    case 5:
      return `bytes ${hex(bytes)}`;
    case 6:
      return `json ${new TextDecoder().decode(bytes)}`;
    default:
      throw new FormatError(`value type ${type}`);
  }
}

/** The kept commits, ascending. */
export function readHistory(pages: FormatPages): FormatCommit[] {
  return Array.from(pages.records(pages.header.history), ({ id, record: bytes }) => {
    const record = new Bytes(bytes);
    const [timeMs, nodeCount, edgeCount] = [record.f64(), record.f64(), record.f64()] as const;
    const catalog = record.root();
    return { lsn: id, timeMs, nodeCount, edgeCount, catalog, deadPages: record.u32(), isRetained: record.u32() === 1 };
  });
}

/** Tags and their commits. */
export function readTags(pages: FormatPages): Map<string, number> {
  return new Map(
    Array.from(pages.pairs(pages.header.tags), ({ key, value }) => [
      new TextDecoder().decode(key),
      new Bytes(value).f64(),
    ]),
  );
}

/** Key of a text, as `hex` shows it. */
export function textKey(text: string): string {
  return hex(UTF8.encode(text));
}
