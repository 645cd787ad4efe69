/** Runs one suite on this runtime: `bench/run.ts SUITE RESULT_FILE [--quick] [--only NAME,...]`, started by `npm run bench`. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { formatTable, Harness, type SuiteResult } from "./harness.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";

const [suite, resultFile, ...flags] = process.argv.slice(2);
if (suite === undefined || resultFile === undefined) throw new Error("usage: bench/run.ts SUITE RESULT_FILE");

const runtime = "Bun" in globalThis ? "bun" : "deno";
const version = runtime === "bun" ? process.versions["bun"] : process.versions["deno"];
console.log(`\n${suite} on ${runtime === "bun" ? "Bun" : "Deno"} ${version}`);

const bench = new Harness({ onEntry: ({ name }) => console.log(`  measured ${name}`) });
const onlyAt = flags.indexOf("--only");
const options: SuiteOptions = {
  isQuick: flags.includes("--quick"),
  only: onlyAt < 0 ? [] : flags[onlyAt + 1]?.split(",") ?? [],
};
type Suite = (bench: Harness, options: SuiteOptions) => void | Promise<void>;
const module: { default: Suite } = await import(`./suites/${suite}.ts`);
await module.default(bench, options);

console.log(`\n${formatTable(bench.entries)}`);
const result: SuiteResult = { suite, runtime, entries: bench.entries };
writeFileSync(resultFile, JSON.stringify(result));
