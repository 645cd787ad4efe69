/** Transactions of a graph with threads. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, ConflictError, InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { testGraph, turn } from "./graph_subject.ts";

/** Adds one to a counter. */
function increment(tx: GraphTransaction): void {
  tx.kv.set("counter", (tx.kv.get("counter") as number | undefined ?? 0) + 1);
}

testGraph("an insert gives its id at once, and every snapshot after the await shows it", async ({ graph }) => {
  const ada = await graph.insertNode({ kind: "Person", name: "Ada", data: { born: 1815 } });
  const charles = await graph.transaction((tx) => {
    const id = tx.insertNode({ kind: "Person", name: "Charles" });
    tx.insertEdge({ from: ada, to: id, type: "KNOWS" });
    assertEquals(tx.neighbors(ada), [id], "the transaction sees its own writes");
    using outside = graph.snapshot();
    assertEquals(outside.hasNode(id), false, "nobody else does");
    return id;
  });
  using snapshot = graph.snapshot();
  assertEquals(snapshot.getNode(ada)?.data, { born: 1815 });
  assertEquals(snapshot.neighbors(ada), [charles]);
  assertEquals(graph.lsn, snapshot.lsn);
});

testGraph("every writing call is a transaction of its own", async ({ graph }) => {
  const [a, b] = await graph.insertNodes([{ kind: "A", name: "a" }, { kind: "A", name: "b" }]) as [number, number];
  assertEquals(await graph.mergeNode({ kind: "A", name: "a" }), { id: a, created: false });
  assertEquals((await graph.updateNode(a, { name: "aa", data: { x: 1 } })).name, "aa");
  assertEquals((await graph.patchNode(a, { y: 2 })).data, { x: 1, y: 2 });
  assertEquals(await graph.addLabel(a, "first"), true);
  assertEquals(await graph.removeLabel(a, "second"), false);
  const edge = await graph.insertEdge({ from: a, to: b, type: "T" });
  const [loop] = await graph.insertEdges(new Set([{ from: b, to: b, type: "T" }])) as [number];
  assertEquals((await graph.mergeEdge({ from: a, to: b, type: "T" })).id, edge);
  assertEquals((await graph.updateEdge(edge, { type: "U" })).type, "U");
  assertEquals((await graph.patchEdge(edge, { weight: 3 })).data, { weight: 3 });
  await graph.deleteEdge(loop);
  await graph.kv.set("key", [1, "two"]);
  assertEquals(graph.kv.get("key"), [1, "two"]);
  assertEquals(graph.kv.entry("key"), { key: "key", value: [1, "two"] });
  assertEquals(await graph.kv.delete("key"), true);
  assertEquals(graph.kv.has("key"), false);
  await graph.deleteNode(b);
  using snapshot = graph.snapshot();
  assertEquals([snapshot.countNodes(), snapshot.countEdges()], [1, 0]);
  assertEquals((await graph.check()).findings, []);
});

testGraph("a function that throws, or rejects, changes nothing and its error comes through", async ({ graph }) => {
  const error = new Error("no");
  const lsn = graph.lsn;
  const throwing = graph.transaction((tx) => {
    tx.insertNode({ kind: "K", name: "n" });
    throw error;
  });
  assertEquals(await throwing.catch((thrown) => thrown), error);
  const rejecting = graph.transaction(async (tx) => {
    tx.insertNode({ kind: "K", name: "n" });
    await turn();
    throw error;
  });
  assertEquals(await rejecting.catch((thrown) => thrown), error);
  await assertRejects(() => graph.deleteNode(17), NotFoundError, "17");
  await assertRejects(() => graph.insertNode({ kind: "", name: "n" }), InvalidArgumentError, "kind");
  assertEquals(graph.lsn, lsn);
});

testGraph("a function that changes nothing makes no commit", async ({ graph }) => {
  const lsn = graph.lsn;
  assertEquals(await graph.transaction((tx) => tx.countNodes()), 0);
  assertEquals(graph.lsn, lsn);
});

testGraph("a transaction that is used after its end throws", async ({ graph }) => {
  let kept: GraphTransaction | undefined;
  await graph.transaction((tx) => {
    kept = tx;
    tx.insertNode({ kind: "K", name: "n" });
  });
  assertThrows(() => kept?.insertNode({ kind: "K", name: "late" }), ClosedError, "has ended");
});

testGraph("of 256 transactions that add to one counter at once, none is lost", async ({ graph }) => {
  await Promise.all(Array.from({ length: 256 }, () => graph.transaction(increment)));
  assertEquals(graph.kv.get("counter"), 256);
});

testGraph("256 transactions at once on different records need no second run", async ({ graph }) => {
  let runs = 0;
  const ids = await Promise.all(Array.from({ length: 256 }, (_, i) =>
    graph.transaction((tx) => {
      runs++;
      const id = tx.insertNode({ kind: "K", name: `n${i}` });
      tx.insertEdge({ from: id, to: id, type: "SELF" });
      return id;
    })));
  assertEquals(runs, 256);
  using snapshot = graph.snapshot();
  assertEquals(ids.map((id) => snapshot.getNode(id)?.name), ids.map((_, i) => `n${i}`));
  assertEquals(snapshot.countEdges(), 256);
});

