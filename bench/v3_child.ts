/** Runs one exported function of a module and prints its result as JSON: `v3_child.ts MODULE NAME ARGUMENT`. See `v3_apart.ts`. */

import process from "node:process";

const [module = "", name = "", argument = ""] = process.argv.slice(2);
const exports: Record<string, (argument: unknown) => unknown> = await import(module);
const result = await exports[name]?.(JSON.parse(argument));
console.log(JSON.stringify(result ?? null));
