/** Projections: graphs as flat arrays in shared memory. */
export * from "../backend/projection.ts";
export * from "./results/mod.ts";
export { buildProjection } from "./build.ts";
export { ALONE } from "./gang.ts";
export { type CheckedProjectOptions, checkProjectOptions } from "./options.ts";
export type { NodeIndexHandle } from "./node_index.ts";
export { ParallelRange } from "./parallel_range.ts";
export { type EdgeArrays, projectEdges } from "./project_edges.ts";
export { type IndexedEdges, projectIndexes } from "./project_indexes.ts";
export { projectPart } from "./project_part.ts";
export { bytesOf, handleOf, projectionFrom, type ProjectionHandle } from "./projection.ts";
