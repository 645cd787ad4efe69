/** The property test of history: whatever is committed, named and retained, the kept commits show what they showed then. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { NotRetainedError } from "../../lib/backend/errors.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { contentOf } from "./graph_of.ts";
import { type CopiedCommit, differencesOf, expectedDifferences, mirrored } from "./history_diff.ts";
import { assertRefused } from "./refusal.ts";
import { runsOn, type Subject, World } from "./subject.ts";
import { test } from "../support/test.ts";

const write = fc.record({
  do: fc.constantFrom(
    "node",
    "edge",
    "update",
    "updateEdge",
    "label",
    "deleteNode",
    "deleteEdge",
    "set",
    "ttl",
    "unset",
  ),
  pick: fc.nat(1_000),
  size: fc.constantFrom(0, 0, 5, 900, 4_500),
  times: fc.constantFrom(1, 1, 1, 30),
});

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("commit" as const), writes: fc.array(write, { maxLength: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tag" as const), name: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("untag" as const), name: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, 2_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A database and full copies of all of its commits. */
class Run {
  readonly #world: World;
  readonly #inMemory: boolean;
  readonly #retained: number;
  readonly #copies = new Map<number, CopiedCommit>();
  readonly #tags = new Map<string, number>();
  /** All commits, oldest first. */
  readonly #lsns: number[] = [];
  #versions = new Map<string, number>();

  constructor(world: World, inMemory: boolean, retained: number) {
    this.#world = world;
    this.#inMemory = inMemory;
    this.#retained = retained;
    this.#commit((tx) => void tx.insertNode({ kind: "K", name: "first" }));
  }

  step(step: Step): void {
    const { db } = this.#world;
    switch (step.do) {
      case "commit":
        this.#commit((tx) => step.writes.forEach((write) => this.#write(tx, write)));
        break;
      case "tag":
        if (this.#tags.has(`t${step.name}`)) return;
        db.tag(`t${step.name}`);
        this.#tags.set(`t${step.name}`, db.lsn);
        break;
      case "untag":
        assertEquals(db.untag(`t${step.name}`), this.#tags.delete(`t${step.name}`));
        break;
      case "wait":
        this.#world.nowMs += step.ms;
        break;
      case "checkpoint": {
        // Removing what has expired is a commit of its own, and so is moving pages from the end of the file.
        const { lsn } = db;
        db.checkpoint();
        for (let made = lsn + 1; made <= db.lsn; made++) this.#copy(made);
        break;
      }
      case "hold":
        this.#hold(step.pick);
        break;
      case "reopen":
        if (!this.#inMemory) this.#world.reopen();
    }
  }

  #commit(run: (tx: GraphTransaction) => void): void {
    const { db } = this.#world;
    const { lsn } = db;
    const before = this.#versions;
    this.#versions = new Map(before);
    db.transaction(run);
    if (db.lsn === lsn) this.#versions = before;
    else this.#copy();
  }

  #copy(lsn: number = this.#world.db.lsn): void {
    const { db } = this.#world;
    this.#lsns.push(lsn);
    this.#copies.set(lsn, { content: contentOf(db), versions: this.#versions });
  }

  #write(tx: GraphTransaction, { do: action, pick, size, times }: Write): void {
    const lsn = tx.lsn + 1;
    const data = "d".repeat(size);
    const nodes = [...tx.nodeIds()];
    const edges = Array.from(tx.edges({ data: false }), ({ id }) => id);
    for (let time = 0; time < times; time++) {
      const node = nodes[(pick + time) % nodes.length];
      const edge = edges[(pick + time) % edges.length];
      const key = `key ${(pick + time) % 40}${pick % 9 === 0 ? "k".repeat(600) : ""}`;
      if (action === "node") tx.insertNode({ kind: `K${pick % 3}`, name: `n${pick}`, labels: ["L"], data });
      else if (action === "set" || action === "ttl") {
        tx.kv.set(key, data, action === "ttl" ? { ttlSeconds: (pick % 5) / 2 } : {});
        this.#versions.set(key, lsn);
      } else if (action === "unset") tx.kv.delete(key);
      else if (edge !== undefined && tx.hasEdge(edge) && (action === "updateEdge" || action === "deleteEdge")) {
        if (action === "updateEdge") tx.updateEdge(edge, { type: `T${pick % 3}`, data });
        else tx.deleteEdge(edge);
      } else if (node === undefined || !tx.hasNode(node)) continue;
      else if (action === "update") tx.updateNode(node, { kind: `K${pick % 4}`, data });
      else if (action === "deleteNode" && nodes.length > 5) tx.deleteNode(node);
      else if (action === "label" && !tx.addLabel(node, "M")) tx.removeLabel(node, "M");
      else if (action === "edge") {
        const to = nodes[pick % nodes.length] as number;
        if (tx.hasNode(to)) tx.insertEdge({ from: node, to, type: `T${pick % 3}`, data });
      }
    }
  }

