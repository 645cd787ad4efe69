/** What all parts of one import share. */

import type { Progress } from "../backend/care.ts";
import type { ReferenceHeader } from "./header.ts";
import type { LossLog } from "./loss_log.ts";
import type { PageFile } from "./page_file.ts";
import type { UnusualValues } from "./report.ts";

/** One import. */
export interface ImportContext {
  /** Path of the main file. */
  readonly file: string;
  readonly header: ReferenceHeader;
  readonly pages: PageFile;
  readonly losses: LossLog;
  readonly unusual: UnusualCounter;
  readonly salvage: boolean;
  readonly steps: Steps;
}

/** Steps between two reports of progress. */
const REPORTED_STEPS = 1024;

/** Progress of a long call, and its cancellation. */
export class Steps {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #steps = 0;

  constructor(onProgress: ((progress: Progress) => void) | undefined, signal: AbortSignal | undefined) {
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  /** One step of a phase is done. Hot. */
  step(phase: string, done: number, total: number): void {
    if (this.#steps++ % REPORTED_STEPS !== 0) return;
    this.#onProgress?.({ phase, done, total });
    this.#signal?.throwIfAborted();
  }
}

const MAX_TEXT_UNITS = 65_536 / 3;
const MAX_TEXT_BYTES = 65_536;
const BLANK = /^[\s\u0085]*$/;
const UTF8 = new TextEncoder();

/** Counts values that the contract would refuse. */
export class UnusualCounter {
  readonly #counts = { blankTerms: 0, nulTexts: 0, longTexts: 0 };

  /** The counts so far. */
  counts(): UnusualValues {
    return { ...this.#counts };
  }

  /** Looks at a kind or type. Hot. */
  term(text: string): void {
    // A term that begins with a letter, digit or mark of ASCII is not blank.
    const first = text.charCodeAt(0);
    if (!(first > 0x20 && first < 0x7f) && BLANK.test(text)) this.#counts.blankTerms++;
    this.text(text);
  }

  /** Looks at a kind, type or name. Hot. */
  text(text: string): void {
    if (text.includes("\0")) this.#counts.nulTexts++;
    if (text.length > MAX_TEXT_UNITS && UTF8.encode(text).length > MAX_TEXT_BYTES) this.#counts.longTexts++;
  }
}
