/** `npm run simulate:graph [-- --runtime bun|deno --seconds N --start S --backend v3|sqlite]`: installs what is missing, then runs
 * `scripts/simulate_graph.ts`. */
import process from "node:process";
import { BUN, DENO, DENO_PERMISSIONS, handOver, installIfNeeded, takeRuntime } from "./_tools.mjs";

const { runtime, rest } = takeRuntime(process.argv.slice(2));
installIfNeeded();
process.exitCode = runtime === "deno"
  ? handOver(DENO, ["run", "--no-check", ...DENO_PERMISSIONS, "scripts/simulate_graph.ts", ...rest])
  : handOver(BUN, ["scripts/simulate_graph.ts", ...rest]);
