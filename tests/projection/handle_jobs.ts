/** Algorithms that the tests of projections run on threads. */

import { type Algorithm, defineAlgorithm } from "../../lib/task/algorithm.ts";

/** What a thread sees. */
export const inside: Algorithm<Record<never, never>, { edgeCount: number }> = defineAlgorithm(
  import.meta.url,
  "inside",
  ({ edgeCount }) => ({ edgeCount }),
);

/** The turned links of a projection, and how many links all threads see that are not as they must be. */
export interface Turned {
  readonly turned: Uint32Array<SharedArrayBuffer>;
  readonly differences: number;
}

/** All threads ask for the links that enter each node at the same time, and check them. */
export const insideTurned: Algorithm<Record<never, never>, Turned> = defineAlgorithm(
  import.meta.url,
  "insideTurned",
  (projection, _, context) => {
    const differences = new Int32Array(context.sharedBuffer(4));
    context.barrier();
    const { out, in: turned } = projection;
    const next = turned.offsets.slice();
    for (let node = 0; node < projection.nodeCount; node++) {
      for (let at = out.offsets[node] as number; at < (out.offsets[node + 1] as number); at++) {
        const place = next[out.targets[at] as number] as number;
        next[out.targets[at] as number] = place + 1;
        const isSame = turned.targets[place] === node && turned.weights?.[place] === out.weights?.[at] &&
          turned.edgeIds?.[place] === out.edgeIds?.[at];
        if (!isSame && !projection.isUndirected) Atomics.add(differences, 0, 1);
      }
    }
    context.barrier();
    return { turned: turned.targets, differences: Atomics.load(differences, 0) };
  },
);
