/** What the threads of a run and the thread that waits for it tell each other, in shared memory. */

/** Why the threads are to stop: one word, because every read of a state asks. */
const STOPPED = 0;
/** Changes whenever anything changes that a thread may be waiting for. */
const WAKE = 1;
const ARRIVED = 2;
const GENERATION = 3;
const LEFT = 4;
const WORDS_BYTES = 32;

/** Bits of the word that says why. */
const WHY = { cancelled: 1, revoked: 2 } as const;

/** Index of the first worker's count among the floating-point numbers; the total is before it. */
const COUNTS = 1;

/** A thread that comes last wakes the others in about 45 us; threads that are about as fast meet sooner by looking. */
const SPINS = 2_000;

/** How waiting ended. */
export type WaitResult = "done" | "cancelled" | "left";

/** State of one run. Every thread makes its own over the same buffer. */
export class RunControl {
  /** The memory, to be sent to the threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #counts: Float64Array<SharedArrayBuffer>;

  /** Of a number of threads, or over the buffer that another thread made. */
  constructor(from: number | SharedArrayBuffer) {
    this.buffer = typeof from === "number" ? new SharedArrayBuffer(WORDS_BYTES + 8 * (COUNTS + from)) : from;
    this.#words = new Int32Array(this.buffer, 0, WORDS_BYTES / 4);
    this.#counts = new Float64Array(this.buffer, WORDS_BYTES);
  }

  /** Whether the run was cancelled. */
  get isCancelled(): boolean {
    return (Atomics.load(this.#words, STOPPED) & WHY.cancelled) !== 0;
  }

  /** Whether the state that the run reads is given up, or will be as soon as its threads have noticed. Hot. */
  get isRevoked(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  /** Tells the threads to stop. */
  cancel(): void {
    Atomics.or(this.#words, STOPPED, WHY.cancelled);
    this.wake();
  }

  /** Tells the threads that the state is given up: the run is over. */
  revoke(): void {
    Atomics.or(this.#words, STOPPED, WHY.revoked);
    this.wake();
  }

  /** Tells the other threads that this one ended. */
  leave(): void {
    Atomics.add(this.#words, LEFT, 1);
    this.wake();
  }

  /** Wakes the threads that wait, to look again. */
  wake(): void {
    Atomics.add(this.#words, WAKE, 1);
    Atomics.notify(this.#words, WAKE);
  }

  /** Waits until so many threads have called it. */
  barrier(workers: number): WaitResult {
    // Not only cheaper: the runs of a map, each of which is alone, have one control.
    if (workers === 1) return this.isRevoked ? "cancelled" : "done";
    const words = this.#words;
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) === workers - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      this.wake();
      return this.isCancelled ? "cancelled" : "done";
    }
    for (let spin = 0; spin < SPINS && Atomics.load(words, GENERATION) === generation; spin++);
    return this.waitUntil(() => Atomics.load(words, GENERATION) !== generation);
  }

  /** Waits until something that another thread tells with `wake` is so. */
  waitUntil(isDone: () => boolean): WaitResult {
    const words = this.#words;
    while (true) {
      const wake = Atomics.load(words, WAKE);
      if (this.isRevoked) return "cancelled";
      // Loaded before the condition: the thread that made it true may have ended since.
      const left = Atomics.load(words, LEFT);
      if (isDone()) return "done";
      if (left > 0) return "left";
      Atomics.wait(words, WAKE, wake);
    }
  }

  /** Adds to the units that one thread has done. Its count is its own, so nothing is lost. */
  add(worker: number, units: number): void {
    const at = COUNTS + worker;
    this.#counts[at] = (this.#counts[at] as number) + units;
  }

  /** Units that all threads have done. */
  get done(): number {
    let sum = 0;
    for (let at = COUNTS; at < this.#counts.length; at++) sum += this.#counts[at] as number;
    return sum;
  }

  /** Units in all; 0 when no thread has said. */
  get total(): number {
    return this.#counts[0] as number;
  }

  set total(units: number) {
    this.#counts[0] = units;
  }
}
