/** What the sidecars still know of nodes that the main file lost or never got the newest state of. */

import { numberOfHalves } from "./id64.ts";
import type { ImportContext } from "./import_context.ts";
import { type NameIndex, readNameIndex } from "./name_index.ts";
import { NodeNames } from "./node_names.ts";
import { isJson } from "./node_payload.ts";
import type { PropertyRows } from "./property_rows.ts";
import type { NodeProperties } from "./property_sidecar.ts";
import type { ReferenceId } from "./report.ts";
import { readSidecar } from "./sidecar_file.ts";
import { sidecarPath } from "./sidecar_paths.ts";
import type { TreeEntries } from "./tree_entries.ts";

/** A node as a sidecar has it. */
export interface RestoredNode {
  readonly kind: string;
  readonly name: string;
  readonly dataText: string;
}

/** Rows that are compared with the main file before the sidecar is believed. */
const SAMPLE = 100;

/** Compares a row with the main file: undefined where that has nothing to compare. */
export type RowCheck = (position: number, row: RestoredNode) => boolean | undefined;

/** Nodes in the property sidecar, as far as the main file does not have them, and in the index of names. */
export class NodeRestore {
  /** Ids (in the tree) whose row says that they were updated: the main file may have the state before. */
  readonly updated: Set<ReferenceId> = new Set();
  /** Ids that only rows have, which no deletion marks. */
  readonly unknown: ReferenceId[] = [];
  /** Whether rows agree with the main file, so that they are of the same database. */
  isTrusted = false;
  readonly #context: ImportContext;
  readonly #properties: PropertyRows;
  readonly #entries: TreeEntries;
  #index: NameIndex | undefined;
  #names: NodeNames | undefined;

  constructor(
    context: ImportContext,
    properties: PropertyRows,
    entries: TreeEntries,
    check: RowCheck,
  ) {
    this.#context = context;
    this.#properties = properties;
    this.#entries = entries;
    if (properties.hasRows) this.#survey(properties, check);
  }

  /** Looks at every row once. */
  #survey(properties: PropertyRows, check: RowCheck): void {
    const entries = this.#entries;
    let agreeing = 0;
    let compared = 0;
    let position = 0;
    for (const row of properties.nodeStates()) {
      this.#context.steps.step("properties", position, entries.count);
      if (row.isDeleted) continue;
      // Rows ascend like the tree's keys, but for negative ids.
      const high = Math.floor(Number(row.id) / 0x1_0000_0000);
      const isNext = typeof row.id === "number" && row.id >= 0 && entries.high[position] === high &&
        entries.low[position] === row.id >>> 0 && position < entries.count;
      const found = isNext ? position : positionOf(entries, row.id);
      if (found < 0) {
        this.unknown.push(row.id);
        continue;
      }
      position = found + 1;
      if (row.isUpdated) this.updated.add(row.id);
      else if (compared < SAMPLE) {
        const node = this.row(row.id);
        const agrees = node === undefined ? undefined : check(found, node);
        if (agrees === undefined) continue;
        compared++;
        if (agrees) agreeing++;
      }
    }
    this.isTrusted = agreeing * 2 >= compared;
  }

  /** What the property sidecar has of a node, unless it was deleted. */
  row(id: ReferenceId): RestoredNode | undefined {
    const row = this.#properties.node(id);
    return row === undefined || row.isDeleted ? undefined : restored(row);
  }

  /** Whether the property sidecar says that a node was deleted. */
  isDeleted(id: ReferenceId): boolean {
    return this.isTrusted && this.#properties.node(id)?.isDeleted === true;
  }

  /** Kinds and names by position in the tree, as of the nodes' insertion. */
  names(): NodeNames {
    return this.#names ??= new NodeNames(this.#index ??= this.#readIndex(), this.#entries);
  }

  /** Ids in the index of names that the tree does not have, ascending: their nodes were deleted or lost. */
  indexedOnly(): number[] {
    const { ids, kinds, names } = this.#index ??= this.#readIndex();
    const found = new Set<number>();
    for (const { firstId, endId } of [...kinds, ...names]) {
      for (let index = firstId; index < endId; index++) {
        const id = ids[index] as number;
        if (!Number.isNaN(id) && positionOf(this.#entries, id) < 0) found.add(id);
      }
    }
    return [...found].sort((one, other) => one - other);
  }

  #readIndex(): NameIndex {
    const path = sidecarPath(this.#context.file, "nameIndex");
    const index = readNameIndex(readSidecar(path) ?? EMPTY_INDEX);
    if (index.damage !== undefined) {
      const { message, offset } = index.damage;
      this.#context.losses.add({
        code: "sidecar-damaged",
        message: `the index of kinds and names cannot be read from byte ${offset} on: ${message}`,
        file: path,
        offset,
      });
    }
    return index;
  }
}

/** An index without kinds and names. */
const EMPTY_INDEX = new Uint8Array([
  0x56,
  0x33,
  0x58,
  0x49,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
]);

function restored({ kind, name, data }: NodeProperties): RestoredNode | undefined {
  if (kind === undefined || name === undefined || data === undefined) return undefined;
  return { kind, name, dataText: isJson(data) ? data : "{}" };
}

/** Position of an id in the node tree, or -1. */
export function positionOf(entries: TreeEntries, id: ReferenceId): number {
  const bits = BigInt.asUintN(64, BigInt(id));
  return entries.find(Number(bits >> 32n), Number(bits & 0xffff_ffffn));
}

/** The id at a position as a number, NaN where that is not exact. */
export function idAt(entries: TreeEntries, position: number): number {
  return numberOfHalves(entries.high[position] as number, entries.low[position] as number);
}
