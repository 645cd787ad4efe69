/** A thread that borrows states, for `shared_source_test.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import type { GraphError } from "../../lib/backend/errors.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { borrowSqlite } from "../../lib/sqlite/shared_source.ts";
import { contentOf } from "../contract/graph_of.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";

/** What the thread is asked for. */
export type Order =
  | { readonly call: "borrow"; readonly shared: unknown; readonly revoked: Int32Array }
  | { readonly call: "read" | "release" | "close" };

const source = borrowSqlite(workerData);
let state: HeldState | undefined;

function answer(order: Order): unknown {
  if (order.call === "borrow") {
    state = source.borrow(order.shared, () => Atomics.load(order.revoked, 0) !== 0);
    return { lsn: state.lsn, timeMs: state.timeMs, isPast: state.isPast, isReleased: state.isReleased };
  }
  if (order.call === "close") return source.close();
  if (state === undefined) return undefined;
  if (order.call === "release") return state.release();
  return contentOf(new CheckedSnapshot(state, 0) as unknown as GraphReader);
}

parentPort?.on("message", (order: Order) => {
  try {
    parentPort?.postMessage({ value: answer(order) });
  } catch (error) {
    parentPort?.postMessage({ code: (error as GraphError).code, message: String(error) });
  }
});
