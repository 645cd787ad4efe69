/** What becomes of the components of a graph over time. */

import type { LongCallOptions } from "../../backend/care.ts";
import type { NodeId } from "../../backend/schema.ts";
import { show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";
import { LineageTracker } from "./lineage_tracker.ts";
import { checkHistoryOptions, type ProjectedVersion, readHistory } from "./versions.ts";

/** How to follow cycles. */
export interface CycleLineageOptions extends LongCallOptions {
  /**
   * Least likeness of a component to the one of the version before, from 0 to 1, to be the same one still: nodes in both of them, of
   * the nodes in either (the Jaccard index). Default 0: one node in both is enough.
   */
  readonly threshold?: number | undefined;
  /** For how many versions a component may be missing before it has died; default 0. */
  readonly maxGap?: number | undefined;
  /** False: without members, which saves memory. Default true. */
  readonly members?: boolean | undefined;
}

/** How to follow components. */
export interface ComponentLineageOptions extends CycleLineageOptions {
  /** Components in which nodes can reach each other (`strong`, the default), or that hang together in any way (`weak`). */
  readonly components?: "strong" | "weak" | undefined;
  /** Nodes of the smallest components that count; default 1. */
  readonly minSize?: number | undefined;
}

/** A component through the versions. */
export interface Lineage {
  /** Its number: its place among all lineages, from 0. */
  readonly id: number;
  /** The first version that has it. */
  readonly birthVersion: number;
  /** The last version that has it. */
  readonly lastVersion: number;
  /** The first version that does not have it any more; undefined while it lives. */
  readonly deathVersion: number | undefined;
  /** Number of versions that have it. */
  readonly versionsSeen: number;
  /** Its nodes in the first version. */
  readonly birthSize: number;
  /** Its nodes in the version where it was largest. */
  readonly peakSize: number;
  /** The first version where it was so large. */
  readonly peakVersion: number;
  /** Its nodes in the last version that has it. */
  readonly finalSize: number;
  /** Lineage from which it split off when it was born. */
  readonly splitFrom: number | undefined;
  /** Lineage that took up most of it when it died. */
  readonly mergedInto: number | undefined;
  /** Ids of its nodes at birth, ascending; empty without `members`. */
  readonly birthMembers: Float64Array<ArrayBuffer>;
  /** Ids of its nodes at the peak. */
  readonly peakMembers: Float64Array<ArrayBuffer>;
  /** Ids of its nodes in the end. */
  readonly finalMembers: Float64Array<ArrayBuffer>;
}

/** What happened to a lineage. */
export type LineageEvent =
  & {
    /** The version that shows it. */
    readonly version: number;
    /** The lineage. */
    readonly lineage: number;
    /** Its smallest node: of those at birth, else of the last ones. */
    readonly nodeId: NodeId;
  }
  & ({
    /** It came up from nothing, or out of components that are gone. */
    readonly type: "born" | "died";
  } | {
    /** It is a part of a component that lives on otherwise. */
    readonly type: "split";
    /** That one's lineage. */
    readonly from: number;
  } | {
    /** It became a part of another component. */
    readonly type: "merged";
    /** That one's lineage. */
    readonly into: number;
  });

/** What became of components. */
export interface ComponentHistory {
  /** In the order of their birth, then of their smallest node then. */
  readonly lineages: readonly Lineage[];
  /** By version; within one first those that ended, then those that began, each by number. */
  readonly events: readonly LineageEvent[];
}

/**
 * Follows components through the versions of a graph: which component of a version is which one of the version before.
 *
 * A component of the new version and one that lives are alike as much as their Jaccard index says; pairs below the threshold, and
 * those without a common node, do not count. The likest pair comes first, each component counts once. Of equal pairs the one with
 * more common nodes comes first, then the older lineage, then that with the smaller first node, then the component with the
 * smaller first node. What is left of the new components is born: it `split` from a lineage that lives on in another component, or came
 * up new. What is left of the old ones has `merged` into a lineage that has some of its nodes now, or died, once it was missing
 * for more than `maxGap` versions: the version of its death is the first one without it. A component that comes back later
 * than that is a new lineage.
 *
 * This is the tracking of Greene, Doyle, Cunningham (Tracking the evolution of communities in dynamic social networks, 2010), one
 * to one; it is no persistent homology. Components need not be strong: see the option.
 *
 * Progress counts nodes of all versions. O(n + m) for each version, and O(p log p) for p pairs that are alike but not equal.
 *
 * @param versions ascending; see `projectVersions` for the commits of a database
 * @throws {InvalidArgumentError} for versions that do not ascend, and bad options
 *
 * @example
 * ```ts ignore
 * const { lineages, events } = componentLineage(projectVersions(db, db.commits()), { components: "weak", minSize: 3 });
 * ```
 */
export function componentLineage(
  versions: Iterable<ProjectedVersion>,
  options: ComponentLineageOptions = {},
): ComponentHistory {
  return follow(
    "componentLineage",
    versions,
    checkHistoryOptions(options, [...CYCLE, "components", "minSize"], "componentLineage"),
  );
}

/**
 * Follows circular dependencies through the versions of a graph: strong components of two nodes or more. As `componentLineage`
 * otherwise: one `died` when no cycle is left among its nodes, even though the nodes live on. A node with an edge to itself alone
 * is none.
 *
 * @throws {InvalidArgumentError} for versions that do not ascend, and bad options
 */
export function cycleLineage(
  versions: Iterable<ProjectedVersion>,
  options: CycleLineageOptions = {},
): ComponentHistory {
  return follow("cycleLineage", versions, { ...checkHistoryOptions(options, CYCLE, "cycleLineage"), minSize: 2 });
}

const CYCLE: readonly string[] = ["threshold", "maxGap", "members"];

function follow(
  call: string,
  versions: Iterable<ProjectedVersion>,
  options: ComponentLineageOptions,
): ComponentHistory {
  const { threshold = 0, maxGap = 0, members = true, components = "strong", minSize = 1 } = options;
  if (typeof threshold !== "number" || !(threshold >= 0 && threshold <= 1)) {
    throw invalid(call, "threshold", threshold, `is ${show(threshold)}; give a number from 0 to 1`);
  }
  if (!(Number.isSafeInteger(maxGap) && maxGap >= 0)) {
    throw invalid(call, "maxGap", maxGap, `is ${show(maxGap)}; give an integer from 0`);
  }
  if (!(Number.isSafeInteger(minSize) && minSize >= 1)) {
    throw invalid(call, "minSize", minSize, `is ${show(minSize)}; give an integer from 1`);
  }
  if (typeof members !== "boolean") throw invalid(call, "members", members, `is ${show(members)}; give true or false`);
  if (components !== "strong" && components !== "weak") {
    throw invalid(call, "components", components, `is ${show(components)}; give "strong" or "weak"`);
  }
  return readHistory(
    call,
    options,
    versions,
    (context) => new LineageTracker({ threshold, maxGap, members, components, minSize }, context),
  );
}
