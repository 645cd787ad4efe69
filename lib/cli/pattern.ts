/** `pattern DB PATTERN`: all places where a pattern fits. */

import { object } from "@optique/core/constructs";
import { lineBreak, message, text as plainText } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { string, type ValueParser } from "@optique/core/valueparser";
import type { GraphPattern } from "../backend/query.ts";
import { type CommandParser, databaseArgument, EXIT_OK, invocation, jsonOption, limitOption } from "./command.ts";
import { openForReading } from "./database.ts";
import { findNode, nodeHeader, nodeSummary, nodeText } from "./node_argument.ts";
import type { Output } from "./output.ts";
import { parsePattern } from "./pattern_text.ts";

/** Arguments of `pattern`. */
interface PatternArguments {
  readonly database: string;
  readonly pattern: { readonly text: string; readonly pattern: GraphPattern };
  readonly start: string | undefined;
  readonly limit: number | undefined;
  readonly json: boolean;
}

const patternText: ValueParser<"sync", PatternArguments["pattern"]> = {
  mode: "sync",
  metavar: "PATTERN",
  placeholder: { text: "()", pattern: {} },
  parse(text) {
    try {
      return { success: true, value: { text, pattern: parsePattern(text) } };
    } catch (error) {
      return { success: false, error: message`${plainText((error as Error).message)}.` };
    }
  },
  format: ({ text }) => text,
};

/** `pattern DB PATTERN` */
export const patternCommand: CommandParser = command(
  "pattern",
  invocation(
    object({
      database: databaseArgument,
      pattern: argument(patternText, { description: message`The pattern; put it in single quotes for the shell.` }),
      start: optional(
        option("--start", string({ metavar: "NODE" }), { description: message`Only matches that begin at this node.` }),
      ),
      limit: limitOption,
      json: jsonOption,
    }),
    pattern,
  ),
  {
    brief: message`Find a pattern.`,
    description:
      message`Find the paths that fit a pattern, in ascending order of their nodes. With --json: one match a line, an array of nodes.`,
    footer: message`(Person) a node of this kind, () any node${lineBreak()}
(Person "Ad"*) whose name begins so${lineBreak()}
(Person {"born": 1815}) whose data has this member${lineBreak()}
-[KNOWS|LIKES]-> an edge of one of these types, --> of any type${lineBreak()}
<-[KNOWS]- the other way, -[KNOWS]- both ways${lineBreak()}
${lineBreak()}
sqlitegraph pattern social.graph '(Person "Ad"*) -[KNOWS]-> () -[LIVES_IN]-> (City)'`,
  },
);

function pattern({ database, pattern: { pattern }, start, limit, json }: PatternArguments, output: Output): number {
  using db = openForReading(database);
  const startId = start === undefined ? undefined : findNode(db, start).id;
  for (const ids of db.matchPattern(pattern, { start: startId, limit })) {
    const nodes = ids.map((id) => nodeHeader(db, id));
    if (json) output.json(nodes.map(nodeSummary));
    else output.line(nodes.map(nodeText).join("  "));
  }
  return EXIT_OK;
}
