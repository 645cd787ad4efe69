/** The contract of key-values: values of every type, keys, scans, and times to live. */

import { assert, assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { Key, KeyValue, ScanOptions } from "../../lib/backend/key_value.ts";
import { MAX_KEY_BYTES, MAX_TTL_SECONDS, MAX_VALUE_BYTES } from "../../lib/backend/limits.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { fileTest, graphTest, runsOn, START_MS, type Subject } from "./subject.ts";

/** Declares the tests of key-values. */
export function keyValueContract(subject: Subject): void {
  valueContract(subject);
  keyContract(subject);
  scanContract(subject);
  timeToLiveContract(subject);
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

type Sample = { readonly name: string; readonly value: KeyValue; readonly back: KeyValue };

/** Names, values, and what each comes back as: by default the same. */
function sample(list: readonly (readonly [string, KeyValue, KeyValue?])[]): readonly Sample[] {
  return list.map(([name, value, back = value]) => ({ name, value, back }));
}

/** Values of every type. */
const VALUES = sample([
  ["null", null],
  ["true", true],
  ["false", false],
  ["zero", 0],
  ["minus zero", -0],
  ["one", 1],
  ["a negative integer", -42],
  ["the largest safe integer", Number.MAX_SAFE_INTEGER],
  ["the smallest safe integer", Number.MIN_SAFE_INTEGER],
  ["a safe bigint", 5n, 5],
  ["a zero bigint", 0n, 0],
  ["the largest safe integer as bigint", 2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
  ["the first unsafe integer", 2n ** 53n],
  ["the first unsafe negative integer", -(2n ** 53n)],
  ["an unsafe odd integer", 2n ** 53n + 1n],
  ["the largest 64-bit integer", 2n ** 63n - 1n],
  ["the smallest 64-bit integer", -(2n ** 63n)],
  ["a float", 1.5],
  ["a tiny float", Number.MIN_VALUE],
  ["the largest float", Number.MAX_VALUE],
  ["a float that is an unsafe integer", 2 ** 60],
  ["a float beyond 64 bits", 1e300],
  ["the float next to 2^53", 2 ** 53],
  ["not a number", NaN],
  ["infinity", Infinity],
  ["minus infinity", -Infinity],
  ["an empty text", ""],
  ["a text", "text"],
  ["a text of digits", "12345678901234567890"],
  ["a text that looks like JSON", '{"a":1}'],
  ["a text that looks like null", "null"],
  ["a text with NUL", "a\0b\0"],
  ["a text with lone surrogates", "\ud800 and \udc00"],
  ["an emoji", "😀"],
  ["a text with a byte order mark", "\ufefftext"],
  ["empty bytes", bytes()],
  ["bytes", bytes(0, 1, 127, 128, 255, 0)],
  ["bytes that are UTF-8", new TextEncoder().encode("text")],
  ["an empty array", []],
  ["an empty object", {}],
  ["an array", [1, "two", null, [true]]],
  ["an object", { a: 1, b: { c: [null, ""] } }],
  ["JSON with a bigint", { n: 2n ** 53n + 1n, list: [2n ** 100n] }],
  ["JSON with a safe bigint", { n: 5n }, { n: 5 }],
  ["JSON with floats", { zero: -0, big: 2 ** 60, large: 1e300, tiny: 5e-324 }],
  ["JSON with NUL and lone surrogates", { "k\0": "\0", "\ud800": ["\udfff"] }],
  ["JSON with keys of JavaScript", JSON.parse('{"__proto__":{"x":1},"constructor":1}')],
]);

function assertSameValue(actual: unknown, expected: unknown, about: string): void {
  assertEquals(actual, expected, about);
  if (typeof expected === "number") assert(Object.is(actual, expected), about);
  if (typeof expected === "object" && expected !== null && "zero" in expected) {
    assert(Object.is((actual as { zero: number }).zero, expected.zero), about);
  }
}

function valueContract(subject: Subject): void {
  graphTest(subject, "every type of value comes back as it was given", (db) => {
    for (const { name, value, back } of VALUES) {
      db.kv.set(name, value);
      assertSameValue(db.kv.get(name), back, name);
      assertSameValue(db.kv.entry(name)!.value, back, name);
      assert(db.kv.has(name), name);
    }
    const scanned = new Map(Array.from(db.kv.scan(), ({ key, value }) => [key as string, value]));
    for (const { name, back } of VALUES) assertSameValue(scanned.get(name), back, name);
    assertEquals(db.kv.count(), VALUES.length);
  });

  fileTest(subject, "every type of value comes back after a reopen", (db, world) => {
    for (const { name, value } of VALUES) db.kv.set(name, value);
    const again = world.reopen();
    for (const { name, back } of VALUES) assertSameValue(again.kv.get(name), back, name);
  });

  graphTest(subject, "a stored null is a value, a missing key is undefined", (db) => {
    db.kv.set("null", null);
    assertStrictEquals(db.kv.get("null"), null);
    assertEquals(db.kv.entry("null"), { key: "null", value: null });
    assertStrictEquals(db.kv.get("missing"), undefined);
    assertStrictEquals(db.kv.entry("missing"), undefined);
    assertFalse(db.kv.has("missing"));
  });

  graphTest(subject, "set replaces a value by one of another type", (db) => {
    for (const { name, value, back } of [...VALUES, ...VALUES.toReversed()]) {
      db.kv.set("key", value);
      assertSameValue(db.kv.get("key"), back, name);
    }
    assertEquals(db.kv.count(), 1);
  });

  graphTest(subject, "delete removes a key once", (db) => {
    db.kv.set("k", 1);
    const { lsn } = db;
    assert(db.kv.delete("k"));
    assertEquals(db.lsn, lsn + 1);
    assertFalse(db.kv.delete("k"));
    assertFalse(db.kv.delete("never"));
    assertEquals([db.lsn, db.kv.count(), db.kv.has("k")], [lsn + 1, 0, false]);
  });

  graphTest(subject, "the store keeps no reference to bytes or objects", (db) => {
    const value = bytes(1, 2);
    const json = { list: [1] };
    const key = bytes(7);
    db.kv.set(key, value);
    db.kv.set("json", json);
    value[0] = 9;
    json.list.push(2);
    key[0] = 8;
    untyped<Uint8Array>(db.kv.get(bytes(7)))[0] = 9;
    assertEquals(db.kv.get(bytes(7)), bytes(1, 2));
    assertEquals(db.kv.get("json"), { list: [1] });
  });

  graphTest(subject, "bytes come from any part of any buffer, also a shared one, and come back as Uint8Array", (db) => {
    const large = bytes(9, 1, 2, 3, 9);
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set([1, 2, 3]);
    class Sub extends Uint8Array {}
    for (const value of [large.subarray(1, 4), shared, new Sub([1, 2, 3])]) {
      db.kv.set("value", value);
      db.kv.set(value, "by bytes");
      assertEquals(db.kv.get("value"), bytes(1, 2, 3));
      assertEquals(db.kv.get(bytes(1, 2, 3)), "by bytes");
    }
    assertEquals(db.kv.count(), 2);
  });

  graphTest(subject, "a value of some megabytes comes back", (db) => {
    const text = "漢字é".repeat(400_000);
    const blob = Uint8Array.from({ length: 3_000_000 }, (_, n) => n * 7);
    db.kv.set("text", text);
    db.kv.set("blob", blob);
    db.kv.set("json", { text });
    assert(db.kv.get("text") === text);
    assertEquals(db.kv.get("blob"), blob);
    assert((db.kv.get("json") as { text: string }).text === text);
  });

  graphTest(subject, "what cannot be stored is refused and nothing changes", (db) => {
    db.kv.set("k", "old");
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const bad: readonly (readonly [unknown, string])[] = [
      [undefined, "undefined"],
      [() => 1, "function"],
      [Symbol("s"), ""],
      [2n ** 63n, `${2n ** 63n}`],
      [-(2n ** 63n) - 1n, `${-(2n ** 63n) - 1n}`],
      [2n ** 100n, `${2n ** 100n}`],
      [new Date(0), "Date"],
      [new Map(), "Map"],
      [new Set(), "Set"],
      [/x/, "RegExp"],
      [new Int8Array(1), "Int8Array"],
      [new Float64Array(1), "Float64Array"],
      [new ArrayBuffer(1), "ArrayBuffer"],
      [new DataView(new ArrayBuffer(1)), "DataView"],
      [new (class Point {})(), "Point"],
      [{ a: undefined }, "a"],
      [[1, undefined], "[1]"],
      [{ a: [NaN] }, "a[0]"],
      [{ a: Infinity }, "Infinity"],
      [{ a: new Date(0) }, "Date"],
      [{ a: bytes(1) }, "Uint8Array"],
      [{ [Symbol("s")]: 1 }, "symbol"],
      [cycle, "cycle"],
    ];
    for (const [value, mention] of bad) {
      assertRefused(db, InvalidArgumentError, () => db.kv.set("k", untyped(value)), "value", mention);
      assertRefused(db, InvalidArgumentError, () => db.kv.set("new", untyped(value)), "value", mention);
    }
    assertEquals([...db.kv.scan()], [{ key: "k", value: "old" }]);
  });

  graphTest(subject, "bytes of more than 256 MiB are refused", (db) => {
    const huge = new Uint8Array(MAX_VALUE_BYTES + 1);
    assertRefused(db, InvalidArgumentError, () => db.kv.set("k", huge), "value", `${MAX_VALUE_BYTES}`);
  });
}

function keyContract(subject: Subject): void {
  graphTest(subject, "a text key is its UTF-8 bytes", (db) => {
    for (
      const [text, utf8] of [["", bytes()], ["a", bytes(97)], ["é", bytes(0xc3, 0xa9)], [
        "😀",
        bytes(240, 159, 152, 128),
      ]] as const
    ) {
      db.kv.set(text, "by text");
      assertEquals(db.kv.get(utf8), "by text");
      db.kv.set(utf8, "by bytes");
      assertEquals(db.kv.get(text), "by bytes");
      assertEquals([db.kv.has(text), db.kv.has(utf8)], [true, true]);
      assert(db.kv.delete(utf8));
      assertFalse(db.kv.has(text));
    }
    assertEquals(db.kv.count(), 0);
  });

  graphTest(subject, "entry gives the key as it was asked for", (db) => {
    db.kv.set("k", 1);
    assertEquals(db.kv.entry("k"), { key: "k", value: 1 });
    assertEquals(db.kv.entry(bytes(107)), { key: bytes(107), value: 1 });
  });

  graphTest(subject, "keys are compared byte by byte: case, accents and trailing bytes count", (db) => {
    const keys: Key[] = [
      "a",
      "A",
      "a ",
      "\u00e9",
      "e\u0301",
      "",
      bytes(0),
      bytes(97, 0),
      bytes(255),
      bytes(0xed, 0xa0, 0x80),
    ];
    keys.forEach((key, n) => db.kv.set(key, n));
    keys.forEach((key, n) => assertEquals(db.kv.get(key), n));
    assertEquals(db.kv.count(), keys.length);
  });

  graphTest(subject, "keys with quotes, wildcards and line breaks are plain keys", (db) => {
    const keys = [
      "'",
      '"; DROP TABLE kv_store; --',
      "a%",
      "a_",
      "*",
      "\n",
      "\\",
      "97,98",
      "k:1",
      "\u{10ffff}",
      "\ufeffbom",
    ];
    for (const key of keys) db.kv.set(key, key);
    for (const key of keys) assertEquals(db.kv.get(key), key);
    for (const key of keys) {
      const found = [...db.kv.scan({ prefix: key })].map((entry) => entry.key as string);
      assertEquals(found.toSorted(), keys.filter((other) => other.startsWith(key)).toSorted());
    }
  });

  graphTest(subject, "a key of 65,536 bytes is good, one more is not", (db) => {
    for (
      const [good, bad] of [
        ["k".repeat(MAX_KEY_BYTES), "k".repeat(MAX_KEY_BYTES + 1)],
        ["é".repeat(MAX_KEY_BYTES / 2), "é".repeat(MAX_KEY_BYTES / 2) + "k"],
        [new Uint8Array(MAX_KEY_BYTES), new Uint8Array(MAX_KEY_BYTES + 1)],
      ] as const
    ) {
      db.kv.set(good, 1);
      assertEquals(db.kv.get(good), 1);
      for (const call of everyKeyCall(db, bad)) {
        assertRefused(db, InvalidArgumentError, call, "key", `${MAX_KEY_BYTES}`);
      }
    }
  });

  function everyKeyCall(db: GraphBackend, key: Key): (() => unknown)[] {
    return [
      () => db.kv.set(key, 1),
      () => db.kv.get(key),
      () => db.kv.entry(key),
      () => db.kv.has(key),
      () => db.kv.delete(key),
    ];
  }

  graphTest(subject, "a key that is neither bytes nor a well-formed text without NUL is refused", (db) => {
    const bad: unknown[] = [
      undefined,
      null,
      1,
      {},
      [1],
      new Uint16Array(1),
      new ArrayBuffer(1),
      "a\0b",
      "\ud800",
      "x\udfff",
    ];
    for (const key of bad) {
      for (const call of everyKeyCall(db, untyped(key))) assertRefused(db, InvalidArgumentError, call, "key");
      if (key === undefined) continue;
      assertRefused(db, InvalidArgumentError, () => db.kv.scan({ prefix: untyped(key) }), "prefix");
      assertRefused(db, InvalidArgumentError, () => db.kv.scan({ after: untyped(key) }), "after");
    }
  });
}

function scanContract(subject: Subject): void {
  graphTest(subject, "a scan lists in byte order, all keys or those with a prefix", (db) => {
    for (const key of ["b", "a", "ab", "😀", "\uff5e", "é", "A", "", "a:2", "a:10"]) db.kv.set(key, key);
    const list = (options?: ScanOptions<string>): Key[] => Array.from(db.kv.scan(options), (entry) => entry.key);
    // UTF-16 order would put the emoji (a surrogate pair) before U+FF5E.
    assertEquals(list(), ["", "A", "a", "a:10", "a:2", "ab", "b", "é", "\uff5e", "😀"]);
    assertEquals(list({}), list());
    assertEquals(list({ prefix: "" }), list());
    assertEquals(list({ prefix: "a" }), ["a", "a:10", "a:2", "ab"]);
    assertEquals(list({ prefix: "a:" }), ["a:10", "a:2"]);
    assertEquals(list({ prefix: "ab" }), ["ab"]);
    assertEquals(list({ prefix: "abc" }), []);
    assertEquals(list({ after: "a:10" }), ["a:2", "ab", "b", "é", "\uff5e", "😀"]);
    assertEquals(list({ after: "a:" }), ["a:10", "a:2", "ab", "b", "é", "\uff5e", "😀"]);
    assertEquals(list({ after: "" })[0], "A");
    assertEquals(list({ prefix: "a", after: "a:10", limit: 1 }), ["a:2"]);
    assertEquals(list({ prefix: "a", after: "A" }), ["a", "a:10", "a:2", "ab"]);
    assertEquals(list({ prefix: "a", after: "b" }), []);
    assertEquals(list({ prefix: "a", after: bytes(97, 98) }), []);
    assertEquals(list({ limit: 0 }), []);
    assertEquals(list({ limit: 2 }), ["", "A"]);
    assertEquals(list({ limit: 99 }).length, 10);
  });

  graphTest(
    subject,
    "a text prefix yields texts, and bytes for keys that no text stands for; a byte prefix yields bytes",
    (db) => {
      // Not UTF-8: a stray continuation byte, an overlong form, an encoded surrogate. With NUL: no text key may hold one.
      const others = [bytes(97, 0x80), bytes(97, 0xc0, 0x80), bytes(97, 0xed, 0xa0, 0x80), bytes(97, 0, 98)];
      for (const key of ["a", "aé", "a\ufeff", ...others]) db.kv.set(key, "v");
      const order = [
        "a",
        bytes(97, 0, 98),
        bytes(97, 0x80),
        bytes(97, 0xc0, 0x80),
        "aé",
        bytes(97, 0xed, 0xa0, 0x80),
        "a\ufeff",
      ];
      for (const scan of [db.kv.scan(), db.kv.scan({ prefix: "" }), db.kv.scan({ prefix: "a" })]) {
        assertEquals(Array.from(scan, (entry) => entry.key), order);
      }
      const encode = (key: Key) => typeof key === "string" ? new TextEncoder().encode(key) : key;
      for (const prefix of [bytes(), bytes(97)]) {
        assertEquals(Array.from(db.kv.scan({ prefix }), (entry) => entry.key), order.map(encode));
      }
      for (const { key } of db.kv.scan()) assert(db.kv.has(key), "a listed key can be asked for");
    },
  );

  graphTest(subject, "prefixes of the highest bytes have no upper end to trip over", (db) => {
    const keys = [bytes(254, 255), bytes(255), bytes(255, 0), bytes(255, 255), bytes(255, 255, 1)];
    for (const key of keys) db.kv.set(key, 1);
    const list = (prefix: Uint8Array) => Array.from(db.kv.scan({ prefix }), (entry) => entry.key);
    assertEquals(list(bytes(255)), keys.slice(1));
    assertEquals(list(bytes(255, 255)), keys.slice(3));
    assertEquals(list(bytes(254)), keys.slice(0, 1));
    assertEquals(list(bytes(255, 255, 255)), []);
    db.kv.set("\u{10ffff}", 1);
    assertEquals(Array.from(db.kv.scan({ prefix: "\u{10ffff}" }), (entry) => entry.key), ["\u{10ffff}"]);
  });

  graphTest(subject, "paging through a scan visits every key once", (db) => {
    for (let n = 0; n < 50; n++) db.kv.set(`p:${n}`, n);
    db.kv.set("q", 1);
    const seen: Key[] = [];
    for (let after: Key | undefined = undefined;;) {
      const page: Key[] = Array.from(db.kv.scan({ prefix: "p:", after, limit: 7 }), (entry) => entry.key);
      if (page.length === 0) break;
      seen.push(...page);
      after = page.at(-1);
    }
    assertEquals(seen, Array.from({ length: 50 }, (_, n) => `p:${n}`).toSorted());
  });

  graphTest(subject, "scans of random keys agree with a sorted list", (db) => {
    const key = fc.uint8Array({ maxLength: 3 }).map((values) =>
      values.map((value) => [0, 1, 97, 127, 128, 254, 255][value % 7]!)
    );
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 20 }),
        key,
        fc.option(key),
        fc.option(fc.nat(5)),
        (keys, prefix, after, limit) => {
          db.transaction((tx) => {
            for (const entry of tx.kv.scan({ prefix: bytes() })) tx.kv.delete(entry.key);
            for (const one of keys) tx.kv.set(one, 1);
          });
          const distinct = [...new Map(keys.map((one) => [String(one), one])).values()].toSorted(compareBytes);
          const expected = distinct.filter((one) =>
            prefix.every((value, at) => one[at] === value) && (after === null || compareBytes(one, after) > 0)
          );
          const options = { prefix, after: after ?? undefined, limit: limit ?? undefined };
          assertEquals(Array.from(db.kv.scan(options), (entry) => entry.key), expected.slice(0, limit ?? undefined));
        },
      ),
      { numRuns: runsOn(subject, 60) },
    );
  }, { durability: "off" });

  graphTest(subject, "bad scan options are refused", (db) => {
    for (const limit of [-1, 1.5, NaN, "1", null]) {
      assertRefused(db, InvalidArgumentError, () => db.kv.scan({ limit: untyped(limit) }), "limit", `${limit}`);
    }
    for (const options of [null, 5, "p"]) {
      assertRefused(db, InvalidArgumentError, () => db.kv.scan(untyped(options)));
    }
  });
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a[at] !== b[at]) return a[at]! - b[at]!;
  }
  return a.length - b.length;
}

