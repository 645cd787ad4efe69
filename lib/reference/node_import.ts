/** Nodes of a file as records: those of the tree, repaired from sidecars, and with salvage those that no tree reaches. */

import type { ImportedNode } from "../backend/import_record.ts";
import { idOfHalves, isOurId } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { NodeIds } from "./node_ids.ts";
import { type FoundNode, NodeRecords } from "./node_records.ts";
import { idAt, NodeRestore, type RestoredNode } from "./node_restore.ts";
import { findOrphans, type Orphans } from "./orphan_nodes.ts";
import type { PropertyRows } from "./property_rows.ts";
import type { ReferenceId, ReferenceLoss } from "./report.ts";
import { sidecarPath } from "./sidecar_paths.ts";
import type { StrayLists } from "./stray_lists.ts";
import type { TreeEntries } from "./tree_entries.ts";

/** What became of an entry of the tree. */
export const ENTRY_STATE = { missing: 0, imported: 1, deleted: 2 } as const;

const HALF = 0x1_0000_0000;
const MAX_OUR_HIGH = 0x1f_ffff;

/** The nodes of one file. */
export class NodeImport {
  /** What came over, by id. */
  readonly ids: NodeIds = new NodeIds();
  /** Nodes that came over. */
  count = 0;
  /** Of them, those that no tree reaches. */
  salvagedCount = 0;
  /** Nodes that were lost and are named in the report. */
  namedLosses = 0;
  /** Entries of the tree. */
  readonly entries: TreeEntries;
  /** Largest of the ids that nodes have (or had) and that we can have. */
  #largestId = 0;
  readonly #context: ImportContext;
  readonly #records: NodeRecords;
  readonly #restore: NodeRestore;
  readonly #strays: StrayLists;
  readonly #states: Uint8Array;
  /** Positions in the tree of ids that we cannot have. */
  readonly #foreign: number[] = [];
  /** Ids of records that the tree does not reach and that did not come over. */
  readonly #orphanIds = new Set<ReferenceId>();

  /** @param strays notes the pages with lists of edges, on the way through all pages */
  constructor(context: ImportContext, properties: PropertyRows, entries: TreeEntries, strays: StrayLists) {
    this.#context = context;
    this.#strays = strays;
    this.entries = entries;
    this.#states = new Uint8Array(this.entries.count);
    this.#records = new NodeRecords(context);
    this.#restore = new NodeRestore(context, properties, this.entries, (position, row) => this.#agrees(position, row));
  }

