/** Names edges of which an end does not exist, each once, although both ends' lists may have it. */

import type { EdgeCluster } from "./edge_cluster.ts";
import type { ImportContext } from "./import_context.ts";
import type { NodeIds } from "./node_ids.ts";
import type { ReferenceId } from "./report.ts";
import type { TypeTable } from "./type_table.ts";

/** More different ones are counted by the lists of their sources alone: memory has a limit. */
const MAX_NAMED = 100_000;

/** Such edges of one file. */
export class LostEnds {
  /** Number of them. */
  count = 0;
  readonly #context: ImportContext;
  readonly #ids: NodeIds;
  readonly #types: TypeTable;
  /** How often each was found, by ends and type. */
  readonly #found = new Map<string, number>();
  /** How often each was found, by ends. */
  readonly #byEnds = new Map<string, number>();

  constructor(context: ImportContext, ids: NodeIds, types: TypeTable) {
    this.#context = context;
    this.#ids = ids;
    this.#types = types;
  }

  /** Takes those of the list of a source. */
  outgoing(list: EdgeCluster, from: ReferenceId): void {
    this.#take(list, from, false);
  }

  /** Takes those of the list of a target. */
  incoming(list: EdgeCluster, to: ReferenceId): void {
    this.#take(list, to, true);
  }

  #take(list: EdgeCluster, node: ReferenceId, isIncoming: boolean): void {
    const isLost = this.#ids.indexOfReference(node) < 0;
    const seen = new Map<string, number>();
    for (let index = 0; index < list.idCount; index++) {
      const neighbor = list.neighbor(index);
      if (!isLost && this.#ids.indexOfReference(neighbor) >= 0) continue;
      const [from, to] = isIncoming ? [neighbor, node] : [node, neighbor];
      const type = index < list.count ? this.#types.text(list.types[index] as number) : undefined;
      const name = `${from} ${to} ${type}`;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      const known = this.#found.get(name);
      if (times <= (known ?? 0)) continue;
      if (known === undefined && this.#found.size >= MAX_NAMED && isIncoming) continue;
      if (known !== undefined || this.#found.size < MAX_NAMED) {
        this.#found.set(name, times);
        const ends = `${from} ${to}`;
        this.#byEnds.set(ends, (this.#byEnds.get(ends) ?? 0) + 1);
      }
      this.#name(from, to, type);
    }
  }

  #name(from: ReferenceId, to: ReferenceId, type: string | undefined): void {
    this.count++;
    const { losses, file } = this.#context;
    if (losses.isFull) return losses.addUnlisted(1);
    losses.add({
      code: "edge-end-missing",
      message: `an end of the edge ${from} -> ${to} does not exist`,
      file,
      edge: { from, to, type },
    });
  }

  /** Whether an edge is among them. */
  has(from: ReferenceId, to: ReferenceId, type: string): boolean {
    return this.#found.has(`${from} ${to} ${type}`);
  }

  /** How many there are between two nodes. */
  countOf(from: ReferenceId, to: ReferenceId): number {
    return this.#byEnds.get(`${from} ${to}`) ?? 0;
  }
}