function timeToLiveContract(subject: Subject): void {
  graphTest(subject, "a key lives to the millisecond before its expiry and is then absent everywhere", (db, world) => {
    db.kv.set("k", "v", { ttlSeconds: 10 });
    db.kv.set("other", 1);
    const expiresAt = START_MS + 10_000;
    for (const nowMs of [START_MS, START_MS + 1, expiresAt - 1]) {
      world.nowMs = nowMs;
      assertEquals(db.kv.get("k"), "v");
      assertEquals(db.kv.entry("k"), { key: "k", value: "v", expiresAt });
      assertEquals([...db.kv.scan()], [{ key: "k", value: "v", expiresAt }, { key: "other", value: 1 }]);
      assertEquals([db.kv.has("k"), db.kv.count(), db.stats().keyValues], [true, 2, 2]);
    }
    for (const nowMs of [expiresAt, expiresAt + 1, expiresAt + 1e9]) {
      world.nowMs = nowMs;
      assertStrictEquals(db.kv.get("k"), undefined);
      assertStrictEquals(db.kv.entry("k"), undefined);
      assertEquals([...db.kv.scan()], [{ key: "other", value: 1 }]);
      assertEquals([...db.kv.scan({ prefix: "k" })], []);
      assertEquals([db.kv.has("k"), db.kv.count(), db.stats().keyValues], [false, 1, 1]);
      const { lsn } = db;
      assertFalse(db.kv.delete("k"));
      assertEquals(db.lsn, lsn);
    }
  });

  graphTest(subject, "expired keys do not count against a scan's limit", (db, world) => {
    for (let n = 0; n < 10; n++) db.kv.set(`k${n}`, n, n % 2 ? {} : { ttlSeconds: 1 });
    world.nowMs += 1_000;
    assertEquals(Array.from(db.kv.scan({ limit: 3 }), (entry) => entry.key), ["k1", "k3", "k5"]);
  });

  graphTest(subject, "a time to live of 0 expires at once", (db) => {
    db.kv.set("k", 1);
    db.kv.set("k", 2, { ttlSeconds: 0 });
    assertEquals([db.kv.get("k"), db.kv.has("k"), db.kv.count()], [undefined, false, 0]);
  });

  graphTest(
    subject,
    "a set without a time to live makes the key live for ever, also when it had expired",
    (db, world) => {
      db.kv.set("a", 1, { ttlSeconds: 1 });
      db.kv.set("b", 1, { ttlSeconds: 1 });
      db.kv.set("a", 2);
      assertEquals(db.kv.entry("a"), { key: "a", value: 2 });
      world.nowMs += 5_000;
      db.kv.set("b", 3, {});
      world.nowMs += 1e12;
      assertEquals([...db.kv.scan()], [{ key: "a", value: 2 }, { key: "b", value: 3 }]);
    },
  );

  graphTest(subject, "a later set counts its time to live from then", (db, world) => {
    db.kv.set("k", 1, { ttlSeconds: 10 });
    world.nowMs += 9_999;
    db.kv.set("k", 2, { ttlSeconds: 10 });
    world.nowMs += 9_999;
    assertEquals(db.kv.entry("k"), { key: "k", value: 2, expiresAt: START_MS + 19_999 });
    world.nowMs += 1;
    assertFalse(db.kv.has("k"));
    db.kv.set("k", 3, { ttlSeconds: 5 });
    assertEquals(db.kv.entry("k")?.expiresAt, world.nowMs + 5_000);
  });

  graphTest(subject, "an iterator shows the keys that lived at its first step", (db, world) => {
    for (let n = 0; n < 500; n++) db.kv.set(`k${n}`, n, { ttlSeconds: 1 });
    const iterator = db.kv.scan();
    iterator.next();
    world.nowMs += 1_000;
    assertEquals([...iterator].length, 499);
    assertEquals([...db.kv.scan()], []);
  });

  graphTest(subject, "without a clock of its own the database follows the system's time", () => {
    using db = subject.open(":memory:");
    const before = Date.now();
    db.kv.set("k", 1, { ttlSeconds: 3_600 });
    const expiresAt = db.kv.entry("k")?.expiresAt ?? 0;
    assert(expiresAt >= before + 3_600_000 && expiresAt <= Date.now() + 3_600_000);
    db.kv.set("k", 1, { ttlSeconds: 0 });
    assertFalse(db.kv.has("k"));
  });

  fileTest(subject, "expiry survives a reopen and goes on meanwhile", (db, world) => {
    db.kv.set("short", 1, { ttlSeconds: 10 });
    db.kv.set("long", 1, { ttlSeconds: 100 });
    world.nowMs += 9_999;
    const again = world.reopen();
    assertEquals(again.kv.count(), 2);
    assertEquals(again.kv.entry("long")?.expiresAt, START_MS + 100_000);
    world.nowMs += 1;
    assertEquals(Array.from(world.reopen().kv.scan(), (entry) => entry.key), ["long"]);
  });

  graphTest(subject, "a checkpoint removes expired keys in a commit of their own", (db, world) => {
    db.kv.set("a", 1, { ttlSeconds: 1 });
    db.kv.set("b", 1, { ttlSeconds: 1 });
    db.kv.set("c", 1, { ttlSeconds: 2 });
    db.kv.set("d", 1);
    const { lsn } = db;
    assertEquals(db.checkpoint().expiredKeys, 0);
    assertEquals(db.lsn, lsn);
    world.nowMs += 1_000;
    assertEquals(db.checkpoint().expiredKeys, 2);
    assertEquals(db.lsn, lsn + 1);
    assertEquals(db.checkpoint().expiredKeys, 0);
    assertEquals([db.lsn, db.kv.count()], [lsn + 1, 2]);
    world.nowMs = START_MS;
    assertFalse(db.kv.has("a"), "it is really gone");
  });

  graphTest(subject, "the longest time to live is good, longer, negative and senseless ones are refused", (db) => {
    db.kv.set("k", 1, { ttlSeconds: MAX_TTL_SECONDS });
    assertEquals(db.kv.entry("k")?.expiresAt, START_MS + MAX_TTL_SECONDS * 1_000);
    assert(Number.isSafeInteger(db.kv.entry("k")?.expiresAt));
    for (const ttlSeconds of [MAX_TTL_SECONDS + 1, -1, -0.001, NaN, Infinity, "1", null, 5n]) {
      assertRefused(
        db,
        InvalidArgumentError,
        () => db.kv.set("k", 2, { ttlSeconds: untyped(ttlSeconds) }),
        "ttlSeconds",
        `${ttlSeconds}`,
      );
    }
    db.kv.set("k", 3, { ttlSeconds: undefined });
    assertEquals(db.kv.entry("k"), { key: "k", value: 3 });
  });

  graphTest(subject, "fractions of a second count", (db, world) => {
    db.kv.set("k", 1, { ttlSeconds: 0.25 });
    world.nowMs += 249;
    assert(db.kv.has("k"));
    world.nowMs += 1;
    assertFalse(db.kv.has("k"));
  });

  graphTest(subject, "a rolled-back set or delete leaves value and expiry as they were", (db, world) => {
    db.kv.set("k", 1, { ttlSeconds: 10 });
    try {
      db.transaction((tx) => {
        tx.kv.set("k", 2);
        tx.kv.delete("k");
        throw new RangeError();
      });
    } catch (error) {
      assert(error instanceof RangeError);
    }
    assertEquals(db.kv.entry("k"), { key: "k", value: 1, expiresAt: START_MS + 10_000 });
    world.nowMs += 10_000;
    assertFalse(db.kv.has("k"));
  });
}
