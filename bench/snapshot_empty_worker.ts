/** A worker that does nothing but wait until so many of them are here: what a thread takes by itself. */

/** Words that all threads of a pool share. */
export interface Meeting {
  readonly arrived: Int32Array<SharedArrayBuffer>;
  readonly threads: number;
}

/** Waits for the others. */
export default function meet({ arrived, threads }: Meeting): void {
  if (Atomics.add(arrived, 0, 1) + 1 === threads) {
    Atomics.store(arrived, 1, 1);
    Atomics.notify(arrived, 1);
    return;
  }
  Atomics.wait(arrived, 1, 0);
}
