/** Which past state a caller asks for, and the errors when there is none. */

import type { SnapshotAt } from "../backend/care.ts";
import { InvalidArgumentError, NotRetainedError } from "../backend/errors.ts";
import { checkObject, show } from "../backend/validate.ts";

/** One of the three is given; LSN 0 is the newest state. */
export type CheckedAt =
  | { readonly lsn: number; readonly timeMs?: never; readonly tag?: never }
  | { readonly lsn?: never; readonly timeMs: number; readonly tag?: never }
  | { readonly lsn?: never; readonly timeMs?: never; readonly tag: string };

/** Checks what names a past state. */
export function checkAt(at: SnapshotAt, call: string): CheckedAt {
  checkObject(at, call, "at");
  const { lsn, time, tag } = at as { lsn?: unknown; time?: unknown; tag?: unknown };
  if ([lsn, time, tag].filter((given) => given !== undefined).length !== 1) {
    throw invalidAt(call, "at", at, "one of { lsn }, { time } and { tag }");
  }
  if (tag !== undefined) {
    if (typeof tag !== "string") throw invalidAt(call, "tag", tag, "a text");
    return { tag };
  }
  if (time !== undefined) {
    if (!(time instanceof Date) || Number.isNaN(time.getTime())) throw invalidAt(call, "time", time, "a valid Date");
    return { timeMs: time.getTime() };
  }
  if (typeof lsn !== "number" || !Number.isSafeInteger(lsn) || lsn < 0) {
    throw invalidAt(call, "lsn", lsn, "the number of a commit, or 0 for the newest one");
  }
  return { lsn };
}

/** The error for an argument of wrong form. */
export function invalidAt(call: string, field: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}

/** The error for a state that is not kept. */
export function notKept(
  call: string,
  what: string,
  value: number,
  oldestLsn: number,
  newestLsn: number,
): NotRetainedError {
  return new NotRetainedError(
    `${call}: ${what} is not kept; kept are commits from ${oldestLsn} to ${newestLsn} (see commits()); tag a commit, or open with { retention }, to keep more`,
    { code: "not-retained", value },
  );
}

/** The error for a name that no commit has. */
export function noSuchTag(tag: string, names: readonly string[], call: string): NotRetainedError {
  const list = names.slice(0, 10).map((name) => JSON.stringify(name)).join(", ");
  return new NotRetainedError(
    `${call}: there is no tag ${show(tag)}; the tags are ${list === "" ? "none" : list}`,
    { code: "tag-not-found", field: "tag", value: tag },
  );
}
