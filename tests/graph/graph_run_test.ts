/** Tasks on the pool of a graph. */

import { assertEquals, assertRejects } from "@std/assert";
import { ClosedError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { testGraph } from "./graph_subject.ts";
import { countKind } from "./graph_tasks.ts";

testGraph(
  "a task reads the newest state, a past one or a snapshot, also when it is released meanwhile",
  async ({ graph }) => {
    await graph.insertNode({ kind: "K", name: "a" });
    using old = graph.snapshot();
    await graph.insertNode({ kind: "K", name: "b" });
    assertEquals(await graph.run(countKind, { kind: "K" }), 2);
    assertEquals(await graph.run(countKind, { kind: "K" }, { snapshot: { lsn: 0 } }), 2);
    const running = graph.run(countKind, { kind: "K" }, { snapshot: old });
    old.release();
    assertEquals(await running, 1);
    assertEquals(await graph.map(countKind, [{ kind: "K" }, { kind: "L" }]), [2, 0]);
    await assertRejects(() => graph.run(countKind, { kind: "K" }, { snapshot: old }), ClosedError, "released");
  },
  { threads: 1 },
);

testGraph("what is no task, no snapshot or of another graph is refused", async ({ graph, dir }) => {
  const { openGraph } = await import("../../lib/graph/open_graph.ts");
  await assertRejects(() => graph.run((() => 1) as never, {}), InvalidArgumentError, "no task");
  await assertRejects(() => graph.run(countKind, { kind: "K" }, 7 as never), InvalidArgumentError, "options");
  await using other = await openGraph(dir.path("other.graph"));
  using snapshot = other.snapshot();
  await assertRejects(
    () => graph.run(countKind, { kind: "K" }, { snapshot }),
    InvalidArgumentError,
    "not one of this graph",
  );
}, { threads: 1 });

testGraph("close cancels tasks that run", async ({ graph }) => {
  const running = assertRejects(() => graph.run(countKind, { kind: "K", forever: true }), ClosedError);
  await graph.run(countKind, { kind: "K" });
  await graph.close();
  await running;
}, { threads: 2 });
