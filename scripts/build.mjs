/** `npm run build`: the npm package's JavaScript and declarations, into `dist/`. */
import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { execute, installIfNeeded, readJson, ROOT, tsc } from "./_tools.mjs";

/** Throws with the compiler's output when it finds errors. */
export async function build() {
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  const { code, output } = await execute(...tsc("-p", "tsconfig.build.json"));
  if (code !== 0) throw new Error(`tsc -p tsconfig.build.json failed:\n${output}`);
  const commands = Object.values(readJson(join(ROOT, "package.json")).bin ?? {});
  for (const path of commands.map((file) => join(ROOT, file))) {
    if (!existsSync(path)) throw new Error(`package.json names the command ${path}, which tsc did not make`);
    chmodSync(path, 0o755);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  installIfNeeded();
  await build();
}
