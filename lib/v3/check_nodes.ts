/** Check of the nodes: their records, and the indexes of kinds, labels and names. */

import { MAX_ID } from "../backend/limits.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { Content } from "./check_content.ts";
import { Fingerprint } from "./check_fingerprint.ts";
import { LinkCursor } from "./link_tree.ts";
import { idOfNameKey, MAX_NAME_KEY, writeNameKey } from "./name_key.ts";
import { NodeReader } from "./node_record.ts";
import { RecordCursor } from "./record_tree.ts";
import { KIND_ROLE, LABEL_ROLE, termOf } from "./state.ts";

/** Which indexes can be checked. */
export interface SoundIndexes {
  readonly terms: boolean;
  readonly names: boolean;
}

/** Checks the nodes, and the indexes that can be read. */
export function checkNodes(content: Content, sound: SoundIndexes): void {
  const check = new NodeCheck(content);
  check.records();
  content.expectCount("node-count", "nodes", content.counts.nodeCount, content.entries.nodes);
  // Without all entries that must be there, nothing can be said about those that must not.
  if (!check.isComplete) return;
  if (sound.terms) content.pass("index of kinds and labels", () => check.terms());
  if (sound.names) content.pass("index of names", () => check.names());
}

class NodeCheck {
  /** Whether every record could be read. */
  isComplete = true;
  readonly #content: Content;
  readonly #node: NodeReader;
  readonly #terms = new Fingerprint();
  readonly #names = new Fingerprint();
  readonly #key = new Uint8Array(MAX_NAME_KEY);
  #keyEnd = 0;

  constructor(content: Content) {
    this.#content = content;
    this.#node = new NodeReader(content.pages, content.strings);
  }

  /** Goes through the nodes and notes what their indexes must hold. */
  records(): void {
    const content = this.#content;
    const { pages, trees, findings } = content;
    const cursor = new RecordCursor(pages, trees.nodes.root);
    for (cursor.seek(-1); cursor.next();) {
      content.step();
      const { id } = cursor;
      if (id < 1 || id > MAX_ID || id >= content.nextNodeId) {
        findings.error("invalid-id", "nodes with an id that was never given", `node ${id}`);
      }
      let labels: readonly number[] = [];
      const isReadable = content.attempt(`node ${id}`, () => {
        this.#open(cursor);
        labels = this.#node.labels();
      });
      if (!isReadable) {
        this.isComplete = false;
        continue;
      }
      this.#terms.addNumbers(termOf(this.#node.kind, KIND_ROLE), id, 0, 0);
      for (const label of labels) this.#terms.addNumbers(termOf(label, LABEL_ROLE), id, 0, 0);
      this.#names.addBytes(this.#key, 0, this.#keyEnd, 0);
      content.attempt(`node ${id}`, () => this.#rest(id, labels));
    }
  }

  /** Reads a record up to its data, and makes its key in the index of names. */
  #open({ bytes, at, end, id }: RecordCursor): void {
    const node = this.#node;
    node.open(bytes, at, end);
    node.filePath();
    this.#keyEnd = writeNameKey(this.#key, 0, node.bytes, node.nameAt, node.nameEnd, node.kind, id);
  }

  #rest(id: number, labels: readonly number[]): void {
    this.#content.strings.text(this.#node.kind);
    if (labels.length > 0) this.#expectLabels(id, labels);
    parseStoredData(this.#node.dataText(), "node", id);
  }

