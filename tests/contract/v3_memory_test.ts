/** The contract, on V3 databases in memory. */

import { V3Backend } from "../../lib/v3/mod.ts";
import { contract } from "./contract.ts";

/** Enough for the largest test, little enough for thousands of databases. */
const CACHE_BYTES = 3 * 1024 * 1024;

contract({
  name: "v3 in memory",
  backend: "v3",
  history: true,
  inMemory: true,
  open: (path, options) => V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...options }),
  synchronize: () => {},
});
