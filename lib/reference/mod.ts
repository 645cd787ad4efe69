/** Databases of the reference (format version 4): import into any backend, and a look at what a file holds. */
export { type CsrManifest, type CsrManifestShard, readCsrFolder, readCsrManifest } from "./csr_shard_folder.ts";
export { type CsrShard, readCsrShard } from "./csr_shard.ts";
export { importReference } from "./import_reference.ts";
export {
  type HeaderField,
  inspectReference,
  type PageProblem,
  type ReferenceInspection,
  type TreeInspection,
} from "./inspect.ts";
export type { PageCensus, PageKindCount, ReferencePageKind } from "./inspect_pages.ts";
export type { SidecarInspection } from "./inspect_sidecars.ts";
export { inspectionText } from "./inspect_text.ts";
export {
  type ImportReferenceOptions,
  type LostEdge,
  MAX_LISTED_LOSSES,
  type ReferenceCounts,
  type ReferenceId,
  type ReferenceLoss,
  type ReferenceLossCode,
  type ReferenceReport,
  type UnusualValues,
} from "./report.ts";
export type { FoundSidecar, SidecarKind } from "./sidecar_paths.ts";
export { readStringTable, type StringEntry } from "./string_table.ts";
