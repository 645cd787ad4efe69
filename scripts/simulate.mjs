/** `npm run simulate [-- --runtime bun|deno --seeds N --start S]`: installs what is missing, then runs `scripts/simulate.ts`. */
import process from "node:process";
import { BUN, DENO, DENO_PERMISSIONS, handOver, installIfNeeded, takeRuntime } from "./_tools.mjs";

const { runtime, rest } = takeRuntime(process.argv.slice(2));
installIfNeeded();
process.exitCode = runtime === "deno"
  ? handOver(DENO, ["run", ...DENO_PERMISSIONS, "scripts/simulate.ts", ...rest])
  : handOver(BUN, ["scripts/simulate.ts", ...rest]);
