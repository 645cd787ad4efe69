/** Size of a file without opening it: closing a file that is open as a database would drop the database's locks. */

import { type Stats, statSync } from "node:fs";
import { InvalidArgumentError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";

/** Size of a file, undefined when there is none. */
export function sizeOf(path: string): number | undefined {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError("open", path, error);
  }
  if (stats?.isDirectory()) {
    throw new InvalidArgumentError(`open: ${path} is a directory; give the path of a file`, {
      code: "is-a-directory",
      field: "path",
      value: path,
    });
  }
  return stats?.size;
}
