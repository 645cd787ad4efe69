/** Files that fail on purpose: what one simulated process sees of a simulated disk. Everything follows from a seed.
 *
 *   const files = new FaultFileSystem(new SimulatedDisk(), new Rng(7));
 *   files.crashAfter(12);                      // the 12th call that changes something never returns
 *   ...
 *   const found = files.afterCrash(rng);       // the machine lost its power: another process on what is left
 *   const found = files.afterKill();           // only the process died: another process on the same disk
 */

import { posix } from "node:path";
import type { FileLock, FileSystem, OpenFile } from "../../lib/v3/file_system.ts";
import { type Fault, type FileCall, type MetFault, MUTATING_CALLS, SimulatedCrash, systemError } from "./fault.ts";
import type { Rng } from "./rng.ts";
import { absolute, powerCut, SimulatedDisk } from "./simulated_disk.ts";
import { BLOCK_SIZE, SECTOR_SIZE, SimulatedFile } from "./simulated_file.ts";

interface ArmedFault {
  readonly fault: Fault;
  waiting: number;
  left: number;
}

/** The file system of one simulated process. */
export class FaultFileSystem implements FileSystem {
  /** The disk, which other processes may share. */
  readonly disk: SimulatedDisk;
  /** Set it to get a line for every call. */
  trace: string[] | undefined;
  /** Faults that were met, oldest first. */
  readonly met: MetFault[] = [];
  /** Paths whose syncs (and folders whose syncs) return without having done anything: a disk that lies. */
  ignoresSync: (path: string) => boolean = () => false;
  readonly #rng: Rng;
  readonly #counts = new Map<FileCall, number>();
  #faults: ArmedFault[] = [];
  #mutatingCalls = 0;
  #calls = 0;
  /** Calls until the one that never returns, of those that count. */
  #crashIn = Infinity;
  #crashCalls: ReadonlySet<FileCall> = MUTATING_CALLS;
  #isCrashed = false;
  #interrupts: { readonly at: number; readonly run: () => void }[] = [];

  /** A new process on a disk. */
  constructor(disk: SimulatedDisk, rng: Rng) {
    this.disk = disk;
    this.#rng = rng;
  }

  /** Whether the process is gone. */
  get isCrashed(): boolean {
    return this.#isCrashed || this.disk.isOff;
  }

  /** How many calls changed something, or tried to. */
  get mutatingCalls(): number {
    return this.#mutatingCalls;
  }

  /** How often a call was made. */
  count(call: FileCall): number {
    return this.#counts.get(call) ?? 0;
  }

  /** The n-th mutating call from now (1: the next one), or of these calls, does nothing, a part or all of its work, and never returns. */
  crashAfter(count: number, calls: ReadonlySet<FileCall> = MUTATING_CALLS): void {
    this.#crashIn = count;
    this.#crashCalls = calls;
  }

  /** The process is gone. */
  crash(): void {
    this.#isCrashed = true;
  }

  /** Runs something (the work of another process) just before the n-th call of any kind from now. */
  interrupt(calls: number, run: () => void): void {
    this.#interrupts.push({ at: this.#calls + calls, run });
  }

  /** Takes back what `interrupt` announced. */
  cancelInterrupts(): void {
    this.#interrupts = [];
  }

  /** Takes back what `crashAfter`, `inject` and `interrupt` announced. */
  calm(): void {
    this.#crashIn = Infinity;
    this.#faults = [];
    this.#interrupts = [];
  }

  /** Announces an error. */
  inject(fault: Fault): void {
    this.#faults.push({ fault, waiting: fault.at ?? 1, left: fault.times ?? 1 });
  }

  /** The power fails: all processes of the disk are gone. A process of the machine when it is on again. */
  afterCrash(rng: Rng): FaultFileSystem {
    const next = new FaultFileSystem(this.disk.afterPowerCut(rng), rng.fork());
    next.trace = this.trace;
    next.ignoresSync = this.ignoresSync;
    return next;
  }

