/** One file of the system, through calls of `node:fs` that both runtimes have. Errors are the runtime's, as they are. */

import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { OpenFile } from "./file_system.ts";

const FLAGS = { read: "r", write: "r+", create: "wx+" } as const;

/** Opens a file that is there, or makes one that is not. A relative path starts at the working folder. */
export function openRealFile(path: string, mode: "read" | "write" | "create"): OpenFile {
  return new RealFile(openSync(path, FLAGS[mode]));
}

class RealFile implements OpenFile {
  readonly #descriptor: number;
  #isOpen = true;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(buffer: Uint8Array, position: number): number {
    this.#requireOpen("read");
    let done = 0;
    while (done < buffer.length) {
      const count = readSync(this.#descriptor, buffer, done, buffer.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(buffer: Uint8Array, position: number): void {
    this.#requireOpen("write");
    for (let done = 0; done < buffer.length;) {
      done += writeSync(this.#descriptor, buffer, done, buffer.length - done, position + done);
    }
  }

  sync(): void {
    this.#requireOpen("fdatasync");
    fdatasyncSync(this.#descriptor);
  }

  truncate(sizeBytes: number): void {
    this.#requireOpen("ftruncate");
    ftruncateSync(this.#descriptor, sizeBytes);
  }

  size(): number {
    this.#requireOpen("fstat");
    return fstatSync(this.#descriptor).size;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }

  /** The system gives the number of a closed descriptor to the next file that is opened, which must not be hit. */
  #requireOpen(call: string): void {
    if (!this.#isOpen) throw Object.assign(new Error(`EBADF: bad file descriptor, ${call}`), { code: "EBADF" });
  }
}
