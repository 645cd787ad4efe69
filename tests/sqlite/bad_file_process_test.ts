/** Folders and files that a process may not write to. The rights of root ignore permissions, so its rights are given up. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { chmodSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GraphError } from "../../lib/backend/errors.ts";
import { copyReference } from "../support/reference_fixture.ts";
import { TEMP_ROOT, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { resultOf, startAction, valueOf } from "./processes.ts";
import { listing, openAt, sha256 } from "./reference.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const MAY_DROP_RIGHTS = [`--allow-read=${REPOSITORY}`, `--allow-write=${TEMP_ROOT}`, "--allow-sys"];

for (const runtime of ["bun", "deno"] as const) {
  test(`a new file in a read-only folder is refused on ${runtime}`, async () => {
    using folder = tempDir();
    chmodSync(folder.root, 0o755);
    mkdirSync(folder.path("locked"), { mode: 0o555 });
    const path = folder.path("locked", "new.db");
    const script = startAction({ runtime, permissions: MAY_DROP_RIGHTS }, "openUnprivileged", path);
    const result = resultOf(await script.finished);
    assert(!result.ok, "it must be refused");
    assertEquals(result.error, "IoError", result.message);
    assertStringIncludes(result.message, path);
    assertEquals(listing(folder.path("locked")), []);
  });

  test(`a database in a read-only folder is refused for writing on ${runtime}, and stays as it is`, async () => {
    using folder = tempDir();
    chmodSync(folder.root, 0o755);
    mkdirSync(folder.path("locked"));
    const path = copyReference("sqlite-3.2.5", folder, "locked/old.db");
    const before = sha256(path);
    chmodSync(path, 0o444);
    chmodSync(folder.path("locked"), 0o555);
    const script = startAction({ runtime, permissions: MAY_DROP_RIGHTS }, "openUnprivileged", path);
    const result = resultOf(await script.finished);
    assert(!result.ok, "it must be refused");
    assert(["IoError", "UnsupportedError"].includes(result.error), `${result.error}: ${result.message}`);
    assertStringIncludes(result.message, path);
    assertEquals(listing(folder.path("locked")), ["old.db"]);
    chmodSync(folder.path("locked"), 0o755);
    assertEquals(sha256(path), before);
  });
}

/** Makes a link by a process of Bun, which may. */
async function makeLink(path: string, target: string): Promise<void> {
  await valueOf(startAction({ runtime: "bun" }, "link", path, target));
}

test("a link to a database is followed", async () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder, "real.db");
  await makeLink(folder.path("link.db"), path);
  using db = openAt(folder.path("link.db"));
  const id = db.insertNode({ kind: "K", name: "n" });
  using through = openAt(path);
  assertEquals(through.hasNode(id), true, "both names are one database, with one log");
  through.insertNode({ kind: "K", name: "m" });
  assertEquals(db.countNodes(), 43);
  through.close();
  db.close();
  assertEquals(listing(folder.root), ["link.db", "real.db"]);
  using again = openAt(path);
  assert(again.check().ok);
});

test("a link to nowhere is refused", async () => {
  using folder = tempDir();
  await makeLink(folder.path("link.db"), folder.path("nowhere.db"));
  for (const readonly of [false, true]) {
    assertThrows(() => openAt(folder.path("link.db"), { readonly }), GraphError, "link.db");
  }
  assertEquals(listing(folder.root), ["link.db"]);
});

test("a file that Deno may not read or write is refused, with an error of ours", async () => {
  using folder = tempDir();
  const path = folder.path("old.db");
  openAt(path).close();
  const before = sha256(path);
  const readOnly = [`--allow-read=${REPOSITORY}`];
  const elsewhere = [`--allow-read=${REPOSITORY}lib,${REPOSITORY}tests`, `--allow-write=${folder.path("other")}`];
  const cases = [
    { permissions: readOnly, args: ["open", path] },
    { permissions: readOnly, args: ["open", folder.path("new.db")] },
    { permissions: elsewhere, args: ["open", path] },
    { permissions: elsewhere, args: ["open", path, "readonly"] },
    { permissions: elsewhere, args: ["open", folder.path("new.db")] },
  ];
  for (const { permissions, args } of cases) {
    const result = resultOf(await startAction({ runtime: "deno", permissions }, ...args).finished);
    const about = `${permissions.join(" ")} ${args.join(" ")}`;
    assert(!result.ok, about);
    assertEquals(result.error, "IoError", `${about}: ${result.message}`);
    assertStringIncludes(result.message, args[1]!);
  }
  assertEquals(listing(folder.root), ["old.db"]);
  assertEquals(sha256(path), before);
});
