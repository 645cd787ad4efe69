/** `npm run simulate:import [-- --runtime bun|deno --mutations N --start S --folder TEXT]`: installs what is missing, then runs
 * `scripts/simulate_import.ts`. */
import process from "node:process";
import { BUN, DENO, handOver, installIfNeeded, takeRuntime } from "./_tools.mjs";

const { runtime, rest } = takeRuntime(process.argv.slice(2));
installIfNeeded();
process.exitCode = runtime === "deno"
  ? handOver(DENO, ["run", "--no-check", "--allow-all", "scripts/simulate_import.ts", ...rest])
  : handOver(BUN, ["scripts/simulate_import.ts", ...rest]);
