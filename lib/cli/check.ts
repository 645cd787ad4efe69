/** `check DB`: is everything as it was written? */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import { type CommandParser, databaseArgument, EXIT_FAILED, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForReading } from "./database.ts";
import type { Output } from "./output.ts";
import { startProgress } from "./progress.ts";
import { countOf, formatCount, printable, writeTable } from "./table.ts";

/** `check DB` */
export const checkCommand: CommandParser = command(
  "check",
  invocation(object({ database: databaseArgument, json: jsonOption }), check),
  {
    brief: message`Check a database for damage.`,
    description: message`Check the whole database and list what is wrong. Exit code 1 when a finding is an error.`,
  },
);

function check({ database, json }: { readonly database: string; readonly json: boolean }, output: Output): number {
  using db = openForReading(database);
  using bar = startProgress(!json);
  const result = db.check({ onProgress: bar.update });
  bar[Symbol.dispose]();
  if (json) output.json(result);
  else {
    writeTable(
      output,
      [{ title: "severity" }, { title: "code" }, { title: "count", align: "right" }, { title: "what" }],
      result.findings.map(({ severity, code, count, message: text }) => [
        severity,
        code,
        formatCount(count),
        printable(text),
      ]),
    );
    output.line(result.ok ? "ok" : `damaged: ${countOf(result.findings.filter(isError).length, "error")}`);
  }
  return result.ok ? EXIT_OK : EXIT_FAILED;
}

function isError({ severity }: { readonly severity: "error" | "warning" }): boolean {
  return severity === "error";
}
