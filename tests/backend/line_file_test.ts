/** Files by lines: read in chunks, written as a whole or not at all. */

import { assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { GraphError, IoError } from "../../lib/backend/errors.ts";
import { fileError, writeLines } from "../../lib/backend/line_file.ts";
import { LineReader } from "../../lib/backend/line_reader.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** The lines of a file with their numbers, and the reader after the last one. */
function readAll(path: string): { lines: string[]; numbers: number[]; reader: LineReader } {
  const reader = new LineReader(path);
  const lines: string[] = [];
  const numbers: number[] = [];
  for (const line of reader.lines()) {
    lines.push(line);
    numbers.push(reader.line);
  }
  return { lines, numbers, reader };
}

test("lines end in LF, and an empty last one is left out", () => {
  using dir = tempDir();
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["\n", [""]],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\nb", ["a", "b"]],
    ["a\r\nb\r\n", ["a\r", "b\r"]],
    ["\n\na\n\n", ["", "", "a", ""]],
    ["a\rb\u2028c\u0085d\n", ["a\rb\u2028c\u0085d"]],
  ];
  for (const [text, lines] of cases) {
    writeFileSync(dir.path("lines.txt"), text);
    const read = readAll(dir.path("lines.txt"));
    assertEquals(read.lines, lines, JSON.stringify(text));
    assertEquals(read.numbers, lines.map((_, at) => at + 1));
  }
});

test("characters and line breaks may lie across any boundary of the chunks", () => {
  using dir = tempDir();
  for (const shift of [0, 1, 2, 3]) {
    const lines = [`${"x".repeat(shift)}${"😀漢é".repeat(70_000)}`, "", "y".repeat(300_000), "end"];
    writeFileSync(dir.path("lines.txt"), lines.join("\n"));
    const read = readAll(dir.path("lines.txt"));
    assertEquals(read.lines.map((line) => line.length), lines.map((line) => line.length));
    assertEquals(read.lines.every((line, at) => line === lines[at]), true);
    assertEquals(read.reader.bytesRead, readFileSync(dir.path("lines.txt")).length);
  }
});

test("what is no UTF-8, a folder and a missing file are errors of this package", () => {
  using dir = tempDir();
  writeFileSync(dir.path("bytes"), new Uint8Array([97, 10, 0xff, 10]));
  writeFileSync(dir.path("cut"), new Uint8Array([97, 10, 0xf0, 0x9f]));
  mkdirSync(dir.path("folder"));
  for (const name of ["bytes", "cut", "folder", "missing"]) {
    const error = assertThrows(() => readAll(dir.path(name)), GraphError);
    assertEquals(error.message.includes(name), true, error.message);
  }
});

test("a file that was not read to its end can be removed", () => {
  using dir = tempDir();
  writeFileSync(dir.path("lines.txt"), "a\nb\n");
  for (const line of new LineReader(dir.path("lines.txt")).lines()) {
    assertEquals(line, "a");
    break;
  }
});

test("writing gives the size and replaces the file", () => {
  using dir = tempDir();
  const path = dir.path("lines.txt");
  writeFileSync(path, "old");
  const lines = ["é", "", "x".repeat(600_000), "😀"];
  const size = writeLines(path, lines);
  const text = readFileSync(path, "utf8");
  assertEquals([text, size], [lines.map((line) => `${line}\n`).join(""), new TextEncoder().encode(text).length]);
  assertEquals(readdirSync(dir.root), ["lines.txt"]);
  assertEquals(readAll(path).lines, lines);
});

test("lines that throw leave the old file and nothing beside it", () => {
  using dir = tempDir();
  const path = dir.path("lines.txt");
  writeFileSync(path, "old");
  const failure = new RangeError("no more");
  function* lines(): Generator<string> {
    yield "x".repeat(600_000);
    throw failure;
  }
  assertStrictEquals(assertThrows(() => writeLines(path, lines())), failure);
  assertEquals([readFileSync(path, "utf8"), readdirSync(dir.root)], ["old", ["lines.txt"]]);
});

test("a place that cannot be written is IoError with its cause", () => {
  using dir = tempDir();
  const error = assertThrows(() => writeLines(dir.path("missing", "lines.txt"), ["a"]), IoError);
  assertInstanceOf(error.cause, Error);
});

test("an error of the file system says what to do", () => {
  const messageOf = (code: string): string => {
    const error = fileError("write", "a.graph", Object.assign(new Error("refused"), { code }));
    assertInstanceOf(error, IoError);
    return error.message;
  };
  for (const code of ["ENOSPC", "EDQUOT"]) {
    assertMatch(messageOf(code), /^cannot write a\.graph: refused; free some space/);
  }
  assertMatch(messageOf("EACCES"), /; check that file and folder can be read and written$/);
});
