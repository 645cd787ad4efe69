/** Ids for transactions of this thread: the engine leases them in growing pieces, so that an insert knows its id at once. */

import { GraphError } from "../backend/errors.ts";
import type { IdLease } from "../backend/served_engine.ts";
import type { CallerMailbox } from "./mailbox.ts";

/** Ids of the first lease, nodes and edges each. What is not used when the graph is closed is a gap. */
export const FIRST_LEASE = 256;

/** Leases double up to this size. */
const LARGEST_LEASE = 65_536;

/** How long a synchronous insert blocks its thread for ids before its transaction steps back and waits without blocking. */
const MAX_BLOCKED_MS = 1_000;

/** There are no ids yet: the transaction is rolled back, and runs again by itself once there are. */
export class IdsNotReadyError extends GraphError {}

/** The ids that this thread may give. */
export class IdLeases {
  readonly #mailbox: CallerMailbox;
  readonly #nodes: IdRange;
  readonly #edges: IdRange;
  #requested = 0;
  #taken = 0;
  #waiting: PromiseWithResolvers<void>[] = [];
  /** Whether inserts must not wait for the engine: it is busy for long, or waits for this thread itself. */
  isEngineBusy = false;

  constructor(mailbox: CallerMailbox, first: IdLease) {
    this.#mailbox = mailbox;
    this.#nodes = new IdRange(first.firstNodeId, first.endNodeId);
    this.#edges = new IdRange(first.firstEdgeId, first.endEdgeId);
  }

  /** Id for a new node. Hot. @throws {IdsNotReadyError} when the engine does not answer in time */
  nextNodeId(): number {
    return this.#next(this.#nodes);
  }

  /** Id for a new edge. Hot. @throws {IdsNotReadyError} when the engine does not answer in time */
  nextEdgeId(): number {
    return this.#next(this.#edges);
  }

  #next(range: IdRange): number {
    if (range.next >= range.renewAt) this.#renew(range);
    return range.next++;
  }

  /** Half-way through a range more ids are asked for; at its end they are waited for. */
  #renew(range: IdRange): void {
    this.#collect();
    if (range.next === range.end) {
      if (range.spare === undefined) this.#block(range);
      range.takeSpare();
    } else {
      range.renewAt = range.end;
      if (range.spare === undefined) this.#request(range);
    }
  }

  #block(range: IdRange): void {
    while (range.spare === undefined) {
      const isOnItsWay = range.isRequested;
      if (!isOnItsWay) this.#request(range);
      const isGiven = !this.isEngineBusy && this.#mailbox.waitForGrants(this.#requested, MAX_BLOCKED_MS);
      this.#collect();
      if (isGiven && isOnItsWay || range.spare !== undefined) continue;
      throw new IdsNotReadyError(
        "the engine is busy and gave no more ids in time: the transaction is rolled back, and runs again by itself as soon " +
          "as there are some; let this error pass",
        { code: "ids-not-ready" },
      );
    }
  }

  #request(range: IdRange): void {
    if (range.isRequested) return;
    range.isRequested = true;
    range.size = Math.min(range.size * 2, LARGEST_LEASE);
    this.#requested++;
    const isOfNodes = range === this.#nodes;
    this.#mailbox.send({ kind: "lease", nodes: isOfNodes ? range.size : 0, edges: isOfNodes ? 0 : range.size });
  }

  #collect(): void {
    for (const given = this.#mailbox.grantsGiven; this.#taken < given; this.#taken++) {
      const { firstNodeId, endNodeId, firstEdgeId, endEdgeId } = this.#mailbox.grant(this.#taken);
      if (endNodeId > firstNodeId) this.#nodes.give(firstNodeId, endNodeId);
      if (endEdgeId > firstEdgeId) this.#edges.give(firstEdgeId, endEdgeId);
    }
    if (this.#taken === this.#requested) this.#nodes.isRequested = this.#edges.isRequested = false;
  }

  /** Resolves when an insert that found no ids may try again. */
  async more(): Promise<void> {
    this.#collect();
    for (const range of [this.#nodes, this.#edges]) {
      while (range.next === range.end && range.spare === undefined) {
        this.#request(range);
        const granted = Promise.withResolvers<void>();
        this.#waiting.push(granted);
        await granted.promise;
      }
    }
  }

  /** Called when the engine says that it gave ids. */
  granted(): void {
    this.#collect();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Called when the engine could not give ids, or is dead: whoever waits for some is told. */
  failed(error: Error): void {
    this.#collect();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Ids of one sort. */
class IdRange {
  next: number;
  end: number;
  /** Where more are asked for. */
  renewAt: number;
  /** What comes after `end`. */
  spare: { readonly first: number; readonly end: number } | undefined;
  isRequested = false;
  /** Size of the last lease. */
  size: number;

  constructor(first: number, end: number) {
    this.next = first;
    this.end = end;
    this.size = end - first;
    this.renewAt = first + (this.size >> 1);
  }

  give(first: number, end: number): void {
    this.isRequested = false;
    this.spare = { first, end };
  }

  takeSpare(): void {
    const { spare } = this;
    if (spare === undefined) return;
    this.spare = undefined;
    this.next = spare.first;
    this.end = spare.end;
    this.renewAt = spare.first + Math.floor((spare.end - spare.first) / 2);
  }
}
