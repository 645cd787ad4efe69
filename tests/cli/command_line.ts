/** Starts the command line in a process, on the runtime that the test runs on. */

import { assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { ingestRows } from "../../lib/graph/ingest.ts";
import { readJsonLines } from "../../lib/graph/json_lines.ts";
import { open } from "../../mod.ts";
import { runScript, type ScriptResult } from "../support/script.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

const MAIN = new URL("../../lib/cli/main.ts", import.meta.url);
const EACH = new URL("./each_script.ts", import.meta.url);

/** Runs the command line with these arguments. */
export function run(...args: string[]): Promise<ScriptResult> {
  return runScript(MAIN, { args });
}

/** Runs several command lines one after the other in one process, as starting one for each takes long. */
export async function runEach(commands: readonly (readonly string[])[]): Promise<ScriptResult[]> {
  const { code, stdout, stderr } = await runScript(EACH, { args: [JSON.stringify(commands)] });
  const outputs = stdout.split("\0");
  const errors = stderr.split("\0");
  assertEquals([code, outputs.length, errors.length], [0, 2 * commands.length + 1, commands.length + 1], stderr);
  return commands.map((_, at) => ({
    code: Number(outputs[2 * at + 1]),
    stdout: outputs[2 * at] as string,
    stderr: errors[at] as string,
  }));
}

/** Runs a command that must succeed without a word on standard error; its standard output. */
export async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  assertEquals({ code, stderr }, { code: 0, stderr: "" }, `sqlitegraph ${args.join(" ")}`);
  return stdout;
}

/** Runs a command with `--json` that must succeed; the one value that it prints. */
export async function succeedJson(...args: string[]): Promise<unknown> {
  const values = await succeedJsonLines(...args);
  assertEquals(values.length, 1);
  return values[0];
}

/** Runs a command with `--json` that must succeed; the values that it prints, one a line. */
export async function succeedJsonLines(...args: string[]): Promise<unknown[]> {
  return (await succeed(...args, "--json")).split("\n").slice(0, -1).map((line) => JSON.parse(line) as unknown);
}

/** Runs a command with `--json` that must fail with this exit code; the error that it prints. */
export async function failJson(code: number, ...args: string[]): Promise<Record<string, unknown>> {
  return errorOf(await run(...args, "--json"), code, args);
}

/** The same for several command lines, in one process. */
export async function failJsonEach(
  code: number,
  commands: readonly (readonly string[])[],
): Promise<Record<string, unknown>[]> {
  const results = await runEach(commands.map((args) => [...args, "--json"]));
  return results.map((result, at) => errorOf(result, code, commands[at] as readonly string[]));
}

function errorOf(result: ScriptResult, code: number, args: readonly string[]): Record<string, unknown> {
  assertEquals({ code: result.code, stdout: result.stdout }, { code, stdout: "" }, `sqlitegraph ${args.join(" ")}`);
  return (JSON.parse(result.stderr) as { error: Record<string, unknown> }).error;
}

/** Rows of a small graph: two persons of the same name, a city, edges, keys. */
export const PEOPLE: readonly string[] = [
  '{"node": {"kind": "Person", "name": "Ada", "data": {"born": 1815, "big": 12345678901234567890}}, "ref": "ada"}',
  '{"node": {"kind": "Person", "name": "Charles", "labels": ["math"], "filePath": "c.txt"}, "ref": "charles"}',
  '{"node": {"kind": "City", "name": "Ada"}, "ref": "city"}',
  '{"node": {"kind": "Person", "name": "1984"}}',
  '{"edge": {"type": "KNOWS", "from": {"ref": "ada"}, "to": {"ref": "charles"}, "data": {"since": 1833}}}',
  '{"edge": {"type": "WRITES_TO", "from": {"ref": "ada"}, "to": {"ref": "charles"}}}',
  '{"edge": {"type": "LIVES_IN", "from": {"ref": "charles"}, "to": {"ref": "city"}}}',
  '{"kv": {"key": "app:a", "value": {"n": 12345678901234567890}}}',
  '{"kv": {"key": "app:b", "value": null, "ttlSeconds": 1000}}',
  '{"kv": {"keyBytes": "/wA=", "bytes": "AQI="}}',
];

/** A folder with files. */
export interface Workplace extends TempDir {
  /** Writes a file; its path. */
  write(name: string, lines: readonly string[]): string;
}

/** A folder that is removed at the end of the block. */
export function workplace(): Workplace {
  const dir = tempDir();
  return {
    ...dir,
    write(name, lines) {
      const path = dir.path(name);
      writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
      return path;
    },
  };
}

/** Imports `PEOPLE` into a new database; its path. In this process, as starting another one takes long. */
export function peopleIn(place: Workplace, backend: Backend = "v3"): string {
  const database = place.path("people.graph");
  using db = open(database, { backend });
  ingestRows(db, readJsonLines(place.write("people.jsonl", PEOPLE)));
  return database;
}

/** A storage engine. */
export type Backend = "v3" | "sqlite";

/** Declares a test once for each storage engine. */
export function engineTest(name: string, body: (backend: Backend) => Promise<void>): void {
  for (const backend of ["v3", "sqlite"] as const) test(`${name} (${backend})`, () => body(backend));
}
