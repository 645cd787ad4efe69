/** Vectors in JSON Lines: one of a line. Blank lines are passed over.
 *
 *   {"nodeId": 17, "vector": [0.1, 0.2]}
 *   {"kind": "Person", "name": "Ada", "vector": [0.1, 0.2]}
 */

import { InvalidArgumentError } from "../backend/errors.ts";
import { LineReader } from "../backend/line_reader.ts";
import { checkId, checkLookup, checkObject } from "../backend/validate.ts";
import type { VectorInput } from "../backend/vector.ts";
import { UnreadableRow } from "./row_source.ts";
import type { VectorOwner, VectorRow, VectorSource } from "./vector_source.ts";

const BLANK = /^\s*$/;
const MEMBERS: readonly string[] = ["nodeId", "kind", "name", "vector"];

/**
 * The vectors of a JSON Lines file, read while they are taken.
 *
 * @param kind of the nodes of lines with a `name` and no `kind`
 * @throws {NotFoundError} when there is no such file
 */
export function readVectorLines(file: string, kind?: string): VectorSource {
  const reader = new LineReader(file);
  return {
    file,
    get place() {
      return { unit: "line" as const, number: reader.line };
    },
    get bytesRead() {
      return reader.bytesRead;
    },
    sizeBytes: reader.sizeBytes,
    *[Symbol.iterator]() {
      for (const text of reader.lines()) if (!BLANK.test(text)) yield readRow(text, kind);
    },
  };
}

function readRow(text: string, kind: string | undefined): VectorRow | UnreadableRow {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    const problem = `the line is no JSON: ${(error as Error).message}`;
    return new UnreadableRow(new InvalidArgumentError(problem, { code: "not-json", cause: error }), text);
  }
  try {
    const { nodeId, kind: ownKind, name, vector, ...others } = checkObject(row, "import", "row");
    const [other] = Object.keys(others);
    if (other !== undefined) throw invalidRow(`"${other}" is no member of a row; there are ${MEMBERS.join(", ")}`);
    return { owner: ownerOf(nodeId, ownKind ?? kind, name), vector: vector as VectorInput };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return new UnreadableRow(error, text);
    throw error;
  }
}

/** Whom a row belongs to. @throws {InvalidArgumentError} when it does not say. */
export function ownerOf(nodeId: unknown, kind: unknown, name: unknown): VectorOwner {
  if (nodeId !== undefined) {
    if (name !== undefined) throw invalidRow("there are both nodeId and name; give one");
    return { nodeId: checkId(nodeId, "import", "nodeId") };
  }
  if (name === undefined) throw invalidRow("there is no nodeId and no name; give one");
  return {
    kind: kind === undefined ? undefined : checkLookup(kind, "import", "kind"),
    name: checkLookup(name, "import", "name"),
  };
}

function invalidRow(problem: string): InvalidArgumentError {
  return new InvalidArgumentError(problem, { code: "invalid-row" });
}
