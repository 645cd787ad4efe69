/** What the process tests of locks and readers share: starting actions of `lock_script.ts` and reading their results. */

import { assertEquals } from "@std/assert";
import { type Script, type ScriptOptions, startScript } from "../support/script.ts";
import type { LockResult } from "./lock_script.ts";

const SCRIPT = new URL("./lock_script.ts", import.meta.url);

/** The runtimes that processes are started on. */
export const RUNTIMES = ["bun", "deno"] as const;

/** Starts an action in a process of its own. */
export function startLockAction(options: Omit<ScriptOptions, "args">, ...args: string[]): Script {
  return startScript(SCRIPT, { ...options, args });
}

/** Runs an action to its end and gives what came of it. */
export async function runLockAction(options: Omit<ScriptOptions, "args">, ...args: string[]): Promise<LockResult> {
  const { code, stdout, stderr } = await startLockAction(options, ...args).finished;
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as LockResult;
}

/** Ends a process as a crash would, and waits until it is gone. */
export async function crash(script: Script): Promise<void> {
  script.kill();
  await script.finished;
}
