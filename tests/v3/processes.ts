/** What the process tests of V3 share: starting actions of `process_script.ts` and reading their results. */

import { assertEquals } from "@std/assert";
import { type Script, startScript } from "../support/script.ts";
import type { ActionResult } from "./process_script.ts";

const SCRIPT = new URL("./process_script.ts", import.meta.url);

/** A runtime that processes are started on. */
export type Runtime = "bun" | "deno";

/** Both of them. */
export const RUNTIMES: readonly Runtime[] = ["bun", "deno"];

/** The one that is not this one. */
export function otherThan(runtime: Runtime): Runtime {
  return runtime === "bun" ? "deno" : "bun";
}

/** Starts an action in a process of its own. */
export function startAction(runtime: Runtime, ...args: string[]): Script {
  return startScript(SCRIPT, { runtime, args });
}

/** How an action ended that was not killed. */
export async function resultOf(script: Script): Promise<ActionResult> {
  const { code, stdout, stderr } = await script.finished;
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as ActionResult;
}

/** The value of an action, which must end well. */
export async function valueOf<T>(script: Script): Promise<T> {
  const result = await resultOf(script);
  if (!result.ok) throw new Error(`${result.error} [${String(result.code)}]: ${result.message}`);
  return result.value as T;
}

/** Ends a process as a crash would, and waits until it is gone. */
export async function crash(script: Script): Promise<void> {
  script.kill();
  await script.finished;
}
