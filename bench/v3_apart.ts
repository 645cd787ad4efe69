/** Jobs in processes of their own. */

import { runInOwnProcess } from "./harness.ts";

/**
 * Calls an exported function in a process of its own: its memory is that of the job alone, and it begins cold. Nothing is closed
 * when it returns.
 *
 * @param module `import.meta.url` of the module that exports the function
 */
export async function apart<Argument, Result>(
  module: string,
  run: (argument: Argument) => Result | Promise<Result>,
  argument: Argument,
): Promise<Result> {
  const script = new URL("./v3_child.ts", import.meta.url);
  return await runInOwnProcess(script, [module, run.name, JSON.stringify(argument)]) as Result;
}
