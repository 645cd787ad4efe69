import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { parsePattern } from "../../lib/cli/pattern_text.ts";
import { type GraphPattern, InvalidArgumentError } from "../../mod.ts";
import { test } from "../support/test.ts";

const PATTERNS: readonly (readonly [text: string, pattern: GraphPattern])[] = [
  ["()", { root: {}, legs: [] }],
  ["(Person)", { root: { kind: "Person" }, legs: [] }],
  ["(:Person)", { root: { kind: "Person" }, legs: [] }],
  ["(Ad*)", { root: { namePrefix: "Ad" }, legs: [] }],
  ['(Person "Ada B"*)', { root: { kind: "Person", namePrefix: "Ada B" }, legs: [] }],
  ['("a kind" Ad* {"born": 1815})', { root: { kind: "a kind", namePrefix: "Ad", data: { born: 1815 } }, legs: [] }],
  ['({"a": "}\\"", "b": {"c": []}})', { root: { data: { a: '}"', b: { c: [] } } }, legs: [] }],
  ['({"n": 12345678901234567890})', { root: { data: { n: 12345678901234567890n } }, legs: [] }],
  ["()-->()", { root: {}, legs: [{ direction: "out", node: {} }] }],
  ["()<--()", { root: {}, legs: [{ direction: "in", node: {} }] }],
  ["() -- ()", { root: {}, legs: [{ direction: "both", node: {} }] }],
  ["(A)-[KNOWS]->(B)", { root: { kind: "A" }, legs: [{ direction: "out", types: ["KNOWS"], node: { kind: "B" } }] }],
  ["()<-[:A|:B]-()", { root: {}, legs: [{ direction: "in", types: ["A", "B"], node: {} }] }],
  ['() - [ "a-b" | C ] - ()', { root: {}, legs: [{ direction: "both", types: ["a-b", "C"], node: {} }] }],
  ["(Größe_1)-->()-->(人)", {
    root: { kind: "Größe_1" },
    legs: [{ direction: "out", node: {} }, { direction: "out", node: { kind: "人" } }],
  }],
];

test("patterns are read from their text", () => {
  for (const [text, pattern] of PATTERNS) assertEquals(parsePattern(text), pattern, text);
});

test("blanks between the parts make no difference", () => {
  assertEquals(parsePattern(" ( A )\n-[ X|Y ]->  ( B b* { } ) "), parsePattern('(A)-[X|Y]->(B "b"*{})'));
});

test("a text that is no pattern is refused with the place", () => {
  const texts = [
    "",
    "(",
    "(A",
    "A",
    "(A B)",
    "(A) (B)",
    "(A)-",
    "(A)->(B)",
    "()-[]->()",
    "()-[A->()",
    "()<-->()",
    '("A)',
    "({)",
  ];
  for (const text of [...texts, "({a: 1})", "()-->", "() x", "('A')", "(A-B)"]) {
    const error = assertThrows(() => parsePattern(text), InvalidArgumentError, "the pattern needs");
    assertInstanceOf(error, InvalidArgumentError);
    assertEquals([error.code, error.value], ["invalid-pattern", text]);
  }
});
