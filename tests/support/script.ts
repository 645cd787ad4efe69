/** For tests named `*_process_test.ts`: starts a script in a process of its own, on either runtime.
 *
 * `node:child_process` asks Deno for the whole environment, which the tests do not have; the runtimes' own calls do not.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { TEMP_ROOT } from "./temp_dir.ts";
import { RUNTIME } from "./test.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** What a script may be started with. */
export interface ScriptOptions {
  readonly args?: readonly string[];
  /** Default: the runtime that the test runs on. */
  readonly runtime?: "bun" | "deno";
  /** Default: the repository. */
  readonly cwd?: string;
  /** Deno flags. Default: read the repository, write its temporary folder. */
  readonly permissions?: readonly string[];
  /** Where there is a shell: the largest file that the script can write, in bytes. Writes behind that fail. */
  readonly maxFileBytes?: number;
}

/** How a script ended. */
export interface ScriptResult {
  /** Exit code; 128 and more after a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script that is running. */
export interface Script {
  readonly pid: number;
  /** Resolves when standard output contains the text; rejects when the script ends before that. */
  printed(text: string): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): void;
  readonly finished: Promise<ScriptResult>;
}

/** Runs a script to its end: `await runScript(new URL("./fixture.ts", import.meta.url), { args: [dir.path("a.db")] })`. */
export function runScript(script: URL, options: ScriptOptions = {}): Promise<ScriptResult> {
  return startScript(script, options).finished;
}

/** Starts a script, to watch it or to kill it. */
export function startScript(script: URL, options: ScriptOptions = {}): Script {
  const { args = [], runtime = RUNTIME, cwd = REPOSITORY, maxFileBytes } = options;
  const permissions = options.permissions ?? [`--allow-read=${REPOSITORY}`, `--allow-write=${TEMP_ROOT}`];
  const path = fileURLToPath(script);
  const command = [
    executable(runtime),
    ...(runtime === "bun" ? [path] : ["run", "--no-prompt", "--no-check", ...permissions, path]),
    ...args,
  ];
  const [program, ...rest] = maxFileBytes === undefined ? command : limited(command, maxFileBytes);
  const child = spawn(program as string, rest, cwd);

  let stdout = "";
  let hasEnded = false;
  let wake = Promise.withResolvers<void>();
  const tell = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  const readOutput = readText(child.stdout, (text) => {
    stdout += text;
    tell();
  });
  const finished = Promise.all([child.ended, readOutput, readText(child.stderr, () => {})]);
  const result = finished.then(([code, , stderr]): ScriptResult => {
    hasEnded = true;
    tell();
    return { code, stdout, stderr };
  });
  return {
    pid: child.pid,
    finished: result,
    kill: () => child.kill(),
    async printed(text) {
      while (!stdout.includes(text)) {
        if (hasEnded) throw new Error(`the script ended without printing "${text}": ${JSON.stringify(await result)}`);
        await wake.promise;
      }
    },
  };
}

/** The same command with a limit to the size of files. Without the trap the first write behind it would end the process. */
function limited(command: readonly string[], maxFileBytes: number): string[] {
  const blocks = Math.floor(maxFileBytes / 512);
  return ["/bin/sh", "-c", `trap "" XFSZ; ulimit -f ${blocks}; exec "$@"`, "sh", ...command];
}

async function readText(stream: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let all = "";
  while (true) {
    const { done, value } = await reader.read();
    const text = decoder.decode(value, { stream: !done });
    all += text;
    onText(text);
    if (done) return all;
  }
}

function executable(runtime: "bun" | "deno"): string {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const path = runtime === "bun" ? "node_modules/bun/bin/bun.exe" : `node_modules/deno/deno${suffix}`;
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

interface Child {
  readonly pid: number;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly ended: Promise<number>;
  kill(): void;
}

/** The parts of the two runtimes' own calls that are used here; neither's types are known to the other's checker. */
interface Runtimes {
  readonly Bun?: {
    spawn(command: readonly string[], options: unknown): {
      readonly pid: number;
      readonly stdout: ReadableStream<Uint8Array>;
      readonly stderr: ReadableStream<Uint8Array>;
      readonly exited: Promise<number>;
      kill(signal: string): void;
    };
  };
  readonly Deno?: {
    readonly Command: new (path: string, options: unknown) => {
      spawn(): {
        readonly pid: number;
        readonly stdout: ReadableStream<Uint8Array>;
        readonly stderr: ReadableStream<Uint8Array>;
        readonly status: Promise<{ readonly code: number }>;
        kill(signal: string): void;
      };
    };
  };
}

function spawn(path: string, args: readonly string[], cwd: string): Child {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Bun) {
    const child = Bun.spawn([path, ...args], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const { pid, stdout, stderr, exited } = child;
    return { pid, stdout, stderr, ended: exited, kill: () => child.kill("SIGKILL") };
  }
  if (!Deno) throw new Error("neither Bun nor Deno");
  const child = new Deno.Command(path, { args, cwd, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const { pid, stdout, stderr, status } = child;
  return { pid, stdout, stderr, ended: status.then(({ code }) => code), kill: () => child.kill("SIGKILL") };
}
