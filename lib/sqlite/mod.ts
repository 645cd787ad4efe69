/** The SQLite backend: `GraphBackend` on the runtime's built-in driver. */
export { SqliteBackend, type SqliteOptions } from "./backend.ts";
