/** What cannot be sent to another thread. */

/** Whether an error says that something cannot be sent to a thread. */
export function isCloneError(error: unknown): boolean {
  return error instanceof Error && error.name === "DataCloneError";
}
