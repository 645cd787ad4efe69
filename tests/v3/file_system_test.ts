/** One suite over the files of the system and the files in memory: both must do the same. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

interface Files extends Disposable {
  readonly fs: FileSystem;
  path(name: string): string;
}

function realFiles(): Files {
  const dir = tempDir();
  return { fs: realFileSystem, path: (name) => dir.path(name), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

function memoryFiles(): Files {
  const fs = new MemoryFileSystem();
  fs.makeFolder("/dir");
  return { fs, path: (name) => `/dir/${name}`, [Symbol.dispose]: () => {} };
}

/** Makes a file with this text. */
function put(fs: FileSystem, path: string, text: string): void {
  const file = fs.open(path, "create");
  file.write(Buffer.from(text), 0);
  file.close();
}

/** Content of a file as text. */
function textOf(fs: FileSystem, path: string): string {
  const file = fs.open(path, "read");
  const bytes = Buffer.alloc(file.size());
  assertEquals(file.read(bytes, 0), bytes.length);
  file.close();
  return bytes.toString();
}

function assertCode(code: string, call: () => unknown): void {
  const error = assertThrows(call) as { readonly code?: unknown };
  assertEquals(error.code, code);
}

for (const [kind, makeFiles] of [["real files", realFiles], ["files in memory", memoryFiles]] as const) {
  test(`${kind}: what was written is read back, and reading stops at the end`, () => {
    using files = makeFiles();
    const file = files.fs.open(files.path("a"), "create");
    file.write(Buffer.from("hello world"), 0);
    file.write(Buffer.from("W"), 6);
    file.sync();
    const buffer = Buffer.alloc(8, "x");
    assertEquals([file.read(buffer, 4), buffer.toString()], [7, "o Worldx"]);
    assertEquals([file.read(buffer, 11), file.read(buffer, 1_000), file.size()], [0, 0, 11]);
    file.close();
    assertEquals(textOf(files.fs, files.path("a")), "hello World");
  });

  test(`${kind}: shared memory can be read into and written from`, () => {
    using files = makeFiles();
    const file = files.fs.open(files.path("a"), "create");
    const bytes = new Uint8Array(new SharedArrayBuffer(16));
    bytes.fill(7, 4, 8);
    file.write(bytes.subarray(4, 8), 2);
    assertEquals(file.read(bytes.subarray(8, 16), 0), 6);
    assertEquals([...bytes], [0, 0, 0, 0, 7, 7, 7, 7, 0, 0, 7, 7, 7, 7, 0, 0]);
    file.close();
  });

  test(`${kind}: a file does what a plain array of bytes does`, () => {
    const size = fc.integer({ min: 0, max: 200_000 });
    const position = fc.oneof(size, fc.constantFrom(0, 65_535, 65_536, 65_537, 131_072));
    const step = fc.oneof(
      fc.record({ call: fc.constant("write" as const), at: position, length: size }),
      fc.record({ call: fc.constant("truncate" as const), at: position, length: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        using files = makeFiles();
        const file = files.fs.open(files.path("a"), "create");
        const model = new Uint8Array(400_000);
        let modelSize = 0;
        let fill = 0;
        for (const { call, at, length } of steps) {
          if (call === "truncate") {
            file.truncate(at);
            model.fill(0, at);
            modelSize = at;
          } else {
            fill++;
            file.write(new Uint8Array(length).fill(fill), at);
            model.fill(fill, at, at + length);
            if (length > 0) modelSize = Math.max(modelSize, at + length);
          }
          assertEquals(file.size(), modelSize);
          const all = Buffer.alloc(modelSize + 10, 255);
          assertEquals(file.read(all, 0), modelSize);
          assert(Buffer.compare(all.subarray(0, modelSize), model.subarray(0, modelSize)) === 0);
          const part = Buffer.alloc(70_000);
          const count = file.read(part, 30_001);
          assertEquals(count, Math.max(0, Math.min(70_000, modelSize - 30_001)));
          assert(Buffer.compare(part.subarray(0, count), model.subarray(30_001, 30_001 + count)) === 0);
        }
        file.close();
      }),
      { numRuns: 25 },
    );
  });

  test(`${kind}: a hole costs nothing and reads as zeroes`, () => {
    using files = makeFiles();
    const file = files.fs.open(files.path("a"), "create");
    const far = 2 ** 33;
    file.truncate(far);
    file.write(Uint8Array.of(1), far - 1);
    const bytes = new Uint8Array(4).fill(9);
    assertEquals([file.size(), file.read(bytes, far - 3), ...bytes], [far, 3, 0, 0, 1, 9]);
    assertEquals([file.read(bytes, far / 2), ...bytes], [4, 0, 0, 0, 0]);
    file.close();
  });

  test(`${kind}: opening says what is missing, in the way or a folder`, () => {
    using files = makeFiles();
    const { fs } = files;
    put(fs, files.path("a"), "a");
    fs.makeFolder(files.path("folder"));
    assertCode("ENOENT", () => fs.open(files.path("none"), "read"));
    assertCode("ENOENT", () => fs.open(files.path("none"), "write"));
    assertCode("ENOENT", () => fs.open(files.path("none/x"), "create"));
    assertCode("ENOENT", () => fs.open(files.path("none/none/x"), "create"));
    assertCode("EEXIST", () => fs.open(files.path("a"), "create"));
    assertCode("EEXIST", () => fs.open(files.path("folder"), "create"));
    assertCode("ENOTDIR", () => fs.open(files.path("a/x"), "read"));
    assertCode("ENOTDIR", () => fs.open(files.path("a/x/y"), "create"));
    assertCode("EISDIR", () => fs.open(files.path("folder"), "write"));
    assertEquals(textOf(fs, files.path("a")), "a");
  });

  test(`${kind}: a file opened for reading cannot be changed`, () => {
    using files = makeFiles();
    put(files.fs, files.path("a"), "abc");
    const file = files.fs.open(files.path("a"), "read");
    assertCode("EBADF", () => file.write(Buffer.from("x"), 0));
    assertCode("EINVAL", () => file.truncate(0));
    file.close();
    assertEquals(textOf(files.fs, files.path("a")), "abc");
  });

  test(`${kind}: a file opened for writing can also be read, and keeps what it held`, () => {
    using files = makeFiles();
    put(files.fs, files.path("a"), "abc");
    const file = files.fs.open(files.path("a"), "write");
    const bytes = Buffer.alloc(2);
    assertEquals([file.read(bytes, 0), bytes.toString()], [2, "ab"]);
    file.write(Buffer.from("X"), 1);
    file.close();
    assertEquals(textOf(files.fs, files.path("a")), "aXc");
  });

  test(`${kind}: a closed handle refuses everything, also when another file was opened since`, () => {
    using files = makeFiles();
    const file = files.fs.open(files.path("a"), "create");
    file.close();
    file.close();
    const other = files.fs.open(files.path("b"), "create");
    file.close();
    const calls = [
      () => file.read(new Uint8Array(1), 0),
      () => file.write(new Uint8Array(1), 0),
      () => file.sync(),
      () => file.truncate(5),
      () => file.size(),
    ];
    for (const call of calls) assertCode("EBADF", call);
    other.write(Uint8Array.of(1), 0);
    assertEquals(other.size(), 1);
    other.close();
  });

  test(`${kind}: stat tells files, folders and nothing apart`, () => {
    using files = makeFiles();
    put(files.fs, files.path("a"), "abc");
    files.fs.makeFolder(files.path("folder"));
    assertEquals(files.fs.stat(files.path("a")), { type: "file", sizeBytes: 3 });
    assertEquals(files.fs.stat(files.path("folder"))?.type, "folder");
    assertEquals(files.fs.stat(files.path("none")), undefined);
    assertEquals(files.fs.stat(files.path("none/none")), undefined);
    assertEquals(files.fs.stat(files.path("a/none")), undefined);
  });

  test(`${kind}: renaming moves a file, and replaces what has the name`, () => {
    using files = makeFiles();
    const { fs } = files;
    put(fs, files.path("a"), "new");
    put(fs, files.path("b"), "old");
    fs.makeFolder(files.path("folder"));
    fs.rename(files.path("a"), files.path("b"));
    assertEquals([fs.stat(files.path("a")), textOf(fs, files.path("b"))], [undefined, "new"]);
    fs.rename(files.path("b"), files.path("b"));
    fs.rename(files.path("b"), files.path("folder/c"));
    assertEquals(textOf(fs, files.path("folder/c")), "new");
    assertCode("ENOENT", () => fs.rename(files.path("none"), files.path("x")));
    assertCode("ENOENT", () => fs.rename(files.path("folder/c"), files.path("none/x")));
    put(fs, files.path("d"), "d");
    assertCode("EISDIR", () => fs.rename(files.path("d"), files.path("folder")));
    assertEquals(fs.list(files.path("")).sort(), ["d", "folder"]);
  });

  test(`${kind}: open handles keep a file that was removed or replaced`, () => {
    using files = makeFiles();
    const { fs } = files;
    put(fs, files.path("a"), "old");
    const replaced = fs.open(files.path("a"), "write");
    put(fs, files.path("b"), "new");
    const moved = fs.open(files.path("b"), "write");
    fs.rename(files.path("b"), files.path("a"));
    replaced.write(Buffer.from("OL"), 0);
    moved.write(Buffer.from("N"), 0);
    const bytes = Buffer.alloc(3);
    assertEquals([replaced.read(bytes, 0), bytes.toString()], [3, "OLd"]);
    assertEquals(textOf(fs, files.path("a")), "New");
    fs.remove(files.path("a"));
    assertEquals([moved.read(bytes, 0), bytes.toString(), fs.stat(files.path("a"))], [3, "New", undefined]);
    put(fs, files.path("a"), "third");
    moved.write(Buffer.from("x"), 0);
    assertEquals(textOf(fs, files.path("a")), "third");
    replaced.close();
    moved.close();
  });

  test(`${kind}: removing takes files only, and a missing one is fine`, () => {
    using files = makeFiles();
    const { fs } = files;
    put(fs, files.path("a"), "a");
    fs.makeFolder(files.path("folder"));
    fs.remove(files.path("a"));
    fs.remove(files.path("a"));
    fs.remove(files.path("none/none"));
    put(fs, files.path("b"), "b");
    assertCode("ENOTDIR", () => fs.remove(files.path("b/x")));
    assertCode("EISDIR", () => fs.remove(files.path("folder")));
    assertEquals(fs.list(files.path("")).sort(), ["b", "folder"]);
  });

  test(`${kind}: folders are made once and removed when empty`, () => {
    using files = makeFiles();
    const { fs } = files;
    fs.makeFolder(files.path("f"));
    fs.makeFolder(files.path("f"));
    put(fs, files.path("f/a"), "a");
    fs.makeFolder(files.path("f/g"));
    assertEquals(fs.list(files.path("f")).sort(), ["a", "g"]);
    assertEquals(fs.list(files.path("none")), []);
    assertCode("EEXIST", () => fs.makeFolder(files.path("f/a")));
    assertCode("ENOENT", () => fs.makeFolder(files.path("none/g")));
    assertCode("ENOTDIR", () => fs.makeFolder(files.path("f/a/g")));
    assertCode("ENOTDIR", () => fs.list(files.path("f/a")));
    assertCode("ENOTDIR", () => fs.removeFolder(files.path("f/a")));
    fs.removeFolder(files.path("f"));
    assertEquals(fs.stat(files.path("f"))?.type, "folder", "it is not empty");
    fs.remove(files.path("f/a"));
    fs.removeFolder(files.path("f/g"));
    fs.removeFolder(files.path("f"));
    fs.removeFolder(files.path("f"));
    assertEquals(fs.stat(files.path("f")), undefined);
  });

  test(`${kind}: a folder can be synced, a missing one not`, () => {
    using files = makeFiles();
    files.fs.syncFolder(files.path(""));
    assertCode("ENOENT", () => files.fs.syncFolder(files.path("none")));
  });

  test(`${kind}: the real path of a file that is missing is that of its folder with the name`, () => {
    using files = makeFiles();
    put(files.fs, files.path("a"), "a");
    files.fs.makeFolder(files.path("f"));
    const folder = files.fs.realPath(files.path(""));
    assertEquals(files.fs.realPath(`${folder}/./f/..//a`), `${folder}/a`);
    assertEquals(files.fs.realPath(files.path("none")), `${folder}/none`);
    assertCode("ENOENT", () => files.fs.realPath(files.path("none/none")));
  });

  test(`${kind}: a lock has one holder at a time, and its file stays empty`, () => {
    using files = makeFiles();
    const { fs } = files;
    const lock = fs.lock(files.path("l"));
    assert(lock);
    assertEquals(fs.lock(files.path("l")), undefined);
    assertEquals(fs.lock(files.path("./l")), undefined, "the same file by another path");
    const other = fs.lock(files.path("other"));
    assert(other);
    assertEquals(fs.list(files.path("")).sort(), ["l", "other"], "nothing beside it");
    lock.release();
    const second = fs.lock(files.path("l"));
    assert(second);
    lock.release();
    assertEquals(fs.lock(files.path("l")), undefined, "releasing again gives up nothing of the next holder");
    second.release();
    other.release();
    assertEquals(fs.stat(files.path("l")), { type: "file", sizeBytes: 0 });
  });

  test(`${kind}: a lock stays held when its file is removed, and in a missing folder there is none`, () => {
    using files = makeFiles();
    const { fs } = files;
    const lock = fs.lock(files.path("l"));
    fs.remove(files.path("l"));
    assertEquals(fs.lock(files.path("l")), undefined);
    lock?.release();
    fs.lock(files.path("l"))?.release();
    assertCode("ENOENT", () => fs.lock(files.path("none/l")));
  });
}

test("in memory a relative path starts at the root", () => {
  const fs = new MemoryFileSystem();
  put(fs, "a.graph", "a");
  assertEquals([fs.realPath("a.graph"), textOf(fs, "/a.graph"), fs.list("/")], ["/a.graph", "a", ["a.graph"]]);
  assertEquals(fs.stat("/")?.type, "folder");
});
