/** What a command is, and the arguments that commands share. */

import type { Message } from "@optique/core/message";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { argument, option } from "@optique/core/primitives";
import { choice, integer, string, type ValueParser } from "@optique/core/valueparser";
import type { Direction } from "../backend/query.ts";
import type { Output } from "./output.ts";

/** Exit codes: done; failed, not found or damaged; called wrongly. */
export const EXIT_OK = 0;
/** The operation failed, something was not found, or a check found errors. */
export const EXIT_FAILED = 1;
/** The command line was not understood. */
export const EXIT_USAGE = 2;

/** A parsed command line, ready to run. */
export interface Invocation {
  /** Whether results and errors are written as JSON. */
  readonly json: boolean;
  /** Does the work and returns the exit code. */
  run(output: Output): number | Promise<number>;
}

/** Turns the arguments of one command into an invocation. */
export type CommandParser = Parser<"sync", Invocation, unknown>;

/** The command line was understood, but asks for something that does not fit together. Ends with exit code 2. */
export class UsageError extends Error {
  /** Stable reason, as in a `GraphError`. */
  readonly code = "usage";

  /** Says what does not fit and what to do. */
  constructor(problem: string) {
    super(problem);
    this.name = "UsageError";
  }
}

/** Combines the arguments of a command with what it does. */
export function invocation<A extends { readonly json: boolean }, S>(
  parser: Parser<"sync", A, S>,
  run: (args: A, output: Output) => number | Promise<number>,
): CommandParser {
  const made = map(parser, (args): Invocation => ({ json: args.json, run: (output) => run(args, output) }));
  return made as unknown as CommandParser;
}

/** `--json` */
export const jsonOption: Parser<"sync", boolean, unknown> = option("--json", {
  description: message`Write JSON: one value, or one value a line for lists. Integers are exact.`,
});

/** DB: an existing database. */
export const databaseArgument: Parser<"sync", string, unknown> = argument(string({ metavar: "DB" }), {
  description: message`The database file.`,
});

/** `--backend v3|sqlite`, for commands that can create a database; undefined when it is not given. */
export const backendOption: Parser<"sync", "v3" | "sqlite" | undefined, unknown> = optional(
  option("--backend", choice(["v3", "sqlite"], { metavar: "ENGINE" }), {
    description:
      message`Storage engine of a new database; default v3, which keeps history. An existing one tells its own.`,
  }),
);

/** NODE and the like: an id or a name. */
export function nodeArgument(metavar: "NODE" | "START" | "FROM" | "TO"): Parser<"sync", string, unknown> {
  return argument(string({ metavar }), { description: NODE_HELP });
}

const NODE_HELP: Message = message`A node: its id, its name, or KIND:NAME when several have that name.`;

/** `--limit N` */
export const limitOption: Parser<"sync", number | undefined, unknown> = optional(
  option("--limit", integer({ metavar: "N", min: 0 }), { description: message`At most so many; default all.` }),
);

/** `--direction out|in|both` */
export const directionOption: Parser<"sync", Direction, unknown> = withDefault(
  option("--direction", choice(["out", "in", "both"], { metavar: "DIRECTION" }), {
    description: message`Which edges to follow: those that leave a node, those that enter it, or both.`,
  }),
  "out",
);

/** `--types A,B`, which may be repeated; undefined means all types. */
export const typesOption: Parser<"sync", readonly string[] | undefined, unknown> = map(
  multiple(option("--types", list({ metavar: "TYPES" }), {
    description: message`Only edges of these types, separated by commas (a comma in a name: \\,).`,
  })),
  (lists) => lists.length === 0 ? undefined : lists.flat(),
);

/** `--kinds A,B`, which may be repeated; undefined means all kinds. */
export const kindsOption: Parser<"sync", readonly string[] | undefined, unknown> = map(
  multiple(option("--kinds", list({ metavar: "KINDS" }), {
    description: message`Only nodes of these kinds, separated by commas, and edges between them.`,
  })),
  (lists) => lists.length === 0 ? undefined : lists.flat(),
);

/** A list of names that are separated by commas; `\,` is a comma in a name. */
export function list(
  options: { readonly metavar: "TYPES" | "KINDS" | "NODES" },
): ValueParser<"sync", readonly string[]> {
  return {
    mode: "sync",
    metavar: options.metavar,
    placeholder: [],
    parse(text) {
      const names = text.split(/(?<!\\),/).map((name) => name.replaceAll("\\,", ","));
      if (!names.includes("")) return { success: true, value: names };
      return { success: false, error: message`The list ${text} has an empty name.` };
    },
    format: (names) => names.map((name) => name.replaceAll(",", "\\,")).join(","),
  };
}
