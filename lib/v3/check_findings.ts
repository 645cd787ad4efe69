/** What a check has found so far: one finding for each kind of problem, with its number and the first few places. */

import type { CheckResult, Finding } from "../backend/care.ts";
import { CorruptionError, IoError } from "../backend/errors.ts";

/** Places that a finding names. */
const MAX_PLACES = 3;

interface Entry {
  readonly severity: Finding["severity"];
  readonly code: string;
  readonly problem: string;
  readonly places: string[];
  count: number;
}

/** Collects findings. */
export class Findings {
  readonly #entries = new Map<string, Entry>();
  #errors = 0;

  /** Number of errors noted so far: when it grows during a step, that step found one. */
  get errors(): number {
    return this.#errors;
  }

  /** Notes a problem that makes answers wrong. */
  error(code: string, problem: string, place: string, count = 1): void {
    this.#errors++;
    this.#note("error", code, problem, place, count);
  }

  /** Notes a problem that is harmless. */
  warning(code: string, problem: string, place: string, count = 1): void {
    this.#note("warning", code, problem, place, count);
  }

  #note(severity: Finding["severity"], code: string, problem: string, place: string, count: number): void {
    const key = `${severity} ${code} ${problem}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, entry = { severity, code, problem, places: [], count: 0 });
    entry.count += count;
    if (entry.places.length < MAX_PLACES) entry.places.push(place);
  }

  /** Notes an error that reading met; rethrows what is no damage. */
  caught(error: unknown, place: string): void {
    if (error instanceof IoError) {
      this.error("page-unreadable", "pages that the file system cannot read", `${place}: ${error.message}`);
    } else if (error instanceof CorruptionError) {
      this.error(error.code, "damage", `${place}: ${error.message}`);
    } else throw error;
  }

  /** All findings, errors first. */
  result(): CheckResult {
    const findings = [...this.#entries.values()].map(({ severity, code, problem, places, count }) => {
      const more = count > places.length ? `; ${count} in all` : "";
      return { severity, code, message: `${problem}: ${places.join("; ")}${more}`, count };
    });
    findings.sort((one, other) => Number(one.severity === "warning") - Number(other.severity === "warning"));
    return { ok: this.#errors === 0, findings };
  }
}
