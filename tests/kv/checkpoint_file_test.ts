/** The file of the checkpoint copy: whole or as before, whatever fails, and damaged ones are kept. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import {
  CHECKPOINT,
  type CheckpointEntry,
  encodeCheckpoint,
  MAX_CHECKPOINT_BYTES,
} from "../../lib/kv/checkpoint_codec.ts";
import {
  type CheckpointFileSystem,
  type CheckpointOpenFile,
  MAX_SET_ASIDE,
  readCheckpointFile,
  removeStaleTemporaries,
  setAsideCorrupt,
  writeCheckpointFile,
} from "../../lib/kv/checkpoint_file.ts";
import { encodeValue, encodeValueRecord } from "../../lib/kv/value_record.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { test } from "../support/test.ts";

const PATH = "a.graph.v3checkpoint";
const SEED = 77;

function checkpointOf(value: unknown, fileSeed = SEED): Uint8Array {
  const entry: CheckpointEntry = {
    key: new TextEncoder().encode("key"),
    record: encodeValueRecord(encodeValue(checkValue(value)), 1, 2, 0, 3),
  };
  const checkpoint = encodeCheckpoint({ fileSeed, lsn: 3, timeMs: 2 }, [entry]);
  assert(checkpoint !== undefined);
  return checkpoint;
}

class Crash extends Error {}

/** Files in memory that write down the calls, and fail (once, or from then on) at the one with number `failAt`. */
class Files implements CheckpointFileSystem {
  readonly content = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  failAt = Infinity;
  failsOnce = true;

  #call(name: string): void {
    this.calls.push(name);
    const number = this.calls.length;
    if (number === this.failAt || (!this.failsOnce && number > this.failAt)) throw new Crash(name);
  }

  open(path: string, mode: "read" | "create"): CheckpointOpenFile {
    this.#call(`${mode} ${path}`);
    if (this.content.has(path) === (mode === "create")) throw new Error(`${mode} ${path}`);
    if (mode === "create") this.content.set(path, new Uint8Array(0));
    return {
      read: (buffer, position) => {
        const part = (this.content.get(path) as Uint8Array).subarray(position, position + buffer.length);
        buffer.set(part);
        return part.length;
      },
      write: (buffer, position) => {
        assertEquals(position, 0);
        // Half of it is there when the call fails.
        this.content.set(path, buffer.slice(0, buffer.length / 2));
        this.#call("write");
        this.content.set(path, buffer.slice());
      },
      sync: () => this.#call("sync"),
      close: () => this.#call("close"),
    };
  }

  stat(path: string): { type: "file"; sizeBytes: number } | undefined {
    const content = this.content.get(path);
    return content === undefined ? undefined : { type: "file", sizeBytes: content.length };
  }

  rename(from: string, to: string): void {
    this.#call(`rename ${from} ${to}`);
    this.content.set(to, this.content.get(from) as Uint8Array);
    this.content.delete(from);
  }

  remove(path: string): void {
    this.#call(`remove ${path}`);
    this.content.delete(path);
  }
}

test("the storage engine's file system will do", () => {
  const files = {} as FileSystem satisfies CheckpointFileSystem;
  assertEquals(files, {} as FileSystem);
});

test("a written checkpoint is synced before it has its name, and is read back", () => {
  const files = new Files();
  writeCheckpointFile(files, PATH, checkpointOf("value"));
  assertEquals(files.calls.slice(1), [`create ${PATH}.tmp`, "write", "sync", "close", `rename ${PATH}.tmp ${PATH}`]);
  assertEquals([...files.content.keys()], [PATH]);
  assertEquals(readCheckpointFile(files, PATH, SEED)?.entries.length, 1);
  writeCheckpointFile(files, PATH, checkpointOf("other"));
  assertEquals(files.content.get(PATH), checkpointOf("other"));
});

test("a missing checkpoint is none", () => {
  assertStrictEquals(readCheckpointFile(new Files(), PATH, SEED), undefined);
});

test("a failed write leaves the old checkpoint, no temporary file, and tells the first error", () => {
  for (let failAt = 1; failAt <= 6; failAt++) {
    const files = new Files();
    files.content.set(PATH, checkpointOf("old"));
    files.failAt = failAt;
    const error = assertThrows(() => writeCheckpointFile(files, PATH, checkpointOf("new")), Crash);
    assertEquals(error.message, files.calls[failAt - 1]);
    assertEquals([...files.content], [[PATH, checkpointOf("old")]], `failed at ${error.message}`);
    writeCheckpointFile(files, PATH, checkpointOf("new"));
    assertEquals([...files.content], [[PATH, checkpointOf("new")]]);
  }
});

test("a crash leaves the old checkpoint, and at most one temporary file for the next open to remove", () => {
  for (let failAt = 1; failAt <= 6; failAt++) {
    const files = new Files();
    files.content.set(PATH, checkpointOf("old"));
    files.failAt = failAt;
    files.failsOnce = false;
    const error = assertThrows(() => writeCheckpointFile(files, PATH, checkpointOf("new")), Crash);
    assert(error.message === files.calls[failAt - 1] || error.message === "close", error.message);
    files.failAt = Infinity;
    assertEquals(files.content.get(PATH), checkpointOf("old"));
    assert(files.content.size <= 2);
    removeStaleTemporaries(files, PATH);
    assertEquals([...files.content.keys()], [PATH]);
  }
});

