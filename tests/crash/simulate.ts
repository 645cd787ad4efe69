/** One run of the crash simulator: random work on a database whose machine loses its power, whose process dies and whose files
 * fail, compared with a model after every step and after every recovery. Everything follows from one number, the seed.
 */

import { GraphError, IoError, NotFoundError } from "../../lib/backend/errors.ts";
import type { Durability } from "../../lib/backend/care.ts";
import { contentOf, type FullContent } from "./content.ts";
import { difference, expect, expectEqual, expectSound, Mismatch } from "./compare.ts";
import { damageFiles } from "./damage.ts";
import type { Engine, EngineOptions, OpenEngine } from "./engine.ts";
import { crashSoon, describeFaults, disturbFiles, isDataSync } from "./disturbance.ts";
import type { MetFault } from "./fault.ts";
import { FaultFileSystem } from "./fault_file_system.ts";
import { type Ending, History } from "./history.ts";
import { Material } from "./material.ts";
import { ReaderProcess } from "./reader_process.ts";
import { Rng } from "./rng.ts";
import { SimulatedDisk } from "./simulated_disk.ts";
import { attempt, COPY_PATH, type Step, type Surroundings, Workload } from "./workload.ts";

/** What to run. */
export interface SimulationOptions {
  /** Everything follows from it. */
  readonly seed: number;
  /** The engine. */
  readonly open: OpenEngine;
  /** Note every file call, for the message of a failure. */
  readonly trace?: boolean;
  /** Only runs of this sort; default: the seed decides. */
  readonly sort?: Sort;
  /** Works with transactions that are too big for the log, and with few others; a run takes some seconds. */
  readonly isHuge?: boolean;
  /** Changes the first machine, for tests of the simulator itself. */
  readonly prepare?: (files: FaultFileSystem) => void;
}

/** What goes wrong in a run: processes and machines end, files fail, or bytes change while nobody looks. */
export type Sort = "crash" | "error" | "damage";

/** What a run did. */
export interface SimulationSummary {
  readonly sort: Sort;
  readonly durability: Durability;
  /** How many steps of work. */
  readonly steps: number;
  /** What was under way at each crash, and how the process ended: `checkpoint power`. */
  readonly crashes: readonly string[];
  /** Errors that a call threw because its files failed: step and fault. */
  readonly errors: readonly string[];
  /** Damaged files that were found to be, and damages that no answer showed. */
  readonly damages: { readonly found: number; readonly harmless: number };
  /** Files that are left besides the database after its last close. */
  readonly leftOver: readonly string[];
}

/** A run that found something. The message says how to run it again. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
}

/** Runs one seed. @throws {SimulationFailure} when the engine did something that it must not do */
export function simulate(options: SimulationOptions): SimulationSummary {
  return new Simulation(options).run();
}

const PATH = "/db/test.graph";
const START_MS = Date.UTC(2026, 0, 1);
const KIB = 1024;
/** A recovery is crashed so often, at most, before it is left to end. */
const MAX_CRASHES_IN_RECOVERY = 3;
const SHOWN_STEPS = 20;
const SHOWN_CALLS = 150;

class Simulation implements Surroundings {
  readonly rng: Rng;
  readonly material: Material;
  readonly history: History;
  readonly readers: ReaderProcess[] = [];
  readonly keptCommits: number;
  readonly isCheckpointSafe: boolean;
  readonly #isHuge: boolean;
  nowMs = START_MS;
  copies = 0;
  readonly #seed: number;
  /** What else must be told to run the same again. */
  readonly #flags: string;
  readonly #openEngine: OpenEngine;
  readonly #sort: Sort;
  readonly #durability: Durability;
  readonly #options: Omit<EngineOptions, "fileSystem" | "clock">;
  /** Decides what goes wrong; the work has its own numbers, so that it stays the same. */
  readonly #fate: Rng;
  #files: FaultFileSystem;
  #db: Engine | undefined;
  #workload: Workload | undefined;
  #step = "create";
  #steps = 0;
  #stepsUntilSpace = 0;
  #wasOpen = false;
  /** A process died while it made the file: the name may be lost as long as nothing in it is promised. */
  #isNameUnsafe = false;
  /** Faults that the open database met and told nobody of. */
  #quietFaults: MetFault[] = [];
  readonly #log: string[] = [];
  readonly #crashes: string[] = [];
  readonly #errors: string[] = [];
  #damages = { found: 0, harmless: 0 };

