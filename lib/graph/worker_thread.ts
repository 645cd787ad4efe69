/** Threads of our own, as the thread that starts them sees them. */

import { type Transferable, Worker } from "node:worker_threads";
import { GraphError, UnsupportedError } from "../backend/errors.ts";
import { isInExecutable } from "../backend/executable.ts";
import { READY, refuseInThread, type ThreadRole } from "./thread_start.ts";

/** A thread, as the one that started it sees it. */
export interface WorkerThread {
  /** Sends a message. */
  post(message: unknown, transfer?: readonly Transferable[]): void;
  /** Called with every message of the thread. Messages that arrive before it is set wait for it. */
  onMessage: (message: unknown) => void;
  /** Called once when the thread ends, however it ends: with the error that ended it, or undefined. */
  onExit: (error: unknown) => void;
  /** Ends the thread. Deno does not stop one that is computing: it must be told by shared memory before. */
  terminate(): Promise<void>;
  /** Keeps the process alive until `unref`. */
  ref(): void;
  /** Lets the process end while the thread runs, as it may from the start. */
  unref(): void;
}

/** How to start a thread. */
export interface ThreadOptions {
  /** Module that imports `@sqlitegraph/sqlitegraph/worker`: needed where ours have no URL of their own. */
  readonly worker?: URL | undefined;
  /** Objects of `data` that move to the thread. */
  readonly transfer?: readonly Transferable[] | undefined;
}

// Evaluated as CommonJS on every runtime, from a file, from a URL and in an executable alike. A reader is ready when its
// entry, with all that it imports, has run; an engine says so itself, because it may never leave its entry again.
const BOOTSTRAP = `
const { parentPort, workerData } = require("node:worker_threads");
globalThis[Symbol.for("sqlitegraph.thread")] = workerData.role;
import(workerData.entry).then(
  () => workerData.role === "reader" && parentPort.postMessage("${READY}"),
  (error) => {
    const { name, message = String(error), stack, code } = error ?? {};
    parentPort.postMessage({ "${READY}": { name, message, stack, code } });
  },
);`;

/**
 * Starts a thread and waits until it is ready. It does not keep the process alive afterwards.
 *
 * @throws {UnsupportedError} inside one of our threads, and in a compiled program without `worker`
 * @throws what its entry threw while it was loaded
 */
export async function startThread(role: ThreadRole, data: unknown, options: ThreadOptions = {}): Promise<WorkerThread> {
  refuseInThread("startThread");
  const entry = options.worker?.href ?? entryOf(role).href;
  const transferList = [...options.transfer ?? []];
  const worker = new Worker(BOOTSTRAP, { eval: true, workerData: { entry, role, data }, transferList });
  const thread = new StartedThread(worker);
  await thread.ready;
  worker.unref();
  return thread;
}

/** URL of the module that a thread starts with. Throws where it has none: in an executable. */
export function entryOf(role: ThreadRole): URL {
  if (!isInExecutable(import.meta.url)) {
    return new URL(`../../workers/${role}.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);
  }
  throw new UnsupportedError(
    'a compiled program needs an entry for its threads: write worker.ts with import "@sqlitegraph/sqlitegraph/worker"; and ' +
      'imports of the modules that define tasks, open with { worker: new URL("./worker.ts", import.meta.url) }, and build ' +
      "with: bun build --compile main.ts worker.ts",
    { code: "worker-entry-needed", field: "worker" },
  );
}

class StartedThread implements WorkerThread {
  onExit: (error: unknown) => void = () => {};
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #early: unknown[] = [];
  #onMessage: ((message: unknown) => void) | undefined;
  #isReady = false;
  #hasEnded = false;
  #error: unknown;

  constructor(worker: Worker) {
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    worker.on("message", (message: unknown) => {
      if (this.#isReady) return this.#receive(message);
      const failure = failureOf(message);
      this.#isReady = message === READY;
      if (this.#isReady) resolve();
      else if (failure === undefined) this.#receive(message);
      else {
        reject(failure);
        void worker.terminate();
      }
    });
    const end = (error: unknown) => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      reject(error ?? new GraphError("a thread ended before it was ready", { code: "worker-died" }));
      this.onExit(error);
    };
    worker.on("messageerror", (error: unknown) => this.#error ??= error);
    worker.on("error", (error: unknown) => {
      this.#error ??= error;
      end(error);
    });
    worker.on("exit", () => end(this.#error));
  }

  get onMessage(): (message: unknown) => void {
    return this.#onMessage ?? (() => {});
  }

  set onMessage(listener: (message: unknown) => void) {
    this.#onMessage = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  #receive(message: unknown): void {
    if (this.#onMessage === undefined) this.#early.push(message);
    else this.#onMessage(message);
  }

  post(message: unknown, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  ref(): void {
    this.#worker.ref();
  }

  unref(): void {
    this.#worker.unref();
  }
}

/** The error that kept an entry from being loaded, if that is what the message tells. */
function failureOf(message: unknown): Error | undefined {
  if (typeof message !== "object" || message === null || !(READY in message)) return undefined;
  const { message: text, ...rest } = message[READY] as {
    message: string;
    name?: string;
    stack?: string;
    code?: unknown;
  };
  return Object.assign(
    new Error(text),
    Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  );
}
