/** Compiles the vector kernel (kernel/*.ts, AssemblyScript) into lib/vector/kernel_code.ts, or with --check only says
 * whether that file is what the sources give. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { execute, ROOT, TEMP } from "./_tools.mjs";

const TARGET = join(ROOT, "lib/vector/kernel_code.ts");
const ASC = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
const FLAGS = [
  ...["--runtime", "stub", "--noAssert", "-O3", "--converge"],
  ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
  ...["--enable", "simd", "--enable", "threads", "--enable", "bulk-memory"],
];

const code = `/** The vector kernel, compiled. Made by scripts/kernel.mjs from kernel/; do not edit. */

/** For engines with relaxed SIMD (fused multiply-add), in base64. */
export const RELAXED_KERNEL: string =
  "${await compile("--enable", "relaxed-simd")}";

/** For engines with SIMD, in base64. */
export const KERNEL: string =
  "${await compile()}";
`;

if (!process.argv.includes("--check")) {
  writeFileSync(TARGET, code);
} else if (!existsSync(TARGET) || readFileSync(TARGET, "utf8") !== code) {
  console.error("lib/vector/kernel_code.ts is not what kernel/ compiles to; run: npm run kernel");
  process.exit(1);
}

/** @param {string[]} flags */
async function compile(...flags) {
  const folder = join(TEMP, "kernel");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}.wasm`);
  const { code, output } = await execute(process.execPath, [ASC, "kernel/index.ts", ...FLAGS, ...flags, "-o", file]);
  if (code !== 0) {
    console.error(output);
    process.exit(1);
  }
  return readFileSync(file).toString("base64");
}
