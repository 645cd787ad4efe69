/** Files of vectors as the TEXMEX corpora (SIFT, GIST) have them: for each row
 *
 *   i32 dimension    f32 numbers, as many as the dimension says      (little-endian)
 */

import { MAX_VECTOR_DIMENSION } from "../backend/limits.ts";
import { MatrixFile } from "./matrix_file.ts";
import type { MatrixSource } from "./vector_source.ts";

const DIMENSION_BYTES = 4;
const NUMBER_BYTES = 4;

/**
 * The rows of an fvecs file, read while they are taken. All of them have the dimension of the first.
 *
 * @throws {NotFoundError} when there is no such file
 * @throws {InvalidArgumentError} when its size is not that of whole rows, or its first bytes are no dimension
 */
export function readFvecs(file: string): MatrixSource {
  const dimension = firstDimension(file);
  const bytes = new MatrixFile(file);
  const rowBytes = DIMENSION_BYTES + NUMBER_BYTES * dimension;
  const rowCount = bytes.sizeBytes / rowBytes;
  if (!Number.isInteger(rowCount)) {
    bytes[Symbol.dispose]();
    throw bytes.problem(
      `has ${bytes.sizeBytes} bytes, which are no whole rows of ${rowBytes} (dimension ${dimension}); it is cut off`,
    );
  }
  return {
    file,
    rowCount,
    dimension,
    sizeBytes: bytes.sizeBytes,
    get bytesRead() {
      return bytes.bytesRead;
    },
    *[Symbol.iterator]() {
      let number = 0;
      for (const row of bytes.rows(rowBytes, rowCount)) {
        number++;
        const found = row.getInt32(0, true);
        if (found !== dimension) {
          throw bytes.problem(
            `row ${number} has the dimension ${found}, the first row ${dimension}; all need the same`,
          );
        }
        yield numbersOf(row, dimension);
      }
    },
  };
}

function firstDimension(file: string): number {
  using bytes = new MatrixFile(file);
  if (bytes.sizeBytes === 0) return 0;
  const dimension = new DataView(bytes.read(DIMENSION_BYTES).buffer).getInt32(0, true);
  if (dimension >= 1 && dimension <= MAX_VECTOR_DIMENSION) return dimension;
  throw bytes.problem(
    `begins with the dimension ${dimension}, where 1 to ${MAX_VECTOR_DIMENSION} are possible; is it an fvecs file?`,
  );
}

function numbersOf(row: DataView, dimension: number): Float32Array {
  const numbers = new Float32Array(dimension);
  for (let at = 0; at < dimension; at++) numbers[at] = row.getFloat32(DIMENSION_BYTES + NUMBER_BYTES * at, true);
  return numbers;
}
