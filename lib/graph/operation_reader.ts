/** Reads the operations of a transaction: the other side of `operation_log.ts`. */

import { CorruptionError } from "../backend/errors.ts";
import { parseJson } from "../backend/json.ts";
import type { CheckedEdge, CheckedEdgeUpdate, CheckedNode, CheckedNodeUpdate } from "../backend/record_input.ts";
import { type CheckedValue, checkValue } from "../backend/value_input.ts";
import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import { decodeValue, expiresAtOf, NEVER_EXPIRES, VALUE_HEAD_BYTES, VALUE_TYPE, valueTypeOf } from "../kv/mod.ts";
import { readText } from "../v3/text.ts";
import { lastVarint, readVarint } from "../v3/varint.ts";
import { ENGINE_CODES, METRIC_CODES, NEW_NODE, NO_DATA, OPERATION, STORAGE_CODES, UPDATE } from "./operation_code.ts";

/** Told of every operation of a log, in order. */
export interface OperationHandler {
  /** A node that did not exist when the transaction ran. */
  insertNode(id: number, node: CheckedNode): void;
  /** An update of a node. */
  updateNode(id: number, update: CheckedNodeUpdate): void;
  /** The end of a node and of its edges. */
  deleteNode(id: number): void;
  /** A label that a node gets. */
  addLabel(id: number, label: string): void;
  /** A label that a node loses. */
  removeLabel(id: number, label: string): void;
  /** An edge that did not exist when the transaction ran. */
  insertEdge(id: number, edge: CheckedEdge): void;
  /** An update of an edge. */
  updateEdge(id: number, update: CheckedEdgeUpdate): void;
  /** The end of an edge. */
  deleteEdge(id: number): void;
  /** A key's value. The key's bytes are a view of the log. */
  setValue(key: Uint8Array, value: CheckedValue, expiresAt: number | undefined): void;
  /** The end of a key. Its bytes are a view of the log. */
  deleteValue(key: Uint8Array): void;
  /** A vector index that did not exist when the transaction ran. */
  createVectorIndex(definition: VectorIndexDefinition): void;
  /** The end of a vector index and of its vectors. */
  dropVectorIndex(name: string): void;
  /** A node's vector in an index. */
  setVector(index: string, nodeId: number, vector: Float32Array): void;
  /** The end of a node's vector in an index. */
  deleteVector(index: string, nodeId: number): void;
}

/**
 * Reads a log.
 *
 * @param bytes what `OperationWriter.finish` gave
 * @throws {CorruptionError} for other bytes; the operations before the damage were told
 */
export function readOperations(bytes: Uint8Array, handler: OperationHandler): void {
  const log = new LogCursor(bytes);
  while (log.at < bytes.length) readOperation(log, handler);
}

function readOperation(log: LogCursor, handler: OperationHandler): void {
  const operation = log.byte();
  switch (operation) {
    case OPERATION.insertNode: {
      const flags = log.byte();
      const id = log.number();
      const kind = log.term();
      const name = log.text();
      const filePath = (flags & NEW_NODE.path) === 0 ? null : log.text();
      const labels = (flags & NEW_NODE.labels) === 0 ? NO_LABELS : log.terms();
      return handler.insertNode(id, { kind, name, filePath, labels, data: log.data() });
    }
    case OPERATION.updateNode: {
      const flags = log.byte();
      return handler.updateNode(log.number(), {
        kind: (flags & UPDATE.term) === 0 ? undefined : log.term(),
        name: (flags & UPDATE.name) === 0 ? undefined : log.text(),
        filePath: (flags & UPDATE.path) !== 0 ? log.text() : (flags & UPDATE.noPath) === 0 ? undefined : null,
        data: (flags & UPDATE.data) === 0 ? undefined : log.data(),
      });
    }
    case OPERATION.deleteNode:
      return handler.deleteNode(log.number());
    case OPERATION.addLabel:
      return handler.addLabel(log.number(), log.term());
    case OPERATION.removeLabel:
      return handler.removeLabel(log.number(), log.term());
    case OPERATION.insertEdge: {
      const id = log.number();
      const from = log.number();
      const to = log.number();
      const type = log.term();
      return handler.insertEdge(id, { from, to, type, data: log.data() });
    }
    case OPERATION.updateEdge: {
      const flags = log.byte();
      return handler.updateEdge(log.number(), {
        type: (flags & UPDATE.term) === 0 ? undefined : log.term(),
        data: (flags & UPDATE.data) === 0 ? undefined : log.data(),
      });
    }
    case OPERATION.deleteEdge:
      return handler.deleteEdge(log.number());
    case OPERATION.setValue: {
      const key = log.raw();
      const record = log.raw();
      const expiresAt = record.length < VALUE_HEAD_BYTES ? NEVER_EXPIRES : expiresAtOf(record);
      return handler.setValue(key, checkedValue(record, key), expiresAt === NEVER_EXPIRES ? undefined : expiresAt);
    }
    case OPERATION.deleteValue:
      return handler.deleteValue(log.raw());
    case OPERATION.createVectorIndex:
      return handler.createVectorIndex({
        name: log.term(),
        dimension: log.number(),
        metric: log.choice(METRIC_CODES),
        m: log.number(),
        efConstruction: log.number(),
        efSearch: log.number(),
        storage: log.choice(STORAGE_CODES),
        seed: log.number(),
        engine: log.choice(ENGINE_CODES),
      });
    case OPERATION.dropVectorIndex:
      return handler.dropVectorIndex(log.term());
    case OPERATION.setVector:
      return handler.setVector(log.term(), log.number(), log.vector());
    case OPERATION.deleteVector:
      return handler.deleteVector(log.term(), log.number());
    default:
      throw damaged(log.at - 1, `the operation ${operation}`);
  }
}

