/** Opening a database for a command. */

import type { GraphBackend } from "../backend/graph_backend.ts";
import { open } from "../graph/open.ts";

/** Opens an existing database for reading only. Declare it with `using`. */
export function openForReading(path: string): GraphBackend {
  return open(path, { readonly: true });
}

/** Opens an existing database for writing. Declare it with `using`. */
export function openForWriting(path: string): GraphBackend {
  return open(path, { create: false });
}

/** Opens a database for writing; creates it, with this engine, when it is missing. Declare it with `using`. */
export function openOrCreate(path: string, backend: "v3" | "sqlite" | undefined): GraphBackend {
  return open(path, { backend });
}
