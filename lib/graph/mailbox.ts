/** Messages between the caller's thread and the engine's, which sleeps in shared memory instead of an event loop.
 *
 *   caller                                         engine
 *   port.postMessage; wake += 1; notify   ->       Atomics.wait on wake; receiveMessageOnPort
 *   port.on("message")                    <-       port.postMessage
 *   takeOutcomes, while it looks          <-       giveOutcomes
 *
 *   words (i32)     0 wake   1 abandoned   2 grants given so far   3 whether the caller looks   4 outcomes given   5 taken
 *                   6 messages that the engine has received
 *   grants (f64)    4 places of 4 numbers: first and end of the leased node ids, first and end of the edge ids
 *   outcomes (f64)  64 places of 2 numbers: a transaction and its commit
 */

import { type MessagePort, receiveMessageOnPort, type Transferable } from "node:worker_threads";
import type { IdLease } from "../backend/served_engine.ts";

/** The memory that both threads see. */
export interface MailboxMemory {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly grants: Float64Array<SharedArrayBuffer>;
  readonly outcomes: Float64Array<SharedArrayBuffer>;
}

const WAKE = 0;
const ABANDONED = 1;
const GRANTS = 2;
const LOOKS = 3;
const GIVEN = 4;
const TAKEN = 5;
const RECEIVED = 6;

const WORD_COUNT = 8;
/** More than the caller ever has requested at once. */
const GRANT_PLACES = 4;
const GRANT_NUMBERS = 4;
const OUTCOME_PLACES = 64;
const OUTCOME_NUMBERS = 2;

/** How long the engine looks for the next message before it sleeps: waking a sleeper costs as much again. */
const SPIN_MS = 0.05;
/** Looks at the word between two looks at the clock. */
const SPIN_LOOKS = 100;

/** Makes the memory of a mailbox. */
export function mailboxMemory(): MailboxMemory {
  const numbers = (count: number) => new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT));
  return {
    words: new Int32Array(new SharedArrayBuffer(WORD_COUNT * Int32Array.BYTES_PER_ELEMENT)),
    grants: numbers(GRANT_PLACES * GRANT_NUMBERS),
    outcomes: numbers(OUTCOME_PLACES * OUTCOME_NUMBERS),
  };
}

/** The caller's side. */
export class CallerMailbox {
  readonly #port: MessagePort;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #grants: Float64Array<SharedArrayBuffer>;
  readonly #outcomes: Float64Array<SharedArrayBuffer>;
  #sent = 0;

  /** `onMessage` is called with every message of the engine. The port does not keep the process alive until `ref`. */
  constructor(port: MessagePort, { words, grants, outcomes }: MailboxMemory, onMessage: (message: unknown) => void) {
    this.#port = port;
    this.#words = words;
    this.#grants = grants;
    this.#outcomes = outcomes;
    port.on("message", onMessage);
    port.unref();
  }

