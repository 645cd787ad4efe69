/**
 * The `.sqlite` sidecar of 3.9.0: the properties of nodes and edges, as they were given. A file that 3.9.0 only opened gets one of
 * 0 bytes, without tables. Its tables `csr_shards` and `csr_edge_types` repeat the edges in part (`csr_row.ts`).
 */

import { statSync } from "node:fs";
import { CorruptionError } from "../backend/errors.ts";
import { utf8Length } from "../backend/json.ts";
import { PrivateDatabase, type PrivateRow, type PrivateValue } from "./private_database.ts";
import type { ReferenceId } from "./report.ts";

/** A row of `node_properties`: one a node that was ever inserted, also when it was deleted. */
export interface NodeProperties {
  /** Id. */
  readonly id: ReferenceId;
  /** Kind; undefined where the row has no text that is UTF-8. */
  readonly kind: string | undefined;
  /** Name; likewise. */
  readonly name: string | undefined;
  /** JSON text, which was not parsed; likewise. */
  readonly data: string | undefined;
  /** When it was inserted, in seconds since 1970. */
  readonly createdSeconds: number | undefined;
  /** Whether it was deleted. */
  readonly isDeleted: boolean;
  /** Whether it was updated since it was inserted. */
  readonly isUpdated: boolean;
}

/** What became of a node. */
export type NodeState = Pick<NodeProperties, "id" | "isDeleted" | "isUpdated">;

/** A row of `edge_attributes`: parallel edges of one type share it, and the last one's data is there. */
export interface EdgeProperties {
  /** Source. */
  readonly from: ReferenceId;
  /** Target. */
  readonly to: ReferenceId;
  /** Type, "" of an untyped edge; undefined where the row has no text that is UTF-8. */
  readonly type: string | undefined;
  /** JSON text, which was not parsed; likewise. */
  readonly data: string | undefined;
}

/** Rows by table. */
export interface PropertyCounts {
  /** Rows of nodes. */
  readonly nodes: number;
  /** Those of deleted nodes. */
  readonly deletedNodes: number;
  /** Rows of edges. */
  readonly edges: number;
  /** Rows of derived adjacency. */
  readonly csrRows: number;
}

/** An open sidecar, read from a private copy. Declare it with `using`. */
export interface PropertySidecar extends Disposable {
  /** Whether it has the tables; without them it has no rows. */
  readonly hasTables: boolean;
  /** The rows of nodes, ascending by id. */
  nodes(): IterableIterator<NodeProperties>;
  /** Ids of the rows of nodes and what became of them, ascending: much faster than the rows. */
  nodeStates(): IterableIterator<NodeState>;
  /** The row of a node. O(log n). */
  node(id: ReferenceId): NodeProperties | undefined;
  /** The rows of edges, ascending by source, target, and the type's bytes. */
  edges(): IterableIterator<EdgeProperties>;
  /** The same, many at a time. */
  edgePages(): IterableIterator<readonly EdgeProperties[]>;
  /** The row of an edge. O(log n). */
  edge(from: ReferenceId, to: ReferenceId, type: string): EdgeProperties | undefined;
  /** Number of rows. O(n). */
  counts(): PropertyCounts;
  /** Closes the copy. */
  close(): void;
}

// As bytes: drivers cut texts at NUL, or replace what is no UTF-8.
const NODE_SQL = `SELECT node_id, CAST(kind AS BLOB), CAST(name AS BLOB), CAST(data AS BLOB), created_at,
  deleted_version IS NOT NULL, updated_version IS NOT NULL FROM node_properties`;
const EDGE_SQL = "SELECT src, dst, CAST(attr_name AS BLOB), CAST(attr_value AS BLOB) FROM edge_attributes";
const NODE_STATE_SQL = `SELECT node_id, deleted_version IS NOT NULL, updated_version IS NOT NULL FROM node_properties
  WHERE node_id >= ? ORDER BY node_id LIMIT ?`;
const EDGE_PAGE = "FROM edge_attributes WHERE src >= ? ORDER BY src, dst, attr_name LIMIT ?";
const EDGE_PAGE_SQL = `SELECT src, dst, CAST(attr_name AS BLOB), CAST(attr_value AS BLOB) ${EDGE_PAGE}`;
/** Drivers hand out texts up to four times as fast as bytes; their lengths tell whether they are whole. */
const EDGE_TEXT_SQL = `SELECT src, dst, attr_name, attr_value, octet_length(attr_name), octet_length(attr_value)
  ${EDGE_PAGE}`;
/** Answered by the index alone: the rows lie in the order of their making, so that looking each up takes five times as long. */
const EDGE_KEY_SQL = `SELECT src, dst, attr_name, rowid, octet_length(attr_name) ${EDGE_PAGE}`;
/** Edges without properties have this value. */
const NO_PROPERTIES = "{}";
const EDGE_VALUE_SQL = `SELECT rowid, attr_value, octet_length(attr_value) FROM edge_attributes
  WHERE rowid > ? AND attr_value IS NOT '${NO_PROPERTIES}' ORDER BY rowid LIMIT ?`;
