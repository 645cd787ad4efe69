/** Replay of a log: its transactions go through the same changes that wrote them. */

import { CorruptionError } from "../backend/errors.ts";
import { writeCatalog } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import { RECORD_TYPE } from "./record_type.ts";
import type { GraphState } from "./state.ts";
import { readText } from "./text.ts";
import { lastVarint, readVarint } from "./varint.ts";

/** Takes the frames of a log in order and leaves the engine with the state after them. */
export class Replay {
  readonly #engine: Engine;
  #isOpen = false;
  #lsn = 0;
  #timeMs = 0;
  /** Over the memory of the last frame. */
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes one frame of a whole transaction. */
  readonly frame = (type: number, lsn: number, bytes: Uint8Array, start: number, end: number): void => {
    const { pager } = this.#engine;
    if (!this.#isOpen) {
      pager.begin(lsn);
      this.#isOpen = true;
    }
    try {
      this.#apply(type, lsn, bytes, start, end);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CorruptionError(
        `the log of ${this.#engine.path} does not fit the database: in commit ${lsn} ${error.message}`,
        { code: "log-mismatch", value: lsn, cause: error },
      );
    }
    if (type !== RECORD_TYPE.TransactionCommit) return;
    this.#lsn = lsn;
    // A kept commit needs roots of its own; without any, all commits of the log become one change of the trees.
    if (this.#engine.isRetaining) this.#publish();
  };

  #apply(type: number, lsn: number, bytes: Uint8Array, start: number, end: number): void {
    const { writer } = this.#engine;
    if (type === RECORD_TYPE.TransactionCommit) {
      this.#timeMs = this.#float64(bytes, start);
      writer.nextNodeId = Math.max(writer.nextNodeId, readVarint(bytes, start + 8));
      writer.nextEdgeId = Math.max(writer.nextEdgeId, readVarint(bytes, lastVarint.end));
      return;
    }
    if (type === RECORD_TYPE.KvDelete) return writer.replayDeletedValue(bytes.slice(start + 1, end));
    const id = readVarint(bytes, start);
    const at = lastVarint.end;
    switch (type) {
      case RECORD_TYPE.NodeInsert:
        return writer.replayNode(id, bytes, at, end);
      case RECORD_TYPE.NodeUpdate:
        return writer.replayNodeUpdate(id, bytes, at, end);
      case RECORD_TYPE.NodeDelete:
        return writer.deleteNode(id, () => {});
      case RECORD_TYPE.LabelAdd:
      case RECORD_TYPE.LabelRemove:
        return writer.setLabel(id, readVarint(bytes, at), type === RECORD_TYPE.LabelAdd);
      case RECORD_TYPE.EdgeInsert: {
        const from = readVarint(bytes, at);
        const to = readVarint(bytes, lastVarint.end);
        const edgeType = readVarint(bytes, lastVarint.end);
        return writer.replayEdge(id, from, to, edgeType, bytes, lastVarint.end, end);
      }
      case RECORD_TYPE.EdgeUpdate: {
        const edgeType = readVarint(bytes, at);
        return writer.replayEdgeUpdate(id, edgeType, bytes, lastVarint.end, end);
      }
      case RECORD_TYPE.EdgeDelete:
        return writer.deleteEdge(id);
      case RECORD_TYPE.StringInsert:
        return writer.putString(id, readText(bytes, at, end));
      case RECORD_TYPE.KvSet:
        // Its first number is the length of the key.
        return writer.replayValue(bytes.slice(at, at + id), bytes.slice(at + id, end));
      case RECORD_TYPE.VectorIndexCreate:
        // Its first number is the length of the name.
        return writer.vectors.replayIndex(bytes.slice(at, at + id), bytes.slice(at + id, end));
      case RECORD_TYPE.VectorIndexDrop:
        return writer.vectors.dropIndex(id);
      case RECORD_TYPE.VectorSet:
        return writer.vectors.replayVector(id, readVarint(bytes, at), bytes, lastVarint.end, end, lsn);
      case RECORD_TYPE.VectorDelete:
        return writer.vectors.replayDeletedVector(id, readVarint(bytes, at));
      default:
        throw new RangeError(`a record has type ${type}, which this release does not write`);
    }
  }

  #float64(bytes: Uint8Array, at: number): number {
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    return this.#view.getFloat64(bytes.byteOffset + at, true);
  }

  /** Makes what was replayed the newest state. */
  finish(): void {
    if (this.#isOpen) this.#publish();
    this.#engine.buffer.clear();
  }

  #publish(): void {
    const engine = this.#engine;
    const { writer, pager } = engine;
    writer.flush();
    let state: GraphState = {
      lsn: this.#lsn,
      timeMs: this.#timeMs,
      nodeCount: writer.nodeCount,
      edgeCount: writer.edgeCount,
      keyCount: writer.keyCount,
      nextString: writer.nextString,
      roots: engine.trees.roots(),
      catalog: engine.state.catalog,
      catalogLsn: engine.state.catalogLsn,
    };
    if (engine.isRetaining) state = writeCatalog(pager, state);
    pager.commit(engine.kept.onFreed);
    engine.publish(state);
    this.#isOpen = false;
  }
}
