/** What export and import of snapshot files ask of this engine. */

import { UnsupportedError } from "../backend/errors.ts";
import { type ExportSource, liveEntries } from "../backend/export_snapshot.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { EdgeRow, NodeRow, PropertyRow, VectorRow } from "../backend/snapshot_row.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { EdgeReader } from "./edge_record.ts";
import type { Engine } from "./engine.ts";
import { NodeReader } from "./node_record.ts";
import type { V3ReadStore } from "./read_store.ts";
import { RecordCursor } from "./record_tree.ts";
import type { ChangeNotes, V3WriteStore } from "./write_store.ts";

/** The rows of one state. */
export class V3ExportSource implements ExportSource {
  readonly store: V3ReadStore;
  readonly #nextNodeId: number;
  readonly #nextEdgeId: number;

  constructor(store: V3ReadStore, nextNodeId: number, nextEdgeId: number) {
    this.store = store;
    this.#nextNodeId = nextNodeId;
    this.#nextEdgeId = nextEdgeId;
  }

  nextNodeId(): number {
    return this.#nextNodeId;
  }

  nextEdgeId(): number {
    return this.#nextEdgeId;
  }

  *nodeRows(): Generator<NodeRow> {
    const { pages, trees, strings } = this.store.parts;
    const node = new NodeReader(pages, strings);
    const cursor = new RecordCursor(pages, trees.nodes.root);
    for (cursor.seek(0); cursor.next();) {
      const { id } = cursor;
      node.open(cursor.bytes, cursor.at, cursor.end);
      const dataText = node.dataText();
      parseStoredData(dataText, "node", id);
      yield {
        id,
        kind: strings.text(node.kind),
        name: node.name(),
        filePath: node.filePath(),
        labels: node.labels().map((label) => strings.text(label)),
        dataText,
      };
    }
  }

  *edgeRows(): Generator<EdgeRow> {
    const { pages, trees, strings } = this.store.parts;
    const edge = new EdgeReader(pages, strings);
    const cursor = new RecordCursor(pages, trees.edges.root);
    for (cursor.seek(0); cursor.next();) {
      const { id } = cursor;
      edge.open(cursor.bytes, cursor.at, cursor.end);
      const dataText = edge.dataText();
      parseStoredData(dataText, "edge", id);
      yield { id, type: strings.text(edge.type), from: edge.from, to: edge.to, dataText };
    }
  }

  countProperties(): number {
    return 0;
  }

  *propertyRows(): Generator<PropertyRow> {}
}

/** Writes rows with the ids that they bring. */
export class V3ImportTarget implements ImportTarget {
  readonly store: V3WriteStore;
  readonly #engine: Engine;
  readonly #notes: ChangeNotes;
  readonly #isObserved: boolean;
  readonly #now: number;

  constructor(engine: Engine, store: V3WriteStore, notes: ChangeNotes, isObserved: boolean, now: number) {
    this.#engine = engine;
    this.store = store;
    this.#notes = notes;
    this.#isObserved = isObserved;
    this.#now = now;
  }

  contents(): { readonly nodes: number; readonly edges: number; readonly keys: number } {
    const { nodeCount, edgeCount, keyCount } = this.#engine.writer;
    return { nodes: nodeCount, edges: edgeCount, keys: keyCount };
  }

  clear(): void {
    if (this.#isObserved) this.#noteDeletions();
    this.#engine.commitWithoutLog();
    this.store.clear();
  }

  #noteDeletions(): void {
    const { pager, trees, writer } = this.#engine;
    writer.flush();
    const edge = new EdgeReader(pager, this.#engine.strings);
    const edges = new RecordCursor(pager, trees.edges.root);
    for (edges.seek(0); edges.next();) {
      edge.open(edges.bytes, edges.at, edges.end);
      this.#notes.noteEdge("delete", edges.id, edge.from, edge.to);
    }
    const nodes = new RecordCursor(pager, trees.nodes.root);
    for (nodes.seek(0); nodes.next();) this.#notes.noteNode("delete", nodes.id);
    for (const { key } of liveEntries(this.store, this.#now)) this.#notes.noteKey("delete", key);
  }

  restoreNode({ id, kind, name, filePath, labels, dataText }: NodeRow): boolean {
    // Ids from `nextNodeId` on were never given: mostly there is nothing to look up.
    const { nextNodeId, nextEdgeId } = this.#engine.writer;
    if (id < nextNodeId && this.store.nodeExists(id)) return false;
    this.#engine.reserveIds(id, nextEdgeId);
    const distinct = labels.length === 0 ? labels : [...new Set(labels)].filter((label) => label !== kind);
    this.store.putNode(id, { kind, name, filePath: filePath ?? null, labels: distinct, data: dataText });
    return true;
  }

  restoreEdge({ id, type, from, to, dataText }: EdgeRow): boolean {
    const { nextNodeId, nextEdgeId } = this.#engine.writer;
    if (id < nextEdgeId && this.store.edgeExists(id)) return false;
    this.#engine.reserveIds(nextNodeId, id);
    this.store.putEdge(id, { from, to, type, data: dataText });
    return true;
  }

  restoreProperty({ node, key }: PropertyRow): void {
    throw new UnsupportedError(
      `importSnapshot: node ${node} has the property ${
        JSON.stringify(key)
      } of an earlier system, which only a SQLite database can hold`,
      { code: "properties-not-supported", value: key },
    );
  }

  restoreForeignVector({ definition }: StoredVectorIndex, { vectorId }: VectorRow): boolean {
    throw new UnsupportedError(
      `importSnapshot: vector ${vectorId} of index ${
        JSON.stringify(definition.name)
      } belongs to no node; only a SQLite database can hold such vectors of an earlier system`,
      { code: "vectors-without-node", value: vectorId },
    );
  }

  raiseNextIds(nextNodeId: number, nextEdgeId: number): void {
    const { writer } = this.#engine;
    writer.nextNodeId = Math.max(writer.nextNodeId, nextNodeId);
    writer.nextEdgeId = Math.max(writer.nextEdgeId, nextEdgeId);
    this.#engine.reserveIds(writer.nextNodeId - 1, writer.nextEdgeId - 1);
  }
}
