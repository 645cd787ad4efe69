/** Whether a function of the user returned its result, or a promise of it. */

/** Whether a value is a promise, or another object that can be awaited like one. */
export function isPromiseLike<R>(value: R | PromiseLike<R>): value is PromiseLike<R> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
