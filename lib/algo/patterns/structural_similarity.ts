/** How much two graphs look alike. */

import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { isomorphism } from "./find_isomorphism.ts";
import { type EditDistance, editDistance } from "./graph_edit_distance.ts";
import { type CommonSubgraph, commonSubgraph } from "./max_common_subgraph.ts";
import { commonColors, type NodeColors, plainColors, refineColors, sortColors } from "./node_colors.ts";
import { checkProjection, checkSameKind, type OtherProjection } from "./other_projection.ts";

/** What to compare with, and how far to go. */
export interface StructuralSimilarityParams {
  /** The other graph. */
  readonly other: OtherProjection;
  /** How many links around each node are looked at; default 3. */
  readonly rounds?: number | undefined;
  /** Largest number of nodes for which the common subgraph and the edit distance are looked for; default 12. */
  readonly exactNodes?: number | undefined;
  /** Most steps of each of the exact comparisons; default 1,000,000. */
  readonly maxSteps?: number | undefined;
}

/** How much two graphs look alike. */
export interface StructuralSimilarity {
  /** The kernel of Weisfeiler and Leman, from 0 to 1: 1 when the surroundings of all nodes are the same, as often. */
  readonly similarity: number;
  /** Whether they are the same but for names; undefined when `maxSteps` did not suffice to know. */
  readonly isIsomorphic: boolean | undefined;
  /** The largest part in common; undefined for graphs with more than `exactNodes` nodes. */
  readonly commonSubgraph: CommonSubgraph | undefined;
  /** How many changes make one of the other; undefined for graphs with more than `exactNodes` nodes. */
  readonly editDistance: EditDistance | undefined;
}

/** Parameters as the command line knows them. */
export const STRUCTURAL_SIMILARITY_PARAMS: ParamSpecs<StructuralSimilarityParams> = {
  other: { kind: "projection", doc: "the other graph" },
  rounds: { kind: "integer", doc: "how many links around each node are looked at", default: 3, min: 0, max: 1_000 },
  exactNodes: { kind: "integer", doc: "most nodes for exact comparisons", default: 12, min: 0, max: 256 },
  maxSteps: { kind: "number", doc: "most steps of each exact comparison", default: 1_000_000, min: 0 },
};

/**
 * Compares the form of two graphs, whatever their nodes are called: by the kernel of Weisfeiler and Leman, and exactly where they are
 * small. Parallel links and self-loops count, weights do not.
 *
 * The kernel counts, for surroundings of 0 to `rounds` links, the pairs of a node of each graph that look the same, and divides by the
 * geometric mean of what each graph has with itself. Two graphs without nodes have similarity 1.
 *
 * Progress counts links. O(rounds · (n + m)), and what `findIsomorphism`, `maxCommonSubgraph` and `graphEditDistance` say up to
 * `maxSteps`. Shervashidze et al., Weisfeiler-Lehman graph kernels, 2011.
 *
 * @throws {InvalidArgumentError} when one is directed and the other is not, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const { similarity, isIsomorphic } = structuralSimilarity(before, { other: after });
 * ```
 */
export const structuralSimilarity: Algorithm<StructuralSimilarityParams, StructuralSimilarity> = defineForOneThread(
  import.meta.url,
  "structuralSimilarity",
  (projection, params: StructuralSimilarityParams, context) => {
    const checked = checkParams(STRUCTURAL_SIMILARITY_PARAMS, params, projection, "structuralSimilarity");
    const { rounds, exactNodes, maxSteps } = checked;
    const other = checkProjection(checked.other, "structuralSimilarity", "other");
    checkSameKind(projection, other, "structuralSimilarity", "other");
    const pace = new Pace(context);
    const isSmall = Math.max(projection.nodeCount, other.nodeCount) <= exactNodes;
    const result = {
      similarity: kernel(projection, other, rounds, pace),
      isIsomorphic: isomorphism(projection, other, maxSteps, pace).isIsomorphic,
      commonSubgraph: isSmall ? commonSubgraph(projection, other, maxSteps, pace) : undefined,
      editDistance: isSmall ? editDistance(projection, other, maxSteps, pace) : undefined,
    };
    pace.end();
    return result;
  },
);

/** The normalized kernel. */
function kernel(one: Projection, other: Projection, rounds: number, pace: Pace): number {
  if (one.nodeCount === 0 && other.nodeCount === 0) return 1;
  if (one.nodeCount === 0 || other.nodeCount === 0) return 0;
  let [both, first, second] = [0, 0, 0];
  let colors: NodeColors = plainColors(one.nodeCount);
  let otherColors: NodeColors = plainColors(other.nodeCount);
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) {
      colors = refineColors(one, colors, pace);
      otherColors = refineColors(other, otherColors, pace);
    }
    const { keys } = sortColors(colors, pace);
    const { keys: otherKeys } = sortColors(otherColors, pace);
    both += commonColors(keys, otherKeys);
    first += commonColors(keys, keys);
    second += commonColors(otherKeys, otherKeys);
  }
  return both / Math.sqrt(first * second);
}