  #expectLabels(id: number, labels: readonly number[]): void {
    const { strings, findings } = this.#content;
    let last = "";
    for (let at = 0; at < labels.length; at++) {
      const text = strings.text(labels[at] as number);
      if (labels[at] === this.#node.kind || (at > 0 && compareUtf8(last, text) >= 0)) {
        findings.error("label-order", "nodes whose labels are not ascending, or hold the kind", `node ${id}`);
        return;
      }
      last = text;
    }
  }

  /** Compares the index of kinds and labels with the nodes. */
  terms(): void {
    const content = this.#content;
    const cursor = new LinkCursor(content.pages, content.trees.terms.root);
    const found = new Fingerprint();
    while (cursor.nextRun()) {
      content.step();
      for (let at = cursor.start; at < cursor.end; at++) found.addNumbers(cursor.a, cursor.b(at), cursor.c(at), 0);
    }
    if (!found.equals(this.#terms)) this.#findTerms();
  }

  #findTerms(): void {
    const { pages, trees, findings, entries } = this.#content;
    const nodes = new RecordCursor(pages, trees.nodes.root);
    let present = 0;
    const expect = (id: number, term: number, what: string): void => {
      if (trees.terms.has(term, id, 0)) present++;
      else {findings.error(
          "term-missing",
          "nodes that the index of kinds and labels lacks",
          `node ${id} by its ${what}`,
        );}
    };
    for (nodes.seek(-1); nodes.next();) {
      this.#open(nodes);
      expect(nodes.id, termOf(this.#node.kind, KIND_ROLE), "kind");
      for (const label of this.#node.labels()) expect(nodes.id, termOf(label, LABEL_ROLE), "labels");
    }
    if (entries.terms === present) return;
    const cursor = new LinkCursor(pages, trees.terms.root);
    while (cursor.nextRun()) {
      for (let at = cursor.start; at < cursor.end; at++) {
        if (this.#hasTerm(cursor.a, cursor.b(at)) && cursor.c(at) === 0) continue;
        findings.error(
          "term-excess",
          "entries of the index of kinds and labels that belong to no node",
          `node ${cursor.b(at)} under string ${Math.floor(cursor.a / 2)}`,
        );
      }
    }
  }

  #hasTerm(term: number, id: number): boolean {
    if (!this.#find(id)) return false;
    const string = Math.floor(term / 2);
    return term % 2 === KIND_ROLE ? this.#node.kind === string : this.#node.labels().includes(string);
  }

  #find(id: number): boolean {
    const { pages, trees } = this.#content;
    if (!trees.nodes.find(id)) return false;
    this.#node.open(pages.bytes, trees.nodes.at, trees.nodes.end);
    return true;
  }

  /** Compares the index of names with the nodes. */
  names(): void {
    const content = this.#content;
    const cursor = new ByteCursor(content.trees.names);
    const found = new Fingerprint();
    for (cursor.seek(new Uint8Array(0)); cursor.next();) {
      content.step();
      const key = cursor.key();
      found.addBytes(key, 0, key.length, 0);
    }
    if (!found.equals(this.#names)) this.#findNames();
  }

  #findNames(): void {
    const { pages, trees, findings, entries } = this.#content;
    const nodes = new RecordCursor(pages, trees.nodes.root);
    let present = 0;
    for (nodes.seek(-1); nodes.next();) {
      this.#open(nodes);
      if (trees.names.has(this.#key.slice(0, this.#keyEnd))) present++;
      else findings.error("name-missing", "nodes that the index of names lacks", `node ${nodes.id}`);
    }
    if (entries.names === present) return;
    const cursor = new ByteCursor(trees.names);
    for (cursor.seek(new Uint8Array(0)); cursor.next();) {
      const key = cursor.key();
      const id = idOfNameKey(key);
      if (this.#find(id)) {
        const node = this.#node;
        const end = writeNameKey(this.#key, 0, node.bytes, node.nameAt, node.nameEnd, node.kind, id);
        if (end === key.length && key.every((byte, at) => byte === this.#key[at])) continue;
      }
      findings.error("name-excess", "entries of the index of names that belong to no node", `node ${id}`);
    }
  }
}

const UTF8 = new TextEncoder();

/** Order of two texts by the bytes of their UTF-8. */
function compareUtf8(one: string, other: string): number {
  const left = UTF8.encode(one);
  const right = UTF8.encode(other);
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    if (left[at] !== right[at]) return (left[at] as number) - (right[at] as number);
  }
  return left.length - right.length;
}
