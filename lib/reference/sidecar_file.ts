/** Reading sidecars, which are small enough to be read whole. */

import { readFileSync, statSync } from "node:fs";
import { UnsupportedError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";

/** Larger sidecars are not read. */
export const MAX_SIDECAR_BYTES: number = 2 ** 30;

/** What is wrong in a sidecar, and where. What the decoder gives besides is what the bytes before (or around it) still hold. */
export interface SidecarDamage {
  /** What is wrong. */
  readonly message: string;
  /** First byte that could not be read as what it should be. */
  readonly offset: number;
  /** Bytes that were left out because of it. */
  readonly lostBytes: number;
}

/**
 * The bytes of a sidecar, or undefined when there is none.
 *
 * @throws {UnsupportedError} when it has more than `MAX_SIDECAR_BYTES`
 * @throws {IoError} when it cannot be read
 */
export function readSidecar(path: string): Uint8Array | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) return undefined;
    if (stat.size > MAX_SIDECAR_BYTES) {
      throw new UnsupportedError(`${path} has ${stat.size} bytes; sidecars of at most ${MAX_SIDECAR_BYTES} are read`, {
        code: "sidecar-too-large",
        value: path,
      });
    }
    return readFileSync(path);
  } catch (error) {
    throw fileError("read", path, error);
  }
}
