/** Differences between two commits, page by page from the engine's thread. */

import type { Difference } from "../backend/care.ts";
import type { EngineCalls } from "./engine_protocol.ts";

/** Sends a call to the engine. */
type Call = <N extends "beginDiff" | "nextDiff" | "endDiff">(
  name: N,
  args: Parameters<EngineCalls[N]>,
) => Promise<ReturnType<EngineCalls[N]>>;

/** Ends comparisons that were left without `return`: they keep both commits. */
const abandoned = new FinalizationRegistry<() => void>((end) => end());

/** Compares two commits; begins with the first step. */
export function readDifferences(call: Call, fromLsn: number, toLsn: number): AsyncIterableIterator<Difference> {
  const comparison: { id: number | undefined } = { id: undefined };
  const end = async () => {
    const { id } = comparison;
    comparison.id = undefined;
    // Where the graph was closed meanwhile there is nothing left to end.
    if (id !== undefined) await call("endDiff", [id]).catch(() => {});
  };
  const iterator = differences(call, fromLsn, toLsn, comparison, end);
  abandoned.register(iterator, () => void end());
  return iterator;
}

async function* differences(
  call: Call,
  fromLsn: number,
  toLsn: number,
  comparison: { id: number | undefined },
  end: () => Promise<void>,
): AsyncGenerator<Difference, void> {
  const id = await call("beginDiff", [fromLsn, toLsn]);
  comparison.id = id;
  try {
    for (;;) {
      const page = await call("nextDiff", [id]);
      if (page.length === 0) {
        comparison.id = undefined;
        return;
      }
      for (const difference of page) yield difference;
    }
  } finally {
    await end();
  }
}
