/** What most algorithms of this folder read. */

import type { TaskContext } from "../define.ts";

/** Links in compressed sparse rows: a part of an `Adjacency`. */
export interface Rows {
  /** Where each row begins; one more than there are rows. */
  readonly offsets: Uint32Array;
  /** Row at the other end of each link. */
  readonly targets: Uint32Array;
}

/** What may stop a search, and hears how far it is: a part of the context of a task. */
export type Watch = Pick<TaskContext, "throwIfAborted" | "progress" | "total">;
