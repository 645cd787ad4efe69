import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { VERSION } from "../../lib/cli/version.ts";
import { test } from "../support/test.ts";

test("the command line says the version of the package", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  assertEquals(VERSION, manifest.version);
});
