/**
 * The key-values as they should have been after a crash: the checkpoint, and on top of it the log. (The reference itself takes the
 * log instead of the checkpoint and loses every key that only the checkpoint has.)
 */

import { Buffer } from "node:buffer";
import type { ReferenceCheckpoint } from "./checkpoint.ts";
import { ReferenceKeyValue } from "./reference_value.ts";
import type { ReferenceWal } from "./wal.ts";
import type { KvSetRecord, WalRecord } from "./wal_record.ts";

/** A write that was not applied. */
export interface UnappliedWrite {
  /** The key. */
  readonly key: Uint8Array;
  /**
   * `undecodable`: the value is none of its type; the key keeps what it had before. `uncommitted`: the log has no commit of its
   * transaction.
   */
  readonly reason: "undecodable" | "uncommitted";
  /** Where it was. */
  readonly source: "checkpoint" | "log";
}

/** What a replay gives. */
export interface ReplayedKeyValues {
  /** All keys that exist, each once, ascending by their bytes; expired ones too. A null is a value. Every value can be decoded. */
  readonly entries: readonly ReferenceKeyValue[];
  /** Writes that were not applied, in the order of the files. */
  readonly unapplied: readonly UnappliedWrite[];
}

/**
 * Puts the log on top of the checkpoint, record by record. Writes of a transaction count when it is committed (the reference
 * writes no transactions). Of several writes of a key the last one counts; a removed key is absent.
 *
 * @param checkpoint what `readCheckpoint` gave, if there is one
 * @param wal what `readWal` gave, if there is one
 */
export function replayKeyValues(
  checkpoint: Pick<ReferenceCheckpoint, "entries"> | undefined,
  wal: Pick<ReferenceWal, "records"> | undefined,
): ReplayedKeyValues {
  const state = new KeyState();
  for (const entry of checkpoint?.entries ?? []) state.set(entry, "checkpoint");
  let open: WalRecord[] | undefined;
  for (const record of wal?.records() ?? []) {
    switch (record.variant) {
      case "TransactionBegin":
        state.drop(open);
        open = [];
        break;
      case "TransactionCommit":
        for (const pending of open ?? []) state.apply(pending);
        open = undefined;
        break;
      case "TransactionRollback":
        open = undefined;
        break;
      default:
        if (open === undefined) state.apply(record);
        else open.push(record);
    }
  }
  state.drop(open);
  return { entries: state.entries(), unapplied: state.unapplied };
}

class KeyState {
  readonly unapplied: UnappliedWrite[] = [];
  /** By the key's bytes as latin-1 text, of which equal keys, and no others, have equal ones. */
  readonly #entries = new Map<string, ReferenceKeyValue>();
  /** All bytes of the log: entries share it. */
  #log: Uint8Array = new Uint8Array(0);

  apply(record: WalRecord): void {
    if (record.variant === "KvSet") this.set(this.#entryOf(record), "log");
    else if (record.variant === "KvDelete" || record.variant === "KvTombstone") this.#entries.delete(text(record.key));
  }

  set(entry: ReferenceKeyValue, source: UnappliedWrite["source"]): void {
    if (entry.isDecodable) this.#entries.set(text(entry.key), entry);
    else this.unapplied.push({ key: entry.key, reason: "undecodable", source });
  }

  #entryOf({ key, valueType, value, ttlSeconds, seconds }: KvSetRecord): ReferenceKeyValue {
    if (this.#log.buffer !== key.buffer) this.#log = new Uint8Array(key.buffer);
    const bounds = {
      keyAt: key.byteOffset,
      keyEnd: key.byteOffset + key.length,
      valueAt: value.byteOffset,
      valueEnd: value.byteOffset + value.length,
    };
    const ttl = ttlSeconds === undefined ? undefined : Number(ttlSeconds);
    // Without a usable clock the reference writes 0.
    return new ReferenceKeyValue(this.#log, bounds, valueType, ttl, seconds === 0n ? undefined : Number(seconds));
  }

  /** The writes of a transaction of which the log has no commit. */
  drop(records: readonly WalRecord[] | undefined): void {
    for (const record of records ?? []) {
      if (record.variant !== "KvSet" && record.variant !== "KvDelete" && record.variant !== "KvTombstone") continue;
      this.unapplied.push({ key: record.key, reason: "uncommitted", source: "log" });
    }
  }

  entries(): ReferenceKeyValue[] {
    // Code units of such texts are bytes.
    return [...this.#entries.keys()].sort().map((key) => this.#entries.get(key) as ReferenceKeyValue);
  }
}

function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
