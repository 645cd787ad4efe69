/** What the compiler knows about tasks. The negative half is never run. */

import { assertEquals } from "@std/assert";
import type { Snapshot } from "../../lib/backend/graph_backend.ts";
import { bfsTask } from "../../lib/graph/builtin_tasks.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";
import type { TaskRunner } from "../../lib/graph/task_runner.ts";
import { test } from "../support/test.ts";

interface Social {
  nodes: { Person: { born: number } };
  edges: { KNOWS: null };
}

const oldest = defineTask(import.meta.url, "oldest", (snapshot, { kind }: { kind: string }, context) => {
  let best: number | undefined;
  for (const id of snapshot.nodeIds({ kind })) {
    context.throwIfAborted();
    best ??= id;
  }
  return best;
});

const born = defineTask(import.meta.url, "born", (snapshot: Snapshot<Social>, { id }: { id: number }) => {
  const year: number | undefined = snapshot.getNode(id, "Person")?.data.born;
  return year;
});

const size = defineTask(import.meta.url, "size", (snapshot) => snapshot.countNodes());

test("a task has the types of its function's parameters and result", () => {
  const typed: Task<{ kind: string }, number | undefined> = oldest;
  const ofSchema: Task<{ id: number }, number | undefined, Snapshot<Social>> = born;
  const withoutParams: Task<undefined, number> = size;
  assertEquals([typed.taskName, ofSchema.taskName, withoutParams.taskName], ["oldest", "born", "size"]);
});

/** Wrong calls. Each must be an error of one line at the argument that is wrong: compiled, never called. */
export async function wrongCalls(runner: TaskRunner, state: HeldState): Promise<void> {
  const found: number | undefined = await runner.run(oldest, { kind: "Person" }, state);
  const years: (number | undefined)[] = await runner.map(born, [{ id: found ?? 1 }], state);
  const reached: number[] = await runner.run(bfsTask, { start: 1, depth: 2, types: ["KNOWS"] }, state);
  await runner.run(size, undefined, state);
  // @ts-expect-error: the kind is a string
  await runner.run(oldest, { kind: years.length }, state);
  // @ts-expect-error: the kind is missing
  await runner.run(oldest, {}, state);
  // @ts-expect-error: there is no such parameter
  await runner.run(oldest, { kind: "Person", limit: reached.length }, state);
  // @ts-expect-error: the id is a number
  await runner.map(born, [{ id: "1" }], state);
  // @ts-expect-error: the result is a number
  const text: string = await runner.run(size, undefined, state);
  // @ts-expect-error: a function that is no task
  await runner.run((snapshot: Snapshot) => snapshot.countNodes() + text.length, undefined, state);
  // @ts-expect-error: the task needs its parameters when it is called as a function, too
  oldest(undefined as unknown as Snapshot);
}
