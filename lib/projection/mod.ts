/** Projections: graphs as flat arrays in shared memory. */
export * from "../backend/projection.ts";
export { buildProjection } from "./build.ts";
export { ALONE, type Gang } from "./gang.ts";
export { type CheckedProjectOptions, checkProjectOptions } from "./options.ts";
export { type EdgeArrays, projectEdges } from "./project_edges.ts";
export { Projection } from "./projection.ts";
