/** Rows that an import left out, on standard error. */

import type { GraphError } from "../backend/errors.ts";
import type { SkippedRow } from "../graph/ingest.ts";
import { errorJson } from "./error_report.ts";
import { toJsonText } from "./json_text.ts";
import type { Output } from "./output.ts";
import { countOf, printable } from "./table.ts";

/** Skipped rows that are shown to a person; `--json` reports all of them. */
const SHOWN_SKIPS = 50;

/** Says on standard error which rows were left out, and why. */
export class SkipReport {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #shown: string[] = [];
  #count = 0;

  /** With `json`, rows are reported at once and all of them. */
  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  /** A row that was left out. */
  add({ row, file, line }: SkippedRow, reason: GraphError): void {
    this.#count++;
    if (this.#json) {
      this.#output.errorLine(toJsonText({ skipped: { row, file, line, ...errorJson(reason) } }));
    } else if (this.#count <= SHOWN_SKIPS) {
      const place = line === undefined ? `row ${row}` : `line ${line}`;
      this.#shown.push(`skipped ${printable(file ?? "")} ${place}: ${printable(reason.message)}`);
    }
  }

  /** For people: once the progress bar is gone. */
  finish(): void {
    for (const text of this.#shown) this.#output.errorLine(text);
    const rest = this.#count - this.#shown.length;
    if (rest > 0) this.#output.errorLine(`... and ${countOf(rest, "row")} more; --json reports all of them`);
  }
}
