/** The contract of opening: what is no database is refused by path and left as it is. */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { CorruptionError, GraphError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { contentOf } from "./graph_of.ts";
import { assertRefusal, untyped } from "./refusal.ts";
import { fileTest, type OpenOptions, type Subject, type World } from "./subject.ts";

/** Files that are no database. */
const FOREIGN_FILES: readonly (readonly [string, Uint8Array])[] = [
  ["an empty file", new Uint8Array()],
  ["a text", new TextEncoder().encode("This is a text and no database. ".repeat(400))],
  ["a short text", new TextEncoder().encode("short")],
  ["zeros", new Uint8Array(8_192)],
  ["ones", new Uint8Array(8_192).fill(255)],
  ["an export", new TextEncoder().encode('{"sqlitegraph":{"format":1}}\n')],
];

const MODES: readonly OpenOptions[] = [{}, { readonly: true }, { create: false }, { create: true }];

function assertNotOpened(world: World, path: string, options: OpenOptions): void {
  const error = assertThrows(() => world.open(path, options), GraphError);
  assertStringIncludes(error.message, path);
}

/** Declares the tests of opening. */
export function openingContract(subject: Subject): void {
  for (const [name, content] of FOREIGN_FILES) {
    fileTest(subject, `a file that is no database is refused and left as it is: ${name}`, (_db, world) => {
      const path = world.at("foreign.graph");
      writeFileSync(path, content);
      const names = readdirSync(world.at());
      for (const options of MODES) {
        assertNotOpened(world, path, options);
        assertEquals(new Uint8Array(readFileSync(path)), content);
        assertEquals(readdirSync(world.at()), names, "nothing is left beside it");
      }
    });
  }

  fileTest(subject, "a folder is refused", (_db, world) => {
    mkdirSync(world.at("folder.graph"));
    for (const options of MODES) assertNotOpened(world, world.at("folder.graph"), options);
    assertEquals(readdirSync(world.at("folder.graph")), []);
  });

  fileTest(subject, "a folder that does not exist is not made", (_db, world) => {
    for (const options of MODES) assertNotOpened(world, world.at("missing", "test.graph"), options);
    assertEquals(readdirSync(world.at()).includes("missing"), false);
  });

  fileTest(subject, "a folder without write permission is refused, not half written", (_db, world) => {
    const folder = world.at("locked");
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    try {
      if (mayWrite(world.at("locked", "probe"))) return;
      assertNotOpened(world, world.at("locked", "test.graph"), {});
      assertEquals(readdirSync(folder), []);
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  fileTest(
    subject,
    "a database that is cut off is CorruptionError, at the latest where the missing part is read",
    (db, world) => {
      db.insertNodes(Array.from({ length: 2_000 }, (_, n) => ({ kind: "N", name: `${n}`.repeat(20), data: { n } })));
      for (const id of db.nodeIds({ limit: 500 })) db.insertEdge({ from: id, to: id, type: "T" });
      db.close();
      const whole = readFileSync(world.path);
      for (
        const length of [whole.length - 4_096, whole.length >> 1, (whole.length >> 1) + 1_000, 4_096, 2_000, 100, 50]
      ) {
        const path = world.at(`cut to ${length}.graph`);
        writeFileSync(path, whole);
        truncateSync(path, length);
        const error = assertThrows(() => {
          using cut = world.open(path);
          contentOf(cut);
          const { ok, findings } = cut.check();
          assert(ok, JSON.stringify(findings));
        });
        assertInstanceOf(error, CorruptionError, `cut to ${length} of ${whole.length} bytes: ${error}`);
        assertStringIncludes(error.message, path);
      }
    },
  );

  fileTest(subject, "paths and options that are none are refused", (_db, world) => {
    for (const path of [undefined, null, 5, "", {}, "a\0b"]) {
      assertRefusal(InvalidArgumentError, () => world.open(untyped(path)), "path");
    }
    const path = world.at("never.graph");
    const bad: readonly (readonly [string, unknown])[] = [
      ["durability", { durability: "always" }],
      ["busyTimeoutMs", { busyTimeoutMs: -1 }],
      ["busyTimeoutMs", { busyTimeoutMs: NaN }],
      ["busyTimeoutMs", { busyTimeoutMs: 1.5 }],
    ];
    for (const [field, options] of bad) {
      assertRefusal(InvalidArgumentError, () => world.open(path, untyped(options)), field);
    }
    assertEquals(readdirSync(world.at()).includes("never.graph"), false);
  });
}

/** Root may write everywhere. */
function mayWrite(path: string): boolean {
  try {
    writeFileSync(path, "");
    return true;
  } catch {
    return false;
  }
}
