/** The engine's thread: the only one that writes. It takes transactions and calls from its mailbox and never lets go of it. */

import type { Change, Subscription } from "../backend/change.ts";
import { IoError } from "../backend/errors.ts";
import type { ServedEngine } from "../backend/served_engine.ts";
import { decodeBatches, type NumberedBatch } from "./batch_codec.ts";
import { BatchCommitter } from "./batch_committer.ts";
import { EngineCommands } from "./engine_commands.ts";
import type { EngineOpening, EngineStart, FromEngine, ToEngine } from "./engine_protocol.ts";
import { encodeError } from "./error_codec.ts";
import { EngineMailbox } from "./mailbox.ts";
import { MAX_BATCHES_UNDER_WAY } from "./queue_limits.ts";
import { ServedIngest } from "./served_ingest.ts";
import { markDead } from "./sources.ts";

/** After so long without work the thread lets its event loop turn once: for warnings, finalizers, garbage. */
const IDLE_MS = 100;

/** How long vectors are linked before the next look for messages. */
const LINKING_MS = 1;

/** While there is other work, vectors are linked once in so many steps. */
const STEPS_PER_LINKING = 8;

/** How long the next batch of an ingest waits for transactions that met a conflict, as it would be their next one. */
const REPETITION_MS = 2;

/** Opens a database in this thread and serves it until it is closed. Never throws: the caller is told. */
export async function serveEngine(start: EngineStart): Promise<void> {
  const mailbox = new EngineMailbox(start.port, start.memory);
  const post = (...messages: (FromEngine | EngineOpening)[]) => mailbox.post(messages);
  let engine: ServedEngine;
  try {
    engine = await serve(start);
  } catch (error) {
    post({ kind: "refused", error: encodeError(error) });
    return;
  }
  try {
    const lease = engine.lease(start.firstLease, start.firstLease);
    post({ kind: "opened", handle: engine.handle, lease });
    await new EngineService(engine, mailbox).run();
  } catch (error) {
    markDead(engine.handle);
    // Before anybody is told: he ends this thread, and may open the file again.
    closeQuietly(engine);
    post({ kind: "died", error: encodeError(error) });
  }
}

/** Opens the database. The other storage engine's code is not loaded: opening would take longer. */
async function serve(start: EngineStart): Promise<ServedEngine> {
  if (start.engine === "v3") return (await import("../v3/served.ts")).serveV3(start.path, start.options);
  return (await import("../sqlite/served.ts")).serveSqlite(start.path, start.options);
}

/** Gives the file free: what is wrong with the engine is said without it. */
function closeQuietly(engine: ServedEngine): void {
  try {
    engine.close();
  } catch {
    // The file is as a crash would leave it: the next one to open it recovers it.
  }
}

class EngineService {
  readonly #engine: ServedEngine;
  readonly #mailbox: EngineMailbox;
  readonly #committer: BatchCommitter;
  readonly #commands: EngineCommands;
  /** Messages that wait, in order. */
  readonly #queue: ToEngine[] = [];
  #ingest: ServedIngest | undefined;
  /** Whether an ingest works: no ids can be leased then. */
  #isInTransaction = false;
  /** Whether transactions met conflicts, and are about to be repeated. */
  #hadConflicts = false;
  #subscription: Subscription | undefined;
  /** Changes of commits that the caller was not told of yet. */
  #changes: Change[] = [];
  #hasClosed = false;

  constructor(engine: ServedEngine, mailbox: EngineMailbox) {
    this.#engine = engine;
    this.#mailbox = mailbox;
    this.#committer = new BatchCommitter(engine);
    this.#commands = new EngineCommands(engine, (isObserved) => this.#observe(isObserved));
  }

  /** Works until the database is closed or the caller has given the thread up. */
  async run(): Promise<void> {
    let hasTurned = false;
    let steps = 0;
    while (!this.#hasClosed) {
      if (this.#mailbox.isAbandoned) return closeQuietly(this.#engine);
      this.#receiveAll();
      const hasWork = this.#queue.length > 0 || this.#ingest?.isReady === true;
      if (hasWork) {
        // In turns: an ingest in batches and other work do not wait for each other's end.
        if (this.#queue.length > 0) this.#step();
        if (this.#ingest?.isReady) {
          if (this.#hadConflicts) this.#waitForRepetitions();
          else this.#continueIngest(this.#ingest);
        }
        if (++steps % STEPS_PER_LINKING === 0) this.#linkVectors();
        hasTurned = false;
      } else if (this.#engine.vectors.hasWork) this.#linkVectors();
      else if (!this.#mailbox.wait(hasTurned ? Infinity : IDLE_MS)) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        hasTurned = true;
      }
    }
  }

  /** Links vectors of earlier commits for a while: until then searches compare them one by one. */
  #linkVectors(): void {
    const { vectors } = this.#engine;
    if (!vectors.hasWork) return;
    const end = performance.now() + LINKING_MS;
    vectors.work(() => performance.now() >= end);
  }

  /** Tells the caller which vector indexes are in memory, before he hears of what put them there. */
  #postVectorNews(): void {
    const news = this.#engine.vectors.takeNews();
    if (news !== undefined) this.#mailbox.post([{ kind: "vectorIndexes", ...news }]);
  }

  /** Lets transactions that met a conflict come first, as soon as they do. */
  #waitForRepetitions(): void {
    this.#hadConflicts = false;
    const end = performance.now() + REPETITION_MS;
    for (let left = REPETITION_MS; left > 0 && this.#queue.length === 0; left = end - performance.now()) {
      this.#mailbox.wait(left);
      this.#receiveAll();
    }
  }

  /** Takes what lies in the mailbox. */
  #receiveAll(): void {
    for (;;) {
      const message = this.#mailbox.receive() as ToEngine | undefined;
      if (message === undefined) return;
      // Ids do not wait for their turn: the caller's thread may be blocked until they come.
      if (message.kind === "lease" && !this.#isInTransaction) this.#lease(message.nodes, message.edges);
      else if (this.#ingest === undefined || !this.#ingest.take(message)) this.#queue.push(message);
    }
  }

  #lease(nodes: number, edges: number): void {
    try {
      this.#mailbox.giveGrant(this.#engine.lease(nodes, edges));
      this.#post({ kind: "granted" });
    } catch (error) {
      this.#mailbox.giveGrant({ firstNodeId: 0, endNodeId: 0, firstEdgeId: 0, endEdgeId: 0 });
      this.#post({ kind: "leaseFailed", error: encodeError(error) });
    }
  }

  #post(...answers: FromEngine[]): void {
    const changes = this.#changes;
    if (changes.length > 0) {
      // Before the answers: whoever listens from now on must not be told of commits that he knows of.
      answers.unshift({ kind: "changes", changes });
      this.#changes = [];
    }
    this.#mailbox.post(answers);
  }

