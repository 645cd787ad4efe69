/** The contract of name globs: the same answer on every backend, by Unicode code points. */

import { assertEquals } from "@std/assert";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { MAX_GLOB_LENGTH } from "../../lib/backend/limits.ts";
import { assertRefused, untyped } from "./refusal.ts";
import { graphTest, type Subject } from "./subject.ts";

/** Pattern, the names that it matches, and names that it does not. */
export const GLOB_CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["", [""], ["a", " "]],
  ["abc", ["abc"], ["ABC", "abcd", "xabc", "ab", ""]],
  ["*", ["", "a", "abc", "😀", "a\nb"], []],
  ["**", ["", "a"], []],
  ["a*", ["a", "abc", "a😀"], ["ba", "", "A"]],
  ["*a", ["a", "ba", "aa"], ["ab", ""]],
  ["*a*", ["a", "bab", "aa"], ["b", ""]],
  ["a*b*c", ["abc", "aXbYc", "abbcc", "a-b-c-b-c"], ["acb", "abcd", "ac"]],
  ["a*a", ["aa", "aba", "aaa"], ["a", "ab"]],
  ["?", ["a", "é", "漢", "😀", "\n", "*"], ["", "ab", "e\u0301"]],
  ["??", ["ab", "😀😀", "e\u0301"], ["😀", "a"]],
  ["?*", ["a", "😀", "abc"], [""]],
  ["a?c", ["abc", "a😀c", "a?c"], ["ac", "abbc"]],
  ["[abc]", ["a", "b", "c"], ["d", "", "ab", "A"]],
  ["[a-c]x", ["ax", "bx", "cx"], ["dx", "-x", "x"]],
  ["[a-cx-z]", ["a", "c", "x", "z"], ["d", "w", "-"]],
  ["[^a-c]", ["d", "😀", "-", "^"], ["a", "b", "c", "", "dd"]],
  ["[^a]*", ["b", "ba"], ["a", "ab", ""]],
  ["x[0-9][0-9]", ["x42", "x00"], ["x4", "x4a", "x123"]],
  ["[ä-ü]", ["ä", "ö", "ü"], ["a", "u", "ý"]],
  ["[😀-😎]", ["😀", "😅", "😎"], ["😏", "a", "😀😀"]],
  ["[^😀]", ["😁", "a"], ["😀", ""]],
  ["[a😀z]!", ["a!", "😀!", "z!"], ["😁!", "!"]],
  ["[.+()|$]", [".", "+", "(", ")", "|", "$"], ["a", "^"]],
  ["a.c", ["a.c"], ["abc"]],
  ["(a|b)+", ["(a|b)+"], ["a", "aa"]],
  ["^a$", ["^a$"], ["a"]],
  ["{a,b}", ["{a,b}"], ["a", "b"]],
  ["a%", ["a%"], ["ab", "a"]],
  ["a_c", ["a_c"], ["abc"]],
  ["'; --", ["'; --"], [""]],
  ["\\*", ["*"], ["a", "\\*", "\\"]],
  ["\\?", ["?"], ["a"]],
  ["\\[a]", ["[a]"], ["a"]],
  ["\\\\", ["\\"], ["\\\\"]],
  ["a\\*b*", ["a*b", "a*bc"], ["axb", "a\\*b"]],
  ["\\a", ["a"], ["\\a"]],
  ["\\😀", ["😀"], ["\\😀"]],
  ["[\\]]", ["]"], ["\\", "[", "\\]"]],
  ["[a\\-c]", ["a", "-", "c"], ["b", "\\"]],
  ["[\\^a]", ["^", "a"], ["b", "\\"]],
  ["[\\\\]", ["\\"], ["a"]],
  ["\u00c9*", ["\u00c9", "\u00c9cole"], ["E\u0301", "\u00e9", "E"]],
  ["ß", ["ß"], ["ss", "ẞ"]],
  ["*漢?", ["漢字", "a漢b"], ["漢", "字漢"]],
];

/** Declares the tests of globs. */
export function globContract(subject: Subject): void {
  graphTest(subject, "globs match whole names by code points: any text, one character, sets, ranges, escapes", (db) => {
    const names = [...new Set(GLOB_CASES.flatMap(([, yes, no]) => [...yes, ...no]))];
    const ids = new Map(names.map((name) => [name, db.insertNode({ kind: "N", name })]));
    for (const [glob, yes, no] of GLOB_CASES) {
      const found = new Set(db.nodeIds({ glob }));
      const about = (name: string) => `${JSON.stringify(glob)} on ${JSON.stringify(name)}`;
      for (const name of yes) assertEquals(found.has(ids.get(name)!), true, about(name));
      for (const name of no) assertEquals(found.has(ids.get(name)!), false, about(name));
      assertEquals(db.countNodes({ glob }), found.size, glob);
      assertEquals([...found], [...found].toSorted((a, b) => a - b), glob);
    }
  });

  graphTest(subject, "a glob's literal start changes nothing about its answer", (db) => {
    // Engines narrow the search by the text before the first wildcard; names around that range must not get lost.
    const names = ["p", "p\u0001", "pa", "p\u{10ffff}", "p\uffff", "p\ue000x", "q", "o\u{10ffff}", "P", "p%", "p_"];
    const ids = names.map((name) => db.insertNode({ kind: "N", name }));
    const starting = ids.filter((_, at) => names[at]!.startsWith("p"));
    assertEquals([...db.nodeIds({ glob: "p*" })], starting);
    assertEquals([...db.nodeIds({ glob: "p?*" })], starting.slice(1));
    assertEquals([...db.nodeIds({ glob: "p\u{10ffff}*" })], [ids[3]!]);
    assertEquals([...db.nodeIds({ glob: "\\p*" })], starting);
    assertEquals([...db.nodeIds({ glob: "p\\%*" })], [ids[9]!]);
  });

  graphTest(subject, "a glob with many stars ends soon also when nothing matches", (db) => {
    db.insertNode({ kind: "N", name: "a".repeat(2_000) });
    assertEquals(db.countNodes({ glob: `${"*a".repeat(60)}*b` }), 0);
    assertEquals(db.countNodes({ glob: `${"a*".repeat(60)}a` }), 1);
  });

  graphTest(subject, "a glob of 65,536 characters is good, one more is refused, as is anything but a text", (db) => {
    db.insertNode({ kind: "N", name: "[" });
    const longest = "*".repeat(MAX_GLOB_LENGTH);
    assertEquals(db.countNodes({ glob: longest }), 1);
    for (const call of ["countNodes", "nodes", "nodeIds"] as const) {
      const ask = (glob: string) => () => db[call]({ glob });
      assertRefused(db, InvalidArgumentError, ask(`${longest}*`), "glob", `${MAX_GLOB_LENGTH}`);
      assertRefused(db, InvalidArgumentError, ask(untyped(5)), "glob", "5");
      assertRefused(db, InvalidArgumentError, ask(untyped(null)), "glob", "null");
    }
  });
}
