/** `npm run demo [-- --runtime bun|deno --backend v3|sqlite]`: installs what is missing, then runs `scripts/demo.ts`. */
import process from "node:process";
import { BUN, DENO, DENO_PERMISSIONS, handOver, installIfNeeded, takeRuntime } from "./_tools.mjs";

const { runtime, rest } = takeRuntime(process.argv.slice(2));
installIfNeeded();
process.exitCode = runtime === "deno"
  ? handOver(DENO, ["run", ...DENO_PERMISSIONS, "scripts/demo.ts", ...rest])
  : handOver(BUN, ["scripts/demo.ts", ...rest]);
