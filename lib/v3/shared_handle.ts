/** What the thread that writes a V3 graph tells the threads that read it. */

import { CONTROL, type SharedMemoryHandle } from "../snapshot/shared_memory.ts";

/** What a thread needs to read a V3 graph: cloneable by `postMessage`. */
export interface V3Handle {
  readonly backend: "v3";
  /** The file as the user named it. */
  readonly name: string;
  /** Its real path; none in memory. */
  readonly path: string | undefined;
  /** Part of every checksum. */
  readonly fileSeed: number;
  readonly memory: SharedMemoryHandle;
}

/** Why nothing can be read any more, in the control words of the memory. */
export const DEAD = { closed: 1, died: 2 } as const;

/** Makes every state of a graph unreadable, on all threads: its engine has ended. */
export function markDead(handle: unknown, how: keyof typeof DEAD = "died"): void {
  const control = new Int32Array((handle as V3Handle).memory.control);
  Atomics.compareExchange(control, CONTROL.dead, 0, DEAD[how]);
  Atomics.notify(control, CONTROL.historyEpoch);
}
