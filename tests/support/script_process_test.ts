import { assertEquals, assertGreaterOrEqual, assertRejects, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runScript, startScript } from "./script.ts";
import { tempDir } from "./temp_dir.ts";
import { test } from "./test.ts";

for (const runtime of ["bun", "deno"] as const) {
  test(`a script on ${runtime} gets its arguments and gives back its output and exit code`, async () => {
    using dir = tempDir();
    const source = `import process from "node:process";
      console.log("Bun" in globalThis ? "bun" : "deno", process.argv.slice(2).join());
      console.error("oops");
      process.exitCode = 3;`;
    writeFileSync(dir.path("script.ts"), source);
    const script = pathToFileURL(dir.path("script.ts"));
    const { code, stdout, stderr } = await runScript(script, { runtime, args: ["a", "b"] });
    assertEquals({ code, stdout }, { code: 3, stdout: `${runtime} a,b\n` });
    assertStringIncludes(stderr, "oops");
  });

  test(`a script on ${runtime} can be watched and killed`, async () => {
    using dir = tempDir();
    writeFileSync(dir.path("script.ts"), `console.log("ready"); setInterval(() => {}, 1000);`);
    const script = startScript(pathToFileURL(dir.path("script.ts")), { runtime });
    await script.printed("ready");
    script.kill();
    assertGreaterOrEqual((await script.finished).code, 128);
    await assertRejects(() => script.printed("never"), Error, "ended without");
  });
}

test("a script on Deno has no permissions beyond read and write of the repository", async () => {
  using dir = tempDir();
  writeFileSync(dir.path("script.ts"), `import { env } from "node:process"; console.log(env["HOME"]);`);
  const { code, stderr } = await runScript(pathToFileURL(dir.path("script.ts")), { runtime: "deno" });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Requires env access");
});
