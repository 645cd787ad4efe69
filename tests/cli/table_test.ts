import { assertEquals } from "@std/assert";
import { formatBytes, formatCount, formatDuration, formatTime, printable, shorten } from "../../lib/cli/table.ts";
import { test } from "../support/test.ts";

test("stored texts cannot send control characters to a terminal", () => {
  assertEquals(
    printable("a\x1b[31m\n\u202eb\x7f\u009bé😀\ud800"),
    "a\\u{1b}[31m\\u{a}\\u{202e}b\\u{7f}\\u{9b}é😀\\u{d800}",
  );
});

test("numbers, sizes, times and durations are short", () => {
  assertEquals(formatTime(0), "1970-01-01T00:00:00.000Z");
  assertEquals([0, 999, 1000, 1234567].map(formatCount), ["0", "999", "1,000", "1,234,567"]);
  assertEquals([0, 999, 1000, 1_234_567, 999_999].map(formatBytes), ["0 B", "999 B", "1.0 kB", "1.2 MB", "1.0 MB"]);
  assertEquals([1.26, 12.6, 1234, 100_000, 125_000].map(formatDuration), [
    "1.3 ms",
    "13 ms",
    "1.23 s",
    "1 min 40 s",
    "2 min 5 s",
  ]);
});

test("texts are cut between characters", () => {
  assertEquals(["abc", "abcd", "😀😀😀", "😀😀😀😀"].map((text) => shorten(text, 3)), [
    "abc",
    "ab…",
    "😀😀😀",
    "😀😀…",
  ]);
});
