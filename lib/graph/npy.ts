/** NumPy's files of one array (format versions 1 to 3):
 *
 *   0  \x93NUMPY   6  u8 major, u8 minor version   8  u16 (version 1) or u32 length of the header
 *   the header: {'descr': '<f4', 'fortran_order': False, 'shape': (1000, 384), }
 *   the numbers, row after row
 *
 * Source: the documentation of `numpy.lib.format`.
 */

import { MatrixFile } from "./matrix_file.ts";
import type { MatrixSource } from "./vector_source.ts";

const MAGIC = "\x93NUMPY";
const MAGIC_BYTES = 8;

/** Longest header that is read; those of plain arrays have 128 bytes. */
const MAX_HEADER_BYTES = 65_536;

interface NumberType {
  readonly bytes: number;
  read(row: DataView, at: number): number;
}

const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  ["<f4", { bytes: 4, read: (row, at) => row.getFloat32(at, true) }],
  ["<f8", { bytes: 8, read: (row, at) => row.getFloat64(at, true) }],
  ["<f2", { bytes: 2, read: (row, at) => halfFloat(row.getUint16(at, true)) }],
]);

/**
 * The rows of a `.npy` file with an array of two dimensions, read while they are taken. The numbers are floats of 2, 4 or 8
 * bytes; those of 8 lose what 32-bit floats cannot hold.
 *
 * @throws {NotFoundError} when there is no such file
 * @throws {InvalidArgumentError} when it holds something else, or its size is not that of its array
 */
export function readNpy(file: string): MatrixSource {
  const bytes = new MatrixFile(file);
  let array: NpyArray;
  try {
    array = readHeader(bytes);
  } catch (error) {
    bytes[Symbol.dispose]();
    throw error;
  }
  const { rowCount, dimension, type } = array;
  return {
    file,
    rowCount,
    dimension,
    sizeBytes: bytes.sizeBytes,
    get bytesRead() {
      return bytes.bytesRead;
    },
    *[Symbol.iterator]() {
      for (const row of bytes.rows(dimension * type.bytes, rowCount)) yield numbersOf(row, dimension, type);
    },
  };
}

interface NpyArray {
  readonly rowCount: number;
  readonly dimension: number;
  readonly type: NumberType;
}

function readHeader(bytes: MatrixFile): NpyArray {
  const start = bytes.sizeBytes < MAGIC_BYTES ? new Uint8Array(MAGIC_BYTES) : bytes.read(MAGIC_BYTES);
  if (String.fromCharCode(...start.subarray(0, MAGIC.length)) !== MAGIC) {
    throw bytes.problem("is no .npy file: it does not begin as one (arrays of a .npz file are unpacked with unzip)");
  }
  const version = start[MAGIC.length] as number;
  if (version < 1 || version > 3) throw bytes.problem(`is a .npy file of version ${version}; 1 to 3 can be read`);
  const lengthBytes = version === 1 ? 2 : 4;
  const view = new DataView(bytes.read(lengthBytes).buffer);
  const length = version === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES) throw bytes.problem(`has a header of ${length} bytes; it is damaged`);
  const header = new TextDecoder().decode(bytes.read(length));

  const { descr, order, shape } = parseHeader(header);
  if (descr === undefined || order === undefined || shape === undefined) {
    throw bytes.problem("has a header that cannot be read; write plain arrays with numpy.save");
  }
  const type = NUMBER_TYPES.get(descr);
  if (type === undefined) {
    throw bytes.problem(
      `holds ${descr}; write floats: numpy.save(file, array.astype("<f4")) (<f2 and <f8 can be read)`,
    );
  }
  if (order === "True") {
    throw bytes.problem("holds its columns one by one; write rows: numpy.save(file, numpy.ascontiguousarray(array))");
  }
  const sizes = shape.split(",").map((size) => size.trim()).filter((size) => size !== "").map(Number);
  const [rowCount = 0, dimension = 0] = sizes;
  if (sizes.length !== 2) throw bytes.problem(`holds an array of shape (${shape}); give one of (vectors, dimension)`);
  checkSize(bytes, rowCount, dimension * type.bytes);
  return { rowCount, dimension, type };
}

interface HeaderFields {
  readonly descr: string | undefined;
  readonly order: string | undefined;
  readonly shape: string | undefined;
}

/** The fields of the header, which is a literal of Python. */
function parseHeader(header: string): HeaderFields {
  const text = header.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return { descr: undefined, order: undefined, shape: undefined };
  return {
    descr: /["']descr["']\s*:\s*["']([^"']*)["']/.exec(text)?.[1],
    order: /["']fortran_order["']\s*:\s*(True|False)/.exec(text)?.[1],
    shape: /["']shape["']\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1],
  };
}

function checkSize(bytes: MatrixFile, rowCount: number, rowBytes: number): void {
  const found = bytes.sizeBytes - bytes.bytesRead;
  const expected = rowCount * rowBytes;
  if (found === expected) return;
  const what = found < expected ? "it is cut off" : "there is something behind it";
  throw bytes.problem(`has ${found} bytes of numbers where its header names ${expected}; ${what}`);
}

function numbersOf(row: DataView, dimension: number, { bytes, read }: NumberType): Float32Array {
  const numbers = new Float32Array(dimension);
  for (let at = 0; at < dimension; at++) numbers[at] = read(row, at * bytes);
  return numbers;
}

/** A float of 16 bits (IEEE 754 binary16). */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
