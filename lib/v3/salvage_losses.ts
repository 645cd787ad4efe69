/** What a salvage could not read. */

import { CorruptionError, IoError } from "../backend/errors.ts";

/** Something that did not come over, or not as it was. */
export interface SalvageLoss {
  /** What it is. */
  readonly what:
    | "header"
    | "catalog"
    | "page"
    | "node"
    | "edge"
    | "label"
    | "key"
    | "string"
    | "vector"
    | "log"
    | "history"
    | "more";
  /** Where: a page, a range of ids, a key. */
  readonly where: string;
  /** Why, and what follows. */
  readonly message: string;
}

/** Losses that are listed; the last entry then says how many more there are. */
const MAX_LOSSES = 1_000_000;

/** Collects losses. */
export class Losses {
  readonly #list: SalvageLoss[] = [];
  #more = 0;

  /** Notes a loss. */
  add(what: SalvageLoss["what"], where: string, message: string): void {
    if (this.#list.length < MAX_LOSSES) this.#list.push({ what, where, message });
    else this.#more++;
  }

  /** Notes what reading met; rethrows what is no damage. */
  caught(what: SalvageLoss["what"], where: string, error: unknown, consequence = ""): void {
    this.add(what, where, `${reasonOf(error)}${consequence}`);
  }

  /** All of them. */
  list(): readonly SalvageLoss[] {
    if (this.#more === 0) return this.#list;
    return [...this.#list, { what: "more", where: "", message: `${this.#more} further losses are not listed` }];
  }
}

/** Why something could not be read; rethrows what is no damage. */
export function reasonOf(error: unknown): string {
  if (error instanceof CorruptionError || error instanceof IoError || error instanceof RangeError) return error.message;
  throw error;
}
