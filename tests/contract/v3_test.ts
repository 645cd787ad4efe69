/** The contract, on files of our own format. */

import { V3Backend } from "../../lib/v3/mod.ts";
import { contract } from "./contract.ts";

/** Enough for the largest test, little enough for thousands of databases. */
const CACHE_BYTES = 3 * 1024 * 1024;

contract({
  name: "v3",
  backend: "v3",
  history: true,
  inMemory: false,
  open: (path, options) => V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...options }),
  synchronize: (writer, reader) => {
    writer.checkpoint();
    (reader as unknown as V3Backend).refresh();
  },
});
