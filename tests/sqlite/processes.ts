/** What the process tests share: starting actions of `process_script.ts` and reading their results. */

import { assertEquals } from "@std/assert";
import { type Script, type ScriptOptions, type ScriptResult, startScript } from "../support/script.ts";
import type { ActionResult } from "./process_script.ts";

const SCRIPT = new URL("./process_script.ts", import.meta.url);

/** The runtimes in turns: processes of both must get along on one file. */
export function runtimeOf(at: number): "bun" | "deno" {
  return at % 2 === 0 ? "bun" : "deno";
}

/** Starts an action in a process of its own. */
export function startAction(options: Omit<ScriptOptions, "args">, ...args: string[]): Script {
  return startScript(SCRIPT, { ...options, args });
}

/** The result of an action that has ended by itself. */
export function resultOf({ code, stdout, stderr }: ScriptResult): ActionResult {
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as ActionResult;
}

/** Waits for an action to end and gives its value. */
export async function valueOf<T>(script: Script): Promise<T> {
  const result = resultOf(await script.finished);
  if (!result.ok) throw new Error(`${result.error} [${String(result.code)}]: ${result.message}`);
  return result.value as T;
}