  /** This process is gone and its locks are free. Another process of the same machine, where all that was written is seen. */
  afterKill(): FaultFileSystem {
    this.crash();
    this.disk.unlockAll(this);
    const next = new FaultFileSystem(this.disk, this.#rng.fork());
    next.trace = this.trace;
    next.ignoresSync = this.ignoresSync;
    return next;
  }

  open(path: string, mode: "read" | "write" | "create"): OpenFile {
    const full = absolute(path);
    if (mode === "create") {
      return this.#call("create", full, () => {
        this.#requireFolder(full, "open");
        if (this.disk.entry(full) !== undefined) throw systemError("EEXIST", "open", path);
        const file = new SimulatedFile();
        this.disk.change([{ path: full, entry: file }]);
        return new Handle(this, file, full, true);
      });
    }
    return this.#call("open", full, () => {
      const file = this.#file(full, "open");
      if (this.disk.isLockFile(file)) throw new Error(`the lock file ${path} was opened, which drops the lock`);
      return new Handle(this, file, full, mode === "write");
    });
  }

  stat(path: string): { readonly type: "file" | "folder" | "other"; readonly sizeBytes: number } | undefined {
    const full = absolute(path);
    return this.#call("stat", full, () => {
      const entry = this.disk.entry(full);
      if (entry === undefined) return undefined;
      return entry === "folder" ? { type: "folder", sizeBytes: 0 } : { type: "file", sizeBytes: entry.sizeBytes };
    });
  }

  rename(from: string, to: string): void {
    const source = absolute(from);
    const target = absolute(to);
    this.#call("rename", `${source} -> ${target}`, () => {
      const file = this.#file(source, "rename");
      this.#requireFolder(target, "rename");
      if (this.disk.entry(target) === "folder") throw systemError("EISDIR", "rename", to);
      if (source === target) return;
      this.disk.change([{ path: source, entry: undefined }, { path: target, entry: file }]);
    });
  }

  remove(path: string): void {
    const full = absolute(path);
    this.#call("remove", full, () => {
      const entry = this.disk.entry(full);
      if (entry === "folder") throw systemError("EISDIR", "unlink", path);
      if (entry !== undefined) this.disk.change([{ path: full, entry: undefined }]);
    });
  }

  makeFolder(path: string): void {
    const full = absolute(path);
    this.#call("makeFolder", full, () => {
      this.#requireFolder(full, "mkdir");
      const entry = this.disk.entry(full);
      if (entry === "folder") return;
      if (entry !== undefined) throw systemError("EEXIST", "mkdir", path);
      this.disk.change([{ path: full, entry: "folder" }]);
    });
  }

  removeFolder(path: string): void {
    const full = absolute(path);
    this.#call("removeFolder", full, () => {
      const entry = this.disk.entry(full);
      if (entry === undefined || (entry === "folder" && this.disk.list(full).length > 0)) return;
      if (entry !== "folder") throw systemError("ENOTDIR", "rmdir", path);
      this.disk.change([{ path: full, entry: undefined }]);
    });
  }

  list(folder: string): string[] {
    const full = absolute(folder);
    return this.#call("list", full, () => this.disk.list(full));
  }

  syncFolder(folder: string): void {
    const full = absolute(folder);
    this.#call("syncFolder", full, () => {
      if (this.disk.entry(full) !== "folder") throw systemError("ENOENT", "open", folder);
      if (!this.ignoresSync(full)) this.disk.syncFolder(full);
    });
  }

  realPath(path: string): string {
    const full = absolute(path);
    return this.#call("realPath", full, () => {
      this.#requireFolder(full, "realpath");
      return full;
    });
  }

  lock(path: string): FileLock | undefined {
    const full = absolute(path);
    return this.#call("lock", full, () => {
      this.#requireFolder(full, "open");
      if (this.disk.entry(full) === undefined) this.disk.change([{ path: full, entry: new SimulatedFile() }]);
      const file = this.#file(full, "open");
      const holder = { process: this };
      if (!this.disk.lock(file, holder)) return undefined;
      return {
        release: () => {
          // The calls of a process that is gone reach nothing, but they come from `finally` blocks: no error to hide the first.
          if (!this.isCrashed) this.disk.unlock(file, holder);
        },
      };
    });
  }

  /** @internal A read of an open file. */
  readFile(file: SimulatedFile, path: string, buffer: Uint8Array, position: number): number {
    return this.#call("read", path, () => file.read(buffer, position), {
      detail: `${position}+${buffer.length}`,
      fail: (fault) => {
        if (fault.error !== "short") throw systemError(fault.error, "read", path);
        return file.read(buffer.subarray(0, this.#rng.between(0, buffer.length - 1)), position);
      },
    });
  }

  /** @internal A write to an open file. */
  writeFile(file: SimulatedFile, path: string, buffer: Uint8Array, position: number): void {
    const bytes = buffer.slice();
    const writePart = (length: number) => {
      if (length > 0) file.write(bytes.subarray(0, length), position, this.disk.nextOperation());
    };
    const somePart = () => {
      const sectors = this.#rng.between(0, Math.ceil(bytes.length / SECTOR_SIZE));
      return this.#rng.chance(0.5) ? this.#rng.between(0, bytes.length) : Math.min(bytes.length, sectors * SECTOR_SIZE);
    };
    this.#call("write", path, () => {
      const length = file.writableBytes(position, bytes.length, this.disk.freeBlocks());
      writePart(length);
      if (length < bytes.length) throw systemError("ENOSPC", "write", path);
    }, {
      detail: `${position}+${bytes.length}`,
      crash: () => writePart(somePart()),
      fail: (fault) => {
        if (fault.error === "short" || this.#rng.chance(0.5)) writePart(somePart());
        throw systemError(fault.error === "short" ? "EIO" : fault.error, "write", path);
      },
    });
  }

  /** @internal A sync of an open file. */
  syncFile(file: SimulatedFile, path: string): void {
    this.#call("sync", path, () => {
      if (!this.ignoresSync(path)) file.sync();
    }, {
      wasSynced: file.wasSynced,
      fail: (fault) => {
        file.failSync(powerCut(this.#rng, 0));
        throw systemError(fault.error === "ENOSPC" ? "ENOSPC" : "EIO", "fdatasync", path);
      },
    });
  }

  /** @internal A truncate of an open file. */
  truncateFile(file: SimulatedFile, path: string, sizeBytes: number): void {
    this.#call("truncate", path, () => file.truncate(sizeBytes, this.disk.nextOperation()), { detail: `${sizeBytes}` });
  }

  /** @internal The size of an open file. */
  fileSize(file: SimulatedFile, path: string): number {
    return this.#call("size", path, () => file.sizeBytes);
  }

  /** Counts, traces, interrupts, crashes and fails, or does the work. */
  #call<R>(call: FileCall, path: string, work: () => R, ways: Ways<R> = {}): R {
    this.#requireAlive();
    this.#calls++;
    this.#runInterrupts();
    this.#requireAlive();
    this.#counts.set(call, this.count(call) + 1);
    if (MUTATING_CALLS.has(call)) this.#mutatingCalls++;
    this.#note(call, path, ways.detail);
    if (this.#crashCalls.has(call) && --this.#crashIn <= 0) {
      if (this.#rng.chance(0.5)) (ways.crash ?? work)();
      this.#note("crash in", call, path);
      this.crash();
      this.#requireAlive();
    }
    const fault = this.#nextFault(call, path);
    if (fault === undefined) return work();
    this.met.push({ fault, call, path, wasSynced: ways.wasSynced ?? false });
    this.#note(fault.error, call, path);
    if (ways.fail !== undefined) return ways.fail(fault);
    throw systemError(fault.error === "ENOSPC" ? "ENOSPC" : "EIO", call, path);
  }

  #requireAlive(): void {
    if (this.isCrashed) throw new SimulatedCrash("the process is gone");
  }

  #runInterrupts(): void {
    const due = this.#interrupts.filter(({ at }) => at <= this.#calls);
    if (due.length === 0) return;
    this.#interrupts = this.#interrupts.filter(({ at }) => at > this.#calls);
    for (const { run } of due) run();
  }

  #nextFault(call: FileCall, path: string): Fault | undefined {
    for (const armed of this.#faults) {
      const { calls, path: accepts, probability } = armed.fault;
      if (armed.left === 0 || !calls.includes(call) || accepts?.(path) === false) continue;
      const isMet = probability === undefined ? --armed.waiting <= 0 : this.#rng.chance(probability);
      if (!isMet) continue;
      armed.left--;
      return armed.fault;
    }
    return undefined;
  }

  #note(...words: readonly (string | undefined)[]): void {
    this.trace?.push(words.filter((word) => word !== undefined).join(" "));
  }

  #file(path: string, call: string): SimulatedFile {
    this.#requireFolder(path, call);
    const entry = this.disk.entry(path);
    if (entry === undefined) throw systemError("ENOENT", call, path);
    if (entry === "folder") throw systemError("EISDIR", call, path);
    return entry;
  }

  #requireFolder(path: string, call: string): void {
    const parent = this.disk.entry(posix.dirname(path));
    if (parent === undefined) throw systemError("ENOENT", call, path);
    if (parent !== "folder") throw systemError("ENOTDIR", call, path);
  }
}