test("a temporary file of a crashed run does not hinder a write", () => {
  const files = new Files();
  files.content.set(`${PATH}.tmp`, new Uint8Array(10));
  writeCheckpointFile(files, PATH, checkpointOf("new"));
  assertEquals([...files.content], [[PATH, checkpointOf("new")]]);
});

test("a damaged checkpoint is corruption that names the file", () => {
  const whole = checkpointOf("value");
  const flipped = whole.slice();
  flipped[48] = (flipped[48] as number) ^ 0xff;
  const bad: readonly Uint8Array[] = [
    new Uint8Array(0),
    whole.subarray(0, 12),
    whole.subarray(0, 80),
    whole.subarray(0, whole.length - 1),
    new TextEncoder().encode("garbage"),
    new TextEncoder().encode("CORRUPTED".padEnd(1000, "\0")),
    flipped,
  ];
  for (const content of bad) {
    const files = new Files();
    files.content.set(PATH, content);
    const error = assertThrows(() => readCheckpointFile(files, PATH, SEED), CorruptionError, PATH);
    assertEquals(error.code, "corrupt-kv-checkpoint");
    assertEquals(files.calls.at(-1), "close");
  }
});

test("what is no file is corruption", () => {
  const files = new Files();
  files.stat = () => ({ type: "folder", sizeBytes: 0 } as never);
  assertThrows(() => readCheckpointFile(files, PATH), CorruptionError, PATH);
});

test("a size that the head does not confirm is never allocated", () => {
  const files = new Files();
  files.content.set(PATH, checkpointOf("value"));
  const allocated: number[] = [];
  const open = files.open.bind(files);
  files.open = (path, mode) => {
    const file = open(path, mode);
    return { ...file, read: (buffer, at) => (allocated.push(buffer.length), file.read(buffer, at)) };
  };
  for (const sizeBytes of [2 ** 50, 1e9, 100]) {
    files.stat = () => ({ type: "file", sizeBytes });
    assertThrows(() => readCheckpointFile(files, PATH, SEED), CorruptionError, "instead of");
  }
  const sizeBytes = MAX_CHECKPOINT_BYTES + 1;
  const head = checkpointOf("value");
  new DataView(head.buffer).setFloat64(CHECKPOINT.payloadLengthAt, sizeBytes - CHECKPOINT.payloadAt, true);
  files.content.set(PATH, head);
  files.stat = () => ({ type: "file", sizeBytes });
  assertThrows(() => readCheckpointFile(files, PATH, SEED), CorruptionError, `${MAX_CHECKPOINT_BYTES}`);
  assertEquals(allocated, [80, 80, 80, 80]);
});

test("a file that shrinks while it is read is corruption", () => {
  const files = new Files();
  const whole = checkpointOf("value");
  files.content.set(PATH, whole.subarray(0, whole.length - 3));
  files.stat = () => ({ type: "file", sizeBytes: whole.length });
  assertThrows(() => readCheckpointFile(files, PATH, SEED), CorruptionError, PATH);
});

test("the checkpoint of another database is refused, unless any is asked for", () => {
  const files = new Files();
  files.content.set(PATH, checkpointOf("value", SEED + 1));
  const error = assertThrows(() => readCheckpointFile(files, PATH, SEED), CorruptionError, PATH);
  assertEquals(error.code, "foreign-kv-checkpoint");
  assertEquals(readCheckpointFile(files, PATH)?.fileSeed, SEED + 1);
});

test("damaged checkpoints are set aside under the first free number", () => {
  const files = new Files();
  const damaged = (number: number) => Uint8Array.of(number);
  for (let number = 1; number <= MAX_SET_ASIDE; number++) {
    files.content.set(PATH, damaged(number));
    assertEquals(setAsideCorrupt(files, PATH), `${PATH}.corrupt-${number}`);
  }
  assertEquals(files.content.size, MAX_SET_ASIDE);
  files.content.delete(`${PATH}.corrupt-3`);
  files.content.set(PATH, damaged(9));
  assertEquals(setAsideCorrupt(files, PATH), `${PATH}.corrupt-3`);
  assertEquals(files.content.get(`${PATH}.corrupt-3`), damaged(9));
});

test("of many damaged checkpoints the first seven and the last are kept", () => {
  const files = new Files();
  for (let number = 1; number <= 20; number++) {
    files.content.set(PATH, Uint8Array.of(number));
    setAsideCorrupt(files, PATH);
  }
  const kept = Array.from({ length: MAX_SET_ASIDE }, (_, at) => files.content.get(`${PATH}.corrupt-${at + 1}`)?.[0]);
  assertEquals(kept, [1, 2, 3, 4, 5, 6, 7, 20]);
  assertEquals(files.content.size, MAX_SET_ASIDE);
});
