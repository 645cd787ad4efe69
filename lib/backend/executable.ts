/** Programs that `bun build --compile` makes. */

/** Whether a module lies inside an executable that Bun made: then all modules may have one URL, and it cannot be imported. */
export function isInExecutable(moduleUrl: string): boolean {
  return moduleUrl.startsWith("file:///$bunfs/") || moduleUrl.includes("/~BUN/") || moduleUrl.includes("/%7EBUN/");
}
