/** Which engine is to open a path: that of the file, or for a new one what the user wants. */

import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import { checkText, show } from "../backend/validate.ts";
import { type EngineName, engineOfFile } from "./file_engine.ts";

const ENGINES: readonly unknown[] = ["v3", "sqlite"];
const V3_ONLY = ["retention", "cacheBytes", "immutable"] as const;

/** The options that depend on the engine. */
export type EngineChoice =
  & { readonly backend?: EngineName | undefined }
  & { readonly [option in typeof V3_ONLY[number]]?: unknown };

/**
 * The engine for a path.
 *
 * @throws {InvalidArgumentError} when the file is of another engine than the one that is asked for
 * @throws {UnsupportedError} for V3's options with SQLite
 */
export function chooseEngine(path: string, options: EngineChoice, call: string): EngineName {
  checkText(path, call, "path");
  const { backend } = options;
  if (backend !== undefined && !ENGINES.includes(backend)) {
    throw new InvalidArgumentError(`${call}: backend is ${show(backend)}; give "v3" or "sqlite", or leave it out`, {
      code: "invalid-argument",
      field: "backend",
      value: backend,
    });
  }
  const found = path === ":memory:" ? undefined : engineOfFile(path);
  if (found !== undefined && backend !== undefined && found !== backend) throw wrongBackend(call, path, found, backend);
  const engine = found ?? backend ?? "v3";
  if (engine === "v3") return engine;
  for (const option of V3_ONLY) {
    if (options[option] !== undefined) throw onlyV3(call, path, option, options[option]);
  }
  return engine;
}

const NAMES: Readonly<Record<EngineName, string>> = { v3: "a V3 database", sqlite: "a SQLite database" };

function wrongBackend(call: string, path: string, found: EngineName, backend: EngineName): InvalidArgumentError {
  return new InvalidArgumentError(
    `${call}: backend is "${backend}", but ${path} is ${NAMES[found]}; leave backend out, or give another path`,
    { code: "wrong-backend", field: "backend", value: backend },
  );
}

function onlyV3(call: string, path: string, option: typeof V3_ONLY[number], value: unknown): UnsupportedError {
  return new UnsupportedError(
    `${call}: ${option} is given, but ${path} is ${NAMES.sqlite}, which has no such option; leave it out`,
    { code: "option-not-supported", field: option, value },
  );
}
