/** Texts out of bytes. */

import { Buffer } from "node:buffer";
import { noteGarbage } from "./garbage.ts";

/** Up to this many bytes a text is built from character codes: a call of the runtime's decoder takes longer. */
const SHORT_TEXT = 64;

/** What a text leaves in the end: itself, the value that is parsed out of it, the objects around them. */
const TEXT_GARBAGE = 128;
const TEXT_GARBAGE_PER_BYTE = 3;

/** One array of codes per length: `String.fromCharCode` takes them as they are. */
const CODES: number[][] = Array.from({ length: SHORT_TEXT + 1 }, (_, length) => new Array<number>(length).fill(0));

let lastBuffer: ArrayBufferLike | undefined;
let lastNodeBuffer: Buffer = Buffer.alloc(0);

/** The text of the UTF-8 bytes from `start` to `end` - 1. Hot for short ASCII ones. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  noteGarbage(TEXT_GARBAGE + length * TEXT_GARBAGE_PER_BYTE);
  if (length <= SHORT_TEXT) {
    const codes = CODES[length] as number[];
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = bytes[start + i] as number;
      bits |= code;
      codes[i] = code;
    }
    if (bits < 0x80) return String.fromCharCode.apply(null, codes);
  }
  if (bytes.buffer !== lastBuffer) {
    lastBuffer = bytes.buffer;
    lastNodeBuffer = Buffer.from(bytes.buffer as ArrayBuffer);
  }
  return lastNodeBuffer.toString("utf8", bytes.byteOffset + start, bytes.byteOffset + end);
}

/** Lets go of the memory that the last text came from. */
export function forgetTextBuffer(): void {
  lastBuffer = undefined;
  lastNodeBuffer = Buffer.alloc(0);
}
