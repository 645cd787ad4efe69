/** Check of the string table: both of its trees hold the same texts under numbers that were given. */

import { Buffer } from "node:buffer";
import { ByteCursor } from "./byte_cursor.ts";
import type { Content } from "./check_content.ts";
import { Fingerprint } from "./check_fingerprint.ts";
import { readRecordChain } from "./record_chain.ts";
import { RecordCursor } from "./record_tree.ts";
import { STRING_OVERFLOW } from "./string_table.ts";
import { lastVarint, readVarint } from "./varint.ts";

/** Checks the strings. */
export function checkStrings(content: Content): void {
  const { pages, trees, findings } = content;
  const byNumber = new Fingerprint();
  const strings = new RecordCursor(pages, trees.strings.root);
  for (strings.seek(-1); strings.next();) {
    content.step();
    const number = strings.id;
    if (number < 1 || number >= content.nextString) {
      findings.error("invalid-string", "strings with a number that was never given", `string ${number}`);
    }
    content.attempt(`string ${number}`, () => {
      const text = stringBytes(content, strings);
      byNumber.addBytes(text, 0, text.length, number);
    });
  }
  const byText = new Fingerprint();
  const texts = new ByteCursor(trees.texts);
  for (texts.seek(new Uint8Array(0)); texts.next();) {
    content.step();
    const text = texts.key();
    content.attempt(`text ${show(text)}`, () => byText.addBytes(text, 0, text.length, numberOf(texts.value())));
  }
  if (!byNumber.equals(byText)) findDifferences(content);
}

function stringBytes({ pages }: Content, { bytes, at, end }: RecordCursor): Uint8Array {
  return bytes[at] === STRING_OVERFLOW ? readRecordChain(pages, bytes, at + 1) : bytes.subarray(at + 1, end);
}

/** The number that a text has; -1 for a value that is no number. */
function numberOf(value: Uint8Array): number {
  const number = readVarint(value, 0);
  return lastVarint.end === value.length ? number : -1;
}

function findDifferences(content: Content): void {
  const { pages, trees, findings } = content;
  let found = 0;
  const strings = new RecordCursor(pages, trees.strings.root);
  for (strings.seek(-1); strings.next();) {
    const text = stringBytes(content, strings);
    const value = trees.texts.get(text.slice());
    if (value !== undefined && numberOf(value) === strings.id) found++;
    else {findings.error(
        "string-mismatch",
        "strings that are not found by their text",
        `string ${strings.id} ${show(text)}`,
      );}
  }
  const excess = content.entries.texts - found;
  if (excess > 0) findings.error("string-mismatch", "texts of strings that do not exist", `${excess} texts`, excess);
}

function show(text: Uint8Array): string {
  return JSON.stringify(Buffer.from(text.subarray(0, 40)).toString("utf8"));
}
