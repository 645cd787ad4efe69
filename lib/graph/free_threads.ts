/** Who may use how many threads of a pool. */

interface Request {
  readonly threads: number;
  readonly grant: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Counts the free threads of a pool and gives them out in the order of the requests: one for several threads waits until so
 * many are free at once, and those behind it wait too, so it is never overtaken for ever.
 */
export class FreeThreads {
  #free: number;
  readonly #requests: Request[] = [];

  /** All are free. */
  constructor(threads: number) {
    this.#free = threads;
  }

  /** Waits for so many threads. The signal ends the waiting with its reason. */
  async take(threads: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request: Request = { threads, grant: resolve, refuse: reject };
    const leave = () => {
      this.#remove(request);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave);
    this.#requests.push(request);
    this.#serve();
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
    if (!signal?.aborted) return;
    this.giveBack(threads);
    throw signal.reason;
  }

  /** Gives threads back. */
  giveBack(threads: number): void {
    this.#free += threads;
    this.#serve();
  }

  #remove(request: Request): void {
    const at = this.#requests.indexOf(request);
    if (at < 0) return;
    this.#requests.splice(at, 1);
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#requests[0]; first !== undefined && first.threads <= this.#free; first = this.#requests[0]) {
      this.#requests.shift();
      this.#free -= first.threads;
      first.grant();
    }
  }
}
