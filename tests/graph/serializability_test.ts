import { assert, assertEquals } from "@std/assert";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { BatchCommitter, type BatchResult } from "../../lib/graph/batch_committer.ts";
import type { Isolation } from "../../lib/graph/transaction_batch.ts";
import { Rng } from "../crash/rng.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { type Attempt, attempt, replay, simulate } from "./serializability_simulation.ts";
import { NOW_MS, ServedHere } from "./served_here.ts";

const ISOLATIONS: readonly Isolation[] = ["snapshot", "serializable"];

/** Runs a test on both engines. */
function onEachEngine(name: string, body: (open: () => ServedHere) => void): void {
  test(`${name} (V3)`, () => body(() => ServedHere.v3()));
  test(`${name} (SQLite)`, () => {
    using dir = tempDir();
    const open: ServedHere[] = [];
    try {
      body(() => {
        open.push(ServedHere.sqlite(dir.root));
        return open.at(-1) as ServedHere;
      });
    } finally {
      for (const engine of open) engine.close();
    }
  });
}

/** Two registers x and y, and functions that run over the same state before the first of them is committed. */
class Registers implements Disposable {
  readonly engine: ServedHere;
  readonly #committer: BatchCommitter;
  readonly #isolation: Isolation;

  constructor(engine: ServedHere, isolation: Isolation) {
    this.engine = engine;
    this.#isolation = isolation;
    this.#committer = new BatchCommitter(engine, () => NOW_MS);
    this.set({ x: 0, y: 0 });
  }

  set(values: Readonly<Record<string, number>>): void {
    this.commit((tx) => {
      for (const [key, value] of Object.entries(values)) tx.kv.set(key, value);
    });
  }

  /** Commits functions one after the other, all of which ran on one state. */
  commit(...runs: readonly ((tx: GraphTransaction) => unknown)[]): BatchResult["kind"][] {
    return this.#attempt(runs).flatMap((tried) => this.commitAttempts([tried]));
  }

  /** The same in one group. */
  commitGroup(...runs: readonly ((tx: GraphTransaction) => unknown)[]): BatchResult["kind"][] {
    return this.commitAttempts(this.#attempt(runs));
  }

  #attempt(runs: readonly ((tx: GraphTransaction) => unknown)[]): Attempt[] {
    const state = this.engine.hold();
    const attempts = runs.map((run) => attempt(this.engine, state, run, this.#isolation));
    state.release();
    return attempts;
  }

  /** Commits functions that ran before, as one group. */
  commitAttempts(attempts: readonly Attempt[]): BatchResult["kind"][] {
    return this.#committer.commit(attempts.map(({ batch }) => batch)).map(({ kind }) => kind);
  }

  get values(): unknown[] {
    return ["x", "y"].map((key) => this.engine.backend.kv.get(key));
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}

function read(tx: GraphTransaction, key: string): number {
  return Number(tx.kv.get(key));
}

onEachEngine("committed transactions saw what they would have seen one after the other", (open) => {
  let committed = 0;
  let conflicts = 0;
  for (let seed = 1; seed <= 60; seed++) {
    using engine = open();
    using reference = ServedHere.v3();
    const outcome = simulate(engine, seed, 50);
    replay(outcome, engine, reference, seed);
    committed += outcome.committed.length;
    conflicts += outcome.conflicts;
  }
  // Neither does everything conflict, nor nothing.
  assert(committed > 1_500 && conflicts > 200, `${committed} committed, ${conflicts} conflicts`);
});

onEachEngine("no update is lost (P4) under either isolation", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const increment = (tx: GraphTransaction) => tx.kv.set("x", read(tx, "x") + 1);
    assertEquals(registers.commit(increment, increment), ["committed", "conflict"]);
    assertEquals(registers.commitGroup(increment, increment), ["committed", "conflict"]);
    assertEquals(registers.values, [2, 0]);
  }
});

onEachEngine("of two changes of a record one is a conflict under either isolation, though neither read it", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const { backend } = registers.engine;
    const node = backend.insertNode({ kind: "City", name: "a", labels: ["old"] });
    const edge = backend.insertEdge({ from: node, to: node, type: "ROAD" });
    const other = backend.insertNode({ kind: "City", name: "c" });
    backend.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    backend.setVector("e", other, [1]);
    const changes: readonly ((tx: GraphTransaction) => unknown)[] = [
      (tx) => tx.updateNode(node, { name: "b" }),
      (tx) => tx.addLabel(node, "new"),
      (tx) => tx.removeLabel(node, "old"),
      (tx) => tx.updateEdge(edge, { type: "STREET" }),
      (tx) => tx.deleteEdge(edge),
      (tx) => tx.deleteNode(node),
      (tx) => tx.kv.set("x", 1),
      (tx) => tx.kv.delete("x"),
      (tx) => tx.setVector("e", other, [2]),
      (tx) => tx.deleteVector("e", other),
      (tx) => tx.dropVectorIndex("e"),
      (tx) => tx.createVectorIndex("e", { dimension: 2 }),
    ];
    for (const change of changes) assertEquals(registers.commitGroup(change, change), ["committed", "conflict"]);
  }
});

