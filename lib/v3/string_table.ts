/** Texts of kinds, types and labels, each with a number that never gets another text. */

import { CorruptionError } from "../backend/errors.ts";
import type { ByteTree } from "./byte_tree.ts";
import { inlineRecord, makeInline, readRecordChain, visitRecordChain } from "./record_chain.ts";
import type { RecordTree } from "./record_tree.ts";
import { type MutablePages, type Pages, StaleRead } from "./pages.ts";
import { readText } from "./text.ts";
import { readVarint, varintLength, writeVarint } from "./varint.ts";
import type { WriteTrees } from "./write_trees.ts";

/** Texts that are remembered. */
const MAX_CACHED = 100_000;

/** First byte of a stored text: it is in the record, or in an overflow chain. */
export const STRING_OVERFLOW = 1;

const UTF8 = new TextEncoder();

/** The two trees that hold the table. */
export interface StringTrees {
  readonly strings: RecordTree;
  readonly texts: ByteTree;
}

/** The table of one database. Numbers of committed texts stay what they are, so all snapshots share it. */
export class StringTable {
  readonly #pages: Pages;
  readonly #trees: StringTrees;
  #textOf: (string | undefined)[] = [];
  readonly #numberOf = new Map<string, number>();

  constructor(pages: Pages, trees: StringTrees) {
    this.#pages = pages;
    this.#trees = trees;
  }

  /** The text of a number. Hot. */
  text(number: number): string {
    return this.#textOf[number] ?? this.#load(number);
  }

  #load(number: number): string {
    const tree = this.#trees.strings;
    if (!tree.find(number)) {
      throw new CorruptionError(`string ${number} is missing; run check, and salvage what is readable`, {
        code: "string-missing",
        value: number,
      });
    }
    const { bytes } = this.#pages;
    const { at, end } = tree;
    let text: string;
    if (bytes[at] === STRING_OVERFLOW) {
      const chain = readRecordChain(this.#pages, bytes, at + 1);
      text = readText(chain, 0, chain.length);
    } else text = readText(bytes, at + 1, end);
    if (!this.#pages.isCurrent()) throw new StaleRead();
    this.#remember(number, text);
    return text;
  }

  /** The number of a text, or undefined. */
  number(text: string): number | undefined {
    const known = this.#numberOf.get(text);
    if (known !== undefined) return known;
    const value = this.#trees.texts.get(UTF8.encode(text));
    if (value === undefined) return undefined;
    const number = readVarint(value, 0);
    if (!this.#pages.isCurrent()) throw new StaleRead();
    this.#remember(number, text);
    return number;
  }

  #remember(number: number, text: string): void {
    if (this.#numberOf.size >= MAX_CACHED) this.forget();
    this.#textOf[number] = text;
    this.#numberOf.set(text, number);
  }

  /** Stores a text under a new number. */
  add(pages: MutablePages, trees: WriteTrees, number: number, text: string): void {
    const bytes = UTF8.encode(text);
    const record = new Uint8Array(1 + bytes.length);
    record.set(bytes, 1);
    makeInline(pages, record, 0, 1, record.length, STRING_OVERFLOW, STRING_OVERFLOW);
    trees.strings.put(number, inlineRecord.bytes, inlineRecord.at, inlineRecord.end);
    const value = new Uint8Array(varintLength(number));
    writeVarint(value, 0, number);
    trees.texts.put(bytes, value);
    this.#remember(number, text);
  }

  /** Forgets the texts from a number on, which were rolled back. */
  rollbackTo(nextNumber: number): void {
    for (let number = nextNumber; number < this.#textOf.length; number++) {
      const text = this.#textOf[number];
      if (text !== undefined) this.#numberOf.delete(text);
    }
    if (this.#textOf.length > nextNumber) this.#textOf.length = nextNumber;
  }

  /** Forgets everything: it is read again when it is needed. */
  forget(): void {
    this.#textOf = [];
    this.#numberOf.clear();
  }
}

/** Visits the chain of a stored text, if it has one. */
export function stringChain(
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: (pageId: number, birth: number) => void,
): void {
  visitRecordChain(bytes, at, end, STRING_OVERFLOW, visit);
}