  constructor({ seed, open, trace = false, sort, isHuge = false, prepare }: SimulationOptions) {
    const root = new Rng(seed);
    this.#seed = seed;
    this.#flags = (sort === undefined ? "" : ` --sort ${sort}`) + (isHuge ? " --huge" : "");
    this.#openEngine = open;
    this.rng = root.fork();
    this.#fate = root.fork();
    this.material = new Material(root.fork());
    const drawnSort = root.weighted({ crash: 6, error: 3, damage: 1 });
    this.#sort = sort ?? drawnSort;
    this.#durability = root.weighted({ full: 5, normal: 3, off: 2 });
    this.#isHuge = isHuge;
    this.isCheckpointSafe = this.#durability !== "off";
    this.keptCommits = root.chance(0.3) ? root.between(1, 12) : 0;
    this.#options = {
      durability: this.#durability,
      cacheBytes: root.pick([1_024, 2_048]) * KIB,
      logLimitBytes: root.pick([32, 128, 1_024]) * KIB,
      sortMemoryBytes: root.pick([32, 1_024]) * KIB,
      kvCheckpointBytes: root.pick([4, 1_024]) * KIB,
      ...(this.keptCommits > 0 ? { retention: { commits: this.keptCommits } } : {}),
    };
    this.history = new History(this.#durability);
    this.#files = new FaultFileSystem(new SimulatedDisk(), root.fork());
    if (trace) this.#files.trace = [];
    prepare?.(this.#files);
  }

  run(): SimulationSummary {
    try {
      return this.#live();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #live(): SimulationSummary {
    if (this.#fate.chance(0.3)) this.#disturb(60);
    this.#bringUp("close");
    const rounds = this.#fate.between(1, 3);
    for (let round = 0; round < rounds; round++) this.#round();
    if (this.#sort === "damage") {
      const olderDisk = this.#files.disk.copy();
      this.#round();
      this.#damage(olderDisk);
    }
    return this.#end();
  }

  note(text: string): void {
    this.#log.push(`   ${text}`);
    this.#files.trace?.push(`    ${text}`);
  }

  openReader(path: string): { readonly files: FaultFileSystem; readonly db: Engine } {
    const files = new FaultFileSystem(this.#files.disk, this.rng.fork());
    files.trace = this.#files.trace;
    return { files, db: this.#open(files, path, true) };
  }

  startReader(interrupt?: () => void): void {
    const files = new FaultFileSystem(this.#files.disk, this.rng.fork());
    files.trace = this.#files.trace;
    const failures: unknown[] = [];
    if (interrupt !== undefined) files.interrupt(this.rng.skewed(1, 30), () => attempt(interrupt, failures));
    const db = this.#open(files, PATH, true);
    files.calm();
    if (failures.length > 0) {
      db.close();
      throw failures[0];
    }
    const reader = new ReaderProcess(files, db, this.history, () => this.nowMs);
    this.readers.push(reader);
    this.note(`new ${reader}`);
    if (this.rng.chance(0.3)) reader.check();
  }

  /** Works for a while, with something that goes wrong in the midst of it, and begins anew. */
  #round(): void {
    const steps = this.#isHuge ? 4 : this.rng.between(5, 22);
    const disturbed = this.#sort === "damage" ? -1 : this.#fate.between(0, steps);
    for (let step = 0; step < steps; step++) {
      if (step === disturbed) this.#disturb(this.#isHuge ? 1_000 : 150);
      if (this.#work(this.#isHuge && step === disturbed ? "huge" : undefined) === "down") return;
    }
    if (disturbed === steps) this.#disturb(40);
    const isKilled = this.#sort !== "damage" &&
      this.#fate.chance(this.#sort === "crash" && disturbed < steps ? 0.5 : 0.2);
    if (isKilled) return this.#crashed("idle");
    return this.#reopen();
  }

  /** Something will go wrong, within so many calls. */
  #disturb(calls: number): void {
    if (this.#sort === "crash") crashSoon(this.#files, this.#fate, calls);
    if (this.#sort !== "error") return;
    disturbFiles(this.#files, this.#fate, calls);
    this.#stepsUntilSpace = this.#fate.between(1, 6);
  }

  /** One step of work: whether the database is still the one that it was. */
  #work(chosen?: Step): "up" | "down" {
    const workload = this.#workload as Workload;
    this.#giveSpace();
    const step = chosen ?? workload.next();
    this.#begin(step);
    const known = this.#files.met.length;
    try {
      workload.run(step);
    } catch (error) {
      if (this.#files.isCrashed) return this.#down(() => this.#crashed(this.#step));
      return this.#failed(error, this.#files.met.slice(known));
    }
    if (this.#files.isCrashed) return this.#down(() => this.#crashed(this.#step));
    // An automatic checkpoint may have failed after a commit that succeeded: what follows may or must be refused then.
    this.#quietFaults.push(...this.#files.met.slice(known));
    if (this.#files.met.slice(known).some((fault) => isDataSync(fault, PATH))) return this.#down(() => this.#refused());
    return "up";
  }

  #down(run: () => void): "down" {
    run();
    return "down";
  }

  /** A call failed because its files did: nothing may have changed. */
  #failed(error: unknown, faults: readonly MetFault[]): "up" | "down" {
    const isFull = this.#isFull();
    if (faults.length === 0 && !isFull) {
      if (isOnlySpace(this.#quietFaults) || !(error instanceof IoError)) throw error;
      return this.#down(() => this.#refused());
    }
    const why = describeFaults(faults);
    if (!(error instanceof IoError)) {
      throw new Mismatch(`${this.#step} met ${why} and threw no IoError`, { cause: error });
    }
    this.#errors.push(`${this.#step}: ${why}`);
    this.note(`failed: ${why}: ${error.message}`);
    const workload = this.#workload as Workload;
    workload.settleFailure();
    workload.look();
    if (faults.some((fault) => isDataSync(fault, PATH))) return this.#down(() => this.#refused());
    if (isFull || this.#probe() === undefined) return "up";
    expect(!isOnlySpace(faults), `after ${why} the database takes no more writes`);
    return this.#down(() => this.#replace());
  }

  /** After a failed sync nobody knows what is on the medium: no write may be taken any more. */
  #refused(): void {
    expect(this.#probe() !== undefined, "a write was taken after a sync of the data had failed");
    (this.#workload as Workload).look();
    this.#replace();
  }

  /** Tries a write; gives the error when it was refused. */
  #probe(): GraphError | undefined {
    const doubts = this.history.doubts;
    try {
      (this.#workload as Workload).probe();
      return undefined;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.history.doubts = doubts;
      this.note(`a write was refused: ${error.message}`);
      return error;
    }
  }

  /** Ends a database that takes no more writes, in one way or another, and opens it again. */
  #replace(): void {
    this.#files.calm();
    const way = this.#fate.weighted({ close: 2, closeAndForget: 1, kill: 1, power: 1 });
    if (way === "kill" || way === "power") return this.#crashed("refusing", way);
    this.#close();
    const isForgotten = way === "closeAndForget";
    if (isForgotten) { for (const path of this.#files.disk.files()) this.#files.disk.file(path).evictDropped(); }
    this.#bringUp(isForgotten ? "power" : "kill");
  }

  #isFull(): boolean {
    return this.#files.disk.capacityBytes !== Infinity;
  }

  /** Makes room on a full disk after a while: then everything must go on. */
  #giveSpace(force = false): void {
    if (!this.#isFull() || (!force && this.#stepsUntilSpace-- > 0)) return;
    this.#files.disk.capacityBytes = Infinity;
    this.#begin("probe after a full disk");
    const refusal = this.#probe();
    if (refusal !== undefined) {
      throw new Mismatch("no write is taken although there is space again", { cause: refusal });
    }
  }

  /** Closes and opens in the same process. */
  #reopen(): void {
    if (this.#isFull() && this.#fate.chance(0.5)) this.#giveSpace(true);
    this.#begin("close");
    (this.#workload as Workload).finish();
    const known = this.#files.met.length;
    const error = this.#close();
    if (this.#files.isCrashed) return this.#crashed("close");
    if (error === undefined) {
      this.history.forgetDoubts();
      if (this.isCheckpointSafe) this.history.markSafe();
      return this.#bringUp("close");
    }
    const faults = this.#files.met.slice(known);
    if ((faults.length === 0 && !this.#isFull()) || !(error instanceof IoError)) throw error;
    this.#errors.push(`close: ${describeFaults(faults)}`);
    this.#bringUp("kill");
  }

  /** Closes; what it throws is for the caller. */
  #close(): unknown {
    try {
      (this.#workload as Workload).abandon();
      this.#db?.close();
      return undefined;
    } catch (error) {
      return error ?? new Error("close threw nothing");
    } finally {
      this.#db = this.#workload = undefined;
    }
  }

  /** The process is gone, or its machine; another one takes over. */
  #crashed(where: string, as?: Ending): void {
    this.#files.crash();
    this.#workload?.abandon();
    this.#db = this.#workload = undefined;
    const ending = as ?? this.#fate.weighted({ power: 7, kill: 3 });
    if (ending === "power") { for (let more = this.#fate.between(0, 2); more > 0; more--) this.#tryOtherOutcome(); }
    this.#nextProcess(where, ending);
    if (this.#fate.chance(0.3)) this.nowMs += this.#fate.pick([1_000, 70_000]);
    this.#bringUp(ending);
  }

  #nextProcess(where: string, ending: Ending): void {
    this.#crashes.push(`${where} ${ending}`);
    if (where === "create" && ending === "kill") this.#isNameUnsafe = true;
    this.note(`${ending === "power" ? "power cut" : "killed"} in ${where}`);
    if (ending === "power") this.readers.length = 0;
    this.#files = ending === "power" ? this.#files.afterCrash(this.#fate.fork()) : this.#files.afterKill();
    this.#files.disk.capacityBytes = Infinity;
  }

  /** The same power cut could have left something else on the medium: that must do as well. */
  #tryOtherOutcome(): void {
    const files = this.#files.afterCrash(this.#fate.fork());
    files.disk.capacityBytes = Infinity;
    files.trace?.push("--- another outcome of the power cut");
    const db = this.#open(files, PATH, false);
    this.history.find(db, this.nowMs, "power");
    expectSound(db, "after another outcome of the power cut", "errors");
    db.close();
    files.trace?.push("--- end of the other outcome");
  }

  /** Opens the database, over further crashes and errors, and compares what it holds with what it may hold. */
  #bringUp(ending: Ending | "close"): void {
    let end = ending;
    const seen = end === "close" ? undefined : this.#lookWithoutRecovery(end);
    let isFirst = true;
    for (let crashes = 0;;) {
      this.#begin(this.#wasOpen ? "open" : "create");
      const isToCrash = end !== "close" && crashes < MAX_CRASHES_IN_RECOVERY && this.#fate.chance(0.4);
      if (isToCrash && this.#sort === "crash") crashSoon(this.#files, this.#fate, 60);
      const known = this.#files.met.length;
      try {
        this.#db = this.#open(this.#files, PATH, false);
        break;
      } catch (error) {
        const isFailing = this.#files.met.length > known || this.#isFull();
        if (this.#files.isCrashed) {
          const next = this.#fate.pick(["power", "kill"] as const);
          this.#nextProcess(this.#step, next);
          if (next === "power" || end === "close") end = end === "power" ? end : next;
          crashes++;
        } else if (isFailing && error instanceof IoError) {
          this.#errors.push(`${this.#step}: ${error.message}`);
          this.#files.calm();
          this.#files.disk.capacityBytes = Infinity;
        } else throw error;
        isFirst = false;
      }
    }
    const db = this.#db;
    this.#files.calm();
    this.#files.disk.capacityBytes = Infinity;
    this.#wasOpen = true;
    this.#quietFaults = [];
    if (seen !== undefined && isFirst) {
      expectEqual(difference(contentOf(db), seen), undefined, "recovery, compared with reading without it");
    }
    this.history.recover(db, this.nowMs, end);
    this.note(`at commit ${db.lsn}`);
    expectSound(db, `after ${end}`, "errors");
    this.#workload = new Workload(db, this.#files, this);
    if (end !== "close") this.#lookAround();
  }

  /** After a recovery everything must be there and nothing must be lost between reachable and free. */
  #lookAround(): void {
    const workload = this.#workload as Workload;
    const db = this.#db as Engine;
    workload.look();
    workload.lookAtThePast();
    for (const reader of this.readers) reader.check();
    this.#checkCopies();
    if (!this.#fate.chance(0.5)) return;
    workload.run("checkpoint");
    expectSound(db, "after a recovery and a checkpoint", "all");
  }

  /** A process that only reads opens what a crash left: it must see what recovery will find, and change nothing. */
  #lookWithoutRecovery(ending: Ending): FullContent | undefined {
    if (!this.#fate.chance(0.3)) return undefined;
    this.#begin("open to read after a crash");
    try {
      const { db } = this.openReader(PATH);
      const { state } = this.history.find(db, this.nowMs, ending);
      db.close();
      return state.content(this.nowMs);
    } catch (error) {
      if (error instanceof NotFoundError && !this.#mustExist) return undefined;
      throw error;
    }
  }

  /** A copy that a crash interrupted is not there, or whole. */
  #checkCopies(): void {
    const paths = this.#files.disk.files().filter((path) => path.startsWith(COPY_PATH));
    for (const path of paths) {
      if (!/^\/db\/copy\d+$/.test(path)) continue;
      const { db } = this.openReader(path);
      const content = contentOf(db);
      const isKnown = this.history.everCommitted.some((state) =>
        difference(content, state.content(this.nowMs)) === undefined
      );
      expect(isKnown, `the copy ${path}, left by a crash, holds no state that there ever was`);
      db.close();
    }
    for (const path of this.#files.disk.files()) if (path.startsWith(COPY_PATH)) this.#files.remove(path);
  }

  /** Changes bytes behind the database's back. */
  #damage(olderDisk: SimulatedDisk): void {
    const isClosed = this.#durability === "off" || this.#fate.chance(0.6);
    this.#begin(isClosed ? "damage after close" : "damage after a kill");
    (this.#workload as Workload).finish();
    for (const reader of this.readers.splice(0)) reader.close();
    if (isClosed) {
      this.#db?.close();
    } else {
      this.#workload?.abandon();
      this.#files = this.#files.afterKill();
    }
    this.#damages = damageFiles({
      disk: this.#files.disk,
      olderDisk,
      path: PATH,
      open: (files, isReadonly) => this.#open(files, PATH, isReadonly),
      history: this.history,
      nowMs: this.nowMs,
      rng: this.#fate,
      isLogIncluded: !isClosed,
    });
    this.#bringUp(isClosed ? "close" : "kill");
  }

  #end(): SimulationSummary {
    this.#giveSpace(true);
    this.#files.calm();
    this.#begin("end");
    (this.#workload as Workload).look();
    (this.#workload as Workload).lookAtThePast();
    (this.#workload as Workload).finish();
    for (const reader of this.readers.splice(0)) {
      reader.check();
      reader.close();
    }
    const db = this.#db as Engine;
    (this.#workload as Workload).run("checkpoint");
    expectSound(db, "at the end", "all");
    db.close();
    const files = this.#files.disk.files();
    expect(!files.includes(`${PATH}.v3wal`), "close() left the log behind");
    return {
      sort: this.#sort,
      durability: this.#durability,
      steps: this.#steps,
      crashes: this.#crashes,
      errors: this.#errors,
      damages: this.#damages,
      leftOver: files.filter((path) => !EXPECTED_FILES.some((suffix) => path === PATH + suffix)),
    };
  }

  #open(fileSystem: FaultFileSystem, path: string, isReadonly: boolean): Engine {
    const { cacheBytes, ...writing } = this.#options;
    return this.#openEngine(path, {
      fileSystem,
      clock: () => this.nowMs,
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      ...(isReadonly ? { readonly: true } : { ...writing, create: !this.#mustExist }),
    });
  }

  get #mustExist(): boolean {
    return this.#wasOpen && (!this.#isNameUnsafe || this.history.isAnythingSafe);
  }

  #begin(step: string): void {
    this.#step = step;
    this.#steps++;
    this.#log.push(`${this.#steps} ${step}`);
    this.#files.trace?.push(`--- ${this.#steps} ${step}`);
  }

  #failure(error: unknown): SimulationFailure {
    const what = error instanceof Mismatch
      ? error.message
      : error instanceof Error
      ? (error.stack ?? error.message)
      : error;
    const cause = error instanceof Error && error.cause instanceof Error ? `\n  because of ${error.cause.stack}` : "";
    const calls = this.#files.trace?.slice(-SHOWN_CALLS).map((call) => `    ${call}`) ?? [];
    return new SimulationFailure(
      [
        `seed ${this.#seed} (${this.#sort}, durability ${this.#durability}), step ${this.#steps} "${this.#step}":`,
        `  ${what}${cause}`,
        `  options: ${JSON.stringify(this.#options)}`,
        `  last steps:`,
        ...this.#log.slice(-SHOWN_STEPS).map((line) => `    ${line}`),
        ...(calls.length > 0 ? ["  last file calls:", ...calls] : []),
        `  again, with file calls: npm run simulate -- --start ${this.#seed} --seeds 1${this.#flags} --trace`,
      ].join("\n"),
      { cause: error },
    );
  }
}

/** Whether space is all that was missing. (A header that may be half written is another matter than a log.) */
function isOnlySpace(faults: readonly MetFault[]): boolean {
  return faults.every(({ fault, path }) => fault.error === "ENOSPC" && path !== PATH);
}

const EXPECTED_FILES = ["", ".v3checkpoint", ".lock"] as const;
