/** Globs on their own: the contract's cases, agreement with a plain matcher, and the literal start that indexes use. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileGlob } from "../../lib/backend/glob.ts";
import { GLOB_CASES } from "../contract/glob.ts";
import { test } from "../support/test.ts";

test("compiled globs match the contract's cases", () => {
  for (const [pattern, yes, no] of GLOB_CASES) {
    const glob = compileGlob(pattern);
    for (const name of yes) assert(glob.matches(name), `${pattern} matches ${JSON.stringify(name)}`);
    for (const name of no) assert(!glob.matches(name), `${pattern} does not match ${JSON.stringify(name)}`);
  }
});

/** The same question by recursion over lists of code points; only `*`, `?` and `\`. */
function plainMatch(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === "*") return plainMatch(rest, name) || (name.length > 0 && plainMatch(pattern, name.slice(1)));
  if (name.length === 0) return false;
  if (first === "\\" && rest.length > 0) return rest[0] === name[0] && plainMatch(rest.slice(1), name.slice(1));
  return (first === "?" || first === name[0]) && plainMatch(rest, name.slice(1));
}

const letter = fc.constantFrom("a", "b", "😀", "\\", "*", "?");

test("on random patterns and names a glob agrees with a plain matcher", () => {
  const pattern = fc.array(letter, { maxLength: 8 });
  const name = fc.array(letter, { maxLength: 8 });
  fc.assert(
    fc.property(pattern, name, (wanted, given) => {
      assertEquals(compileGlob(wanted.join("")).matches(given.join("")), plainMatch(wanted, given));
    }),
    { numRuns: 2_000 },
  );
});

test("the prefix is the text that every match starts with, escapes undone", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["", "", true],
    ["abc", "abc", true],
    ["abc*", "abc", false],
    ["*abc", "", false],
    ["a?c", "a", false],
    ["a[bc]", "a", false],
    ["a\\*b*", "a*b", false],
    ["a\\*b", "a*b", true],
    ["a[b", "a[b", true],
    ["a\\", "a\\", true],
    ["😀*", "😀", false],
  ];
  for (const [pattern, prefix, isLiteral] of cases) {
    const glob = compileGlob(pattern);
    assertEquals([glob.prefix, glob.isLiteral], [prefix, isLiteral], pattern);
  }
});

test("every match starts with the prefix", () => {
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 6 }), fc.array(letter, { maxLength: 6 }), (pattern, name) => {
      const glob = compileGlob(pattern.join(""));
      if (glob.matches(name.join(""))) assert(name.join("").startsWith(glob.prefix));
    }),
    { numRuns: 2_000 },
  );
});

test("a pattern of many stars is not exponential", () => {
  assert(!compileGlob(`${"*a".repeat(200)}*b`).matches("a".repeat(5_000)));
  assert(compileGlob(`${"*a".repeat(200)}*`).matches("a".repeat(5_000)));
});
