/** NAME of the commands for vectors. */

import { message } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";

/** NAME: a vector index. */
export const indexArgument: Parser<"sync", string, unknown> = argument(string({ metavar: "NAME" }), {
  description: message`The vector index.`,
});
