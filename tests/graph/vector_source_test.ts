import { assertEquals, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { open } from "../../mod.ts";
import { readFvecs } from "../../lib/graph/fvecs.ts";
import { readNpy } from "../../lib/graph/npy.ts";
import { importVectors } from "../../lib/graph/vector_import.ts";
import { type VectorSource, withOwners } from "../../lib/graph/vector_source.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** A .npy file of any version. */
function npyBytes(version: number, descr: string, shape: string, numbers: Uint8Array, order = "False"): Uint8Array {
  const header = new TextEncoder().encode(`{"descr": "${descr}", 'fortran_order': ${order}, 'shape': (${shape})}`);
  const start = new Uint8Array(version === 1 ? 10 : 12);
  start.set([0x93, ...new TextEncoder().encode("NUMPY"), version]);
  const view = new DataView(start.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  return Uint8Array.from([...start, ...header, ...numbers]);
}

const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(buffer);

test(".npy files of all versions and widths of floats give their rows", () => {
  using dir = tempDir();
  const file = dir.path("a.npy");
  const rows = (bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    const { rowCount, dimension, ...source } = readNpy(file);
    const numbers = [...source].map((row) => [...row]);
    assertEquals([numbers.length, numbers[0]?.length], [rowCount, dimension]);
    return numbers;
  };
  const floats = bytesOf(Float32Array.of(1, -2.5, 3, 0.25, 5, 6));
  for (const version of [1, 2, 3]) assertEquals(rows(npyBytes(version, "<f4", "3, 2", floats))[1], [3, 0.25]);
  assertEquals(rows(npyBytes(1, "<f8", "1, 2,", bytesOf(Float64Array.of(0.1, -7)))), [[Math.fround(0.1), -7]]);
  // 1, -2, the largest and the smallest half float, minus zero, and what is no number of a vector.
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00);
  assertEquals(rows(npyBytes(1, "<f2", "1, 8", bytesOf(halves))), [
    [1, -2, 65504, 2 ** -24, -0, Infinity, -Infinity, NaN],
  ]);
  assertThrows(() => rows(npyBytes(4, "<f4", "3, 2", floats)), InvalidArgumentError, "version 4");
});

test("a file of more than a block gives each row once", () => {
  using dir = tempDir();
  const file = dir.path("a.fvecs");
  const words = new Int32Array(4 * 50_000);
  const floats = new Float32Array(words.buffer);
  for (let row = 0; row < 50_000; row++) {
    words[4 * row] = 3;
    floats.set([row, row + 0.5, -row], 4 * row + 1);
  }
  writeFileSync(file, bytesOf(words));
  const source = readFvecs(file);
  assertEquals([source.rowCount, source.dimension, source.sizeBytes], [50_000, 3, 800_000]);
  let at = 0;
  for (const row of source) {
    if (row[0] !== at || row[1] !== at + 0.5 || row[2] !== -at) throw new Error(`row ${at} is ${row}`);
    at++;
  }
  assertEquals([at, source.bytesRead], [50_000, 800_000]);
});

test("an fvecs file with a row of another dimension is refused at this row, and an empty one has no rows", () => {
  using dir = tempDir();
  const file = dir.path("a.fvecs");
  writeFileSync(file, bytesOf(Int32Array.of(2, 0, 0, 1, 0, 0)));
  assertThrows(() => [...readFvecs(file)], InvalidArgumentError, "row 2 has the dimension 1");
  writeFileSync(file, new Uint8Array());
  assertEquals([readFvecs(file).rowCount, [...readFvecs(file)]], [0, []]);
});

test("what is no whole file of rows is refused when it is opened", () => {
  using dir = tempDir();
  const file = dir.path("vectors");
  const refused = (open: (file: string) => unknown, bytes: Uint8Array, part: string) => {
    writeFileSync(file, bytes);
    assertThrows(() => open(file), InvalidArgumentError, part);
  };
  const text = new TextEncoder().encode("this is text");
  refused(readFvecs, text, "is it an fvecs file?");
  refused(readFvecs, bytesOf(Int32Array.of(2, 0)), "cut off");
  refused(readFvecs, bytesOf(Int32Array.of(2, 0, 0, 1, 0)), "cut off");
  refused(readFvecs, bytesOf(Int32Array.of(0)), "begins with the dimension 0");
  refused(readFvecs, Uint8Array.of(1, 0), "cut off");

  const two = bytesOf(Float32Array.of(1, 2));
  refused(readNpy, text, "no .npy file");
  refused(readNpy, Uint8Array.of(1, 2, 3), "no .npy file");
  refused(readNpy, npyBytes(1, "<f4", "1, 2", two).subarray(0, 9), "cut off");
  refused(readNpy, npyBytes(1, "<f4", "1, 2", two).subarray(0, 40), "cut off");
  refused(readNpy, npyBytes(1, "<f4", "2, 2", two), "8 bytes of numbers where its header names 16");
  refused(readNpy, npyBytes(1, "<f4", "1, 1", two), "something behind it");
  refused(readNpy, npyBytes(1, "<i4", "1, 2", two), 'array.astype("<f4")');
  refused(readNpy, npyBytes(1, "<f4", "2,", two), "shape (2,)");
  refused(readNpy, npyBytes(1, "<f4", "1, 'x'", two), "cannot be read");
  refused(readNpy, npyBytes(2, "<f4", "1, 2".padEnd(70_000), two), "it is damaged");
  refused(readNpy, npyBytes(1, "<f4", "1, 2", two, "True"), "ascontiguousarray");
});

/** Rows of a file without a file. */
function sourceOf(vectors: readonly (readonly number[])[], nodeIds: Iterable<unknown>): VectorSource {
  const rows = vectors.map((vector) => Float32Array.from(vector));
  const [first] = rows;
  const size = { file: "a.fvecs", rowCount: rows.length, dimension: first?.length ?? 0, bytesRead: 0, sizeBytes: 0 };
  return withOwners({ ...size, [Symbol.iterator]: () => rows.values() }, nodeIds);
}

test("an import that fails keeps the transactions before the bad row and says how many vectors they hold", () => {
  using db = open(":memory:");
  const ids = db.insertNodes(Array.from({ length: 5_000 }, (_, at) => ({ kind: "Point", name: String(at) })));
  const index = db.createVectorIndex("line", { dimension: 1, metric: "euclidean", m: 2, efConstruction: 2 });
  const vectors = ids.map((id) => [id]);
  vectors[4_500] = [NaN];
  const done: number[] = [];
  const error = assertThrows(
    () => importVectors(db, index, sourceOf(vectors, ids), { onProgress: ({ rows }) => done.push(rows) }),
    InvalidArgumentError,
    "a.fvecs row 4501",
  );
  assertEquals([done, db.vectorIndex("line").info.count], [[4_096], 4_096]);
  assertEquals(error.message.includes("4096 vectors of earlier rows are written"), true);
  vectors[4_500] = [0];
  const result = importVectors(db, index, sourceOf(vectors, ids));
  assertEquals([result, db.vectorIndex("line").info.count], [{ vectors: 5_000, created: 0, skipped: 0 }, 5_000]);
});

test("a line that is no id leaves its row out", () => {
  using db = open(":memory:");
  const id = db.insertNode({ kind: "Point", name: "a" });
  const index = db.createVectorIndex("line", { dimension: 1, metric: "euclidean" });
  const skipped: unknown[] = [];
  const onSkip = (row: { readonly row: number }, { code }: { readonly code: string }) => skipped.push([row.row, code]);
  importVectors(db, index, sourceOf([[1], [2], [3]], ["x", id, 77]), { onSkip });
  assertEquals(skipped, [[1, "invalid-id"], [3, "node-not-found"]]);
  assertEquals([...db.getVector("line", id) ?? []], [2]);
});
