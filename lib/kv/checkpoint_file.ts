/** The file of the checkpoint copy: written whole or not at all, and set aside, never deleted, when it is damaged. */

import { CorruptionError } from "../backend/errors.ts";
import { checkFrame, type Checkpoint, CHECKPOINT_HEAD_BYTES, decodeCheckpoint } from "./checkpoint_codec.ts";

/** What is needed of an open file. */
export interface CheckpointOpenFile {
  /** Reads into the buffer from a byte position; returns how many bytes there were. */
  read(buffer: Uint8Array, position: number): number;
  /** Writes the whole buffer at a byte position, or throws. */
  write(buffer: Uint8Array, position: number): void;
  /** Returns once the content is on the medium. */
  sync(): void;
  /** Closes the file. */
  close(): void;
}

/** What is needed of a file system: a part of the storage engine's. */
export interface CheckpointFileSystem {
  /** Opens an existing file, or makes one that must not exist yet. */
  open(path: string, mode: "read" | "create"): CheckpointOpenFile;
  /** What is there, or undefined. */
  stat(path: string): { readonly type: "file" | "folder" | "other"; readonly sizeBytes: number } | undefined;
  /** Gives a file another name, replacing what has it. */
  rename(from: string, to: string): void;
  /** Removes a file; a missing one is fine. */
  remove(path: string): void;
}

/** Most damaged copies that are kept. */
export const MAX_SET_ASIDE = 8;

/** The one temporary name of a checkpoint: only the database's one writer writes it, and a crash leaves at most one. */
function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

/**
 * Replaces a checkpoint by another one: written under a temporary name, synced, renamed. The caller syncs the folder.
 *
 * @param path the checkpoint's path
 * @param checkpoint what `encodeCheckpoint` returned
 * @throws the file system's error, with the old checkpoint as it was and the temporary file removed
 */
export function writeCheckpointFile(fileSystem: CheckpointFileSystem, path: string, checkpoint: Uint8Array): void {
  const temporary = temporaryOf(path);
  removeStaleTemporaries(fileSystem, path);
  try {
    const file = fileSystem.open(temporary, "create");
    try {
      file.write(checkpoint, 0);
      file.sync();
    } finally {
      file.close();
    }
    fileSystem.rename(temporary, path);
  } catch (error) {
    try {
      fileSystem.remove(temporary);
    } catch {
      // What failed first is the reason; the next write or open removes the file.
    }
    throw error;
  }
}

/** Removes what a crash during `writeCheckpointFile` left behind. For the writer only, when it opens the database. */
export function removeStaleTemporaries(fileSystem: CheckpointFileSystem, path: string): void {
  fileSystem.remove(temporaryOf(path));
}

/**
 * Reads a checkpoint; undefined when there is none.
 *
 * @param path the checkpoint's path
 * @param fileSeed the database's; undefined to read the checkpoint of any, as a rescue must when the main file is lost
 * @throws {CorruptionError} when it is damaged, is no file, or belongs to another database (`foreign-kv-checkpoint`)
 */
export function readCheckpointFile(
  fileSystem: CheckpointFileSystem,
  path: string,
  fileSeed?: number,
): Checkpoint | undefined {
  const found = fileSystem.stat(path);
  if (found === undefined) return undefined;
  if (found.type !== "file") {
    throw new CorruptionError(`${path} is no file`, { code: "corrupt-kv-checkpoint", value: path });
  }
  const checkpoint = decodeCheckpoint(readWhole(fileSystem, path, found.sizeBytes), path);
  if (fileSeed !== undefined && checkpoint.fileSeed !== fileSeed) {
    throw new CorruptionError(`${path} holds the key-values of another database`, {
      code: "foreign-kv-checkpoint",
      value: path,
    });
  }
  return checkpoint;
}

/** The bytes of a file that begins like a checkpoint of its size: only then as many are allocated. */
function readWhole(fileSystem: CheckpointFileSystem, path: string, sizeBytes: number): Uint8Array {
  const file = fileSystem.open(path, "read");
  try {
    const head = new Uint8Array(CHECKPOINT_HEAD_BYTES);
    checkFrame(head.subarray(0, file.read(head, 0)), sizeBytes, path);
    const bytes = new Uint8Array(sizeBytes);
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * Renames a damaged checkpoint to the first free of `<path>.corrupt-1` to `-8`, so that it can be examined. When all are taken,
 * `-8` is replaced: the first seven tell how it began, the last how it is now. The caller syncs the folder.
 *
 * @returns the new path
 */
export function setAsideCorrupt(fileSystem: CheckpointFileSystem, path: string): string {
  let number = 1;
  while (number < MAX_SET_ASIDE && fileSystem.stat(`${path}.corrupt-${number}`) !== undefined) number++;
  const aside = `${path}.corrupt-${number}`;
  fileSystem.rename(path, aside);
  return aside;
}
