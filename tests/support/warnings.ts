/** Warnings of the process, which a test wants to see and nobody else. */

import process from "node:process";

/** Collects the codes of warnings until it is disposed of. They are not printed. */
export class Warnings implements Disposable {
  /** The codes, in order. */
  readonly codes: string[] = [];
  readonly #emit = process.emitWarning;

  constructor() {
    process.emitWarning = ((_message: string, options: { readonly code: string }) => {
      this.codes.push(options.code);
    }) as typeof process.emitWarning;
  }

  [Symbol.dispose](): void {
    process.emitWarning = this.#emit;
  }
}
