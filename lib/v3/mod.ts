/** The storage engine with its own file format. */
export { type Retention, V3Backend, type V3Database, type V3Options } from "./backend.ts";
export type { CompactOptions, CompactResult } from "./compact.ts";
export type { GroupResult } from "./session.ts";
export type { OpenReport } from "./open_database.ts";
export type { FileLock, FileSystem, OpenFile } from "./file_system.ts";
export { salvage, type SalvageLoss, type SalvageOptions, type SalvageReport } from "./salvage.ts";
