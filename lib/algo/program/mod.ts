/** Control flow and program analysis. */
export { type CallGraphCondensation, callGraphCondensation } from "./call_graph.ts";
export { controlDependenceGraph, type ControlDependences } from "./control_dependence.ts";
export {
  DEFAULT_SINK_RULES,
  DEFAULT_SOURCE_RULES,
  type DiscoverParams,
  discoverSourcesAndSinks,
  type NodeRule,
  type NodeTest,
  type SourcesAndSinks,
} from "./discover_sources_and_sinks.ts";
export { dominanceFrontiers } from "./dominance_frontiers.ts";
export { type DominatedNode, DominatorTree, type DominatorTreeHandle } from "./dominator_tree.ts";
export { dominators, type EntryParams } from "./dominators.ts";
export {
  type EnumeratedPath,
  type EnumeratedPaths,
  enumeratePaths,
  type EnumeratePathsParams,
  type PathEnding,
} from "./enumerate_paths.ts";
export { type ConcurrentEvents, EventOrder, type EventOrderHandle } from "./event_order.ts";
export { happensBefore } from "./happens_before.ts";
export { type ImpactRadius, impactRadius, type ImpactRadiusParams } from "./impact_radius.ts";
export { iteratedDominanceFrontier, type IteratedFrontierParams } from "./iterated_dominance_frontier.ts";
export { type IrreducibleRegion, LoopForest, type LoopForestHandle, type NaturalLoop } from "./loop_forest.ts";
export { naturalLoops } from "./natural_loops.ts";
export { MAX_RELATION_PAIRS, NodeRelation, type NodeRelationHandle, type RelatedNodes } from "./node_relation.ts";
export { type ExitParams, postDominators } from "./post_dominators.ts";
export { type SinkReachability, sinkReachabilityAnalysis, type SinkReachabilityParams } from "./sink_reachability.ts";
export { backwardSlice, forwardSlice, type ProgramSlice, type SliceParams } from "./slices.ts";
export {
  propagateTaintBackward,
  propagateTaintForward,
  type TaintBackwardParams,
  type TaintFlow,
  type TaintForwardParams,
  type TaintResult,
} from "./taint.ts";
export {
  happensBeforeAnalysis,
  type TraceAnalysis,
  type TraceEvent,
  type TraceOptions,
  type TraceRace,
} from "./trace_races.ts";
export { VectorClock } from "./vector_clock.ts";
