/** The one way to declare a test: flat, without hooks and without nested tests, so that both runtimes count the same.
 *
 *   import { test } from "../support/test.ts";
 *   test("a deleted node takes its edges with it", () => { ... });
 *   test("a folder without write permission is refused", { skip: "root may write everywhere" }, () => { ... });
 *
 * @module
 */
import { test as nodeTest } from "node:test";

/** What a test may be told besides its name. */
export interface TestOptions {
  /** True, or better the reason, when the test cannot run here. It is counted as skipped. */
  readonly skip?: boolean | string;
}

/** How a test is declared: all of `node:test` that runs alike on Bun and on Deno. */
export interface Test {
  (name: string, body: () => void | Promise<void>): void;
  (name: string, options: TestOptions, body: () => void | Promise<void>): void;
}

/** Declares a test. Name it for the behaviour, in plain words. (Not wrapped, so that reports name the caller's line.) */
export const test: Test = nodeTest;

/** The runtime that the test runs on. */
export const RUNTIME: "bun" | "deno" = "Bun" in globalThis ? "bun" : "deno";
