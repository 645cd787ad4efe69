/** Outcomes of transactions in shared memory, between the engine and a caller that looks for them. */

import { assertEquals } from "@std/assert";
import { MessageChannel } from "node:worker_threads";
import { CallerMailbox, EngineMailbox, mailboxMemory } from "../../lib/graph/mailbox.ts";
import { test } from "../support/test.ts";

/** Both ends of a mailbox, and what the caller has taken. */
function mailbox() {
  const { port1, port2 } = new MessageChannel();
  const memory = mailboxMemory();
  const caller = new CallerMailbox(port1, memory, () => {});
  const engine = new EngineMailbox(port2, memory);
  const taken: number[] = [];
  return {
    caller,
    engine,
    take: () => {
      caller.takeOutcomes((id, lsn) => taken.push(id, lsn));
      return taken.splice(0);
    },
    [Symbol.dispose]() {
      caller.abandon();
      engine.close();
    },
  };
}

test("outcomes reach a caller that looks, in order and once", () => {
  using box = mailbox();
  box.caller.setLooking(true);
  assertEquals(box.engine.giveOutcomes([1, 10, 2, 0]), true);
  assertEquals(box.engine.giveOutcomes([3, 11]), true);
  assertEquals([box.take(), box.take()], [[1, 10, 2, 0, 3, 11], []]);
});

test("outcomes must be posted to a caller that does not look", () => {
  using box = mailbox();
  assertEquals(box.engine.giveOutcomes([1, 10]), false);
  box.caller.setLooking(true);
  assertEquals(box.engine.giveOutcomes([2, 11]), true);
  box.caller.setLooking(false);
  assertEquals(box.engine.giveOutcomes([3, 12]), false);
  assertEquals(box.take(), [2, 11]);
});

test("outcomes that find no room must be posted, and room comes back with each that is taken", () => {
  using box = mailbox();
  box.caller.setLooking(true);
  const given: number[] = [];
  let lsn = 0;
  for (let round = 0; round < 10; round++) {
    const outcomes = Array.from({ length: 40 }, () => [++lsn, lsn]).flat();
    assertEquals(box.engine.giveOutcomes(outcomes), true);
    assertEquals(box.engine.giveOutcomes(outcomes), false);
    given.push(...outcomes);
    assertEquals(box.take(), given.splice(0));
  }
});

test("the caller knows whether the engine has received what it sent", () => {
  using box = mailbox();
  assertEquals(box.caller.isReceived, true);
  box.caller.send("a");
  box.caller.send("b");
  assertEquals([box.caller.isReceived, box.engine.receive()], [false, "a"]);
  assertEquals([box.caller.isReceived, box.engine.receive()], [false, "b"]);
  assertEquals([box.caller.isReceived, box.engine.receive()], [true, undefined]);
});