  /** Sends a message and wakes the engine. */
  send(message: unknown, transfer: Transferable[] = []): void {
    this.#sent = (this.#sent + 1) | 0;
    this.#port.postMessage(message, transfer);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#words, WAKE, 1);
    Atomics.notify(this.#words, WAKE);
  }

  /** Number of grants that the engine has given so far. */
  get grantsGiven(): number {
    return Atomics.load(this.#words, GRANTS);
  }

  /** Blocks this thread until the engine has given so many grants; false when that took too long. */
  waitForGrants(count: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    for (let given = this.grantsGiven; given < count; given = this.grantsGiven) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.#words, GRANTS, given, left);
    }
    return true;
  }

  /** A grant, by its number from 0: one of the last four. */
  grant(index: number): IdLease {
    const at = index % GRANT_PLACES * GRANT_NUMBERS;
    const [firstNodeId, endNodeId, firstEdgeId, endEdgeId] = this.#grants.subarray(at, at + GRANT_NUMBERS);
    return { firstNodeId, endNodeId, firstEdgeId, endEdgeId } as IdLease;
  }

  /** Whether the engine has received everything that was sent. */
  get isReceived(): boolean {
    return Atomics.load(this.#words, RECEIVED) === this.#sent;
  }

  /** Says whether this thread looks for outcomes in shared memory now. After it has stopped, it must look once more. */
  setLooking(looks: boolean): void {
    Atomics.store(this.#words, LOOKS, looks ? 1 : 0);
  }

  /** Takes the outcomes that were given since the last time. */
  takeOutcomes(take: (transactionId: number, lsn: number) => void): void {
    const given = Atomics.load(this.#words, GIVEN);
    for (let taken = Atomics.load(this.#words, TAKEN); taken !== given; taken = (taken + 1) | 0) {
      const at = (taken & (OUTCOME_PLACES - 1)) * OUTCOME_NUMBERS;
      const [id, lsn] = [this.#outcomes[at] as number, this.#outcomes[at + 1] as number];
      Atomics.store(this.#words, TAKEN, (taken + 1) | 0);
      take(id, lsn);
    }
  }

  /** Keeps the process alive until `unref`. */
  ref(): void {
    this.#port.ref();
  }

  /** Lets the process end. */
  unref(): void {
    this.#port.unref();
  }

  /** Tells the engine that nobody listens any more, and closes the port. */
  abandon(): void {
    Atomics.store(this.#words, ABANDONED, 1);
    this.#wake();
    this.#port.close();
  }
}

/** The engine's side. */
export class EngineMailbox {
  readonly #port: MessagePort;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #grants: Float64Array<SharedArrayBuffer>;
  readonly #outcomes: Float64Array<SharedArrayBuffer>;
  #seen = 0;
  #isActive = false;

  constructor(port: MessagePort, { words, grants, outcomes }: MailboxMemory) {
    this.#port = port;
    this.#words = words;
    this.#grants = grants;
    this.#outcomes = outcomes;
  }

  /** Whether the caller has given this thread up. */
  get isAbandoned(): boolean {
    return Atomics.load(this.#words, ABANDONED) !== 0;
  }

  /** Takes a message, or undefined when none is there. */
  receive(): unknown {
    // Before the look into the port: a message that comes later then ends the next wait at once.
    const wake = Atomics.load(this.#words, WAKE);
    const received = receiveMessageOnPort(this.#port) as { message: unknown } | undefined;
    if (received === undefined) this.#seen = wake;
    else {
      this.#isActive = true;
      Atomics.add(this.#words, RECEIVED, 1);
    }
    return received?.message;
  }

  /** To be called after `receive` gave nothing: waits for more; false after `timeoutMs`. */
  wait(timeoutMs: number): boolean {
    if (this.#isActive) {
      this.#isActive = false;
      const end = performance.now() + SPIN_MS;
      do {
        for (let look = 0; look < SPIN_LOOKS; look++) {
          if (Atomics.load(this.#words, WAKE) !== this.#seen) return true;
        }
      } while (performance.now() < end);
    }
    return Atomics.wait(this.#words, WAKE, this.#seen, timeoutMs) !== "timed-out";
  }

  /** Sends a message to the caller. */
  post(message: unknown): void {
    this.#port.postMessage(message);
  }

  /**
   * Gives outcomes (transaction, commit, transaction, commit ...) to a caller that looks for them: no message, no waking up.
   *
   * @returns whether the caller will see them; else they must be posted, and it may see them twice
   */
  giveOutcomes(outcomes: readonly number[]): boolean {
    if (Atomics.load(this.#words, LOOKS) === 0) return false;
    const given = Atomics.load(this.#words, GIVEN);
    const waiting = (given - Atomics.load(this.#words, TAKEN)) | 0;
    const count = outcomes.length / OUTCOME_NUMBERS;
    if (waiting + count > OUTCOME_PLACES) return false;
    for (let place = 0; place < count; place++) {
      const at = ((given + place) & (OUTCOME_PLACES - 1)) * OUTCOME_NUMBERS;
      this.#outcomes[at] = outcomes[OUTCOME_NUMBERS * place] as number;
      this.#outcomes[at + 1] = outcomes[OUTCOME_NUMBERS * place + 1] as number;
    }
    Atomics.store(this.#words, GIVEN, (given + count) | 0);
    // A caller that stops looking says so first and looks once more second.
    return Atomics.load(this.#words, LOOKS) === 1;
  }

  /** Gives ids to the caller, who may be blocked until they come. */
  giveGrant({ firstNodeId, endNodeId, firstEdgeId, endEdgeId }: IdLease): void {
    const at = Atomics.load(this.#words, GRANTS) % GRANT_PLACES * GRANT_NUMBERS;
    this.#grants.set([firstNodeId, endNodeId, firstEdgeId, endEdgeId], at);
    Atomics.add(this.#words, GRANTS, 1);
    Atomics.notify(this.#words, GRANTS);
  }

  /** Closes the port. */
  close(): void {
    this.#port.close();
  }
}
