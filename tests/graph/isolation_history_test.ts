/** The checker of histories finds each anomaly in a history that has it. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Isolation } from "../../lib/graph/transaction_batch.ts";
import { test } from "../support/test.ts";
import { anomalyOf, type ListOperation, type Ran } from "./isolation_history.ts";

/** `"a1 rb[2 3]"`: appends 1 to list 0, then reads 2, 3 in list 1. A letter is a list. */
function operationsOf(text: string): ListOperation[] {
  return [...text.matchAll(/(r?)([a-c])(\d+|\[[\d ]*\])/g)].map(([, read, letter, values]) => {
    const list = (letter as string).charCodeAt(0) - 97;
    const numbers = [...(values as string).matchAll(/\d+/g)].map(Number);
    return read ? { read: numbers, list } : { append: numbers[0] as number, list };
  });
}

/** Transactions that all run at once, unless a time is given: `"5-8 a1"`; `"x a1"` is one that failed. */
function anomaly(finalLists: number[][], isolation: Isolation, ...transactions: string[]): string | undefined {
  const history = transactions.map((text, at): Ran => {
    const time = /^(\d+)-(\d+)/.exec(text);
    return {
      begin: time ? Number(time[1]) : at / 100,
      end: time ? Number(time[2]) : 1000 + at,
      isCommitted: !text.startsWith("x"),
      operations: operationsOf(text),
    };
  });
  return anomalyOf(history, finalLists, isolation);
}

test("a history that happened one after the other is allowed", () => {
  for (const isolation of ["serializable", "snapshot"] as const) {
    assertEquals(
      anomaly([[1, 3], [2]], isolation, "1-2 a1 ra[1]", "3-4 ra[1] b2", "5-6 rb[2] a3 ra[1 3]", "x a4"),
      undefined,
    );
  }
});

test("write skew is allowed under snapshot isolation alone", () => {
  const transactions = ["ra[] b1", "rb[] a2"];
  assertEquals(anomaly([[2], [1]], "snapshot", ...transactions), undefined);
  assertMatch(anomaly([[2], [1]], "serializable", ...transactions) ?? "", /cycle: .*rw.*rw/);
});

for (
  const [name, expected, finalLists, ...transactions] of [
    ["lost update", /lost update/, [[1]], "ra[] a1", "ra[] a2"],
    ["lost update that is kept", /cycle/, [[1, 2]], "ra[] a1", "ra[] a2"],
    ["read of what failed", /was written|failed/, [[]], "x a1", "ra[1]"],
    ["write of what failed", /failed/, [[1]], "x a1", "ra[1]"],
    ["read of the middle of a transaction", /middle/, [[1, 2]], "a1 a2", "ra[1]"],
    ["read that is not repeated", /before that/, [[1]], "a1", "ra[] ra[1]"],
    ["own write that is not read", /having appended/, [[1]], "a1 ra[]"],
    ["writes in different orders", /cycle/, [[1, 2], [4, 3]], "a1 b3", "a2 b4"],
    ["reads in different orders", /cycle/, [[1], [2]], "ra[1] b2", "rb[2] a1"],
    ["half of a transaction", /cycle/, [[1], [2]], "a1 b2", "ra[1] rb[]"],
    [
      "two states in different orders",
      /cycle/,
      [[1], [2]],
      "a1",
      "b2",
      "ra[1] rb[]",
      "10-11 ra[] rb[2]",
      "1-2 ra[1] rb[]",
    ],
    ["acknowledged, and not seen", /cycle/, [[1]], "1-2 a1", "3-4 ra[]"],
    ["written behind a later one", /cycle/, [[2, 1]], "1-2 a1", "3-4 a2"],
  ] as [string, RegExp, number[][], ...string[]][]
) {
  test(`${name}: found at both isolation levels`, () => {
    for (const isolation of ["serializable", "snapshot"] as const) {
      assertMatch(anomaly(finalLists, isolation, ...transactions) ?? "nothing", expected);
    }
  });
}
