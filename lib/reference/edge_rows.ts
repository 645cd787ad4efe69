/** Properties of edges from the sidecar, in step with the edges, whose sources ascend. */

import type { NodeIds } from "./node_ids.ts";
import { isOurId } from "./id64.ts";
import type { PropertyRows } from "./property_rows.ts";
import type { EdgeProperties } from "./property_sidecar.ts";
import type { ReferenceId } from "./report.ts";

/** A row, and whether an edge has been found for it. */
interface UsedRow {
  readonly row: EdgeProperties;
  readonly to: number;
  isUsed: boolean;
}

/** Groups of more rows are looked up by a map. */
const FEW_ROWS = 32;

/** Rows by source. */
export class EdgeRows {
  /** Rows for which no edge was found. */
  readonly unmatched: EdgeProperties[] = [];
  readonly #pages: Generator<readonly EdgeProperties[], undefined, undefined>;
  #page: readonly EdgeProperties[] = [];
  #at = 0;
  readonly #ids: NodeIds;
  #next: EdgeProperties | undefined;
  /** Rows of sources whose ids we cannot have: they do not come in order. */
  readonly #foreign = new Map<ReferenceId, EdgeProperties[]>();
  #group: UsedRow[] = [];
  #byKey: Map<string, UsedRow> | undefined;
  #hint = 0;

  constructor(properties: PropertyRows, ids: NodeIds) {
    this.#pages = properties.edgePages();
    this.#ids = ids;
    this.#next = this.#advance();
  }

  /** The next row of a source that we can have. */
  #advance(): EdgeProperties | undefined {
    while (true) {
      if (this.#at === this.#page.length) {
        const page = this.#pages.next().value;
        if (page === undefined) return undefined;
        this.#page = page;
        this.#at = 0;
      }
      const row = this.#page[this.#at++];
      if (row === undefined) continue;
      if (isOurId(row.from)) return row;
      const rows = this.#foreign.get(row.from);
      if (rows === undefined) this.#foreign.set(row.from, [row]);
      else rows.push(row);
    }
  }

  /** Goes to a source, as the file has its id. */
  begin(source: ReferenceId): void {
    this.#end();
    if (!isOurId(source)) {
      while (this.#next !== undefined) this.#skip();
      for (const row of this.#foreign.get(source) ?? []) this.#add(row);
      this.#foreign.delete(source);
      return;
    }
    while (this.#next !== undefined && (this.#next.from as number) < source) this.#skip();
    for (; this.#next?.from === source; this.#next = this.#advance()) this.#add(this.#next);
  }

  #skip(): void {
    this.unmatched.push(this.#next as EdgeProperties);
    this.#next = this.#advance();
  }

  #add(row: EdgeProperties): void {
    this.#group.push({ row, to: this.#ids.indexOfReference(row.to), isUsed: false });
  }

  #end(): void {
    for (const { row, isUsed } of this.#group) if (!isUsed) this.unmatched.push(row);
    if (this.#group.length > 0) this.#group = [];
    this.#byKey = undefined;
    this.#hint = 0;
  }

  /** The row of an edge of the source, by the position of its target. Hot: rows and edges mostly come in the same order. */
  find(to: number, type: string): EdgeProperties | undefined {
    const group = this.#group;
    if (group.length === 0) return undefined;
    const likely = group[this.#hint];
    if (likely !== undefined && likely.to === to && likely.row.type === type) {
      this.#hint++;
      likely.isUsed = true;
      return likely.row;
    }
    const found = group.length > FEW_ROWS ? this.#map().get(`${to}:${type}`) : this.#search(to, type);
    if (found === undefined) return undefined;
    found.isUsed = true;
    return found.row;
  }

  #search(to: number, type: string): UsedRow | undefined {
    const group = this.#group;
    for (let index = 0; index < group.length; index++) {
      const used = group[index] as UsedRow;
      if (used.to !== to || used.row.type !== type) continue;
      this.#hint = index + 1;
      return used;
    }
    return undefined;
  }

  #map(): Map<string, UsedRow> {
    return this.#byKey ??= new Map(this.#group.map((used) => [`${used.to}:${used.row.type}`, used]));
  }

  /** No more edges come: the rest of the rows is unmatched. */
  finish(): void {
    this.#end();
    while (this.#next !== undefined) this.#skip();
    for (const rows of this.#foreign.values()) for (const row of rows) this.unmatched.push(row);
    this.#foreign.clear();
  }
}
