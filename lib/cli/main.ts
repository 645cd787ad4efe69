#!/usr/bin/env bun
/** The `sqlitegraph` command line: `bunx @sqlitegraph/sqlitegraph`, or `deno run --allow-read --allow-write` with this file.
 *
 * @module
 */

import process from "node:process";
import { or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { message } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { algoCommand } from "./algo.ts";
import { backupCommand } from "./backup.ts";
import { bfsCommand } from "./bfs.ts";
import { checkCommand } from "./check.ts";
import { checkpointCommand } from "./checkpoint.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Invocation, UsageError } from "./command.ts";
import { compactCommand } from "./compact.ts";
import { diffCommand } from "./diff.ts";
import { errorJsonText, errorText } from "./error_report.ts";
import { exportCommand } from "./export.ts";
import { getCommand } from "./get.ts";
import { historyCommand } from "./history.ts";
import { importCommand } from "./import.ts";
import { importReferenceCommand } from "./import_reference.ts";
import { inspectCommand } from "./inspect.ts";
import { kvCommand } from "./kv.ts";
import { neighborsCommand } from "./neighbors.ts";
import { BrokenPipe, Output } from "./output.ts";
import { pathCommand } from "./path.ts";
import { patternCommand } from "./pattern.ts";
import { salvageCommand } from "./salvage.ts";
import { statusCommand } from "./status.ts";
import { tagCommand } from "./tag.ts";
import { vectorCommand } from "./vector.ts";
import { VERSION } from "./version.ts";

// In groups: the types of `or` end at 15 parsers.
const commands = or(
  or(importCommand, importReferenceCommand, exportCommand, statusCommand, inspectCommand),
  or(getCommand, neighborsCommand, pathCommand, bfsCommand, patternCommand, algoCommand, kvCommand, vectorCommand),
  or(tagCommand, historyCommand, diffCommand),
  or(backupCommand, checkCommand, checkpointCommand, compactCommand, salvageCommand),
) as unknown as Parser<"sync", Invocation, unknown>;

/** Help was shown, or the command line was wrong: nothing to run. */
interface Finished {
  readonly exitCode: number;
}

/**
 * Runs a command line and returns its exit code: 0 done, 1 failed, not found or damaged, 2 called wrongly. Results go to
 * standard output, errors to standard error.
 *
 * @param args the arguments after the program's name
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const output = new Output();
  let json = wantsJson(args);
  try {
    if (args.length === 0) return showHelp(output);
    const parsed = parse(args, output, json);
    if ("exitCode" in parsed) {
      output.flush();
      return parsed.exitCode;
    }
    json = parsed.json;
    const exitCode = await parsed.run(output);
    output.flush();
    return exitCode;
  } catch (error) {
    return report(error, output, json);
  }
}

/** Without a command there is nothing to do: that is a mistake, and help is the answer to it. */
function showHelp(output: Output): number {
  parse(["--help"], output, false, (text) => output.errorLine(text));
  return EXIT_USAGE;
}

function report(error: unknown, output: Output, json: boolean): number {
  if (error instanceof BrokenPipe) return EXIT_OK;
  try {
    output.errorLine(json ? errorJsonText(error) : errorText(error));
  } catch (failure) {
    if (!(failure instanceof BrokenPipe)) throw failure;
  }
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

function parse(
  args: readonly string[],
  output: Output,
  json: boolean,
  writeHelp: (text: string) => void = (text) => output.line(text),
): Invocation | Finished {
  const finished = (): Finished => ({ exitCode: EXIT_OK });
  const problems: string[] = [];
  return runParserSync<typeof commands, Invocation | Finished, Invocation | Finished>(commands, "sqlitegraph", args, {
    brief: message`Embedded graph database.`,
    help: { option: { names: ["--help", "-h"] }, onShow: finished },
    version: { value: VERSION, option: { names: ["--version", "-V"] }, onShow: finished },
    commandList: "top-level",
    aboveError: "none",
    maxWidth: 100,
    termWidth: "auto",
    showDefault: true,
    showChoices: true,
    stdout: writeHelp,
    stderr: (text) => problems.push(text),
    onError: () => {
      const problem = problems.join("\n").replace(/^Error: /, "");
      if (json) throw new UsageError(problem);
      output.errorLine(`${problem}\n\nsqlitegraph --help lists the commands, sqlitegraph COMMAND --help explains one.`);
      return { exitCode: EXIT_USAGE };
    },
  });
}

/** Also errors of a command line that cannot be parsed are JSON when it asks for JSON. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

if (import.meta.main) process.exitCode = await runCommandLine(process.argv.slice(2));
