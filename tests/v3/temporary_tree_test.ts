import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { TemporaryTree } from "../../lib/v3/temporary_tree.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const UTF8 = new TextEncoder();

function inMemory(maxKeys: number): TemporaryTree {
  return new TemporaryTree({ files: new MemoryFileSystem(), path: "/keys", maxKeys });
}

test("a temporary tree answers as a map does, whatever was merged into its file", () => {
  const keys = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 3 }).map((end) => Uint8Array.of(...new Array(14).fill(7), ...end)),
    fc.integer({ min: 0, max: 400 }).map((number) => UTF8.encode(`https://example.com/person/${number}`)),
    fc.uint8Array({ minLength: 500, maxLength: 530 }),
  );
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (all, maxKeys) => {
      const tree = inMemory(maxKeys);
      const model = new Map<string, number>();
      for (const [at, key] of all.entries()) {
        const padded = Uint8Array.of(1, ...key, 2);
        assertEquals(tree.get(padded, 1, key.length + 1), model.get(key.join()));
        if (model.has(key.join())) continue;
        tree.add(padded, 1, key.length + 1, at * 2 ** 40);
        model.set(key.join(), at * 2 ** 40);
      }
      for (const key of all) assertEquals(tree.get(key, 0, key.length), model.get(key.join()));
      tree.close();
    }),
    { numRuns: 60 },
  );
});

test("a hundred thousand keys in random order are found, and the file has no name while it is used", () => {
  using dir = tempDir();
  const tree = new TemporaryTree({ files: realFileSystem, path: dir.path("a.refs"), maxKeys: 7_000 });
  const count = 100_000;
  const key = (number: number) => UTF8.encode(`n${number * 48_271 % count}`);
  for (let number = 0; number < count; number++) {
    const bytes = key(number);
    tree.add(bytes, 0, bytes.length, number);
  }
  let wrong = 0;
  for (let number = 0; number < count; number++) {
    const bytes = key(number);
    if (tree.get(bytes, 0, bytes.length) !== number) wrong++;
  }
  assertEquals(wrong, 0);
  assertEquals(tree.get(UTF8.encode("n"), 0, 1), undefined);
  assertEquals(readdirSync(dir.root), []);
  tree.close();
});

test("a key that is longer than all memory for keys is kept as well", () => {
  const tree = inMemory(100);
  const long = new Uint8Array(40 * 1024 * 1024).fill(65);
  const short = UTF8.encode("short");
  tree.add(short, 0, short.length, 1);
  tree.add(long, 0, long.length, 2);
  tree.add(short, 1, short.length, 3);
  assertEquals([tree.get(short, 0, 5), tree.get(long, 0, long.length), tree.get(short, 1, 5)], [1, 2, 3]);
  assertEquals(tree.get(long, 1, long.length), undefined);
  tree.close();
});