const NO_LABELS: readonly string[] = [];
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The value of a record. Text of JSON stays as it was written. */
function checkedValue(record: Uint8Array, key: Uint8Array): CheckedValue {
  if (valueTypeOf(record) !== VALUE_TYPE.json) return checkValue(decodeValue(record, key));
  const json = UTF8.decode(record.subarray(VALUE_HEAD_BYTES));
  const value = parseJson(json);
  // A text with lone surrogates is stored as JSON.
  return { type: typeof value === "string" ? "string" : "json", value, json };
}

/** Where the log is read. Hot. */
class LogCursor {
  readonly #bytes: Uint8Array;
  readonly #terms: string[] = [];
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.at++] as number;
  }

  number(): number {
    const value = readVarint(this.#bytes, this.at);
    this.at = lastVarint.end;
    return value;
  }

  /** Goes behind as many bytes as the number here says, and returns where they begin. */
  #skip(): number {
    const length = this.number();
    const start = this.at;
    if (length > this.#bytes.length - start) throw damaged(start, `a length of ${length} bytes`);
    this.at = start + length;
    return start;
  }

  raw(): Uint8Array {
    const start = this.#skip();
    return this.#bytes.subarray(start, this.at);
  }

  choice<T>(choices: readonly T[]): T {
    const code = this.byte();
    const choice = choices[code];
    if (choice === undefined) throw damaged(this.at - 1, `the code ${code}`);
    return choice;
  }

  /** A copy, in memory of its own. */
  vector(): Float32Array {
    const bytes = this.raw();
    if (bytes.length === 0 || bytes.length % 4 !== 0) throw damaged(this.at, `a vector of ${bytes.length} bytes`);
    const vector = new Float32Array(bytes.length / 4);
    new Uint8Array(vector.buffer).set(bytes);
    // A number that is not finite makes the sum one of those, whatever comes after it.
    let sum = 0;
    for (let at = 0; at < vector.length; at++) sum += (vector[at] as number) * 0;
    if (sum !== 0) throw damaged(this.at, "a vector with a number that is not finite");
    return vector;
  }

  text(): string {
    const start = this.#skip();
    return readText(this.#bytes, start, this.at);
  }

  data(): string {
    const start = this.#skip();
    return start === this.at ? NO_DATA : readText(this.#bytes, start, this.at);
  }

  term(): string {
    const number = this.number();
    const terms = this.#terms;
    if (number === terms.length) terms.push(this.text());
    const term = terms[number];
    if (term === undefined) throw damaged(this.at, `the text number ${number}`);
    return term;
  }

  terms(): string[] {
    const count = this.number();
    const terms: string[] = [];
    for (let index = 0; index < count; index++) terms.push(this.term());
    return terms;
  }
}

function damaged(at: number, found: string): CorruptionError {
  return new CorruptionError(`the operations of a transaction are damaged: ${found} at byte ${at} cannot be`, {
    code: "operation-log",
    value: at,
  });
}
