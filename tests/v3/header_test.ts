import { assert, assertEquals, assertThrows } from "@std/assert";
import { CorruptionError, UnsupportedError } from "../../lib/backend/errors.ts";
import { chooseHeader, decodeHeader, encodeHeader, type Header, HEADER_SLOT_SIZE } from "../../lib/v3/header.ts";
import { HeaderFile, writeFirstHeader } from "../../lib/v3/header_file.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { firstHeader } from "../../lib/v3/open_database.ts";
import { test } from "../support/test.ts";

function header(counter: number): Header {
  const root = { pageId: 7, birth: 8, level: 2 };
  return {
    ...firstHeader(5),
    counter,
    lsn: 100 + counter,
    nextLsn: 200,
    nodeCount: 2 ** 52,
    catalog: root,
    dead: root,
  };
}

function slots(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * HEADER_SLOT_SIZE);
  bytes.set(first, 0);
  bytes.set(second, HEADER_SLOT_SIZE);
  return bytes;
}

test("a header comes back as it was written", () => {
  const written = header(3);
  assertEquals(decodeHeader(encodeHeader(written)), written);
});

test("every flipped bit of a header is noticed", () => {
  const bytes = encodeHeader(header(3));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    assertEquals(decodeHeader(damaged), undefined, `bit ${bit}`);
  }
});

test("the slot with the higher counter counts, a damaged one does not", () => {
  const older = encodeHeader(header(3));
  const newer = encodeHeader(header(4));
  const damaged = newer.slice();
  damaged[60] = (damaged[60] as number) ^ 1;
  assertEquals(chooseHeader(slots(older, newer), "f").slot, 1);
  assertEquals(chooseHeader(slots(newer, older), "f").slot, 0);
  const chosen = chooseHeader(slots(older, damaged), "f");
  assertEquals([chosen.slot, chosen.header.counter, chosen.isOtherDamaged], [0, 3, true]);
  const error = assertThrows(() => chooseHeader(slots(damaged, damaged), "some.graph"), CorruptionError, "some.graph");
  assertEquals(error.code, "header-corrupt");
});

test("files of an earlier and of a future format version are refused, each with what to do", () => {
  for (const version of [1, 4, 6, 99]) {
    const bytes = encodeHeader(header(1));
    new DataView(bytes.buffer).setUint32(8, version, false);
    const error = assertThrows(
      () => chooseHeader(slots(bytes, bytes), "old.graph"),
      UnsupportedError,
      `version ${version}`,
    );
    assertEquals(error.code, "format-not-supported");
    // The first 112 bytes are all that a file of version 4 needs to have.
    assertThrows(() => chooseHeader(bytes.slice(0, 112), "old.graph"), UnsupportedError);
  }
});

test("a header is written into the slot that does not count, then into the other", () => {
  const files = new MemoryFileSystem();
  const file = files.open("/h", "create");
  writeFirstHeader(file, header(1));
  const opened = new HeaderFile(file, "h");
  opened.write({ ...opened.header, lsn: 500 });
  assertEquals([opened.header.lsn, opened.header.counter], [500, 2]);
  const bytes = new Uint8Array(2 * HEADER_SLOT_SIZE);
  file.read(bytes, 0);
  for (const at of [0, HEADER_SLOT_SIZE]) assertEquals(decodeHeader(bytes.subarray(at))?.lsn, 500);
  assert(!new HeaderFile(file, "h").wasDamaged);
});