onEachEngine("writes of two transactions do not mix (G0) under either isolation", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const both = (value: number) => (tx: GraphTransaction) => {
      tx.kv.set("x", value);
      tx.kv.set("y", value);
    };
    assertEquals(registers.commitGroup(both(1), both(2)), ["committed", "conflict"]);
    assertEquals(registers.values, [1, 1]);
  }
});

onEachEngine("nobody sees writes that were rolled back (G1a) or overwritten in their transaction (G1b)", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const twice = (tx: GraphTransaction) => {
      tx.kv.set("x", 1);
      tx.kv.set("x", 2);
    };
    const lost = (tx: GraphTransaction) => {
      tx.kv.set("y", 3);
      tx.kv.set("x", 3);
    };
    assertEquals(registers.commitGroup(twice, lost), ["committed", "conflict"]);
    assertEquals(registers.values, [2, 0]);
  }
});

onEachEngine("all reads of a transaction are of one state (no read skew, G-single) under either isolation", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const { engine } = registers;
    using state = released(engine);
    const seen = attempt(engine, state.held, (tx) => {
      const x = read(tx, "x");
      registers.set({ x: 1, y: 1 });
      return [x, read(tx, "y")];
    }, isolation);
    assertEquals(seen.results, [0, 0]);
    assertEquals(registers.values, [1, 1]);
  }
});

function released(engine: ServedHere): { readonly held: ReturnType<ServedHere["hold"]> } & Disposable {
  const held = engine.hold();
  return { held, [Symbol.dispose]: () => held.release() };
}

/** Whether two functions that ran on one state were both committed. */
function bothCommit(
  engine: ServedHere,
  isolation: Isolation,
  first: (tx: GraphTransaction) => unknown,
  second: (tx: GraphTransaction) => unknown,
  setUp: (tx: GraphTransaction) => unknown = () => {},
): boolean {
  using registers = new Registers(engine, isolation);
  registers.commit(setUp);
  return registers.commit(first, second).every((kind) => kind === "committed");
}

onEachEngine("write skew (G2-item) happens under snapshot isolation and not under serializable", (open) => {
  const takeFrom = (key: string) => (tx: GraphTransaction) => {
    if (read(tx, "x") + read(tx, "y") >= 0) tx.kv.set(key, -1);
  };
  assertEquals(bothCommit(open(), "snapshot", takeFrom("x"), takeFrom("y")), true);
  assertEquals(bothCommit(open(), "serializable", takeFrom("x"), takeFrom("y")), false);
});

onEachEngine("phantoms (G2) appear under snapshot isolation and not under serializable", (open) => {
  const insertOnly = (name: string) => (tx: GraphTransaction) => {
    if (tx.countNodes({ kind: "Leader" }) === 0) tx.insertNode({ kind: "Leader", name });
  };
  assertEquals(bothCommit(open(), "snapshot", insertOnly("Ada"), insertOnly("Bob")), true);
  assertEquals(bothCommit(open(), "serializable", insertOnly("Ada"), insertOnly("Bob")), false);
  const appendKey = (name: string) => (tx: GraphTransaction) =>
    tx.kv.set(`log/${[...tx.kv.scan({ prefix: "log/" })].length}/${name}`, 1);
  assertEquals(bothCommit(open(), "snapshot", appendKey("Ada"), appendKey("Bob")), true);
  assertEquals(bothCommit(open(), "serializable", appendKey("Ada"), appendKey("Bob")), false);
});

onEachEngine("skew over the edges of two nodes happens under snapshot isolation and not under serializable", (open) => {
  const setUp = (tx: GraphTransaction) => tx.insertNodes([{ kind: "City", name: "a" }, { kind: "City", name: "b" }]);
  const link = (fromName: string, toName: string) => (tx: GraphTransaction) => {
    const [from, to] = [fromName, toName].map((name) => tx.nodeIds({ name }).next().value as number) as [
      number,
      number,
    ];
    if (tx.degree(to, { direction: "out" }) === 0) tx.insertEdge({ from, to, type: "ROAD" });
  };
  assertEquals(bothCommit(open(), "snapshot", link("a", "b"), link("b", "a"), setUp), true);
  assertEquals(bothCommit(open(), "serializable", link("a", "b"), link("b", "a"), setUp), false);
});

