/** Nodes that separate two others. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import { type Algorithm, defineAlgorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import { reaching } from "./flow_network.ts";
import { PushRelabel } from "./push_relabel.ts";
import { splitNetwork } from "./split_network.ts";
import { idsMarked, type TerminalParams, TERMINALS, terminalsOf } from "./terminals.ts";

/** Nodes without which there is no way from one node to another. */
export interface VertexCut {
  /** The fewest such nodes, ascending. */
  readonly separator: Float64Array<SharedArrayBuffer>;
  /** Nodes on the side of the source, ascending: no edge leads from them to the side of the sink. */
  readonly sourceSide: Float64Array<SharedArrayBuffer>;
  /** Nodes on the side of the sink, ascending. */
  readonly sinkSide: Float64Array<SharedArrayBuffer>;
}

const SOURCE_SIDE = 0;
const SINK_SIDE = 1;
const SEPARATOR = 2;

/**
 * The fewest nodes, other than the source and the sink, without which there is no way from the source to the sink: as many as
 * there are `nodeDisjointPaths` (Menger). Of several such sets it is the one with the fewest nodes on the side of the sink. In an
 * undirected projection edges lead both ways. Parallel edges and self-loops change nothing. Progress counts arcs that were
 * looked at.
 *
 * A minimum cut of a network with split nodes. O(n² √m), in practice close to linear. Even, An algorithm for determining whether
 * the connectivity of a graph is at least k, 1975.
 *
 * @throws {InvalidArgumentError} for bad parameters, when source and sink are one node, and when an edge leads from the one to the
 * other
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const minVertexCut: Algorithm<TerminalParams, VertexCut> = defineAlgorithm(
  import.meta.url,
  "minVertexCut",
  (projection, params: TerminalParams, context): VertexCut => {
    const checked = checkParams(TERMINALS, params, projection, "minVertexCut");
    const { from, to } = terminalsOf(projection, checked, "minVertexCut");
    const { out, nodeCount } = projection;
    for (let link = out.offsets[from] as number; link < (out.offsets[from + 1] as number); link++) {
      if (out.targets[link] === to) throw adjacent(checked);
    }
    // More flows through a link than all nodes together let through: none is in the cut.
    const pace = new Pace(context);
    const network = splitNetwork(out, nodeCount, pace);
    new PushRelabel(network, pace).flood(from + nodeCount, to);
    const isReaching = reaching(network, to, pace);
    pace.end();
    const sides = new Uint8Array(nodeCount);
    for (let node = 0; node < nodeCount; node++) {
      if (isReaching[node] === 1) sides[node] = SINK_SIDE;
      else if (isReaching[node + nodeCount] === 1 && node !== from) sides[node] = SEPARATOR;
    }
    sides[from] = SOURCE_SIDE;
    return {
      separator: idsMarked(projection, sides, SEPARATOR),
      sourceSide: idsMarked(projection, sides, SOURCE_SIDE),
      sinkSide: idsMarked(projection, sides, SINK_SIDE),
    };
  },
);

function adjacent({ source, sink }: TerminalParams): InvalidArgumentError {
  return new InvalidArgumentError(
    `minVertexCut: an edge leads from ${source} to ${sink}, and without these nodes it cannot be cut; give nodes without one, ` +
      "or use minCut",
    { code: "nodes-adjacent", field: "sink", value: sink },
  );
}
