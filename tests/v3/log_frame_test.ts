import { assertEquals, assertFalse, assertThrows } from "@std/assert";
import { crc32 } from "node:zlib";
import {
  decodeLogHeader,
  encodeLogHeader,
  isLogHeader,
  LOG_FRAME,
  LOG_FRAME_SIZE,
  LOG_HEADER,
  LOG_HEADER_SIZE,
  logFrameChecksum,
  logFrameSeed,
  logFrameSize,
  MAX_LOG_PAYLOAD,
  sealLogFrames,
} from "../../lib/v3/log_frame.ts";
import { test } from "../support/test.ts";

const HEADER = { salt: 0x9abc_def0, fileSeed: 0xfedc_ba98, baseLsn: 2 ** 40 + 1, lsnCeiling: 2 ** 40 + 5 };

test("a header has its fields at the offsets of the table", () => {
  const bytes = encodeLogHeader(HEADER);
  const view = new DataView(bytes.buffer);
  assertEquals(bytes.length, LOG_HEADER_SIZE);
  assertEquals(new TextDecoder().decode(bytes.subarray(LOG_HEADER.magic, 8)), "V3WAL\0\0\0");
  assertEquals(view.getUint32(LOG_HEADER.version, true), 5);
  assertEquals(view.getUint32(LOG_HEADER.flags, true), 0);
  assertEquals(view.getUint32(LOG_HEADER.salt, true), HEADER.salt);
  assertEquals(view.getUint32(LOG_HEADER.fileSeed, true), HEADER.fileSeed);
  assertEquals(view.getFloat64(LOG_HEADER.baseLsn, true), HEADER.baseLsn);
  assertEquals(view.getFloat64(LOG_HEADER.lsnCeiling, true), HEADER.lsnCeiling);
  assertEquals(view.getUint32(LOG_HEADER.checksum, true), crc32(bytes.subarray(0, 60)));
  assertEquals(decodeLogHeader(bytes), HEADER);
});

test("every changed bit makes a header invalid", () => {
  for (let bit = 0; bit < LOG_HEADER_SIZE * 8; bit++) {
    const bytes = encodeLogHeader(HEADER);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    assertFalse(isLogHeader(bytes), `bit ${bit}`);
  }
  assertFalse(isLogHeader(encodeLogHeader(HEADER).subarray(0, 63)));
  assertFalse(isLogHeader(new Uint8Array(LOG_HEADER_SIZE)));
});

test("frames are padded to multiples of 8, up to the largest payload", () => {
  for (
    const [payload, size] of [[0, 32], [1, 40], [8, 40], [9, 48], [MAX_LOG_PAYLOAD, MAX_LOG_PAYLOAD + 32]] as const
  ) {
    assertEquals(logFrameSize(payload), size);
  }
});

test("a sealed frame has its fields at the offsets of the table, and can be sealed again", () => {
  const bytes = new Uint8Array(LOG_FRAME_SIZE * 2 + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(LOG_FRAME.length, 11, true);
  view.setUint16(LOG_FRAME.type, 7, true);
  bytes.fill(3, LOG_FRAME.payload, LOG_FRAME.payload + 11);
  view.setUint16(48 + LOG_FRAME.type, 12, true);
  for (const lsn of [9, 2 ** 50]) {
    sealLogFrames(bytes, view, 0, bytes.length, lsn, lsn - 2, 77);
    for (const [at, length] of [[0, 11], [48, 0]] as const) {
      assertEquals(view.getFloat64(at + LOG_FRAME.lsn, true), lsn);
      assertEquals(view.getFloat64(at + LOG_FRAME.syncedLsn, true), lsn - 2);
      const end = at + logFrameSize(length);
      const checksum = crc32(bytes.subarray(at + 8, end), 77 ^ length);
      assertEquals(view.getUint32(at + LOG_FRAME.checksum, true), checksum);
      assertEquals(logFrameChecksum(bytes, at, end, logFrameSeed(77, length)), checksum);
    }
  }
  assertThrows(() => sealLogFrames(bytes, view, 0, bytes.length, 9, 9, 77), Error, "LSN 9");
  assertThrows(() => sealLogFrames(bytes, view, 0, 40, 9, 8, 77), Error, "ends at 48");
});
