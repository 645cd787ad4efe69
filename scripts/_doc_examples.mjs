/** The examples of doc comments and Markdown, found as `deno test --doc` finds them, and run on Bun. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BUN, execute, filesBelow, ROOT, TEMP, tsc } from "./_tools.mjs";

/** @typedef {{ path: string, line: number, extension: string, code: string }} Example `line`: of the fence, from 1 */

const EXTENSIONS = new Map([
  ...["ts", "typescript", "mts", "cts"].map((name) => /** @type {const} */ ([name, "ts"])),
  ...["js", "javascript", "mjs", "cjs"].map((name) => /** @type {const} */ ([name, "js"])),
  /** @type {const} */ (["tsx", "tsx"]),
  /** @type {const} */ (["jsx", "jsx"]),
]);

/** Where examples are looked for: what a user reads. */
export function documentedFiles() {
  return [
    ...["mod.ts", "README.md"].filter((path) => existsSync(join(ROOT, path))),
    ...filesBelow("lib", (path) => path.endsWith(".ts")),
    ...filesBelow("docs", (path) => path.endsWith(".md")),
  ];
}

/** @param {string} path relative to the root
 * @returns {Example[]} */
export function examplesOf(path) {
  const text = readFileSync(join(ROOT, path), "utf8").replaceAll("\r\n", "\n");
  if (path.endsWith(".md")) return examplesIn(text, path, 1);
  return [...text.matchAll(/^[ \t]*\/\*\*([\s\S]*?)\*\//gm)].flatMap((comment) => {
    const lines = (comment[1] ?? "").split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
    return examplesIn(lines.join("\n"), path, lineAt(text, comment.index));
  });
}

/** A block is an example when its language is TypeScript or JavaScript and its attributes (the words after the
 * language) do not include `ignore`. As in Deno, `# ` at the start of a line is taken off.
 * @param {string} markdown
 * @param {string} path
 * @param {number} firstLine
 * @returns {Example[]} */
function examplesIn(markdown, path, firstLine) {
  const examples = [];
  for (const block of markdown.matchAll(/^[ \t]*```([^\r\n`]*)\n([\s\S]*?)^[ \t]*```[ \t]*$/gm)) {
    const [language = "", ...attributes] = (block[1] ?? "").trim().split(/[\s,]+/);
    const extension = EXTENSIONS.get(language);
    if (!extension || attributes.includes("ignore")) continue;
    const code = (block[2] ?? "").split("\n").map((line) => line.replace(/^#(?!!) ?/, "")).join("\n");
    examples.push({ path, line: firstLine + lineAt(markdown, block.index) - 1, extension, code });
  }
  return examples;
}

/** @param {string} text
 * @param {number} index */
function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}

/** Writes each example into a folder of its own, checks all their types, and runs each in a process of its own there.
 * @returns {Promise<{ passed: number, failed: number, output: string }>} */
export async function runExamplesOnBun() {
  const folder = join(TEMP, "examples-bun");
  rmSync(folder, { recursive: true, force: true });
  const examples = documentedFiles().flatMap(examplesOf).map((example) => {
    const name = `${example.path.replace(/[^\w]+/g, "_")}_${example.line}`;
    const file = join(folder, name, `${name}.${example.extension}`);
    mkdirSync(join(folder, name, "run"), { recursive: true });
    // Padded, so that line numbers in errors are those of the documented file.
    writeFileSync(file, "\n".repeat(example.line) + example.code + "\nexport {};\n");
    return { ...example, file, cwd: join(folder, name, "run") };
  });
  let output = "";
  let failed = 0;
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, isolatedDeclarations: false },
      include: ["**/*.ts"],
      exclude: [],
    }),
  );
  const types = await execute(...tsc("-p", folder));
  if (types.code !== 0) {
    failed++;
    output += `Types of the examples (${relative(ROOT, folder)}; line numbers are those of the documented file):\n`;
    output += types.output;
  }
  for (const { path, line, file, cwd } of examples) {
    const { code, output: printed } = await execute(BUN, [file], { cwd, timeoutMs: 60_000 });
    if (code === 0) continue;
    failed++;
    output += `${path}:${line} failed on Bun:\n${printed}\n`;
  }
  if (failed === 0) rmSync(folder, { recursive: true, force: true });
  return { passed: Math.max(0, examples.length + 1 - failed), failed, output };
}
