/** How a test sees errors that are reported as uncaught, without letting them end the test run. */

/**
 * Runs a function and returns what it reported as uncaught, through any of the platform's ways: `reportError`, or a throw
 * from a microtask or a timer. (The listeners for uncaught errors themselves are the test runner's.)
 */
export async function uncaughtErrors(run: () => void): Promise<unknown[]> {
  const errors: unknown[] = [];
  const { reportError, queueMicrotask, setTimeout } = globalThis;
  const guarded = (callback: () => void) => () => {
    try {
      callback();
    } catch (error) {
      errors.push(error);
    }
  };
  globalThis.reportError = (error) => void errors.push(error);
  globalThis.queueMicrotask = (callback) => queueMicrotask(guarded(callback));
  globalThis.setTimeout =
    ((callback: () => void, ...rest: number[]) => setTimeout(guarded(callback), ...rest)) as typeof setTimeout;
  try {
    run();
    await new Promise((resolve) => setTimeout(() => resolve(undefined), 1));
  } finally {
    Object.assign(globalThis, { reportError, queueMicrotask, setTimeout });
  }
  return errors;
}
