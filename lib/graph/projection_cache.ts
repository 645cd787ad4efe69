/** Projections of a graph that runs of algorithms may need again. */

import { bytesOf, type ProjectionHandle } from "../projection/mod.ts";

/**
 * Memory of the projections that a graph keeps, counted with all that is made of them on demand: 512 MiB, for example 50 million
 * edges. The least recently used ones go first; one that is larger is not kept.
 */
export const MAX_KEPT_PROJECTION_BYTES: number = 512 * 1024 * 1024;

/** Keeps projections by what they show, and lets those who need the same one at the same time wait for one maker. */
export class ProjectionCache {
  readonly #maxBytes: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, ProjectionHandle>();
  /** Those that are being made: undefined when that failed. */
  readonly #making = new Map<string, Promise<ProjectionHandle | undefined>>();
  #bytes = 0;
  #isClosed = false;

  constructor(maxBytes: number = MAX_KEPT_PROJECTION_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The projection of a key, made unless it is there.
   *
   * @param signal ends waiting for somebody else who makes it
   * @throws what `make` throws
   */
  async get(key: string, signal: AbortSignal, make: () => Promise<ProjectionHandle>): Promise<ProjectionHandle> {
    for (;;) {
      const kept = this.#touch(key);
      if (kept !== undefined) return kept;
      const making = this.#making.get(key);
      if (making === undefined) break;
      // Its maker may have been cancelled; then the first of those who waited makes it.
      const made = await before(signal, making);
      if (made !== undefined) return made;
    }
    const making = make();
    this.#making.set(key, making.catch(() => undefined));
    try {
      const made = await making;
      this.#keep(key, made);
      return made;
    } finally {
      this.#making.delete(key);
    }
  }

  /** Drops all of them, for good. */
  close(): void {
    this.#isClosed = true;
    this.#kept.clear();
    this.#bytes = 0;
  }

  #touch(key: string): ProjectionHandle | undefined {
    const handle = this.#kept.get(key);
    if (handle === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, handle);
    return handle;
  }

  #keep(key: string, handle: ProjectionHandle): void {
    const bytes = bytesOf(handle);
    if (this.#isClosed || bytes > this.#maxBytes) return;
    this.#kept.set(key, handle);
    this.#bytes += bytes;
    for (const [oldest, dropped] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytesOf(dropped);
    }
  }
}

/** The result of work, unless a signal comes first: then its reason is thrown. */
async function before<R>(signal: AbortSignal, work: Promise<R>): Promise<R> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
