/** Frames of the log that are being built in memory, before their transaction is decided. */

import { strict as assert } from "node:assert";
import { utf8Length } from "../backend/json.ts";
import { noteGarbage } from "./garbage.ts";
import { LOG_FRAME, LOG_FRAME_SIZE, MAX_LOG_FRAME_TYPE, MAX_LOG_PAYLOAD, sealLogFrames } from "./log_frame.ts";
import { MAX_VARINT_BYTES, varintLength, writeVarint } from "./varint.ts";

/** Bytes that an empty buffer begins with. */
const FIRST_BYTES = 64 * 1024;

/** A cleared buffer keeps at most this much memory. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/** Growth doubles the memory, but adds no more than this beyond what is needed. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

/** What a change leaves besides its frame: its record, its events, its share of the transaction. */
const FRAME_GARBAGE = 512;

/** Up to this many UTF-16 units a text is encoded here; a call of the runtime's encoder takes as long (40 to 80 ns). */
const SHORT_TEXT = 32;

/** Beyond this many UTF-16 units the room that a text takes is counted, not estimated. */
const LONG_TEXT = 64 * 1024;

const UTF8 = new TextEncoder();

/**
 * Frames in one growable array. A frame is `begin`, payload, `end`. The payload is written by the methods, or directly: `reserve`
 * room, write into `bytes` or `view` from `at` on, and move `at` behind it. Room that was not reserved must not be written to.
 */
export class LogBuffer {
  /** The memory. Another one after `reserve`, `begin`, `end` and the writing methods, when it had to grow. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  /** The same memory. */
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the next byte of the open frame's payload goes. */
  at = 0;
  #length = 0;

  /** Bytes of the finished frames. */
  get length(): number {
    return this.#length;
  }

  /** Begins a frame. One that was not ended is dropped. */
  begin(type: number): void {
    if (!(type >= 1 && type <= MAX_LOG_FRAME_TYPE)) assert.fail(`frame type ${type}`);
    this.at = this.#length;
    this.reserve(LOG_FRAME_SIZE);
    // The fields that `end` and `seal` do not write; the memory may hold what was rolled back.
    this.view.setUint32(this.at + LOG_FRAME.type, type, true);
    this.view.setUint32(this.at + LOG_FRAME.spare2, 0, true);
    this.at += LOG_FRAME.payload;
  }

  /** Makes room for so many bytes behind `at`. */
  reserve(byteCount: number): void {
    const needed = this.at + byteCount;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Ends the frame: writes its length and pads it. */
  end(): void {
    const start = this.#length;
    const length = this.at - start - LOG_FRAME_SIZE;
    if (!(length >= 0 && length <= MAX_LOG_PAYLOAD)) assert.fail(`payload of ${length} bytes`);
    this.view.setUint32(start + LOG_FRAME.length, length, true);
    noteGarbage(FRAME_GARBAGE + length);
    const padding = (8 - length % 8) % 8;
    this.reserve(padding);
    for (let index = 0; index < padding; index++) this.bytes[this.at + index] = 0;
    this.at += padding;
    this.#length = this.at;
  }

  /** A place to roll back to. */
  mark(): number {
    return this.#length;
  }

  /** Drops the frames behind a mark, and one that was not ended. */
  rollbackTo(mark: number): void {
    if (!(mark >= 0 && mark <= this.#length)) assert.fail(`mark ${mark} of ${this.#length} bytes`);
    this.#length = mark;
    this.at = mark;
  }

  /** Drops all frames, and the memory of a large transaction. */
  clear(): void {
    this.rollbackTo(0);
    if (this.bytes.length > MAX_KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }

  /**
   * Completes the frames of one transaction.
   *
   * @param from where its first frame begins: a mark
   * @param to where its last frame ends: a later mark
   * @param lsn the transaction's LSN
   * @param syncedLsn highest LSN that is known to be durable
   * @param salt the log's salt
   */
  seal(from: number, to: number, lsn: number, syncedLsn: number, salt: number): void {
    if (!(from >= 0 && to <= this.#length)) assert.fail(`frames from ${from} to ${to} of ${this.#length} bytes`);
    sealLogFrames(this.bytes, this.view, from, to, lsn, syncedLsn, salt);
  }

  /** Writes a safe, non-negative integer. */
  writeVarint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    this.at = writeVarint(this.bytes, this.at, value);
  }

  /** Writes bytes. */
  writeBytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.at);
    this.at += source.length;
  }

  /** Writes a text as UTF-8, without its length; a lone surrogate becomes U+FFFD. */
  writeUtf8(text: string): void {
    this.reserve(maxUtf8Length(text));
    this.at = this.#encode(text, this.at);
  }

  /** Writes the length of a text in UTF-8 as a varint, then the text; a lone surrogate becomes U+FFFD. */
  writeText(text: string): void {
    this.reserve(MAX_VARINT_BYTES + maxUtf8Length(text));
    const start = this.at;
    // The length is known only afterwards. Nearly always it is that of ASCII, which takes the same number of bytes.
    const textStart = start + varintLength(text.length);
    const textEnd = this.#encode(text, textStart);
    const length = textEnd - textStart;
    const shift = start + varintLength(length) - textStart;
    if (shift > 0) this.bytes.copyWithin(textStart + shift, textStart, textEnd);
    writeVarint(this.bytes, start, length);
    this.at = textEnd + shift;
  }

  #encode(text: string, start: number): number {
    if (text.length <= SHORT_TEXT) return encodeShort(this.bytes, start, text);
    return start + UTF8.encodeInto(text, this.bytes.subarray(start)).written;
  }

  #grow(needed: number): void {
    const wanted = Math.min(this.bytes.length * 2, needed + MAX_GROWTH_BYTES);
    const bytes = new Uint8Array(Math.max(wanted, needed));
    bytes.set(this.bytes.subarray(0, this.at));
    this.#use(bytes);
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

function maxUtf8Length(text: string): number {
  return text.length <= LONG_TEXT ? text.length * 3 : utf8Length(text);
}

/** Hot: UTF-8 of a short text, 1 ns a character; the room for it is there. */
function encodeShort(bytes: Uint8Array, start: number, text: string): number {
  let at = start;
  for (let index = 0; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = code < 0xdc00 && index + 1 < text.length ? text.charCodeAt(index + 1) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        index++;
        bytes[at++] = 0xf0 | (code >> 18);
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
        bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
        bytes[at++] = 0x80 | (code & 0x3f);
        continue;
      }
      code = 0xfffd;
    }
    bytes[at++] = 0xe0 | (code >> 12);
    bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}
