/** States of a V3 graph that another thread holds, read in a thread of the pool. */

import type { BorrowedSource, HeldState } from "../backend/state_source.ts";
import { decodeRoot } from "./root_entry.ts";
import { SharedAccess, SharedHeldState, type SharedV3State } from "./shared_access.ts";
import type { V3Handle } from "./shared_handle.ts";

/** The states as a thread of the pool reads them. `handle` is that of `serveV3`. */
export function borrowV3(handle: unknown): BorrowedSource {
  const access = new SharedAccess(handle as V3Handle);
  return {
    borrow(shared: unknown, isRevoked: () => boolean): HeldState {
      access.requireAlive();
      const { entry, isPast, vectors } = shared as SharedV3State;
      const { state } = decodeRoot(entry);
      access.vectors.add(vectors);
      return new SharedHeldState(access, state, access.storeOf(state, isPast), isPast, { isRevoked });
    },
    close() {
      access.close();
    },
  };
}
