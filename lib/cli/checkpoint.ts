/** `checkpoint DB`: moves the log into the file. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { command } from "@optique/core/primitives";
import { type CommandParser, databaseArgument, EXIT_FAILED, EXIT_OK, invocation, jsonOption } from "./command.ts";
import { openForWriting } from "./database.ts";
import type { Output } from "./output.ts";
import { countOf } from "./table.ts";

/** `checkpoint DB` */
export const checkpointCommand: CommandParser = command(
  "checkpoint",
  invocation(object({ database: databaseArgument, json: jsonOption }), checkpoint),
  {
    brief: message`Move the log into the file.`,
    description:
      message`Move the log into the file and remove expired keys. Exit code 1 when readers kept a part of the log in use.`,
  },
);

function checkpoint({ database, json }: { readonly database: string; readonly json: boolean }, output: Output): number {
  using db = openForWriting(database);
  const result = db.checkpoint();
  if (json) output.json(result);
  else if (!result.complete) output.line("not complete: readers keep a part of the log in use; run it again later");
  else output.line(`complete; removed ${countOf(result.expiredKeys, "expired key")}`);
  return result.complete ? EXIT_OK : EXIT_FAILED;
}
