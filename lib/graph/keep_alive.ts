/** Keeps the process alive while a thread works for it: threads, their ports and `Atomics.waitAsync` do not. */

/** The longest delay of a timer. */
const LONG_MS = 2 ** 31 - 1;

let pending = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Waits for a promise with the process kept alive. */
export async function keepAlive<R>(promise: Promise<R>): Promise<R> {
  timer ??= setInterval(() => {}, LONG_MS);
  pending++;
  try {
    return await promise;
  } finally {
    if (--pending === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }
}
