import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LogBuffer } from "../../lib/v3/log_buffer.ts";
import { LOG_FRAME, LOG_FRAME_SIZE, logFrameSize } from "../../lib/v3/log_frame.ts";
import { lastVarint, readVarint } from "../../lib/v3/varint.ts";
import { test } from "../support/test.ts";

/** Types and payloads of the frames. */
function framesOf(buffer: LogBuffer): [number, number[]][] {
  const frames: [number, number[]][] = [];
  for (let at = 0; at < buffer.length;) {
    const length = buffer.view.getUint32(at + LOG_FRAME.length, true);
    const payload = Array.from(buffer.bytes.subarray(at + LOG_FRAME_SIZE, at + LOG_FRAME_SIZE + length));
    frames.push([buffer.view.getUint8(at + LOG_FRAME.type), payload]);
    at += logFrameSize(length);
  }
  return frames;
}

/** Adds a frame of bytes. */
function add(buffer: LogBuffer, type: number, ...payload: readonly number[]): void {
  buffer.begin(type);
  buffer.reserve(payload.length);
  for (const byte of payload) buffer.bytes[buffer.at++] = byte;
  buffer.end();
}

test("a rollback drops the frames behind its mark, and an open one", () => {
  const buffer = new LogBuffer();
  add(buffer, 1, 1, 2, 3);
  const mark = buffer.mark();
  add(buffer, 2, 4);
  add(buffer, 3);
  buffer.rollbackTo(mark);
  assertEquals(buffer.length, mark);
  buffer.begin(4);
  buffer.writeVarint(300);
  buffer.rollbackTo(mark);
  buffer.begin(5);
  buffer.writeText("dropped");
  add(buffer, 6, 9);
  assertEquals(framesOf(buffer), [[1, [1, 2, 3]], [6, [9]]]);
  buffer.clear();
  assertEquals(buffer.length, 0);
});

test("memory that was used before leaves nothing in a frame", () => {
  const fresh = new LogBuffer();
  const used = new LogBuffer();
  used.begin(255);
  used.writeBytes(new Uint8Array(5000).fill(0xff));
  used.end();
  used.clear();
  used.bytes.fill(0xff);
  for (const buffer of [fresh, used]) {
    add(buffer, 200, 1);
    add(buffer, 12);
    buffer.seal(0, buffer.length, 5, 4, 3);
  }
  assertEquals(used.bytes.slice(0, used.length), fresh.bytes.slice(0, fresh.length));
});

test("frames survive growth, and a cleared buffer gives a lot of memory back", () => {
  const buffer = new LogBuffer();
  const small = buffer.bytes.length;
  const pieces = [10, 60_000, 70_000, 1, 3_000_000, 20_000_000];
  for (const [index, length] of pieces.entries()) {
    buffer.begin(index + 1);
    buffer.writeBytes(new Uint8Array(length).fill(index + 1));
    buffer.end();
  }
  let at = 0;
  for (const [index, length] of pieces.entries()) {
    assertEquals(buffer.view.getUint32(at, true), length);
    assert(
      buffer.bytes.subarray(at + LOG_FRAME_SIZE, at + LOG_FRAME_SIZE + length).every((byte) => byte === index + 1),
    );
    at += logFrameSize(length);
  }
  assertEquals(at, buffer.length);
  buffer.clear();
  assertEquals(buffer.bytes.length, small);
});

test("a frame that fills the memory exactly has room for its padding", () => {
  const buffer = new LogBuffer();
  buffer.begin(1);
  buffer.writeBytes(new Uint8Array(1_000_001));
  assertEquals(buffer.at, buffer.bytes.length);
  buffer.end();
  assert(buffer.length % 8 === 0 && buffer.length <= buffer.bytes.length);
});

test("texts are UTF-8 with or without their length, short and long, with lone surrogates replaced", () => {
  const encoder = new TextEncoder();
  const check = (text: string): void => {
    const expected = encoder.encode(text);
    const buffer = new LogBuffer();
    buffer.begin(1);
    buffer.writeUtf8(text);
    buffer.end();
    assertEquals(buffer.bytes.slice(LOG_FRAME_SIZE, LOG_FRAME_SIZE + expected.length), expected);
    assertEquals(buffer.view.getUint32(LOG_FRAME.length, true), expected.length);
    buffer.clear();
    buffer.begin(1);
    buffer.writeText(text);
    const end = buffer.at;
    buffer.writeVarint(77);
    assertEquals(readVarint(buffer.bytes, LOG_FRAME_SIZE), expected.length);
    assertEquals(buffer.bytes.slice(lastVarint.end, end), expected);
    assertEquals(readVarint(buffer.bytes, end), 77);
  };
  const samples = [
    "",
    "a",
    "é",
    "日",
    "😀",
    "\ud800",
    "\udc00",
    "\udc00\ud800",
    "\ud800x",
    "a\u0000b",
    "\u07ff\u0800\uffff",
    "\ud800\ue000",
  ];
  for (const sample of samples) {
    for (const count of [1, 2, 31, 32, 33, 50, 127, 128, 5500, 30_000]) check(sample.repeat(count));
  }
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), check));
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 0xffff }), { maxLength: 60 }), (units) => check(String.fromCharCode(...units))),
  );
});

test("misuse is refused", () => {
  const buffer = new LogBuffer();
  assertThrows(() => buffer.begin(0), Error, "frame type");
  assertThrows(() => buffer.begin(256), Error, "frame type");
  assertThrows(() => buffer.end(), Error, "payload of -32 bytes");
  assertThrows(() => buffer.rollbackTo(8), Error, "mark");
  assertThrows(() => buffer.seal(0, 8, 1, 0, 0), Error, "frames from");
});
