/** How graphs change over time. */
export {
  type ComponentHistory,
  componentLineage,
  type ComponentLineageOptions,
  cycleLineage,
  type CycleLineageOptions,
  type Lineage,
  type LineageEvent,
} from "./component_lineage.ts";
export { temporalSweep, type TemporalSweepOptions, type TopologyPoint } from "./temporal_sweep.ts";
export { type ProjectedState, type ProjectedVersion, projectVersions, type VersionSource } from "./versions.ts";