  /** Reads a kept commit while others come. */
  #hold(pick: number): void {
    const { db } = this.#world;
    const kept = this.#kept();
    const lsn = kept[pick % kept.length] as number;
    // Of the newest commit a snapshot shows what has not expired by now.
    if (lsn === db.lsn) return;
    using snapshot = db.snapshot({ lsn });
    this.#commit((tx) => {
      for (const id of [...tx.nodeIds()]) tx.updateNode(id, { name: `held ${pick}` });
      tx.insertNode({ kind: "Held", name: "held" });
    });
    assertEquals(contentOf(snapshot), this.#copies.get(lsn)?.content);
  }

  /** The commits that must be there. */
  #kept(): number[] {
    const retained = this.#lsns.slice(-Math.max(1, this.#retained));
    return [...new Set([...this.#tags.values(), ...retained])].sort((a, b) => a - b);
  }

  /** Compares everything with the copies. */
  check(): void {
    const { db } = this.#world;
    const kept = this.#kept();
    const names = [...this.#tags].map(([name, lsn]) => ({ name, lsn })).sort((a, b) => a.name < b.name ? -1 : 1);
    assertEquals(db.tags(), names);
    assertEquals(
      Array.from(db.commits(), ({ lsn, nodes, edges }) => ({ lsn, nodes, edges })),
      kept.map((lsn) => {
        const { content } = this.#copies.get(lsn) as CopiedCommit;
        return { lsn, nodes: content.nodes.length, edges: content.edges.length };
      }),
    );
    for (const [lsn, { content }] of this.#copies) this.#checkCommit(db, lsn, kept.includes(lsn) ? content : undefined);
    for (let at = 0; at < kept.length; at++) {
      this.#checkDifference(db, kept[at] as number, kept[(at * 7 + 3) % kept.length] as number);
      this.#checkDifference(db, kept[Math.max(0, at - 1)] as number, kept[at] as number);
    }
  }

  #checkCommit(db: GraphBackend, lsn: number, content: unknown): void {
    if (content === undefined) {
      assertRefused(db, NotRetainedError, () => db.snapshot({ lsn }));
    } else if (lsn !== db.lsn) {
      using snapshot = db.snapshot({ lsn });
      assertEquals([snapshot.lsn, contentOf(snapshot)], [lsn, content]);
    }
  }

  #checkDifference(db: GraphBackend, from: number, to: number): void {
    const expected = expectedDifferences(this.#copies.get(from) as CopiedCommit, this.#copies.get(to) as CopiedCommit);
    assertEquals(differencesOf(db, from, to), expected);
    assertEquals(differencesOf(db, to, from), mirrored(expected));
  }
}

/** Declares the test. */
export function historyPropertyContract(subject: Subject): void {
  test(`${subject.name}: whatever is committed, named and retained, kept commits show what they showed then`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 1, 3, 100), (steps, retained) => {
        using world = new World(subject, { retention: { commits: retained } });
        const run = new Run(world, subject.inMemory, retained);
        for (const step of steps) run.step(step);
        run.check();
        world.verify();
      }),
      { numRuns: runsOn(subject, 16) },
    );
  });
}
