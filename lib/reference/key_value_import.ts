/** Key-values from the checkpoint and the log beside a main file, as records; and the edges that the log names. */

import { GraphError } from "../backend/errors.ts";
import type { ImportedKeyValue } from "../backend/import_record.ts";
import { MAX_KEY_BYTES, MAX_TTL_SECONDS } from "../backend/limits.ts";
import { keyToUser } from "../backend/validate.ts";
import { readCheckpoint, type ReferenceCheckpoint } from "./checkpoint.ts";
import { loggedEdgeName, type LoggedEdges } from "./logged_edges.ts";
import { idOfBigint } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { replayKeyValues } from "./key_value_replay.ts";
import { type ReferenceKeyValue, referenceValue } from "./reference_value.ts";
import type { ReferenceLoss } from "./report.ts";
import { readSidecar, type SidecarDamage } from "./sidecar_file.ts";
import { type SidecarKind, sidecarPath } from "./sidecar_paths.ts";
import { readWal, type ReferenceWal } from "./wal.ts";

/** The key-values of one database. */
export class KeyValueImport {
  /** Key-values that came over. */
  count = 0;
  /** Format of the checkpoint, if there is one that can be read. */
  readonly checkpointFormat: number | undefined;
  readonly #context: ImportContext;
  readonly #checkpoint: ReferenceCheckpoint | undefined;
  readonly #log: ReferenceWal | undefined;

  constructor(context: ImportContext) {
    this.#context = context;
    const checkpoint = this.#read("checkpoint", "checkpoint-damaged");
    const log = this.#read("wal", "log-damaged");
    if (checkpoint !== undefined) {
      this.#checkpoint = readCheckpoint(checkpoint);
      this.checkpointFormat = this.#checkpoint.format;
      this.#note(this.#checkpoint.damages, "checkpoint", "checkpoint-damaged");
    }
    if (log !== undefined) {
      this.#log = readWal(log, { salvage: context.salvage });
      this.#note(this.#log.damages, "wal", "log-damaged");
    }
  }

  #read(kind: SidecarKind, code: ReferenceLoss["code"]): Uint8Array | undefined {
    const file = sidecarPath(this.#context.file, kind);
    if (file === this.#context.file) return undefined;
    try {
      return readSidecar(file);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.#context.losses.add({ code, message: error.message, file });
      return undefined;
    }
  }

  #note(damages: readonly SidecarDamage[], kind: SidecarKind, code: ReferenceLoss["code"]): void {
    const file = sidecarPath(this.#context.file, kind);
    for (const { message, offset, lostBytes } of damages) {
      const lost = lostBytes > 0 ? `; ${lostBytes} bytes were not read` : "";
      this.#context.losses.add({ code, message: `at byte ${offset}: ${message}${lost}`, file, offset });
    }
  }

  /** Edges that the log names: the insertion of an edge is logged once for each end. */
  loggedEdges(): LoggedEdges {
    const edges: LoggedEdges = new Map();
    if (this.#log === undefined || this.#log.counts.EdgeInsert === 0) return edges;
    const incoming: LoggedEdges = new Map();
    for (const record of this.#log.records()) {
      if (record.variant !== "EdgeInsert") continue;
      const [own, other] = [idOfBigint(record.from), idOfBigint(record.to)];
      const isOut = record.direction === "out";
      const name = isOut ? loggedEdgeName(own, other) : loggedEdgeName(other, own);
      const side = isOut ? edges : incoming;
      side.set(name, (side.get(name) ?? 0) + 1);
    }
    for (const [name, times] of incoming) edges.set(name, Math.max(times, edges.get(name) ?? 0));
    return edges;
  }

  /** The key-values. */
  *records(): Generator<{ readonly kv: ImportedKeyValue }, undefined, undefined> {
    const { entries, unapplied } = replayKeyValues(this.#checkpoint, this.#log);
    for (const { key, reason, source } of unapplied) {
      const file = sidecarPath(this.#context.file, source === "log" ? "wal" : "checkpoint");
      const why = reason === "undecodable" ? "its value is none of its type" : "its transaction was not committed";
      this.#lose(key, `a write of the key ${show(key)} does not count: ${why}`, file);
    }
    for (let index = 0; index < entries.length; index++) {
      this.#context.steps.step("key-values", index, entries.length);
      const kv = this.#keyValue(entries[index] as ReferenceKeyValue);
      if (kv === undefined) continue;
      this.count++;
      yield { kv };
    }
  }

  #keyValue({ key, type, bytes, ttlSeconds }: ReferenceKeyValue): ImportedKeyValue | undefined {
    if (key.length > MAX_KEY_BYTES) {
      this.#lose(
        key.subarray(0, 64),
        `a key of ${key.length} bytes is longer than ${MAX_KEY_BYTES}`,
        this.#context.file,
      );
      return undefined;
    }
    const value = referenceValue(type, bytes);
    if (value === undefined) return undefined; // a replay hands out none of these
    if (ttlSeconds === undefined) return { key: keyToUser(key), value };
    // A time beyond what we can have is as good as for ever.
    if (ttlSeconds > MAX_TTL_SECONDS) return { key: keyToUser(key), value };
    return { key: keyToUser(key), value, ttlSeconds };
  }

  #lose(key: Uint8Array, message: string, file: string): void {
    this.#context.losses.add({ code: "key-value-damaged", message, file, key: keyToUser(key) });
  }
}

function show(key: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(key.subarray(0, 60)));
}
