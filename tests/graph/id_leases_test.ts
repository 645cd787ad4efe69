/** Ids for transactions, against an engine that answers at once, late or never. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { IdLease } from "../../lib/backend/served_engine.ts";
import { IdLeases, IdsNotReadyError } from "../../lib/graph/id_leases.ts";
import type { CallerMailbox } from "../../lib/graph/mailbox.ts";
import { test } from "../support/test.ts";

/** Leases ids when it is told to. */
class Engine {
  answers: "at once" | "when waited for" | "never" = "at once";
  readonly asked: { nodes: number; edges: number }[] = [];
  waits = 0;
  readonly #grants: IdLease[] = [];
  #nextNode = 11;
  #nextEdge = 11;

  /** What the leases need of a mailbox. */
  readonly mailbox = {
    send: (message: { nodes: number; edges: number }) => {
      this.asked.push({ nodes: message.nodes, edges: message.edges });
      if (this.answers === "at once") this.give();
    },
    waitForGrants: (count: number) => {
      this.waits++;
      if (this.answers !== "never") { while (this.#grants.length < count) this.give(); }
      return this.#grants.length >= count;
    },
    grant: (index: number) => this.#grants[index],
    get grantsGiven() {
      return 0;
    },
  };

  constructor() {
    Object.defineProperty(this.mailbox, "grantsGiven", { get: () => this.#grants.length });
  }

  give(isFailure = false): void {
    const { nodes, edges } = isFailure
      ? { nodes: 0, edges: 0 }
      : this.asked[this.#grants.length] as (typeof this.asked)[0];
    this.#grants.push({
      firstNodeId: this.#nextNode,
      endNodeId: this.#nextNode += nodes,
      firstEdgeId: this.#nextEdge,
      endEdgeId: this.#nextEdge += edges,
    });
  }

  leases(): IdLeases {
    const first = { firstNodeId: 1, endNodeId: 11, firstEdgeId: 1, endEdgeId: 11 };
    return new IdLeases(this.mailbox as unknown as CallerMailbox, first);
  }
}

test("ids come without a gap and more are asked for before they run out", () => {
  const engine = new Engine();
  const leases = engine.leases();
  const nodes = Array.from({ length: 5000 }, () => leases.nextNodeId());
  const edges = Array.from({ length: 5000 }, () => leases.nextEdgeId());
  assertEquals(nodes, nodes.map((_, at) => at + 1));
  assertEquals(edges, nodes);
  assertEquals(engine.waits, 0);
  assert(engine.asked.length < 25, `asked ${engine.asked.length} times`);
});

test("an engine that is late is waited for", () => {
  const engine = new Engine();
  engine.answers = "when waited for";
  const leases = engine.leases();
  assertEquals(Array.from({ length: 100 }, () => leases.nextNodeId()).at(-1), 100);
  assert(engine.waits > 0);
});

test("an engine that does not answer is told of by an error, and the next try goes on where ids came", async () => {
  const engine = new Engine();
  engine.answers = "never";
  const leases = engine.leases();
  for (let n = 0; n < 10; n++) leases.nextNodeId();
  assertThrows(() => leases.nextNodeId(), IdsNotReadyError);
  const more = leases.more();
  engine.give();
  leases.granted();
  await more;
  assertEquals(leases.nextNodeId(), 11);
});

test("nobody is waited for while the engine waits for this thread", () => {
  const engine = new Engine();
  engine.answers = "when waited for";
  const leases = engine.leases();
  leases.isEngineBusy = true;
  for (let n = 0; n < 10; n++) leases.nextEdgeId();
  assertThrows(() => leases.nextEdgeId(), IdsNotReadyError);
  assertEquals(engine.waits, 0);
});

test("an engine that can give no ids says why to whoever waits", async () => {
  const engine = new Engine();
  engine.answers = "never";
  const leases = engine.leases();
  for (let n = 0; n < 10; n++) leases.nextNodeId();
  assertThrows(() => leases.nextNodeId(), IdsNotReadyError);
  const more = leases.more();
  engine.give(true);
  leases.failed(new Error("disk full"));
  await assertRejects(() => more, Error, "disk full");
});
