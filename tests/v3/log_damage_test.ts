import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { LOG_FRAME, LOG_HEADER_SIZE, logFrameSize } from "../../lib/v3/log_frame.ts";
import { test } from "../support/test.ts";
import { assertTransactions, logBytes, readBytes, type ReadLog, sealed, transactionOf } from "./test_log.ts";

/** Some synced one by one, some not before a later one: frames behind them say different things. */
const TRANSACTIONS = [
  transactionOf(1, 0, 9),
  transactionOf(2, 0, 1, 16),
  transactionOf(3, 2, 3),
  transactionOf(4, 2),
  transactionOf(5, 2, 24, 0),
  transactionOf(6, 4, 5),
  transactionOf(7, 4, 8),
];
const LOG = logBytes(TRANSACTIONS);

interface Place {
  readonly start: number;
  readonly end: number;
  readonly lsn: number;
  readonly syncedLsn: number;
  readonly isCommit: boolean;
}

/** Where the frames lie. */
function placesOf(bytes: Uint8Array): Place[] {
  const view = new DataView(bytes.buffer);
  const places: Place[] = [];
  for (let start = LOG_HEADER_SIZE; view.getUint8(start + LOG_FRAME.type) !== 0;) {
    const end = start + logFrameSize(view.getUint32(start + LOG_FRAME.length, true));
    places.push({
      start,
      end,
      lsn: view.getFloat64(start + LOG_FRAME.lsn, true),
      syncedLsn: view.getFloat64(start + LOG_FRAME.syncedLsn, true),
      isCommit: view.getUint8(start + LOG_FRAME.type) === 12,
    });
    start = end;
  }
  return places;
}

/** A log, or undefined for one that is refused as damaged. */
function readUnlessDamaged(bytes: Uint8Array): ReadLog | undefined {
  try {
    return readBytes(bytes);
  } catch (error) {
    assert(error instanceof CorruptionError && error.code === "log-corrupt", String(error));
    return undefined;
  }
}

test("every truncation of a log gives the whole transactions before it", () => {
  const places = placesOf(LOG);
  for (let length = 0; length <= LOG.length; length++) {
    const found = readBytes(LOG.slice(0, length));
    const whole = places.filter(({ end, isCommit }) => isCommit && end <= length);
    assertTransactions(found, TRANSACTIONS.slice(0, whole.length), `cut to ${length} bytes`);
    assertEquals(found.scan.isUsed, length >= LOG_HEADER_SIZE);
    const lastByte = LOG.subarray(0, length).findLastIndex((byte) => byte !== 0);
    const wholeEnd = whole.at(-1)?.end ?? LOG_HEADER_SIZE;
    if (found.scan.isUsed) {
      assert(found.scan.tornBytes >= lastByte + 1 - wholeEnd, `cut to ${length} bytes`);
      assertLessOrEqual(wholeEnd + found.scan.tornBytes, length);
    }
  }
});

test("every flipped bit costs nothing that a later frame says was durable, or is reported", () => {
  const places = placesOf(LOG);
  const outcomes = new Set<string>();
  for (let at = 0; at < LOG.length; at++) {
    const hit = places.findIndex(({ start, end }) => start <= at && at < end);
    const lsn = places[hit]?.lsn ?? Infinity;
    const durable = Math.max(0, ...places.slice(hit + 1).map(({ syncedLsn }) => syncedLsn));
    const isReported = at < LOG_HEADER_SIZE || (hit >= 0 && durable >= lsn);
    outcomes.add(isReported ? "reported" : hit < 0 ? "behind the end" : "cut");
    for (let bit = 0; bit < 8; bit++) {
      const bytes = LOG.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const found = readUnlessDamaged(bytes);
      assertEquals(found === undefined, isReported, `bit ${bit} of byte ${at}`);
      if (found !== undefined) {
        assertTransactions(found, TRANSACTIONS.filter((one) => one.lsn < lsn), `bit ${bit} of byte ${at}`);
        assert(found.scan.tornBytes > 0, `bit ${bit} of byte ${at}`);
      }
    }
  }
  assertEquals(outcomes, new Set(["reported", "cut", "behind the end"]));
});

test("every flipped bit costs salvage at most its own transaction and the next", () => {
  const places = placesOf(LOG);
  for (let at = LOG_HEADER_SIZE; at < LOG.length; at++) {
    const hit = places.find(({ start, end }) => start <= at && at < end);
    const lost = hit === undefined ? [] : hit.isCommit ? [hit.lsn, hit.lsn + 1] : [hit.lsn];
    for (let bit = 0; bit < 8; bit++) {
      const bytes = LOG.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const expected = TRANSACTIONS.filter(({ lsn }) => !lost.includes(lsn));
      assertTransactions(readBytes(bytes, 0, true), expected, `bit ${bit} of byte ${at}`);
    }
  }
});

test("whatever part of the unsynced bytes a crash leaves, what was synced is read, and nothing is damage", () => {
  const synced = [transactionOf(1, 0, 9), transactionOf(2, 1, 1, 16)];
  const unsynced = [transactionOf(3, 2, 5), transactionOf(4, 2, 8, 0), transactionOf(5, 2), transactionOf(6, 2, 30)];
  const all = [...synced, ...unsynced];
  const bytes = logBytes(all);
  const first = logBytes(synced, 0, 0).length;
  const words = (bytes.length - first) / 8;
  const check = (isLost: (word: number) => boolean): void => {
    const crashed = bytes.slice();
    for (let word = 0; word < words; word++) {
      if (isLost(word)) crashed.fill(0, first + word * 8, first + word * 8 + 8);
    }
    const found = readBytes(crashed);
    const intact = (lsn: number): boolean => {
      const end = logBytes(all.slice(0, lsn), 0, 0).length;
      return bytes.subarray(0, end).every((byte, at) => byte === crashed[at]);
    };
    assertTransactions(found, all.filter(({ lsn }) => lsn <= 2 || intact(lsn)));
  };
  for (let from = 0; from < words; from++) {
    check((word) => word === from);
    check((word) => word >= from);
    check((word) => word <= from);
  }
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: words, maxLength: words }), (lost) => {
      check((word) => lost[word] as boolean);
    }),
    { numRuns: 50 },
  );
});

test("any bytes behind the last transaction leave those before it as they are", () => {
  const start = logBytes(TRANSACTIONS, 0, 0);
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // Frames cut out of their place, out of their order, and of another log.
    fc.record({
      salt: fc.constantFrom(0x1234_5678, 5),
      from: fc.nat({ max: 100 }),
      lsn: fc.constantFrom(1, 6, 7, 9),
    }).map(({ salt, from, lsn }) => sealed([transactionOf(lsn, 0, 40, 3)], salt).subarray(from)),
  );
  fc.assert(fc.property(garbage, (rest) => {
    const bytes = new Uint8Array(start.length + rest.length + 8);
    bytes.set(start);
    bytes.set(rest, start.length);
    assertTransactions(readBytes(bytes), TRANSACTIONS);
  }));
});