testGraph("a conflict runs the function again on the newer state", async ({ graph }) => {
  await graph.kv.set("counter", 1);
  const seen: unknown[] = [];
  await graph.transaction(async (tx) => {
    seen.push(tx.kv.get("counter"));
    if (seen.length === 1) await graph.kv.set("counter", 10);
    increment(tx);
  });
  assertEquals(seen, [1, 10]);
  assertEquals(graph.kv.get("counter"), 11);
});

testGraph("retries are counted, and then it is a ConflictError that says how often", async ({ graph }) => {
  let runs = 0;
  const losing = graph.transaction(async (tx) => {
    runs++;
    increment(tx);
    await graph.transaction(increment);
  }, { retries: 3 });
  const error = await assertRejects(() => losing, ConflictError, "4 times");
  assertEquals((error as ConflictError).code, "transaction-conflict");
  assertEquals(runs, 4);
  assertEquals(graph.kv.get("counter"), 4);
});

testGraph("write skew happens under snapshot isolation and not under serializable", async ({ graph }) => {
  for (const [isolation, left] of [["snapshot", 0], ["serializable", 1]] as const) {
    await graph.transaction((tx) => {
      tx.kv.set("a", 1);
      tx.kv.set("b", 1);
    });
    /** Two may give up their one, but not both. */
    const giveUp = (key: string) =>
      graph.transaction(async (tx) => {
        const sum = (tx.kv.get("a") as number) + (tx.kv.get("b") as number);
        await turn();
        if (sum === 2) tx.kv.set(key, 0);
      }, { isolation });
    await Promise.all([giveUp("a"), giveUp("b")]);
    assertEquals((graph.kv.get("a") as number) + (graph.kv.get("b") as number), left, isolation);
  }
});

testGraph("an edge whose node was deleted meanwhile is run again and then not found", async ({ graph }) => {
  const ends = await graph.insertNodes([{ kind: "K", name: "a" }, { kind: "K", name: "b" }]) as [number, number];
  let runs = 0;
  const insert = graph.transaction(async (tx) => {
    runs++;
    tx.insertEdge({ from: ends[0], to: ends[1], type: "T" });
    if (runs === 1) await graph.deleteNode(ends[1]);
  });
  await assertRejects(() => insert, NotFoundError);
  assertEquals(runs, 2);
});

testGraph("a large transaction gets its ids without an await and in order", async ({ graph }) => {
  const count = 100_000;
  const [first, last] = await graph.transaction((tx) => {
    let id = 0;
    const first = tx.insertNode({ kind: "K", name: "first" });
    for (let n = 1; n < count; n++) id = tx.insertNode({ kind: "K", name: "n" });
    return [first, id];
  });
  assert((last as number) >= (first as number) + count - 1);
  using snapshot = graph.snapshot();
  assertEquals(snapshot.countNodes(), count);
});

testGraph("an aborted transaction is not committed and rejects with the signal's reason", async ({ graph }) => {
  const reason = new Error("enough");
  const control = new AbortController();
  let ended: Promise<unknown> | undefined;
  const aborted = graph.transaction((tx) => {
    tx.insertNode({ kind: "K", name: "n" });
    ended = (async () => {
      await turn();
      return await assertThrowsLater(() => tx.insertNode({ kind: "K", name: "late" }));
    })();
    control.abort(reason);
    return new Promise<void>(() => {});
  }, { signal: control.signal });
  assertEquals(await aborted.catch((error) => error), reason);
  assert(await ended instanceof ClosedError);
  const already = graph.transaction((tx) => tx.insertNode({ kind: "K", name: "n" }), { signal: control.signal });
  assertEquals(await already.catch((error) => error), reason);
  const inside = new AbortController();
  const stopped = graph.transaction((tx) => {
    tx.insertNode({ kind: "K", name: "n" });
    inside.abort(reason);
  }, { signal: inside.signal });
  assertEquals(await stopped.catch((error) => error), reason);
  using snapshot = graph.snapshot();
  assertEquals(snapshot.countNodes(), 0);
});

function assertThrowsLater(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

testGraph("a transaction inside a transaction's function is another one", async ({ graph }) => {
  const error = new Error("outer");
  const outer = graph.transaction(async (tx) => {
    tx.insertNode({ kind: "K", name: "outer" });
    await graph.insertNode({ kind: "K", name: "inner" });
    throw error;
  });
  assertEquals(await outer.catch((thrown) => thrown), error);
  using snapshot = graph.snapshot();
  assertEquals([...snapshot.nodes()].map(({ name }) => name), ["inner"]);
});

testGraph("bad options of a transaction are refused", async ({ graph }) => {
  const run = () => {};
  for (const options of [{ isolation: "dirty" }, { retries: -1 }, { durability: "some" }, 7]) {
    await assertRejects(() => graph.transaction(run, options as never), InvalidArgumentError);
  }
  await assertRejects(() => graph.transaction(undefined as never), InvalidArgumentError, "run");
});

testGraph("a transaction may ask for more durability than its graph, or for less", async ({ graph }) => {
  await graph.transaction(increment, { durability: "full" });
  await graph.transaction(increment, { durability: "normal" });
  await graph.transaction(increment, { durability: "off" });
  assertEquals(graph.kv.get("counter"), 3);
});

testGraph("keys expire by the clock of this thread", async ({ graph }) => {
  await graph.kv.set("short", 1, { ttlSeconds: 0 });
  await graph.kv.set("long", 1, { ttlSeconds: 1000 });
  assertEquals([graph.kv.has("short"), graph.kv.has("long")], [false, true]);
});
