/** The storage engine with its own file format. */
export { V3Backend, type V3Database } from "./backend.ts";
export type { Retention, V3Options } from "./options.ts";
export type { CompactOptions, CompactResult } from "./compact.ts";
export type { GroupResult } from "../backend/served_engine.ts";
export type { OpenReport } from "./open_database.ts";
export type { FileLock, FileSystem, OpenFile } from "./file_system.ts";
export { salvage, type SalvageLoss, type SalvageOptions, type SalvageReport } from "./salvage.ts";