  /** Whether a row has kind and name of the record; undefined without a whole record. */
  #agrees(position: number, { kind, name }: RestoredNode): boolean | undefined {
    const { high, low, page } = this.entries;
    const found = this.#records.find(page[position] as number, high[position] as number, low[position] as number);
    if (found === undefined || found.isDeleted) return undefined;
    const { payload } = found;
    return payload?.form === "whole" ? payload.kind === kind && payload.name === name : undefined;
  }

  /** The nodes. To be read to the end before the edges. */
  *records(): Generator<{ readonly node: ImportedNode }, undefined, undefined> {
    const { entries } = this;
    const { steps } = this.#context;
    for (let position = 0; position < entries.count; position++) {
      steps.step("nodes", position, entries.count);
      const high = entries.high[position] as number;
      const low = entries.low[position] as number;
      const id = high * HALF + low;
      if (high > MAX_OUR_HIGH || id === 0) {
        this.#foreign.push(position);
        continue;
      }
      const node = this.#entry(position, id, id);
      if (node === undefined) continue;
      this.ids.push(id);
      yield { node };
    }
    if (entries.count > 0) this.#noteLargest(idAt(entries, entries.count - 1 - this.#foreign.length));
    const orphans = findOrphans(this.#context, this.#records, entries, this.#states, this.#restore, this.#strays);
    yield* this.#orphans(orphans);
    yield* this.#foreignNodes(orphans);
    this.#reportMissing(orphans);
    this.#reportUnknown();
    this.#reportCount();
  }

  #reportIndexed(): void {
    const file = sidecarPath(this.#context.file, "nameIndex");
    for (const node of this.#restore.indexedOnly()) {
      if (this.ids.indexOfReference(node) >= 0 || this.#orphanIds.has(node)) continue;
      this.namedLosses++;
      this.#lose("node-not-restored", `only the index of kinds and names has node ${node}: it was lost or deleted`, {
        file,
        node,
      });
    }
  }

  #noteLargest(id: number): void {
    if (isOurId(id) && id > this.#largestId) this.#largestId = id;
  }

  /** The node of an entry, as it comes over under an id. Hot. */
  #entry(position: number, reference: ReferenceId, id: number): ImportedNode | undefined {
    const { entries } = this;
    const page = entries.page[position] as number;
    const found = this.#records.find(page, entries.high[position] as number, entries.low[position] as number);
    if (found === undefined || (!found.isDeleted && found.payload === undefined)) {
      const row = this.#restore.isTrusted ? this.#restore.row(reference) : undefined;
      if (row === undefined) return undefined;
      return this.#imported(position, id, row.kind, row.name, row.dataText);
    }
    if (found.isDeleted) {
      this.#states[position] = ENTRY_STATE.deleted;
      return undefined;
    }
    if (this.#restore.updated.size > 0 && this.#restore.isTrusted && this.#restore.updated.has(reference)) {
      const row = this.#restore.row(reference);
      if (row !== undefined) return this.#imported(position, id, row.kind, row.name, row.dataText);
    }
    const { payload } = found;
    if (payload === undefined) return undefined;
    if (payload.form === "whole" || payload.form === "long-text") {
      if (payload.isTextDamaged) this.#textDamage(found, reference, page);
      return this.#imported(position, id, payload.kind, payload.name, payload.dataText);
    }
    const { kind, name, dataText } = this.#repaired(found, position, reference, page);
    return this.#imported(position, id, kind, name, dataText);
  }

  #imported(position: number, id: number, kind: string, name: string, dataText: string): ImportedNode {
    if (position >= 0) this.#states[position] = ENTRY_STATE.imported;
    const { unusual } = this.#context;
    unusual.term(kind);
    unusual.text(name);
    this.count++;
    return { id, kind, name, dataText };
  }

  /** What stands for a record whose payload is not whole; the loss is noted unless the property sidecar has it all. */
  #repaired(found: FoundNode, position: number, node: ReferenceId, page: number): RestoredNode {
    const { form, kind, name, dataText, isTextDamaged } = found.payload as NonNullable<FoundNode["payload"]>;
    const row = this.#restore.row(node);
    if (row !== undefined && (this.#restore.isTrusted || row.dataText === dataText)) return row;
    const offset = found.payloadOffset;
    if (form === "bad-data") {
      if (isTextDamaged) this.#textDamage(found, node, page);
      this.#lose("node-data-damaged", `the data of node ${node} is no JSON and became {}; it is ${found.show()}`, {
        page,
        node,
        offset,
      });
      return { kind, name, dataText: "{}" };
    }
    const names = position < 0 ? undefined : this.#restore.names();
    const standIn = {
      kind: kind !== "" ? kind : names?.kind(position) ?? "Node",
      name: names?.name(position) ?? `node_${node}`,
      dataText,
    };
    const text = `${JSON.stringify(standIn.kind)} ${JSON.stringify(standIn.name)}`;
    if (form === "data-only") {
      const source = names?.kind(position) === undefined ? "which stands for what is lost" : "as of its insertion";
      this.#lose(
        "node-kind-lost",
        `an update dropped kind and name of node ${node}; it came over as ${text}, ${source}`,
        {
          page,
          node,
          offset,
        },
      );
    } else {
      this.#lose(
        "node-data-damaged",
        `the payload of node ${node} cannot be read; it came over as ${text} with ${dataText}; it is ${found.show()}`,
        { page, node, offset },
      );
    }
    return standIn;
  }

  #textDamage(found: FoundNode, node: ReferenceId, page: number): void {
    this.#lose("node-text-damaged", `kind or name of node ${node} is no UTF-8; U+FFFD stands for what is damaged`, {
      page,
      node,
      offset: found.payloadOffset,
    });
  }

  #lose(code: ReferenceLoss["code"], message: string, place: Partial<ReferenceLoss>): void {
    this.#context.losses.add({ code, message, file: this.#context.file, ...place });
  }

  /** Records that the tree does not reach: they come over with salvage, else they are named. */
  *#orphans(orphans: Orphans): Generator<{ readonly node: ImportedNode }, undefined, undefined> {
    const salvaged: number[] = [];
    for (let index = 0; index < orphans.count; index++) {
      const id = idOfHalves(orphans.high[index] as number, orphans.low[index] as number);
      if (!isOurId(id)) continue;
      this.#noteLargest(id);
      const node = this.#orphan(orphans, index, id, id);
      if (node === undefined) continue;
      salvaged.push(id);
      yield { node };
    }
    if (salvaged.length > 0) this.ids.merge(salvaged);
  }

  #orphan(orphans: Orphans, index: number, reference: ReferenceId, id: number): ImportedNode | undefined {
    const page = orphans.page[index] as number;
    const found = this.#records.at(page, orphans.record[index] as number);
    const position = orphans.position[index] as number;
    const { payload } = found;
    if (!this.#context.salvage || payload === undefined) {
      this.namedLosses++;
      this.#orphanIds.add(reference);
      if (!this.#context.losses.isFull) {
        const text = payload === undefined ? "whose payload is outside the file" : describe(payload);
        const message = `page ${page} has a record of node ${reference} (${text}) that the tree does not reach`;
        this.#lose("node-orphaned", this.#context.salvage ? message : `${message}; salvage brings it back`, {
          page,
          node: reference,
          offset: found.payloadOffset,
        });
      } else this.#context.losses.addUnlisted(1);
      return undefined;
    }
    this.salvagedCount++;
    const isWhole = payload.form === "whole" || payload.form === "long-text";
    if (isWhole && payload.isTextDamaged) this.#textDamage(found, reference, page);
    const { kind, name, dataText } = isWhole ? payload : this.#repaired(found, position, reference, page);
    return this.#imported(position, id, kind, name, dataText);
  }

  /** Nodes whose ids we cannot have come over under ids above all others. */
  *#foreignNodes(orphans: Orphans): Generator<{ readonly node: ImportedNode }, undefined, undefined> {
    let next = this.#largestId + 1;
    for (const position of this.#foreign) {
      const reference = idOfHalves(this.entries.high[position] as number, this.entries.low[position] as number);
      const node = this.#entry(position, reference, next);
      if (node === undefined) continue;
      this.#renumber(reference, next++, this.entries.page[position] as number);
      yield { node };
    }
    for (let index = 0; index < orphans.count; index++) {
      const reference = idOfHalves(orphans.high[index] as number, orphans.low[index] as number);
      if (isOurId(reference)) continue;
      const node = this.#orphan(orphans, index, reference, next);
      if (node === undefined) continue;
      this.#renumber(reference, next++, orphans.page[index] as number);
      yield { node };
    }
  }

  #renumber(node: ReferenceId, id: number, page: number): void {
    this.ids.pushRenumbered(node, id);
    this.#lose("node-renumbered", `node ${node} came over as node ${id}: ids are 1 to 2^53 - 1 here`, { page, node });
  }

  /** Keys of the tree without a record, unless another page had it. */
  #reportMissing(orphans: Orphans): void {
    const { entries } = this;
    for (let position = 0; position < entries.count; position++) {
      if (this.#states[position] !== ENTRY_STATE.missing) continue;
      const node = idOfHalves(entries.high[position] as number, entries.low[position] as number);
      const page = entries.page[position] as number;
      const isOutside = this.#records.isPayloadOutside(
        page,
        entries.high[position] as number,
        entries.low[position] as number,
      );
      if (!isOutside && orphans.hasPosition(position)) continue;
      this.namedLosses++;
      if (isOutside) this.#lose("node-unreadable", `the payload of node ${node} is outside the file`, { page, node });
      else {this.#lose(
          "node-missing",
          `the tree says that node ${node} is in page ${page}, which has no record of it`,
          { page, node },
        );}
    }
  }

  #reportUnknown(): void {
    const { file, losses } = this.#context;
    for (const node of this.#restore.unknown) {
      if (this.ids.indexOfReference(node) >= 0) continue;
      losses.add({
        code: "node-not-restored",
        message:
          `the property sidecar has node ${node}, which the tree does not know: it may be of an earlier database`,
        file,
        node,
      });
    }
  }

  /** Nodes that the header counts: by id where the index of names has them. */
  #reportCount(): void {
    const { nodeCount } = this.#context.header;
    if (nodeCount > this.count + this.namedLosses) this.#reportIndexed();
    const count = nodeCount - this.count - this.namedLosses;
    if (!(count > 0)) return;
    const stated = nodeCount === Infinity ? "more than 2^53" : `${nodeCount}`;
    this.#lose("node-count", `the header counts ${stated} nodes; ${this.count} came over`, {
      offset: 16,
      ...(count === Infinity ? {} : { count }),
    });
  }
}

function describe({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `kind ${JSON.stringify(kind)}, name ${JSON.stringify(name.slice(0, 60))}`;
}