  /** Does what is first: all transactions up to the next call at once, or a call. */
  #step(): void {
    const queue = this.#queue;
    const message = queue[0] as ToEngine;
    if (message.kind === "batches") {
      const batches: NumberedBatch[] = [];
      let taken = 0;
      for (; taken < queue.length && batches.length < MAX_BATCHES_UNDER_WAY; taken++) {
        const next = queue[taken] as ToEngine;
        if (next.kind !== "batches") break;
        decodeBatches(next.bytes, batches);
      }
      queue.splice(0, taken);
      this.#commit(batches);
      return;
    }
    queue.shift();
    if (message.kind === "call") this.#call(message);
    else if (message.kind === "lease") this.#lease(message.nodes, message.edges);
    else if (message.kind === "ingest") this.#beginIngest(message);
    // Rows of an ingest that has failed already: its caller has been told.
  }

  #commit(batches: readonly NumberedBatch[]): void {
    const results = this.#committer.commit(batches.map(({ batch }) => batch));
    this.#postVectorNews();
    const committed: number[] = [];
    const answers: FromEngine[] = [];
    let mustSync = false;
    for (const [at, { id, mustSync: isSynced }] of batches.entries()) {
      const result = results[at] as ReturnType<BatchCommitter["commit"]>[number];
      switch (result.kind) {
        case "committed":
          mustSync ||= isSynced;
          committed.push(id, result.lsn);
          break;
        case "unchanged":
          committed.push(id, 0);
          break;
        case "conflict":
          this.#hadConflicts = true;
          answers.push({ kind: "conflict", id, message: result.message });
          break;
        case "failed":
          answers.push({ kind: "failed", id, error: encodeError(result.error) });
      }
    }
    const failure = mustSync ? this.#flush() : undefined;
    if (failure !== undefined) answers.push(...notSynced(batches, committed, failure));
    // Changes go before the outcomes of their commits, so they need a message.
    else if (this.#changes.length > 0 || !this.#mailbox.giveOutcomes(committed)) {
      answers.push({ kind: "committed", results: committed });
    }
    if (answers.length > 0) this.#post(...answers);
  }

  #flush(): unknown {
    try {
      this.#engine.backend.flush();
      return undefined;
    } catch (error) {
      return error ?? new Error("flush failed");
    }
  }

  #call(call: ToEngine & { kind: "call" }): void {
    const answer = this.#commands.run(call, (message) => this.#mailbox.post([message]));
    this.#hasClosed = this.#engine.backend.closed;
    if (!this.#hasClosed) this.#postVectorNews();
    this.#post(answer);
  }

  #beginIngest({ id, options }: ToEngine & { kind: "ingest" }): void {
    this.#ingest = new ServedIngest(id, options, this.#engine, {
      waitForMessages: () => {
        this.#mailbox.wait(Infinity);
        if (this.#mailbox.isAbandoned) throw new Error("nobody sends rows any more");
        this.#receiveAll();
      },
      post: (message) => this.#post(message),
      committed: (lsn, written) => this.#committer.noteCommit(lsn, written),
    });
    // What came after it and was taken for something else before.
    const later = this.#queue.splice(0);
    for (const message of later) if (!this.#ingest.take(message)) this.#queue.push(message);
  }

  /** Runs the next batch of an ingest. */
  #continueIngest(ingest: ServedIngest): void {
    this.#isInTransaction = true;
    const answer = ingest.runBatch();
    this.#isInTransaction = false;
    if (answer === undefined) return;
    this.#ingest = undefined;
    this.#post(answer);
  }

  #observe(isObserved: boolean): void {
    if (isObserved) this.#subscription ??= this.#engine.backend.subscribe({}, (change) => this.#changes.push(change));
    else {
      this.#subscription?.unsubscribe();
      this.#subscription = undefined;
    }
  }
}

/** The answers when transactions were committed and the sync that some of them asked for failed. */
function notSynced(batches: readonly NumberedBatch[], committed: readonly number[], failure: unknown): FromEngine[] {
  const mustSync = new Set(batches.filter((batch) => batch.mustSync).map(({ id }) => id));
  const answers: FromEngine[] = [];
  for (let at = 0; at < committed.length; at += 2) {
    const id = committed[at] as number;
    const lsn = committed[at + 1] as number;
    if (!mustSync.has(id) || lsn === 0) answers.push({ kind: "committed", results: [id, lsn] });
    else {
      const message = `transaction: it is committed as ${lsn}, but could not be made safe against a power cut`;
      const error = new IoError(message, { code: "sync-failed", cause: failure, value: lsn });
      answers.push({ kind: "failed", id, error: encodeError(error) });
    }
  }
  return answers;
}