onEachEngine(
  "skew over the vectors of two nodes happens under snapshot isolation and not under serializable",
  (open) => {
    const setUp = (tx: GraphTransaction) => {
      tx.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
      for (const name of ["a", "b"]) tx.setVector("e", tx.insertNode({ kind: "City", name }), [1]);
    };
    const node = (tx: GraphTransaction, name: string) => tx.nodeIds({ name }).next().value as number;
    const copy = (from: string, to: string) => (tx: GraphTransaction) => {
      const [one] = tx.getVector("e", node(tx, from)) as Float32Array;
      tx.setVector("e", node(tx, to), [(one as number) + 1]);
    };
    assertEquals(bothCommit(open(), "snapshot", copy("a", "b"), copy("b", "a"), setUp), true);
    assertEquals(bothCommit(open(), "serializable", copy("a", "b"), copy("b", "a"), setUp), false);
    // A search that finds nothing new reads the index as a whole.
    const addUnlessNear = (name: string) => (tx: GraphTransaction) => {
      if (tx.searchVectors("e", [50], { maxDistance: 5 }).length === 0) {
        tx.setVector("e", tx.insertNode({ kind: "City", name }), [50]);
      }
    };
    assertEquals(bothCommit(open(), "snapshot", addUnlessNear("c"), addUnlessNear("d"), setUp), true);
    assertEquals(bothCommit(open(), "serializable", addUnlessNear("c"), addUnlessNear("d"), setUp), false);
  },
);

onEachEngine(
  "a reader in between sees a state that fits the order (no read-only anomaly) under serializable",
  (open) => {
    // Alan Fekete, Elizabeth O'Neil, Patrick O'Neil: A Read-Only Transaction Anomaly Under Snapshot Isolation, 2004.
    const withdraw = (tx: GraphTransaction) =>
      tx.kv.set("x", read(tx, "x") - (read(tx, "x") + read(tx, "y") < 10 ? 11 : 10));
    const deposit = (tx: GraphTransaction) => tx.kv.set("y", read(tx, "y") + 20);
    for (const isolation of ISOLATIONS) {
      using registers = new Registers(open(), isolation);
      using before = released(registers.engine);
      const withdrawal = attempt(registers.engine, before.held, withdraw, isolation);
      assertEquals(registers.commit(deposit), ["committed"]);
      // Whoever looks now knows that the deposit came first, and that there is no fine to pay.
      assertEquals(registers.values, [0, 20]);
      const kinds = registers.commitAttempts([withdrawal]);
      if (isolation === "serializable") {
        assertEquals(kinds, ["conflict"]);
        assertEquals(registers.commit(withdraw), ["committed"]);
      }
      assertEquals(registers.values, [isolation === "serializable" ? -10 : -11, 20]);
    }
  },
);

onEachEngine("two merges that found nothing make one node and one edge under either isolation", (open) => {
  for (const isolation of ISOLATIONS) {
    using registers = new Registers(open(), isolation);
    const merge = (tx: GraphTransaction) => tx.mergeNode({ kind: "Tag", name: "red" });
    assertEquals(registers.commitGroup(merge, merge), ["committed", "conflict"]);
    const [red] = [...registers.engine.backend.nodeIds({ name: "red" })] as [number];
    const mergeLoop = (tx: GraphTransaction) => tx.mergeEdge({ from: red, to: red, type: "SAME" });
    assertEquals(registers.commitGroup(mergeLoop, mergeLoop), ["committed", "conflict"]);
    assertEquals(registers.engine.backend.countEdges(), 1);
  }
});

onEachEngine("money is neither made nor lost by concurrent transfers under either isolation", (open) => {
  for (const isolation of ISOLATIONS) {
    const rng = new Rng(7);
    using registers = new Registers(open(), isolation);
    const accounts = ["a", "b", "c", "d", "e", "f"];
    registers.set(Object.fromEntries(accounts.map((account) => [account, 100])));
    const transfer = (tx: GraphTransaction) => {
      assertEquals(accounts.reduce((sum, account) => sum + read(tx, account), 0), 600);
    };
    let committed = 0;
    for (let round = 0; round < 40; round++) {
      const runs = Array.from({ length: 4 }, () => {
        const [from, to] = [rng.pick(accounts), rng.pick(accounts)];
        return (tx: GraphTransaction) => {
          if (round % 4 === 0) transfer(tx);
          tx.kv.set(from, read(tx, from) - 1);
          tx.kv.set(to, read(tx, to) + 1);
        };
      });
      for (const kind of registers.commitGroup(...runs)) if (kind === "committed") committed++;
    }
    assert(committed >= 40);
    registers.commit(transfer);
  }
});
