/** Edges as records, with their properties, and losses of edges, counted. */

import type { ImportedEdge } from "../backend/import_record.ts";
import { edgeDataText } from "./edge_properties.ts";
import type { EdgeRows } from "./edge_rows.ts";
import type { ImportContext } from "./import_context.ts";
import { loggedEdgeName, type LoggedEdges } from "./logged_edges.ts";
import type { NodeIds } from "./node_ids.ts";
import { isJson } from "./node_payload.ts";
import type { LostEdge, ReferenceLoss } from "./report.ts";
import type { TypeTable } from "./type_table.ts";

/** A record of an edge. */
export type EdgeItem = { readonly edge: ImportedEdge };

/** Makes the records of one import. */
export class EdgeOutput {
  /** Edges so far: the id of the last one. */
  count = 0;
  /** Edges that were lost and are named in the report. */
  namedLosses = 0;
  readonly #context: ImportContext;
  readonly #ids: NodeIds;
  readonly #types: TypeTable;
  readonly #rows: EdgeRows;
  readonly #logged: LoggedEdges;

  /** @param logged edges that the log names; those that come over are taken away from it */
  constructor(context: ImportContext, ids: NodeIds, types: TypeTable, rows: EdgeRows, logged: LoggedEdges) {
    this.#context = context;
    this.#ids = ids;
    this.#types = types;
    this.#rows = rows;
    this.#logged = logged;
  }

  /** An edge of a list of the source that the rows are at. Hot. */
  edge(source: number, target: number, typeNumber: number, weight: number): EdgeItem {
    const type = this.#types.text(typeNumber);
    const row = this.#rows.find(target, type);
    if (this.#types.isDamaged(typeNumber)) {
      const [from, to] = [this.#ids.id(source), this.#ids.id(target)];
      this.#note("edge-type-damaged", "is no UTF-8 in its type; U+FFFD stands for what is damaged", { from, to, type });
    }
    return this.item(source, target, type, row === undefined ? "{}" : row.data, weight);
  }

  /** An edge. @param data text of its properties, which need not be JSON */
  item(source: number, target: number, type: string, data: string | undefined, weight: number): EdgeItem {
    const from = this.#ids.id(source);
    const to = this.#ids.id(target);
    const isWhole = data !== undefined && isJson(data);
    if (!isWhole) this.#note("edge-data-damaged", "had properties that are no JSON and became {}", { from, to, type });
    if (this.#logged.size > 0) this.#forgetLogged(source, target);
    this.#context.unusual.term(type);
    return { edge: { id: ++this.count, type, from, to, dataText: edgeDataText(isWhole ? data : undefined, weight) } };
  }

  #note(code: ReferenceLoss["code"], what: string, edge: LostEdge): void {
    const { losses, file } = this.#context;
    losses.add({ code, message: `the edge ${edge.from} -> ${edge.to} ${what}`, file, edge });
  }

  #forgetLogged(source: number, target: number): void {
    const name = loggedEdgeName(this.#ids.reference(source), this.#ids.reference(target));
    const left = this.#logged.get(name);
    if (left !== undefined) this.#logged.set(name, left - 1);
  }

  /** Names an edge that is lost. */
  lose(code: ReferenceLoss["code"], message: string, edge: LostEdge, place: Partial<ReferenceLoss> = {}): void {
    this.namedLosses++;
    this.#context.losses.add({ code, message, file: this.#context.file, edge, ...place });
  }

  /** How many more edges the header counts than came over or are named. */
  get missing(): number {
    return this.#context.header.edgeCount - this.count - this.namedLosses;
  }
}