/** How a call behaves in other ways than doing its work or nothing. */
interface Ways<R> {
  readonly detail?: string;
  readonly wasSynced?: boolean;
  /** What may have happened when the process dies in the call; default the work. */
  readonly crash?: () => void;
  readonly fail?: (fault: Fault) => R;
}

class Handle implements OpenFile {
  readonly #files: FaultFileSystem;
  readonly #file: SimulatedFile;
  readonly #path: string;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(files: FaultFileSystem, file: SimulatedFile, path: string, isWritable: boolean) {
    this.#files = files;
    this.#file = file;
    this.#path = path;
    this.#isWritable = isWritable;
  }

  read(buffer: Uint8Array, position: number): number {
    this.#require(this.#isOpen, "read", position);
    return this.#files.readFile(this.#file, this.#path, buffer, position);
  }

  write(buffer: Uint8Array, position: number): void {
    this.#require(this.#isOpen && this.#isWritable, "write", position);
    this.#files.writeFile(this.#file, this.#path, buffer, position);
  }

  sync(): void {
    this.#require(this.#isOpen, "fdatasync");
    this.#files.syncFile(this.#file, this.#path);
  }

  truncate(sizeBytes: number): void {
    this.#require(this.#isOpen && this.#isWritable, "ftruncate", sizeBytes);
    this.#files.truncateFile(this.#file, this.#path, sizeBytes);
  }

  size(): number {
    this.#require(this.#isOpen, "fstat");
    return this.#files.fileSize(this.#file, this.#path);
  }

  close(): void {
    this.#isOpen = false;
  }

  #require(isAllowed: boolean, call: string, position = 0): void {
    if (!isAllowed) throw systemError("EBADF", call, this.#path);
    if (!Number.isSafeInteger(position) || position < 0) throw systemError("EINVAL", call, this.#path);
  }
}

/** Bytes for a capacity in which this many more blocks fit. */
export function capacityFor(disk: SimulatedDisk, moreBlocks: number): number {
  return (disk.usedBlocks() + moreBlocks) * BLOCK_SIZE;
}
