/** Copies nodes, edges, key-values and (with `salvage_vectors.ts`) vectors of a damaged file into the new one, one by one. */

import { parseJson } from "../backend/json.ts";
import { MAX_ID } from "../backend/limits.ts";
import { VALUE_HEAD_BYTES } from "../kv/mod.ts";
import { readKey, readValue, readValueHead, valuePartAt } from "./byte_cell.ts";
import { checkValueRecord } from "./check_values.ts";
import { EdgeReader } from "./edge_record.ts";
import { NodeReader } from "./node_record.ts";
import { EMPTY_ROOT, type Pages } from "./pages.ts";
import { readRecordChain } from "./record_chain.ts";
import type { SalvageContent } from "./salvage_content.ts";
import { SalvageCopy } from "./salvage_copy.ts";
import { type Losses, reasonOf } from "./salvage_losses.ts";
import type { Range } from "./salvage_range.ts";
import { showKey } from "./salvage_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";
import type { SalvagedNode, SalvageTarget } from "./salvage_target.ts";
import { TREE_NAMES } from "./state.ts";
import { STRING_OVERFLOW, StringTable } from "./string_table.ts";
import { readText } from "./text.ts";
import { readTrees } from "./trees.ts";
import { VectorSalvage } from "./salvage_vectors.ts";
import { lastVarint, readVarint } from "./varint.ts";

/** Records between two reports of progress. */
const PROGRESS_RECORDS = 1000;
const NO_DATA = "{}";

/** What copies the records of one file. */
export class RecordSalvage {
  readonly #source: SalvageSource;
  readonly #target: SalvageTarget;
  readonly #losses: Losses;
  /** Texts of kinds, types and labels by the numbers that they have in the damaged file. */
  readonly #strings = new Map<number, string>();
  readonly #node: NodeReader;
  readonly #edge: EdgeReader;
  readonly #copy: SalvageCopy;
  /** Copies the vectors. */
  readonly vectors: VectorSalvage;
  #done = 0;

  constructor(source: SalvageSource, target: SalvageTarget) {
    this.#source = source;
    this.#target = target;
    this.#losses = source.losses;
    // Readers give numbers of strings here; the texts come from all that is left of both trees of strings.
    const none = new StringTable(source.pages, readTrees(source.pages, TREE_NAMES.map(() => EMPTY_ROOT)));
    this.#node = new NodeReader(source.pages, none);
    this.#edge = new EdgeReader(source.pages, none);
    this.#copy = new SalvageCopy(source);
    this.vectors = new VectorSalvage(source, target);
  }

