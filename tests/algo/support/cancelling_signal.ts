/** A signal for work that nothing can interrupt: it counts how often it is looked at. */

/** A signal whose third look throws a `RangeError` "cancelled": who passes it looks while it works, not only when it begins. */
export function cancellingSignal(): AbortSignal {
  let looks = 0;
  const signal = {
    aborted: false,
    throwIfAborted() {
      if (++looks === 3) throw new RangeError("cancelled");
    },
  };
  return signal as unknown as AbortSignal;
}
