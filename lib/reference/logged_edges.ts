/** Edges that the log names: by their ends, without types. */

import type { EdgeOutput } from "./edge_output.ts";
import type { LostEnds } from "./lost_ends.ts";
import type { ReferenceId } from "./report.ts";

/** How often each was inserted, by `loggedEdgeName`. */
export type LoggedEdges = Map<string, number>;

/** Name of an edge. */
export function loggedEdgeName(from: ReferenceId, to: ReferenceId): string {
  return `${from} ${to}`;
}

/** Names the edges that neither came over nor lack an end. */
export function nameLoggedEdges(logged: LoggedEdges, output: EdgeOutput, lostEnds: LostEnds): void {
  for (const [name, left] of logged) {
    const [from = 0, to = 0] = name.split(" ").map(idOf);
    for (let time = lostEnds.countOf(from, to); time < left; time++) {
      const message = `the log names an edge ${from} -> ${to}, whose type it does not say`;
      output.lose("edge-only-in-log", message, { from, to });
    }
  }
}

function idOf(text: string): ReferenceId {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