  /** Copies what the file holds. */
  copy(content: SalvageContent): void {
    this.#readStrings(content);
    content.records("nodes", (id, bytes, at, end) => this.#step("nodes") && this.#copyNode(id, bytes, at, end));
    content.records("edges", (id, bytes, at, end) => this.#step("edges") && this.#copyEdge(id, bytes, at, end));
    this.#copyValues(content);
    this.vectors.copy(content, () => this.#step("vectors"));
  }

  #step(phase: string): true {
    if (this.#done++ % PROGRESS_RECORDS === 0) this.#source.step(phase, this.#done);
    return true;
  }

  #readStrings(content: SalvageContent): void {
    const { pages } = this.#source;
    content.records("strings", (number, bytes, at, end) => {
      this.#attempt("string", `string ${number}`, () => {
        if (bytes[at] === STRING_OVERFLOW) {
          const chain = readRecordChain(pages, bytes, at + 1);
          this.setString(number, readText(chain, 0, chain.length));
        } else this.setString(number, readText(bytes, at + 1, end));
      });
    });
    content.cells("texts", (from, cell) => this.#keyOf("string", from, cell), (key, from, cell) => {
      this.#attempt("string", `string ${showKey(key)}`, () => {
        const value = readValue(pages, from.bytes, valuePartAt(from.bytes, cell));
        const number = readVarint(value, 0);
        if (lastVarint.end === value.length && !this.#strings.has(number)) {
          this.setString(number, readText(key, 0, key.length));
        }
      });
    }, () => {});
  }

  /** Notes the text of a number. */
  setString(number: number, text: string): void {
    this.#strings.set(number, text);
  }

  /** The text of a number, or undefined. */
  text(number: number): string | undefined {
    return this.#strings.get(number);
  }

  /** Does something that damage can prevent. Returns whether it succeeded. */
  #attempt(what: "node" | "edge" | "key" | "string", where: string, run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      this.#losses.caught(what, where, error);
      return false;
    }
  }

  #copyNode(id: number, bytes: Uint8Array, at: number, end: number): void {
    const where = `node ${id}`;
    if (!isId(id)) return this.#losses.add("node", where, "there can be no node with this id");
    if (this.#target.hasNode(id)) return this.#losses.add("node", where, "it is there twice; the first one was copied");
    this.#attempt("node", where, () => this.putNode(id, bytes, at, end));
  }

  /** Writes a node from its record. What cannot be read of it is noted. */
  putNode(id: number, bytes: Uint8Array, at: number, end: number): void {
    const where = `node ${id}`;
    const node = this.#node;
    node.open(bytes, at, end);
    const kind = this.text(node.kind);
    if (kind === undefined) {
      this.#losses.add("node", where, `its kind cannot be read any more: string ${node.kind} is lost`);
      return;
    }
    const name = node.name();
    const filePath = node.filePath();
    const labels: string[] = [];
    for (const number of node.labels()) {
      const label = this.text(number);
      if (label !== undefined) labels.push(label);
      else this.#losses.add("label", where, `a label cannot be read any more: string ${number} is lost`);
    }
    const parts: SalvagedNode = { kind, name, filePath, labels };
    this.#target.putNode(id, parts, this.#dataText("node", where, () => node.dataText()));
  }

  /** The text of data; that of no data when it cannot be read, which is noted. */
  #dataText(what: "node" | "edge", where: string, read: () => string): string {
    try {
      const text = read();
      if (text !== NO_DATA) parseJson(text);
      return text;
    } catch (error) {
      const reason = error instanceof SyntaxError ? "its data is no JSON" : reasonOf(error);
      this.#losses.add(what, where, `${reason}; it came over without its data`);
      return NO_DATA;
    }
  }

  #copyEdge(id: number, bytes: Uint8Array, at: number, end: number): void {
    const where = `edge ${id}`;
    if (!isId(id)) return this.#losses.add("edge", where, "there can be no edge with this id");
    this.#attempt("edge", where, () => {
      const edge = this.#edge;
      edge.open(bytes, at, end);
      const { from, to, type } = edge;
      this.putEdge(id, from, to, type, () => edge.dataText());
    });
  }

  /** Writes an edge whose ends and type are there; notes it when they are not. */
  putEdge(id: number, from: number, to: number, type: number, readData: () => string): void {
    const where = `edge ${id}`;
    const target = this.#target;
    const text = this.text(type);
    if (target.hasEdge(id)) return this.#losses.add("edge", where, "it is there twice; the first one was copied");
    if (text === undefined) {
      return this.#losses.add("edge", where, `its type cannot be read any more: string ${type} is lost`);
    }
    for (const end of [from, to]) {
      if (target.hasNode(end)) continue;
      return this.#losses.add("edge", where, `it leads from node ${from} to node ${to}, and node ${end} is lost`);
    }
    target.insertEdge(id, from, to, text, this.#dataText("edge", where, readData));
  }

  #keyOf(what: "key" | "string", pages: Pages, cell: number): Uint8Array | undefined {
    try {
      return readKey(this.#source.pages, pages.bytes, cell);
    } catch (error) {
      this.#losses.caught(what, `${what} of more than 512 bytes`, error);
      return undefined;
    }
  }

  #copyValues(content: SalvageContent): void {
    const lost: Range<Uint8Array>[] = content.state === undefined ? [{ from: undefined, to: undefined }] : [];
    content.cells(
      "keyValues",
      (pages, cell) => this.#keyOf("key", pages, cell),
      (key, pages, cell) => this.#step("keyValues") && this.#copyValue(key, pages, cell),
      (range) => lost.push(range),
    );
    for (const range of lost) this.#restoreRange(range);
  }

  #copyValue(key: Uint8Array, pages: Pages, cell: number): void {
    const { writer } = this.#target.engine;
    const at = valuePartAt(pages.bytes, cell);
    try {
      const record = readValue(this.#source.pages, pages.bytes, at);
      checkValueRecord(record, key);
      writer.setValue(key, record);
    } catch (error) {
      const reason = reasonOf(error);
      const head = readValueHead(pages.bytes, at);
      const copied = this.#copy.record(key);
      if (copied === undefined) {
        this.#losses.add("key", showKey(key), reason);
        return;
      }
      writer.setValue(key, copied);
      const isSame = copied.subarray(0, VALUE_HEAD_BYTES).every((byte, index) => byte === head[index]);
      const age = isSame ? "its value" : "an older value";
      this.#losses.add("key", showKey(key), `${reason}; ${age} came from the copy of commit ${this.#copy.lsn}`);
    }
  }

  /** Takes the keys of a range that cannot be read from the copy beside the file. */
  #restoreRange(range: Range<Uint8Array>): void {
    const { writer } = this.#target.engine;
    let count = 0;
    for (const { key, record } of this.#copy.entries(range)) {
      if (writer.valueHead(key) !== undefined) continue;
      writer.setValue(key, record);
      count++;
    }
    const place = `keys${range.from === undefined ? "" : ` from ${showKey(range.from.key)}`}${
      range.to === undefined ? "" : ` to below ${showKey(range.to.key)}`
    }`;
    const { lsn } = this.#copy;
    if (lsn === undefined) this.#losses.add("key", place, "there is no copy of the key-values to take them from");
    else {this.#losses.add(
        "key",
        place,
        `${count} keys that the file no longer has came from the copy of commit ${lsn}`,
      );}
  }
}

function isId(id: number): boolean {
  return id >= 1 && id <= MAX_ID;
}