const EDGE_BYTES_SQL = "SELECT CAST(attr_value AS BLOB) FROM edge_attributes WHERE rowid = ?";
/** With more values than this, each is looked up: they are held in memory. */
const MAX_HELD_VALUES = 1_000_000;
/** And with more bytes. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Rows that are read at once: one by one they take four times as long. */
const PAGE_ROWS = 8_000;
const SMALLEST_ID = -(2n ** 63n);
/** No row is shorter. */
const LEAST_ROW_BYTES = 4;
const COUNT_SQL: Readonly<Record<keyof PropertyCounts, readonly [table: string, sql: string]>> = {
  nodes: ["node_properties", "SELECT count(*) FROM node_properties"],
  deletedNodes: ["node_properties", "SELECT count(*) FROM node_properties WHERE deleted_version IS NOT NULL"],
  edges: ["edge_attributes", "SELECT count(*) FROM edge_attributes"],
  csrRows: ["csr_shards", "SELECT count(*) FROM csr_shards"],
};

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Opens the sidecar; undefined when there is none. Neither it nor its folder is changed.
 *
 * @param path the sidecar's own path
 * @param maxHeldValues with more properties of edges than this, each is looked up when its edge is read
 * @throws {CorruptionError} when it is no database, or a journal beside it cannot be undone; reading rows throws it too
 * @throws {IoError} when it cannot be read
 */
export function openPropertySidecar(
  path: string,
  maxHeldValues: number = MAX_HELD_VALUES,
): PropertySidecar | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  return new OpenSidecar(path, maxHeldValues);
}

class OpenSidecar implements PropertySidecar {
  readonly hasTables: boolean;
  readonly #path: string;
  readonly #maxHeldValues: number;
  readonly #database: PrivateDatabase;
  readonly #tables: ReadonlySet<PrivateValue>;
  readonly #nodeById: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgeByKey: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #nodeStates: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgeTexts: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgePage: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgeKeys: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgeValues: (...parameters: PrivateValue[]) => PrivateRow[];
  readonly #edgeBytes: (...parameters: PrivateValue[]) => PrivateRow[];
  /** More rows than there can be: a tree of pages that runs in circles. */
  readonly #maxRows: number;

