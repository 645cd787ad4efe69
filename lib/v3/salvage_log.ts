/** The log of a damaged file on top of what came out of the file: every whole transaction that is left. */

import { UnsupportedError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { checkValueRecord } from "./check_values.ts";
import { logPath } from "./engine.ts";
import { type LogScan, scanLog } from "./log_scan.ts";
import { RECORD_TYPE } from "./record_type.ts";
import type { Losses } from "./salvage_losses.ts";
import type { RecordSalvage } from "./salvage_records.ts";
import { showKey } from "./salvage_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { SalvageTarget } from "./salvage_target.ts";
import { readText } from "./text.ts";
import { lastVarint, readVarint } from "./varint.ts";

/** Frames between two reports of progress. */
const PROGRESS_FRAMES = 1000;

/** What came from a log. */
export interface SalvagedLog {
  readonly transactions: number;
  /** Last commit in it; what was asked for when there is none. */
  readonly lastLsn: number;
  /** No LSN from here on was given when the log was made; 0 when that is not known. */
  readonly ceiling: number;
  /** Whether the database did not end cleanly. */
  readonly isUsed: boolean;
}

/** Applies the log's transactions after a commit. */
export function salvageLog(
  source: SalvageSource,
  target: SalvageTarget,
  records: RecordSalvage,
  afterLsn: number,
): SalvagedLog {
  const { fileSystem, path, fileSeed, losses } = source;
  const file = logPath(path);
  const none = { transactions: 0, lastLsn: afterLsn, ceiling: 0, isUsed: false };
  const replay = new LogSalvage(source, target, records);
  let scan: LogScan;
  try {
    scan = scanLog(fileSystem, file, fileSeed, afterLsn, replay.frame, { tolerant: true });
  } catch (error) {
    if (!(error instanceof UnsupportedError)) losses.caught("log", file, fileError("read", file, error));
    else losses.add("log", file, error.message);
    return none;
  }
  if (!scan.isUsed) return none;
  if (scan.skippedBytes > 0 || scan.missingTransactions > 0) {
    losses.add(
      "log",
      file,
      `${scan.skippedBytes} bytes before commit ${scan.lastLsn} are damaged, and up to ${scan.missingTransactions} commits with them; what comes after them was applied`,
    );
  }
  if (scan.tornBytes > 0) {
    losses.add(
      "log",
      file,
      `its last ${scan.tornBytes} bytes are no whole commit: a crash cut it off, or it is damaged`,
    );
  }
  const { transactions, lastLsn, ceiling, isUsed } = scan;
  return { transactions, lastLsn, ceiling, isUsed };
}

class LogSalvage {
  readonly #source: SalvageSource;
  readonly #target: SalvageTarget;
  readonly #records: RecordSalvage;
  readonly #losses: Losses;
  #frames = 0;

  constructor(source: SalvageSource, target: SalvageTarget, records: RecordSalvage) {
    this.#source = source;
    this.#target = target;
    this.#records = records;
    this.#losses = source.losses;
  }

  /** Applies one record of a whole transaction. */
  readonly frame = (type: number, lsn: number, bytes: Uint8Array, start: number, end: number): void => {
    if (this.#frames++ % PROGRESS_FRAMES === 0) this.#source.step("log", this.#frames);
    try {
      this.#apply(type, lsn, bytes, start, end);
    } catch (error) {
      this.#losses.caught("log", `commit ${lsn}`, error);
    }
  };

  #apply(type: number, lsn: number, bytes: Uint8Array, start: number, end: number): void {
    const target = this.#target;
    const { writer } = target.engine;
    switch (type) {
      case RECORD_TYPE.TransactionCommit:
        writer.nextNodeId = Math.max(writer.nextNodeId, readVarint(bytes, start + 8));
        writer.nextEdgeId = Math.max(writer.nextEdgeId, readVarint(bytes, lastVarint.end));
        return;
      case RECORD_TYPE.KvSet:
        return this.#setValue(lsn, bytes, start, end);
      case RECORD_TYPE.KvDelete: {
        const key = bytes.slice(start + 1, end);
        if (writer.valueHead(key) !== undefined) writer.deleteValue(key, false);
        return;
      }
    }
    const id = readVarint(bytes, start);
    const at = lastVarint.end;
    switch (type) {
      case RECORD_TYPE.NodeInsert:
      case RECORD_TYPE.NodeUpdate:
        // Updates name everything: a node that is lost is back with one.
        return this.#records.putNode(id, bytes, at, end);
      case RECORD_TYPE.NodeDelete:
        if (target.hasNode(id)) writer.deleteNode(id, () => {});
        return;
      case RECORD_TYPE.LabelAdd:
      case RECORD_TYPE.LabelRemove:
        return this.#setLabel(id, readVarint(bytes, at), type === RECORD_TYPE.LabelAdd);
      case RECORD_TYPE.EdgeInsert: {
        const from = readVarint(bytes, at);
        const to = readVarint(bytes, lastVarint.end);
        const edgeType = readVarint(bytes, lastVarint.end);
        const dataAt = lastVarint.end;
        if (target.hasEdge(id)) writer.deleteEdge(id);
        return this.#records.putEdge(id, from, to, edgeType, () => dataText(bytes, dataAt, end));
      }
      case RECORD_TYPE.EdgeUpdate: {
        const edgeType = readVarint(bytes, at);
        return this.#updateEdge(id, edgeType, dataText(bytes, lastVarint.end, end));
      }
      case RECORD_TYPE.EdgeDelete:
        if (target.hasEdge(id)) writer.deleteEdge(id);
        return;
      case RECORD_TYPE.VectorIndexCreate:
        // The number at the beginning is the length of the name.
        return this.#records.vectors.createIndex(bytes.slice(at, at + id), bytes.slice(at + id, end));
      case RECORD_TYPE.VectorIndexDrop:
        return this.#records.vectors.dropIndex(id);
      case RECORD_TYPE.VectorSet: {
        const nodeId = readVarint(bytes, at);
        return this.#records.vectors.setVector(id, nodeId, bytes, lastVarint.end, end, lsn);
      }
      case RECORD_TYPE.VectorDelete:
        return this.#records.vectors.deleteVector(id, readVarint(bytes, at));
      case RECORD_TYPE.StringInsert:
        return this.#records.setString(id, readText(bytes, at, end));
      default:
        this.#losses.add("log", `commit ${lsn}`, `a record has type ${type}, which this release does not write`);
    }
  }

  #setLabel(id: number, label: number, isAdded: boolean): void {
    const { writer } = this.#target.engine;
    const text = this.#records.text(label);
    if (!this.#target.hasNode(id)) {
      if (isAdded) {
        this.#losses.add("label", `node ${id}`, `it got a label (${text ?? `string ${label}`}), but is lost`);
      }
      return;
    }
    if (text === undefined) {
      if (isAdded) this.#losses.add("label", `node ${id}`, `a label cannot be read any more: string ${label} is lost`);
      return;
    }
    const number = writer.intern(text);
    const { kind, labels } = writer.nodeParts(id);
    if (kind !== number && labels.includes(number) !== isAdded) writer.setLabel(id, number, isAdded);
  }

  #updateEdge(id: number, edgeType: number, data: string): void {
    const { writer } = this.#target.engine;
    const text = this.#records.text(edgeType);
    if (!this.#target.hasEdge(id)) {
      this.#losses.add("edge", `edge ${id}`, "it was changed, but is lost");
    } else if (text === undefined) {
      this.#losses.add("edge", `edge ${id}`, `its new type cannot be read any more: string ${edgeType} is lost`);
    } else writer.updateEdge(id, writer.intern(text), data);
  }

  /** The number at the beginning is the length of the key. */
  #setValue(lsn: number, bytes: Uint8Array, start: number, end: number): void {
    const length = readVarint(bytes, start);
    const at = lastVarint.end;
    const key = bytes.slice(at, at + length);
    const record = bytes.slice(at + length, end);
    try {
      checkValueRecord(record, key);
    } catch (error) {
      this.#losses.caught("key", showKey(key), error, ` (in commit ${lsn})`);
      return;
    }
    this.#target.engine.writer.setValue(key, record);
  }
}

/** Text of the data that a record of an edge ends with. */
function dataText(bytes: Uint8Array, at: number, end: number): string {
  return at === end ? "{}" : readText(bytes, at, end);
}
