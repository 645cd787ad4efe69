/** Preloaded before each test file on Deno: once `node:test` is loaded, Deno passes over errors that happen outside a
 * test, even one that ends the loading of the file. `scripts/test.mjs` looks for this line and fails the run. */
function report(event: Event & { error?: unknown; reason?: unknown }): void {
  console.error("UNCAUGHT outside a test:", event.error ?? event.reason);
}

addEventListener("error", report);
addEventListener("unhandledrejection", report);
