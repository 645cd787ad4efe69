/** How a thread finds a task's function. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import { defineTask } from "../../lib/task/task.ts";
import { findTask } from "../../lib/task/task_registry.ts";
import { test } from "../support/test.ts";

const COMPILED_MAIN = "file:///$bunfs/root/main";
const COMPILED_WORKER = "file:///$bunfs/root/worker.js";

test("a task is found by its module and name, also when others have the same name", async () => {
  const here = defineTask(import.meta.url, "found", () => "here");
  const there = defineTask("file:///elsewhere.ts", "found", () => "there");
  assertEquals(await findTask(here), here);
  assertEquals(await findTask(there), there);
});

test("a module that is not loaded yet is imported", async () => {
  const moduleUrl = new URL("../graph/task_jobs.ts", import.meta.url).href;
  const task = await findTask({ moduleUrl, taskName: "fail" });
  assertEquals(task.taskName, "fail");
  await assertRejects(() => findTask({ moduleUrl: new URL("./no_module.ts", import.meta.url).href, taskName: "any" }));
});

test("a module that is loaded again replaces its tasks", async () => {
  defineTask(import.meta.url, "again", () => 1);
  const second = defineTask(import.meta.url, "again", () => 2);
  assertEquals(await findTask(second), second);
});

test("in a compiled program a task is found by its name, which must be the only one", async () => {
  const task = defineTask(COMPILED_WORKER, "compiled", () => 1);
  assertEquals(await findTask({ moduleUrl: COMPILED_MAIN, taskName: "compiled" }), task);
  const taken = assertThrows(
    () => defineTask(COMPILED_WORKER, "compiled", () => 2),
    InvalidArgumentError,
    '"compiled"',
  );
  assertEquals(taken.code, "task-name-taken");
  const lost = await assertRejects(
    () => findTask({ moduleUrl: COMPILED_MAIN, taskName: "unknown" }),
    NotFoundError,
    "worker.ts",
  );
  assertEquals(lost.code, "task-not-found");
});