  constructor(path: string, maxHeldValues: number) {
    this.#path = path;
    this.#maxHeldValues = maxHeldValues;
    this.#database = new PrivateDatabase(path);
    try {
      this.#tables = new Set(
        this.#database.all("SELECT name FROM sqlite_schema WHERE type = 'table'").map(([name]) => name ?? null),
      );
    } catch (error) {
      this.#database[Symbol.dispose]();
      throw error;
    }
    this.hasTables = this.#tables.has("node_properties") && this.#tables.has("edge_attributes");
    this.#nodeById = this.#database.query(`${NODE_SQL} WHERE node_id = ?`);
    this.#nodeStates = this.#database.query(NODE_STATE_SQL);
    this.#edgeTexts = this.#database.query(EDGE_TEXT_SQL);
    this.#edgePage = this.#database.query(EDGE_PAGE_SQL);
    this.#edgeKeys = this.#database.query(EDGE_KEY_SQL);
    this.#edgeValues = this.#database.query(EDGE_VALUE_SQL);
    this.#edgeBytes = this.#database.query(EDGE_BYTES_SQL);
    this.#maxRows = statSync(path).size / LEAST_ROW_BYTES;
    this.#edgeByKey = this.#database.query(`${EDGE_SQL} WHERE src = ? AND dst = ? AND attr_name = ?`);
  }

  *nodes(): Generator<NodeProperties, undefined, undefined> {
    if (!this.hasTables) return;
    let last: bigint | undefined;
    for (const row of this.#database.iterate(`${NODE_SQL} ORDER BY node_id`)) {
      const [id] = row;
      if (typeof id !== "bigint" || (last !== undefined && id <= last)) {
        throw this.#damage("the ids of nodes do not ascend");
      }
      last = id;
      yield nodeOf(row);
    }
  }

  node(id: ReferenceId): NodeProperties | undefined {
    const [row] = this.hasTables ? this.#nodeById(id) : [];
    return row === undefined ? undefined : nodeOf(row);
  }

  *nodeStates(): Generator<NodeState, undefined, undefined> {
    for (let next = SMALLEST_ID; this.hasTables;) {
      const rows = this.#nodeStates(next, PAGE_ROWS);
      for (const [id, isDeleted, isUpdated] of rows) {
        if (typeof id !== "bigint" || id < next) throw this.#damage("the ids of nodes do not ascend");
        next = id + 1n;
        yield { id: idOf(id), isDeleted: isDeleted === 1n, isUpdated: isUpdated === 1n };
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  *edges(): Generator<EdgeProperties, undefined, undefined> {
    for (const page of this.edgePages()) yield* page;
  }

  *edgePages(): Generator<readonly EdgeProperties[], undefined, undefined> {
    if (!this.hasTables) return;
    const values = this.#heldValues();
    let first = SMALLEST_ID;
    for (let limit = PAGE_ROWS;;) {
      const rows = this.#edgeRows(first, limit, values);
      const isLast = rows.length < limit;
      const last = rows.at(-1)?.[0] as bigint;
      // Other rows of the last source may be missing: they come with the next page.
      let count = rows.length;
      while (!isLast && count > 0 && rows[count - 1]?.[0] === last) count--;
      if (count > 0) yield rows.slice(0, count).map(edgeOf);
      if (isLast) return;
      limit = count === 0 ? limit * 4 : PAGE_ROWS;
      if (limit > 4 * this.#maxRows + PAGE_ROWS) throw this.#damage("a source has more edges than the file can hold");
      first = last;
    }
  }

  /** Every value but that of edges without properties, by row; undefined when they are too many to be held. */
  #heldValues(): Map<ReferenceId, PrivateValue> | undefined {
    const values = new Map<ReferenceId, PrivateValue>();
    let bytes = 0;
    for (let last = SMALLEST_ID;;) {
      const rows = this.#edgeValues(last, PAGE_ROWS);
      for (const [row, text, length] of rows) {
        if (typeof row !== "bigint" || row <= last) throw this.#damage("the rows of edges do not ascend");
        last = row;
        bytes += Number(length);
        values.set(idOf(row), isWhole(text, length) ? text as string : this.#edgeBytes(row)[0]?.[0] ?? null);
      }
      if (values.size > this.#maxHeldValues || bytes > MAX_HELD_BYTES) return undefined;
      if (rows.length < PAGE_ROWS) return values;
    }
  }

  /** Rows of edges from a source on, which ascend by source. */
  #edgeRows(first: bigint, limit: number, values: ReadonlyMap<ReferenceId, PrivateValue> | undefined): PrivateRow[] {
    let rows = values === undefined ? this.#edgeTexts(first, limit) : this.#edgeKeys(first, limit);
    if (!rows.every((row) => isWhole(row[2], row[4]) && (values !== undefined || isWhole(row[3], row[5])))) {
      rows = this.#edgePage(first, limit);
    } else if (values !== undefined) {
      for (const row of rows as PrivateValue[][]) {
        const value = values.get(idOf(row[3]));
        row[3] = value === undefined ? NO_PROPERTIES : value;
      }
    }
    let last = first;
    for (const row of rows) {
      const from = row[0];
      const to = row[1];
      if (typeof from !== "bigint" || typeof to !== "bigint") throw this.#damage("an end of an edge is no id");
      if (from < last) throw this.#damage("the sources of edges do not ascend");
      last = from;
    }
    return rows;
  }

  edge(from: ReferenceId, to: ReferenceId, type: string): EdgeProperties | undefined {
    const [row] = this.hasTables ? this.#edgeByKey(from, to, type) : [];
    return row === undefined ? undefined : edgeOf(row);
  }

  counts(): PropertyCounts {
    const count = (key: keyof PropertyCounts): number => {
      const [table, sql] = COUNT_SQL[key];
      return this.#tables.has(table) ? Number(this.#database.all(sql)[0]?.[0]) : 0;
    };
    return {
      nodes: count("nodes"),
      deletedNodes: count("deletedNodes"),
      edges: count("edges"),
      csrRows: count("csrRows"),
    };
  }

  close(): void {
    this.#database[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #damage(problem: string): CorruptionError {
    return new CorruptionError(`${this.#path} is damaged: ${problem}`, {
      code: "reference-properties",
      value: this.#path,
    });
  }
}

function nodeOf([id, kind, name, data, createdAt, isDeleted, isUpdated]: PrivateRow): NodeProperties {
  return {
    id: idOf(id),
    kind: textOf(kind),
    name: textOf(name),
    data: textOf(data),
    createdSeconds: typeof createdAt === "bigint" ? Number(createdAt) : undefined,
    isDeleted: isDeleted === 1n,
    isUpdated: isUpdated === 1n,
  };
}

/** Hot: taking a row apart as an iterable takes longer than all the rest. */
function edgeOf(row: PrivateRow): EdgeProperties {
  return { from: idOf(row[0]), to: idOf(row[1]), type: textOf(row[2]), data: textOf(row[3]) };
}

function idOf(value: PrivateValue | undefined): ReferenceId {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value as bigint;
}

/** Whether a text came as it is stored. */
function isWhole(text: PrivateValue | undefined, bytes: PrivateValue | undefined): boolean {
  if (typeof text !== "string" || text.includes("\ufffd")) return false;
  const length = Number(bytes);
  return text.length === length || utf8Length(text) === length;
}

/** An empty text comes as no bytes on one of the runtimes. */
function textOf(value: PrivateValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    return STRICT_UTF8.decode(value);
  } catch {
    return undefined;
  }
}
