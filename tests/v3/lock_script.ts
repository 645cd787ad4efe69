/** What the process tests of locks and readers start: `lock_script.ts ACTION PATH ...`. Its last line of output is its result. */

import { symlinkSync } from "node:fs";
import process from "node:process";
import { registerReader } from "../../lib/v3/reader_registry.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { acquireWriterLock, isWriterAlive } from "../../lib/v3/writer_lock.ts";

/** How an action ended. */
export type LockResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string; readonly code: unknown; readonly message: string };

type Action = (path: string, ...rest: string[]) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  /** Becomes the writer and stays it until it is killed. */
  hold(path) {
    acquireWriterLock(realFileSystem, path);
    return stay("held");
  },

  /** Becomes the writer and goes on to be it no more. */
  write(path) {
    acquireWriterLock(realFileSystem, path).release();
    return process.pid;
  },

  /** Becomes the writer and ends without giving that up. */
  writeAndExit(path) {
    acquireWriterLock(realFileSystem, path);
    process.exit(0);
  },

  /** Asks whether there is a writer. */
  ask(path) {
    return isWriterAlive(realFileSystem, path);
  },

  /** Becomes a reader of these commits, one after the other, and stays it until it is killed. */
  read(path, ...lsns) {
    const reader = registerReader(realFileSystem, path);
    for (const lsn of lsns) {
      reader.pinAll();
      reader.settle(Number(lsn));
    }
    return stay("reading");
  },

  /** Becomes a reader and no reader again. */
  visit(path) {
    const reader = registerReader(realFileSystem, path);
    reader.settle(1);
    reader.release();
  },

  /** Makes a link to a path (which Deno allows only to programs that may read and write everything). */
  link(path, target) {
    symlinkSync(target as string, path);
  },

  /** Does another action without root's rights, which ignore permissions. */
  unprivileged(path, action, ...rest) {
    if (process.getuid?.() === 0) {
      process.setgid?.(65534);
      process.setuid?.(65534);
    }
    return ACTIONS[action as string]?.(path, ...rest);
  },
};

function stay(word: string): Promise<never> {
  console.log(word);
  setInterval(() => {}, 60_000);
  return new Promise(() => {});
}

if (import.meta.main) {
  const [action = "", path = "", ...rest] = process.argv.slice(2);
  let result: LockResult;
  try {
    const run = ACTIONS[action];
    if (run === undefined) throw new Error(`no action ${action}`);
    result = { ok: true, value: await run(path, ...rest) };
  } catch (error) {
    const { name, code, message } = error as { name: string; code: unknown; message: string };
    result = { ok: false, error: name, code, message };
  }
  console.log(JSON.stringify(result));
}
