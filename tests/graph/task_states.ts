/** States for the tests of tasks: a few neighbours, without a database. */

import type { ReadStore } from "../../lib/backend/store.ts";
import type { BorrowedSource, HeldState } from "../../lib/backend/state_source.ts";
import { ClosedError } from "../../lib/backend/errors.ts";

/** Neighbours of the nodes 1, 2, ... */
export type Neighbors = readonly (readonly number[])[];

/** A state that tells when it was released. */
export interface WatchedState extends HeldState {
  readonly released: Promise<void>;
}

/** Holds neighbours as a graph's state. */
export function heldState(neighbors: Neighbors): WatchedState {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isReleased = false;
  return {
    lsn: 1,
    timeMs: 0,
    isPast: false,
    store: storeOf(neighbors, () => false),
    share: () => Promise.resolve(neighbors),
    get isReleased() {
      return isReleased;
    },
    release() {
      if (isReleased) throw new Error("released twice");
      isReleased = true;
      resolve();
    },
    released: promise,
  };
}

/** Borrows what `heldState` shared. */
export const borrowedStates: BorrowedSource = {
  borrow(shared, isRevoked) {
    let isReleased = false;
    return {
      lsn: 1,
      timeMs: 0,
      isPast: false,
      store: storeOf(shared as Neighbors, isRevoked),
      share: () => Promise.reject(new Error("a borrowed state is not shared again")),
      get isReleased() {
        return isReleased || isRevoked();
      },
      release() {
        isReleased = true;
      },
    };
  },
  close() {},
};

function storeOf(neighbors: Neighbors, isRevoked: () => boolean): ReadStore {
  const live = () => {
    if (isRevoked()) throw new ClosedError("the state was revoked", { code: "snapshot-released" });
    return neighbors;
  };
  const store: Pick<ReadStore, "lsn" | "neighbors" | "nodeExists" | "countNodes"> = {
    lsn: 1,
    neighbors: (id) => [...live()[id - 1] ?? []],
    nodeExists: (id) => live()[id - 1] !== undefined,
    countNodes: () => live().length,
  };
  return store as ReadStore;
}
