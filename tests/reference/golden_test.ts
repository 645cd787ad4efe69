/** Every golden database, imported into both engines: what its writer put in comes over, or the report says what was lost. */

import { assert, assertEquals } from "@std/assert";
import { open } from "../../mod.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import { GOLDEN_FOLDERS, goldenTruth, unpackGolden } from "../support/reference_golden.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { problemsOf } from "./golden_check.ts";
import { KEYS_WITHOUT_A_BYTE } from "./golden_exempt.ts";
import { edgeProperties, keysInFiles } from "./golden_files.ts";

/** Soon after the databases were written, so that what was to expire within the minute still lives. */
const clock = () => Date.UTC(2026, 10, 21, 12);

/** Bytes: making a cache of the usual size takes longer than most of the imports. */
const SMALL_CACHE = 2 ** 20;

for (const folder of GOLDEN_FOLDERS) {
  for (const backend of ["v3", "sqlite"] as const) {
    for (const salvage of [false, true]) {
      const name = `${folder} comes over into ${backend} or is named${salvage ? ", with salvage" : ""}`;
      test(name, () => assertEquals(importGolden(folder, backend, salvage), []));
    }
  }
}

function importGolden(folder: string, backend: "v3" | "sqlite", salvage: boolean): string[] {
  using dir = tempDir();
  const path = unpackGolden(folder, dir);
  using db = backend === "v3"
    ? open(":memory:", { clock, cacheBytes: SMALL_CACHE })
    : open(":memory:", { backend, clock });
  const report = importReference(path, db, { salvage });
  const check = db.check();
  const problems = check.findings.filter(({ severity }) => severity === "error").map(({ message }) => message);
  const truth = goldenTruth(folder);
  const properties = edgeProperties(folder);
  const keys = keysInFiles(folder);
  return [
    ...problems,
    ...problemsOf({ folder, isSalvaged: salvage, truth, db, report, properties, keysInFiles: keys }),
  ];
}

test("edges whose types were overwritten are named one by one", () => {
  using dir = tempDir();
  using db = open(":memory:", { clock, cacheBytes: SMALL_CACHE });
  const report = importReference(unpackGolden("3.2.5/hub", dir), db, { salvage: true });
  // The list of node 1 (600 edges) ran over into the pages of its neighbours' lists; that of node 3 is gone with its ten
  // edges. Four of them still have their types in the part of node 1's list that lies in its own page.
  const found = db.edgesBetween(1, 3).map(({ type }) => type);
  const named = report.losses.filter(({ edge }) => edge?.from === 1 && edge.to === 3);
  assertEquals(found.length + named.length, 10);
  for (const type of ["relation_1", "relation_5", "relation_2", "relation_6"]) assert(found.includes(type), type);
});

test("a deleted node's record does not come back as a node", () => {
  for (const folder of GOLDEN_FOLDERS.filter((name) => name.endsWith("/deleted"))) {
    using dir = tempDir();
    using db = open(":memory:", { clock, cacheBytes: SMALL_CACHE });
    importReference(unpackGolden(folder, dir), db);
    assertEquals([3, 7, 35, 40].filter((id) => db.hasNode(id)), [], folder);
  }
});

test("the exemptions name databases and keys that exist", () => {
  for (const { folders, keys } of KEYS_WITHOUT_A_BYTE) {
    for (const folder of folders) {
      const texts = goldenTruth(folder).keys.map(({ key }) => new TextDecoder().decode(key));
      for (const key of keys === "all" ? [] : keys) assert(texts.includes(key), `${folder} ${key}`);
    }
  }
});
